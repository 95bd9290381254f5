"""Twelve secrets through thirty failures: none is ever seen in a log, a message, an event, a row or an output (P16)."""

import base64
import logging
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import pytest

from unit_economics import alerts, checks
from unit_economics.assets import build_assets
from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.environment import deployment
from unit_economics.vantage.api import VantageApi
from unit_economics.warehouse import outbox
from unit_economics.warehouse.outbox import Message
from unit_economics.web_api.waits import Clock
from unit_economics_tests.faults.bad_servers import http_that_answers, postgres_that_refuses_passwords
from unit_economics_tests.faults.canaries import SECRETS, left_in, left_in_mart, traces

DAY = date(2026, 3, 10)
ONE_DAY = DayRange(DAY, DAY)
VANTAGE = "{kind: vantage, cost_report: rprt_1}"
FILES = "{kind: focus, path: ./nowhere}"
S = {name: quote(secret, safe="") for name, secret in SECRETS.items()}
RAW = SECRETS
ORDERS, MART = f"{S['orders user']}:{S['orders password']}", f"{S['mart user']}:{S['mart password']}"
BAD_URLS = {
    "an unknown host": "postgresql://{login}@nowhere.invalid:5432/db",
    "a closed port": "postgresql://{login}@127.0.0.1:1/db",
    "no scheme": "{login}@127.0.0.1/db",
    "a bad percent sign": "postgresql://{login}%zz@127.0.0.1:1/db",
    "a port that is no number": "postgresql://{login}@127.0.0.1:port/db",
    "an at sign in the password": "postgresql://u:x@{login}@127.0.0.1:1/db",
    "an unknown option": "postgresql://{login}@127.0.0.1:1/db?bogus={login}",
    "an open bracket": "postgresql://{login}@[::1/db",
    "a setting without a value": "host=127.0.0.1 port=1 password=x {login}",
    "a slash in the password": "postgresql://u:x/{login}@127.0.0.1:1/db",
}
SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in a URL": lambda text: quote(text, safe=""),
    "in base64": lambda text: base64.b64encode(f"x:{text}".encode()).decode(),
}
LEAKING = {
    "no scheme",
    "a bad percent sign",
    "an at sign in the password",
    "an open bracket",
    "a setting without a value",
}


class Failure:
    """One failing deployment, with all that it says."""

    def __init__(self, folder: Path, mart: str) -> None:
        self.folder, self.mart, self.said = folder, mart, list[str]()
        alert = f"json://{S['alert password']}:x@127.0.0.1:1/{S['alert path token']}?x={S['alert query token']}"
        self.variables = {
            "UNIT_ECONOMICS_DATABASE_URL": mart,
            "ORDERS_DATABASE_URL": f"postgresql://{ORDERS}@127.0.0.1:1/db",
            "VANTAGE_API_TOKEN": RAW["vantage token"],
            "ORDERS_METRIC_ID": "bsnss_mtrc_1",
            "ALERT_URL": alert,
            "AWS_ACCESS_KEY_ID": RAW["bucket key"],
            "AWS_SECRET_ACCESS_KEY": RAW["bucket secret"],
        }

    def run(self, *names: str, bill: str = FILES, dsn: str = "ORDERS_DATABASE_URL", **variables: str) -> None:
        """Materialise these assets of the deployment; it must fail."""
        with dg.DagsterInstance.ephemeral() as instance:
            try:
                of = self.deployment(bill, dsn, variables)
                chosen = [asset for asset in build_assets(of) if asset.key.to_user_string() in names]
                result = dg.materialize(chosen, instance=instance, partition_key=str(DAY), raise_on_error=False)
                assert not result.success
            except Exception:  # noqa: BLE001  # whatever it says is looked at
                self.said.append(traceback.format_exc())
            self.said.append(left_in(instance))

    def deployment(
        self, bill: str = FILES, dsn: str = "ORDERS_DATABASE_URL", variables: Mapping[str, str] = {}
    ) -> Deployment:
        """The deployment of a catalogue file, as environment.py makes it."""
        path = self.folder / "unit_economics.yaml"
        path.write_text(
            f"cost_sources:\n  bill: {bill}\nmetrics:\n  cost_per_order:\n    unit: Order\n"
            f"    units: {{kind: postgres, dsn: {dsn}, relation: public.nowhere, day: date, quantity: n}}\n"
            "    publish: {vantage: {business_metric: ORDERS_METRIC_ID}}\nalerts: {urls: [ALERT_URL]}\n"
        )
        return deployment({**self.variables, **variables}, path)

    def attempt(self, act: Callable[[], object]) -> None:
        """Do something that may raise; keep what it raises and what it gives."""
        try:
            self.said.append(repr(act()))
        except Exception:  # noqa: BLE001  # whatever it says is looked at
            self.said.append(traceback.format_exc())


