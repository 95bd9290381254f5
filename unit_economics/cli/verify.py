"""`unit-economics verify`: stored numbers computed again from their recorded inputs.

Here: the command and its words. Not here: the computing and the comparing (recomputing/).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import SystemRandom

import click

from unit_economics.business_days import DayRange
from unit_economics.cli.opening import opened
from unit_economics.cli.options import Day, config_option, json_option
from unit_economics.cli.table import coloured, harmless, show_json
from unit_economics.deployment import Deployment
from unit_economics.recomputing import Difference, Recomputer
from unit_economics.recomputing.sample import drawn
from unit_economics.refusals import Refusal
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.stored_days import stored_days

_SEEDS = 1_000_000
_MOST = 40


@dataclass(frozen=True)
class Answer:
    """What came of it. values, days: how many were computed again; left_out: values that can't be, by the reason."""

    seed: int
    values: int
    equal: int
    days: int
    differences: Sequence[Difference]
    left_out: Mapping[str, int]

    @property
    def differing(self) -> int:
        """How many values are others."""
        return len({(one.asset, one.day, one.version, one.at) for one in self.differences})


@click.command("verify")
@click.option("--from", "first", type=Day(), metavar="DAY", help="First business day. [all that is stored]")
@click.option("--to", "last", type=Day(), metavar="DAY", help="Last business day. [all that is stored]")
@click.option("--metric", metavar="NAME", help="Only this asset, like cost_per_order or allocated_costs.")
@click.option("--sample", type=click.IntRange(1), default=1000, show_default=True, help="How many values, at least.")
@click.option("--seed", type=click.IntRange(0), help="Draws the same days again. [a new one, which is told]")
@json_option
@config_option
def command(
    first: date | None,
    last: date | None,
    metric: str | None,
    sample: int,
    seed: int | None,
    *,
    as_json: bool,
    config: Path | None,
) -> int:
    """Whether stored numbers are what their recorded inputs give: computed again and compared to the last digit.

    Days are drawn at random until they hold so many values, superseded versions as well as current ones. The inputs are
    the stored versions that the ledger names, the rules those of the catalogue that was in force. No source is asked:
    that charges and counts are what a source said is shown by the checks. Exit code 1 where a number differs.
    """
    of = opened(config)
    chosen = seed if seed is not None else SystemRandom().randrange(_SEEDS)
    days = DayRange(first or date.min, last or date.max) if first or last else None
    with of.warehouse.snapshot() as connection:
        answer = _asked(of, connection, days, metric, sample, chosen)
    show_json(_document(answer)) if as_json else _show(answer)
    return 1 if answer.differences or not answer.values else 0


def _asked(
    of: Deployment, connection: Connection, days: DayRange | None, metric: str | None, sample: int, seed: int
) -> Answer:
    every = stored_days(connection, days, metric)
    if not every:
        where = f"{metric or 'the mart'}{_shown(days) if days else ''}"
        names = ", ".join(of.catalogue.measured)
        raise Refusal("no computed value is stored", where=where, remedy=f"Name other days, or a metric like {names}")
    recomputer = Recomputer(connection)
    reasons = [(day, recomputer.why_not(day)) for day in every]
    left_out = Counter[str]()
    for day, reason in reasons:
        left_out.update({reason: day.rows} if reason else {})
    chosen = drawn([day for day, reason in reasons if not reason], sample, seed)
    done = [recomputer.verified(day) for day in chosen]
    found = [one for day in done for one in day.differences]
    values, equal = sum(day.rows for day in chosen), sum(day.equal for day in done)
    return Answer(seed, values, equal, len(chosen), found, left_out)


def _shown(days: DayRange) -> str:
    """The ends that were asked for."""
    first = f" from {days.first}" if days.first != date.min else ""
    return first + (f" to {days.last}" if days.last != date.max else "")


def _show(answer: Answer) -> None:
    if answer.values:
        click.echo(
            f"\n{answer.values} stored values of {answer.days} days recomputed from their recorded inputs"
            f" (--seed {answer.seed}):\n{answer.equal} are equal to the last bit, {answer.differing} differ.\n"
        )
    else:
        click.echo("\nNo stored value could be recomputed.\n")
    for one in answer.differences[:_MOST]:
        click.echo(f"  {coloured('red', 'differs')}  {harmless(str(one))}")
    if len(answer.differences) > _MOST:
        click.echo(f"  ... and {len(answer.differences) - _MOST} more; --json has all of them")
    for reason, values in sorted(answer.left_out.items()):
        click.echo(f"  {coloured('skip', 'not recomputed')}  {values} values: {reason}")
    click.echo()


def _document(answer: Answer) -> dict[str, object]:
    return {
        "seed": answer.seed,
        "days": answer.days,
        "values": answer.values,
        "equal": answer.equal,
        "differences": [vars(one) for one in answer.differences],
        "not_recomputed": dict(sorted(answer.left_out.items())),
    }
