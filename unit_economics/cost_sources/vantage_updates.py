"""How new Vantage's own data is: the `last_updated` of its integrations, its only word on freshness.

Here: reading it. Not here: which days it makes complete (entries/completeness.py), how a call is made (vantage/api.py).
"""

from datetime import UTC, datetime

from unit_economics.outside import Outside
from unit_economics.refusals import Refusal
from unit_economics.vantage.api import VantageApi

_NOT_IN_USE = ("disconnected",)


def last_updated(outside: Outside, token: str) -> datetime | None:
    """When the integration that lags most was last updated; None where one in use never was, or there is none."""
    with VantageApi.connect(outside, token) as api:
        used = [one for one in api.integrations() if one.get("status") not in _NOT_IN_USE]
    moments = [_moment(one.get("last_updated")) for one in used]
    known = [moment for moment in moments if moment is not None]
    return min(known) if known and len(known) == len(moments) else None


def _moment(written: object) -> datetime | None:
    if written is None:
        return None
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        what = f"last_updated of an integration is {written!r}, which is no time"
        raise Refusal(what, where="Vantage /integrations", remedy="Report it to Vantage") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
