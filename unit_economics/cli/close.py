"""`unit-economics close`: a month closed by a person, its pack written, and the pack proved.

Here: the command line. Not here: closing and proving (closing/), the words of the answers (close_told.py).
"""

from datetime import date, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

import click

from unit_economics.cli.close_told import show_closed, show_closes, show_proof
from unit_economics.cli.opening import opened
from unit_economics.cli.options import config_option, json_option
from unit_economics.closing import close_month
from unit_economics.closing.folder import folder_of, held, put
from unit_economics.closing.verifying import proved
from unit_economics.deployment import Deployment
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.warehouse.month_closes import close_of, closes, restated_since


class Month(click.ParamType[date]):
    """A month, written YYYY-MM: its first day."""

    name = "month"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The month's first day; a usage error where it is none."""
        if isinstance(value, date):
            return value
        try:
            first = datetime.strptime(f"{value}-01+0000", "%Y-%m-%d%z").date()
        except ValueError:
            self.fail(f"{value!r} is no month; write it like 2026-01", param, ctx)
        if first.year == date.max.year:
            self.fail(f"{value!r} has no month after it", param, ctx)
        return first


@click.command("close")
@click.argument("month", type=Month(), required=False, metavar="MONTH")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="[as `close` says, or .]"
)
@click.option("--by", metavar="NAME", help="Who closes it, for the record. [this run]")
@click.option("--with-provisional", is_flag=True, help="Close days that may still grow; the manifest names them.")
@click.option("--verify", "is_proof", is_flag=True, help="Prove the pack of a closed month instead.")
@click.option("--list", "is_list", is_flag=True, help="Every closed month, and what has moved in it since.")
@json_option
@config_option
def command(
    month: date | None,
    out: Path | None,
    by: str | None,
    *,
    with_provisional: bool,
    is_proof: bool,
    is_list: bool,
    as_json: bool,
    config: Path | None,
) -> int:
    """Close MONTH, like 2026-01, and write its pack: the folder close-2026-01.

    A month is closed once it is over and every day of every metric is final. Closed again, the same pack is written
    again, byte for byte, whatever has been stored since. With --verify exit code 1 says that something differs.
    """
    of = opened(config)
    if is_list:
        return _listed(of, as_json=as_json)
    if month is None:
        raise UsageRefusal("no month is named", where="MONTH", remedy="Write it like `unit-economics close 2026-01`")
    folder = folder_of(of, month, out)
    if is_proof:
        return _proved(of, month, folder, as_json=as_json)
    run = of.run(str(uuid4()))
    who = by or f"run {run.run_id}"
    closed = close_month(of, month, run, who, partial(put, folder), with_provisional=with_provisional)
    show_closed(closed, folder, as_json=as_json)
    return 0


def _listed(of: Deployment, *, as_json: bool) -> int:
    with of.warehouse.snapshot() as connection:
        show_closes(closes(connection), restated_since(connection), as_json=as_json)
    return 0


def _proved(of: Deployment, month: date, folder: Path, *, as_json: bool) -> int:
    with of.warehouse.snapshot() as connection:
        close = close_of(connection, month)
        if close is None:
            remedy = f"Close it with `unit-economics close {month:%Y-%m}`"
            raise Refusal("the month is not closed", where=f"{month:%Y-%m}", remedy=remedy)
        proof = proved(of, connection, close, held(folder))
    show_proof(of, close, proof, as_json=as_json)
    return 1 if proof.findings or not proof.values else 0
