"""Who a request is from, and what they may see: the name comes from a trusted proxy, the rights from PostgreSQL.

Here: from a request to a reading role. Not here: what a role may read (warehouse/roles.py).
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request

from unit_economics.dashboard.mart.reader import Role
from unit_economics.entries.dashboard import Dashboard, Identity

_BLANKS = " \t"


def role_of(request: Request, dashboard: Dashboard) -> Role:
    """The role of whoever asks; 403 for a stranger who claims to be the proxy, 401 where the proxy names nobody."""
    if dashboard.identity is None:
        return dashboard.everyone
    if request.client is None or request.client.host not in dashboard.identity.proxies:
        raise HTTPException(403, "The dashboard answers only to its proxy.")
    return _role(request, dashboard.identity)


def _role(request: Request, identity: Identity) -> Role:
    user, groups = _said(request, identity.user_header), _said(request, identity.groups_header)
    if not user:
        raise HTTPException(401, "The proxy did not say who you are.")
    member_of = {group.strip(_BLANKS) for group in groups.split(",")}
    is_finance = user in identity.finance_users or not member_of.isdisjoint(identity.finance_groups)
    return "finance" if is_finance else "viewer"


def _said(request: Request, header: str | None) -> str:
    """What the proxy said in this header; said twice, one of both may be what the browser sent."""
    said = request.headers.getlist(header) if header else []
    if len(said) > 1:
        raise HTTPException(401, f"The header {header} came more than once.")
    return "".join(said).encode("latin-1").decode("utf-8", "replace").strip(_BLANKS)
