"""Proofs in Dagster: assets without partitions, with checks, told when red, started when the numbers are due."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import dagster as dg
import pytest

from unit_economics import proof_assets
from unit_economics.definitions import code_location
from unit_economics.deployment import Deployment
from unit_economics.proof.proof import Judgement, Proof, Proved
from unit_economics.proof_assets import JOB, proof_definitions
from unit_economics.refusals import Refusal
from unit_economics.warehouse.ledger import Run
from unit_economics_tests.test_restatements import CATALOGUE, DAYS, deliver, row
from unit_economics_tests.test_restatements import shop as shop
from unit_economics_tests.world import World

RED = Judgement("holds", passed=False, text="it does not hold", about="INV-1")


@pytest.fixture
def proving(world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs one proof that finds these judgements, or does this."""

    def run(*judgements: Judgement, prove: Callable[[Run], Proved] | None = None) -> tuple[World, Any]:
        proof = Proof(
            *("invoices", "Whether they hold.", ["cost_per_order"], {"holds": "It holds."}),
            prove or (lambda _run: Proved({"judged": 1}, judgements, {"report": "# Fine"})),
        )
        monkeypatch.setattr(proof_assets, "proofs_of", lambda _of: [proof])
        shop = world(CATALOGUE)
        job = proof_definitions(shop.deployment()).resolve_job_def(JOB)
        return shop, job.execute_in_process(instance=shop.instance, raise_on_error=False)

    return run


def evaluation(result: dg.ExecuteInProcessResult) -> tuple[bool, str, str | None]:
    [found] = result.get_asset_check_evaluations()
    return found.passed, found.severity.value, found.description


def outbox(shop: World) -> list[tuple[str, str]]:
    assert shop.deployment().warehouse.url  # makes the schema where nothing had to be written
    return shop.sql("select title, body from unit_economics.outbox order by message")


def test_a_proof_that_holds_is_materialised_with_what_it_found(proving: Callable[..., Any]) -> None:
    shop, result = proving(Judgement("holds"))
    assert evaluation(result) == (True, "WARN", "")
    [event] = result.get_asset_materialization_events()
    assert event.materialization.metadata["report"].value == "# Fine"
    assert outbox(shop) == []


def test_a_proof_that_fails_is_red_and_told_once(proving: Callable[..., Any]) -> None:
    shop, result = proving(RED)
    assert evaluation(result) == (False, "ERROR", "it does not hold")
    assert outbox(shop) == [
        ("invoices: holds failed for INV-1", "it does not hold\nNothing that is stored was changed by it.")
    ]
    shop, _ = proving(RED)
    assert len(outbox(shop)) == 1


def test_a_warning_is_shown_and_told_to_nobody(proving: Callable[..., Any]) -> None:
    shop, result = proving(replace(RED, severity="warning"))
    assert evaluation(result) == (False, "WARN", "it does not hold")
    assert outbox(shop) == []


def test_a_refusal_fails_the_run_in_one_sentence(proving: Callable[..., Any]) -> None:
    def refuse(_run: Run) -> Proved:
        raise Refusal("is no CSV", where="invoices.csv", remedy="Save it as CSV")

    _, result = proving(prove=refuse)
    assert not result.success
    [failed] = result.filter_events(lambda event: event.is_step_failure)
    assert failed.step_failure_data.error.message.strip().endswith("invoices.csv: is no CSV. Save it as CSV.")


def test_proofs_are_no_part_of_the_daily_job_and_start_when_the_numbers_are_due(shop: World) -> None:
    of: Deployment = shop.deployment()
    definitions = code_location(of)
    daily = definitions.resolve_job_def("daily_unit_economics")
    proof = definitions.resolve_job_def(JOB)
    assert "restatement_report" not in {key.to_user_string() for key in daily.asset_layer.selected_asset_keys}
    assert {key.to_user_string() for key in proof.asset_layer.selected_asset_keys} == {"restatement_report"}
    schedule = definitions.resolve_schedule_def("prove_when_due")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 7 * * *", "UTC")


def test_the_morning_s_report_is_kept_as_dagster_shows_it(shop: World) -> None:
    def prove() -> str:
        job = code_location(shop.deployment()).resolve_job_def(JOB)
        result = job.execute_in_process(instance=shop.instance)
        [event] = result.get_asset_materialization_events()
        return str(event.materialization.metadata["report"].value)

    prove()
    deliver(shop, [row(day, "12" if day == DAYS[0] else "10") for day in DAYS])
    shown = prove()
    assert f"| {DAYS[0]} | cost_per_order |" in shown
    assert shop.sql("select body from unit_economics.restatement_reports order by report desc limit 1") == [(shown,)]
