"""How the charges come about: read out of every cost source, judged, stored; and not read where nothing has changed.

Here: what flows where. Not here: how a source reads (cost_sources/), or any cost scope.
"""

from collections.abc import Callable

from unit_economics import bill_states, checks
from unit_economics.bill_states import BillSigns
from unit_economics.cost_sources.together import Asked, glance_all, read_all
from unit_economics.deployment import Deployment
from unit_economics.graph import CLOUD_COSTS, Node
from unit_economics.plots import cost_numbers
from unit_economics.reporting import Told
from unit_economics.storing import Judged, store
from unit_economics.warehouse import gate, ledger, reading, tables
from unit_economics.warehouse.ledger import Attempt, Source
from unit_economics.warehouse.replace_days import keep_days


def cloud_costs(deployment: Deployment, node: Node) -> Callable[[Attempt], Told]:
    """Read the charges of the days out of every cost source: the numerator, before any scope is applied."""
    del node
    catalogue = deployment.catalogue
    table = _charges_table(deployment)

    def step(attempt: Attempt) -> Told:
        days = attempt.days
        signs = bill_states.ask(deployment, days)
        asked = Asked(days, deployment.calendar, catalogue.kept, deployment.outside)
        glance = glance_all(catalogue.cost_sources, asked)
        with deployment.warehouse.connection() as connection:
            if ledger.is_unchanged(connection, attempt, glance):
                return _unchanged_costs(deployment, attempt, glance, signs)
            history = reading.daily_charge_rows(connection, days)
            before = bill_states.seen_before(deployment, connection, days)
        delivered = read_all(catalogue.cost_sources, asked)
        found = checks.cost_findings(delivered, days, history, catalogue.checks)
        complete = signs.judged(before | bill_states.seen_in(delivered.charges))
        states = complete.states(checks.sound(days, found), delivered.absent)
        totals = tables.source_totals(delivered.source_totals)
        read = Source(delivered.fingerprint, glance, delivered.absent, totals)
        judged = Judged(table, delivered.charges, found, states, read)
        with deployment.warehouse.transaction() as connection:
            done = store(deployment, connection, attempt, judged)
            complete.keep(connection, attempt)
            checks.refuse_loss(
                done.versions, delivered.source_totals, reading.stored_totals(connection, CLOUD_COSTS, days)
            )
        return Told(cost_numbers(delivered.charges, done), [*found, *checks.conserved(done.versions)], delivered.absent)

    return step


def _charges_table(deployment: Deployment) -> tables.Table:
    return tables.RULED_CHARGES if deployment.catalogue.allocations else tables.CHARGES


def _unchanged_costs(deployment: Deployment, attempt: Attempt, glance: str | None, signs: BillSigns) -> Told:
    """What is told of days whose bill looks as it did: nothing is read, or written but what has become complete."""
    with deployment.warehouse.transaction() as connection:
        absent = ledger.last_absent(connection, attempt)
        complete = signs.judged(bill_states.seen_before(deployment, connection, attempt.days))
        states = complete.states(attempt.days, absent)
        done = keep_days(connection, attempt, _charges_table(deployment), states, Source(glance=glance, absent=absent))
        complete.keep(connection, attempt)
        charges = reading.current_charges(connection, attempt.days)
        failures = gate.standing_failures(connection, attempt.asset, attempt.days)
    green = done.without(failures)
    found = checks.standing(green.versions, failures, absent, checks.COST_CHECKS)
    return Told(cost_numbers(charges, green), found, absent)
