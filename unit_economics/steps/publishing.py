"""How a day is published: the gate is asked, what is green is sent, read back and stored.

Here: the order of these, the same for units and for revenue. Not here: which days go out (going_out.py), talking to a
destination (sinks/), the record (warehouse/publications.py).
"""

from collections.abc import Callable
from typing import cast

from unit_economics import alerts, checks, publication_checks
from unit_economics.deployment import Deployment
from unit_economics.entries.adapters import Sink
from unit_economics.going_out import going_out
from unit_economics.graph import Node
from unit_economics.plots import publication_numbers
from unit_economics.reporting import Told
from unit_economics.storing import Judged, state_by_inputs, store
from unit_economics.warehouse import ledger, outbox, publications, tables
from unit_economics.warehouse.ledger import Attempt


def published(deployment: Deployment, node: Node) -> Callable[[Attempt], Told]:
    """Make the destination hold every day whose gate is green, and read it back.

    The gate is read, the values are sent and the outcome is stored in one transaction, under the publication's lock.
    """
    sink, inputs = cast("Sink", node.sink), node.inputs

    def step(attempt: Attempt) -> Told:
        with deployment.warehouse.transaction() as connection:
            connection.execute("set local idle_in_transaction_session_timeout = '30min'")  # Vantage may make us wait
            ledger.lock(connection, attempt.asset)
            overtaken = ledger.fence(connection, attempt)
            made_of = ledger.current(connection, inputs, attempt.days)  # before the gate: newer is then published again
            out = going_out(deployment, node, connection, attempt.days).without(overtaken)
            sent = publications.last_sent(connection, attempt.asset, attempt.days)
            publication = sink.publish(out.wanted, outside=deployment.outside)
            publications.record_publication(connection, attempt, out.wanted, publication)
            touched = publication_checks.untouched(out.wanted, publication, sent)
            arrived = [*checks.converged(out.wanted, publication), *checks.held_back(out.never, checks.CONVERGED)]
            found = [*arrived, *touched]
            rows = publications.as_units(out.wanted, node.unit)
            settled = checks.sound([*out.wanted, *out.never], found)
            states = {day: state_by_inputs(made_of, inputs, day) for day in settled}
            done = store(deployment, connection, attempt, Judged(tables.UNIT_QUANTITIES, rows, found, states))
            for message in alerts.touched(attempt.asset, touched):
                outbox.put(connection, message, deployment.catalogue.alerts.repeat_after)
        held_back = checks.held_back(out.held_back, checks.CONVERGED)
        return Told(publication_numbers(out.wanted, publication, done), [*found, *held_back], out.not_sent)

    return step
