"""What of a range of days is to go out to a destination, and why the other days are not.

Here: units as they are counted, and what they earned as one net amount a day in the catalogue's currency. Not here: the
gate's questions (warehouse/), sending (sinks/), the order of it all (steps/publishing.py).
"""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal

from unit_economics.asset_names import EXCHANGE_RATES
from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.exchange import Exchange, no_rate, stored
from unit_economics.graph import Node
from unit_economics.revenue import net_of
from unit_economics.warehouse import gate, ledger, money, publications, reading
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.publications import Publishable

_SENT = Context(prec=15, rounding=ROUND_HALF_EVEN)
"""A converted amount has more digits than the double that a destination keeps; these survive the way there and back."""


def going_out(of: Deployment, node: Node, connection: Connection, days: DayRange) -> Publishable:
    """The days of a publication: what is to be held of each, or why it is not sent."""
    if node.kind == "revenue_publication":
        return _net_revenue(of, node, connection, days)
    units, metric = node.inputs
    return publications.publishable(connection, units, metric, days, of.chain(metric))


def _net_revenue(of: Deployment, node: Node, connection: Connection, days: DayRange) -> Publishable:
    nets = _nets(of, node, connection, days)
    absent = {day: f"{node.inputs[0]} has no such day" for day in days if day not in nets}
    unknown = {day: no_rate([_earned_in(of, node)], node.unit, day) for day, net in nets.items() if net is None}
    held_back = {**absent, **unknown, **_doubted(of, node, connection, days)}
    known = {day: _SENT.plus(net) for day, net in nets.items() if net is not None and day not in held_back}
    below = {day: _below_zero(net) for day, net in known.items() if net < 0}
    return Publishable({day: net for day, net in known.items() if day not in below}, held_back, below)


def _below_zero(net: Decimal) -> str:
    return f"net revenue is {net.normalize():f}, and nothing below 0 is published; what is held of this day stays there"


def _doubted(of: Deployment, node: Node, connection: Connection, days: DayRange) -> dict[date, str]:
    """The days on which a check is red, or whose amounts were stored under another meaning, as in another currency."""
    outdated = {
        day: f"{asset} of this day was stored for another catalogue; it has to be read again first"
        for (asset, day), row in ledger.current(connection, node.inputs, days).items()
        if row.definition != of.definition(asset)
    }
    return {**outdated, **gate.red_days(connection, node.inputs, days)}


def _nets(of: Deployment, node: Node, connection: Connection, days: DayRange) -> Mapping[date, Decimal | None]:
    """Each stored day's net revenue in the currency that is published; None where there is no rate to it."""
    rates = money.rates_by_day(connection, EXCHANGE_RATES, days) if EXCHANGE_RATES in node.inputs else {}
    exchange, currency = Exchange(node.unit, rates), _earned_in(of, node)
    parts = reading.units_by_segment(connection, node.inputs[0], days)
    return {day: _net(exchange, day, currency, of_day) for day, of_day in parts.items()}


def _net(exchange: Exchange, day: date, currency: str, parts: Mapping[str, Decimal]) -> Decimal | None:
    """Each part rounded as the margin has it, so that both say the same."""
    converted = {name: exchange.amount(day, currency, amount) for name, amount in parts.items()}
    known = {name: stored(amount) for name, amount in converted.items() if amount is not None}
    return net_of(known) if len(known) == len(parts) else None


def _earned_in(of: Deployment, node: Node) -> str:
    earns = of.catalogue.metrics[node.entry].earns
    return (earns and earns.currency) or of.catalogue.currency
