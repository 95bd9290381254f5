"""What people read where an API answered, but not with what was asked for.

Here: a status and the server's own words, as a refusal. Not here: faults that pass by themselves (client.py).
"""

from collections.abc import Sequence

from unit_economics.refusals import Refusal
from unit_economics.web_api.place import Place
from unit_economics.web_api.strict_json import plain


def refused(status: int, said: str, place: Place, variables: Sequence[str], where: str) -> Refusal:
    """The refusal of an answer with this status; `said` holds no secret any more."""
    if status in {401, 403}:
        return _not_allowed(status, place, variables, where)
    if 300 <= status < 400:
        what = f"answered with a redirect ({status}), which is never followed"
        return Refusal(what, where=where, remedy=f"Check {place.setting}")
    words = "" if place.is_address_secret else plain(said)
    return Refusal(f"answered {status}: {words or 'no reason given'}", where=where, remedy=place.remedy)


def _not_allowed(status: int, place: Place, variables: Sequence[str], where: str) -> Refusal:
    if not variables:
        what, remedy = f"it may not be read without a login ({status})", "Give the entry the secret that it needs"
        return Refusal(what, where=where, remedy=f"Check {place.setting}" if place.is_address_secret else remedy)
    lack = "the token was not accepted" if status == 401 else "the token may not do this"
    rights = f" ({place.rights})" if status == 403 and place.rights else ""
    named = " and ".join(dict.fromkeys(variables))
    remedy = f"Check the variable{'s' if len(variables) > 1 else ''} {named}{rights}"
    return Refusal(f"{lack} ({status})", where=where, remedy=remedy)