def _no_wait(seconds: float) -> None:
    """Time that passes at once."""


@pytest.fixture
def failure(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Failure:
    monkeypatch.setitem(VantageApi.connect.__func__.__kwdefaults__, "clock", Clock(sleep=_no_wait))
    return Failure(tmp_path, database)


@pytest.fixture
def nothing_leaks(
    failure: Failure, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Callable[[], list[str]]:
    """What was seen of the secrets anywhere."""
    caplog.set_level(logging.INFO)

    def seen() -> list[str]:
        out, err = capfd.readouterr()
        places = {
            "stdout": out,
            "stderr": err,
            "logging": caplog.text,
            "messages and events": "\n".join(failure.said),
            "mart": left_in_mart(failure.mart),
        }
        assert any(places.values())
        return [f"{name} in {place}" for place, text in places.items() for name in traces(text)]

    return seen


@pytest.mark.parametrize(
    ("which", "how"),
    [("orders", how) for how in BAD_URLS] + [("mart", how) for how in BAD_URLS],
)
def test_a_database_url_with(how: str, which: str, failure: Failure, nothing_leaks: Callable[[], list[str]]) -> None:
    variable = "ORDERS_DATABASE_URL" if which == "orders" else "UNIT_ECONOMICS_DATABASE_URL"
    login = ORDERS if which == "orders" else MART
    failure.run("daily_orders", **{variable: BAD_URLS[how].format(login=login)})
    assert nothing_leaks() == []


@pytest.mark.parametrize("which", ["orders", "mart"])
def test_a_database_that_refuses_the_password(
    which: str, failure: Failure, nothing_leaks: Callable[[], list[str]]
) -> None:
    variable = "ORDERS_DATABASE_URL" if which == "orders" else "UNIT_ECONOMICS_DATABASE_URL"
    with postgres_that_refuses_passwords() as port:
        failure.run(
            "daily_orders", **{variable: f"postgresql://{ORDERS if which == 'orders' else MART}@127.0.0.1:{port}/db"}
        )
    assert nothing_leaks() == []


def test_a_relation_that_is_missing(failure: Failure, nothing_leaks: Callable[[], list[str]]) -> None:
    with_password = f"{failure.mart}&password={S['orders password']}" if "?" in failure.mart else failure.mart
    failure.run("daily_orders", ORDERS_DATABASE_URL=with_password)
    assert nothing_leaks() == []


@pytest.mark.parametrize(
    ("status", "body", "kind", "echo"),
    [
        (401, "{}", "application/json", True),
        (403, "{}", "application/json", True),
        (400, '{"errors": ["', "application/json", True),
        (500, "{}", "text/html", True),
        (302, "{}", "application/json", True),
        (200, "{ not json ", "application/json", True),
        (200, "<html>", "text/html", True),
    ],
)
@pytest.mark.parametrize("asset", ["cloud_costs", "vantage_business_metric"])
def test_an_api_that_answers_badly_and_repeats_what_it_was_sent(
    status: int, body: str, kind: str, echo: bool, asset: str, failure: Failure, nothing_leaks: Callable[[], list[str]]
) -> None:
    with http_that_answers(status, body, kind, echo=echo) as port:
        address = {"VANTAGE_API_URL": f"http://127.0.0.1:{port}/v2"}
        if asset == "cloud_costs":
            failure.run(asset, bill=VANTAGE, **address)
        else:
            of = failure.deployment(VANTAGE, variables=address)
            [sink] = of.catalogue.metrics["cost_per_order"].publish.values()
            failure.attempt(lambda: sink.publish({DAY: 1}, outside=of.outside))  # type: ignore[dict-item]
    assert nothing_leaks() == []


@pytest.mark.parametrize(
    "address", ["http://{0}@127.0.0.1:1/v2", "https://u:{0}@[::1/v2", "{0}", "https://x/v2?key={0}"]
)
def test_an_api_address_that_holds_a_password(
    address: str, failure: Failure, nothing_leaks: Callable[[], list[str]]
) -> None:
    failure.run("cloud_costs", bill=VANTAGE, VANTAGE_API_URL=address.format(S["vantage address password"]))
    assert nothing_leaks() == []


@pytest.mark.parametrize("token", ["{0}\nx", " {0} {0}", "{0}\u00e9"])
def test_a_token_that_is_no_token(token: str, failure: Failure, nothing_leaks: Callable[[], list[str]]) -> None:
    failure.run("cloud_costs", bill=VANTAGE, VANTAGE_API_TOKEN=token.format(RAW["vantage token"]))
    assert nothing_leaks() == []


def test_a_bill_that_can_t_be_read(failure: Failure, nothing_leaks: Callable[[], list[str]]) -> None:
    failure.run("cloud_costs", bill=FILES)
    assert nothing_leaks() == []


@pytest.mark.parametrize(
    "url",
    [
        "json://{0}:{0}@127.0.0.1:1/{1}?token={2}",
        "slack://{1}/{2}",
        "nosuchschema://{0}:{1}@host/{2}",
        "{0} {1} {2}",
        "mailto://{0}:{1}@",
        "https://hooks.slack.invalid/services/{0}/{1}/{2}",
    ],
)
@pytest.mark.filterwarnings("ignore:'imghdr'")
def test_an_alert_channel_that_refuses(url: str, failure: Failure, nothing_leaks: Callable[[], list[str]]) -> None:
    of = failure.deployment(
        variables={"ALERT_URL": url.format(S["alert password"], S["alert path token"], S["alert query token"])}
    )
    with of.warehouse.transaction() as connection:
        outbox.put(connection, Message("cause", "title", "body"), of.catalogue.alerts.repeat_after)
    failure.attempt(lambda: alerts.deliver(of.warehouse, alerts.channels(of.outside, ["ALERT_URL"])))
    assert nothing_leaks() == []


@pytest.mark.parametrize("missing", ["ORDERS_DATABASE_URL", "UNIT_ECONOMICS_DATABASE_URL", "VANTAGE_API_TOKEN"])
def test_a_variable_that_is_missing(missing: str, failure: Failure, nothing_leaks: Callable[[], list[str]]) -> None:
    failure.run("daily_orders", "cloud_costs", bill=VANTAGE, **{missing: " "})
    assert nothing_leaks() == []


def test_a_secret_that_was_written_into_the_catalogue(failure: Failure, nothing_leaks: Callable[[], list[str]]) -> None:
    failure.run("daily_orders", dsn=f"'postgresql://u:{RAW['catalogue literal']}@host/db'")
    failure.run("daily_orders", dsn=f"{{{RAW['catalogue literal']}")
    assert nothing_leaks() == []


def test_whatever_is_logged_or_shown_of_a_deployment(
    failure: Failure, nothing_leaks: Callable[[], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    of = failure.deployment()
    for thing in (of, of.outside, of.warehouse, of.catalogue, vars(of)):
        failure.said.append(repr(thing) + str(thing))
    failure.said.append(repr(checks.refused(ONE_DAY, "reason")))
    assert nothing_leaks() == []


@pytest.mark.parametrize(
    ("command", "how"),
    [
        (command, how)
        for command in ("doctor", "status", "run --from 2026-03-10 --to 2026-03-10")
        for how in ("no scheme", "a closed port", "a bad percent sign")
    ],
)
def test_the_command_line(
    how: str,
    command: str,
    failure: Failure,
    nothing_leaks: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from unit_economics.cli import main

    failure.deployment(VANTAGE)
    login = {"ORDERS_DATABASE_URL": ORDERS, "UNIT_ECONOMICS_DATABASE_URL": MART}
    urls = {variable: BAD_URLS[how].format(login=user) for variable, user in login.items()}
    unreachable = {"VANTAGE_API_URL": "http://127.0.0.1:1/v2", "DAGSTER_HOME": str(failure.folder)}
    for name, value in {**failure.variables, **urls, **unreachable}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(failure.folder)
    with pytest.raises(SystemExit) as ended:
        main.main(args=command.split(), prog_name="unit-economics")
    assert ended.value.code != 0
    assert nothing_leaks() == []


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("place", ["log", "metadata", "exception", "print", "mart"])
def test_an_asset_that_leaks_is_seen(
    place: str, spelling: str, failure: Failure, nothing_leaks: Callable[[], list[str]]
) -> None:
    """What must be caught, in every place and spelling."""
    text = f"it is {SPELLINGS[spelling](RAW['vantage token'])}"

    @dg.asset
    def leaks(context: dg.AssetExecutionContext) -> None:
        if place == "log":
            context.log.warning(text)
        elif place == "metadata":
            context.add_output_metadata({"said": text})
        elif place == "exception":
            raise ValueError(text)
        elif place == "print":
            print(text)  # the leak
        else:
            of = failure.deployment()
            with of.warehouse.transaction() as connection:
                outbox.put(connection, Message("cause", "title", text), of.catalogue.alerts.repeat_after)

    with ExitStack() as stack:
        instance = stack.enter_context(dg.DagsterInstance.ephemeral())
        dg.materialize([leaks], instance=instance, raise_on_error=False)
        failure.said.append(left_in(instance))
    assert {seen.split(" in ")[0] for seen in nothing_leaks()} == {"vantage token"}
