"""How a day's exchange rates come about, and how they are read back for what is converted.

Here: what is read, and in which order it is judged and stored. Not here: choosing a day's rate (exchange.py), reading
a source (rate_sources/), the judgement (rate_checks.py).
"""

from collections.abc import Callable
from typing import cast

import pandas as pd

from unit_economics import checks
from unit_economics.business_days import DayRange
from unit_economics.catalogue import Catalogue
from unit_economics.deployment import Deployment
from unit_economics.entries.rates import RateSource
from unit_economics.exchange import Exchange, rates_of_days
from unit_economics.graph import EXCHANGE_RATES, Node
from unit_economics.outside import Outside
from unit_economics.plots import rate_numbers
from unit_economics.rate_checks import rate_findings
from unit_economics.reporting import Told
from unit_economics.storing import Judged, states_by_age, store
from unit_economics.warehouse import money, tables
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Attempt, Source


def exchange_rates(deployment: Deployment, node: Node) -> Callable[[Attempt], Told]:
    """Read the rates of the days; a day that lacks one which the catalogue itself names is refused."""
    source, into = cast("RateSource", node.rates), deployment.catalogue.currency

    def step(attempt: Attempt) -> Told:
        days = attempt.days
        rows, fingerprint = read_rates(source, days, into=into, outside=deployment.outside)
        needed = needed_currencies(deployment.catalogue)
        there = set(rows["business_date"])
        absent = {} if needed else {day: "the source has no rate of this day" for day in days if day not in there}
        with deployment.warehouse.connection() as connection:
            history = money.rates_by_day(connection, attempt.asset, days)
        found = rate_findings(days, rows, set(history), absent, needed, into)
        states = states_by_age(deployment, source.complete_after, checks.sound(days, found), absent)
        judged = Judged(tables.EXCHANGE_RATES, rows, found, states, Source(fingerprint, absent=absent))
        with deployment.warehouse.transaction() as connection:
            done = store(deployment, connection, attempt, judged)
        return Told(rate_numbers(rows, done), found, absent)

    return step


def read_rates(source: RateSource, days: DayRange, *, into: str, outside: Outside) -> tuple[pd.DataFrame, str]:
    """The rates of these days as `schemas.EXCHANGE_RATES`, older ones carried on, and the hash of what was read."""
    read = source.read(DayRange(days.first - source.carry, days.last), into=into, outside=outside)
    rows = rates_of_days(read.quotes, days, carry=source.holds_for, into=into, source=source.source)
    return rows, read.fingerprint


def needed_currencies(catalogue: Catalogue) -> list[str]:
    """The currencies that the catalogue itself names; those of the bill are known only once it is there."""
    earned = {metric.earns.currency for metric in catalogue.metrics.values() if metric.earns}
    fees = {fee for metric in catalogue.metrics.values() for fee in metric.fees}
    priced = {price.currency for fee in fees for price in catalogue.fees[fee].every_price}
    return sorted({currency for currency in earned | priced if currency} - {catalogue.currency})


def exchange_of(catalogue: Catalogue, connection: Connection, days: DayRange) -> Exchange:
    """The rates into the catalogue's currency as they are stored; none where it declares none."""
    if catalogue.exchange_rates is None:
        return Exchange(catalogue.currency)
    return Exchange(catalogue.currency, money.rates_by_day(connection, EXCHANGE_RATES, days))
