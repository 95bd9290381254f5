"""The dashboard's outside: headers, host names, who is believed, what a role is told, and that texts stay texts."""

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping

import httpx
import pytest
from starlette.testclient import TestClient

from unit_economics.dashboard.mart.reader import Reader, reader_of
from unit_economics.dashboard.pages import PAGES
from unit_economics.dashboard.web import app as dashboard_app
from unit_economics.dashboard.web import security
from unit_economics.dashboard.web.app import application
from unit_economics.dashboard.web.security import SecurityHeaders, TrustedHosts
from unit_economics.warehouse.connection import DATABASE_URL
from unit_economics_tests.dashboard_outside import browser, elements, inline_code, serving, stocked
from unit_economics_tests.world import World

CATALOGUE = """
business_day: {closes_after: PT0S}
currency: EUR
cost_sources:
  bill: {kind: focus, path: ./focus}
cost_scopes:
  all: {}
  market: {by: {tag: market}}
  service: {by: {column: service_name}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.counted, day: date, quantity: n, segment: market}
    revenue: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.earned, day: date, quantity: amount}
dashboard: {hosts: [costs.example.com], dagster: "http://127.0.0.1:3000"}
"""
AWAY = "postgresql://nobody@127.0.0.1:1/nothing"
PATHS = [page.path for page in PAGES]
FILES = ["/days.csv", "/slices.csv", "/headline.png"]
PROXY, STRANGER = "10.0.0.5", "10.0.0.6"


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """A mart with a day of everything; its catalogue takes the scope apart."""
    return stocked(world(CATALOGUE))


@pytest.fixture
def away(world: Callable[..., World]) -> World:
    """A dashboard whose mart is not there: enough for what is decided before it is asked."""
    return world(CATALOGUE, **{DATABASE_URL: AWAY})


# --- headers


def faults_of(answer: httpx.Response) -> list[str]:
    """What the headers of an answer lack."""
    wanted = {**security.HEADERS, "cache-control": "no-store"}
    wrong = [name for name, value in wanted.items() if answer.headers.get(name) != value]
    return [*wrong, *(name for name in ("server", "x-powered-by") if name in answer.headers)]


def every_kind_of_answer(client: TestClient) -> Iterator[tuple[int, httpx.Response]]:
    """Each with the status that it is to have."""
    for path in (*PATHS, "/days.csv", "/headline.png", "/health"):
        yield 200, client.get(path)
        yield 200, client.head(path)
        yield 405, client.post(path)
    yield 405, client.options("/")
    yield 405, client.delete("/static/x/app.css")
    yield 404, client.get("/nothing")
    yield 404, client.get("/on-call/")
    yield 404, client.get("/static/x/../../app.py")
    yield 404, client.get("/static/x/nothing.css")
    yield 404, client.get("/?metric=nothing")
    yield 421, client.get("/", headers={"host": "evil.example.com"})


def test_every_answer_has_every_header(shop: World, away: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with browser(shop) as client:
        for status, answer in every_kind_of_answer(client):
            assert (answer.status_code, faults_of(answer)) == (status, []), answer.url
        monkeypatch.setattr(dashboard_app, "render", _fault)
        broken = client.get("/")
        assert (broken.status_code, faults_of(broken)) == (500, [])
    with browser(away) as client:
        unread = client.get("/")
        assert (unread.status_code, faults_of(unread)) == (503, [])


def _fault(*_: object) -> str:
    raise ZeroDivisionError("canary-in-the-fault")


def test_an_answer_without_them_would_be_seen(away: World) -> None:
    of = away.deployment()
    app = application(of, reader_of(of))
    assert isinstance(app, SecurityHeaders)
    bare = TestClient(app.app, base_url="http://127.0.0.1").get("/health")
    assert {*security.HEADERS} <= {*faults_of(bare)}


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    rules = dict(rule.split(" ", 1) for rule in security.POLICY.split("; "))
    assert rules["default-src"] == "'none'"
    assert {rules["script-src"], rules["style-src"]} == {"'self'"}
    assert not any(word in security.POLICY for word in ("unsafe", "*", "http:", "https:"))


def test_a_static_file_is_kept_for_good_under_its_own_hash_only(away: World) -> None:
    with browser(away) as client:
        html = client.get("/").text
        [css] = [
            attributes["href"] or ""
            for tag, attributes in elements(html)
            if "app.css" in (attributes.get("href") or "")
        ]
        ours, other = client.get(css), client.get("/static/another/app.css")
        assert ours.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert ours.headers["vary"] == "accept-encoding"
        assert other.headers["cache-control"] == "no-store"
        assert ours.content == other.content


def test_what_only_reads_is_answered_and_a_405_says_which_that_is(away: World) -> None:
    with browser(away) as client:
        refused = client.put("/")
    assert {word.strip() for word in refused.headers["allow"].split(",")} == {"GET", "HEAD"}


# --- markup


@pytest.mark.parametrize(
    "bad",
    [
        "<script>1</script>",
        "<style>a{}</style>",
        '<p style="color:red">',
        "<img src=/x onerror=go()>",
        '<a href="javascript:go()">',
        '<svg><a xlink:href="data:text/html,x">',
        '<script src="https://elsewhere/x.js"></script>',
    ],
)
def test_code_in_a_page_would_be_seen(bad: str) -> None:
    assert len(inline_code(f"<main>{bad}</main>")) == 1


def test_no_page_holds_code(shop: World, away: World) -> None:
    with browser(shop) as client:
        pages = [client.get(path).text for path in (*PATHS, "/nothing", "/?scope=market:market%3Dnowhere")]
    with browser(away) as client:
        pages += [client.get("/").text]
    assert [inline_code(page) for page in pages] == [[] for _ in pages]


# --- hosts


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.1:3001", "localhost", "LOCALHOST:80", "[::1]", "[::1]:3001"),
        *("costs.example.com", "Costs.Example.com:443", "10.1.2.3:3001", "[2001:db8::1]:3001"),
    ],
)
def test_a_known_name_and_any_address_is_answered(host: str, away: World) -> None:
    with browser(away) as client:
        assert client.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example.com", "127.0.0.1.evil.example.com", "localhost.evil.example.com:3001", "xcosts.example.com"),
        *("costs.example.com.", "costs.example.com.evil.org", "costs.example.com:80:80", "costs.example.com:x"),
        *("costs.example.com@evil.org", "evil.org/costs.example.com", "[::1", "[::1].evil.org", "[localhost]", "", " "),
        *("0x7f000001", "127.1", "2130706433", "localhost,evil.org"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/health", "/static/x/app.css"])
def test_any_other_name_is_refused_everywhere(path: str, host: str, away: World) -> None:
    with browser(away) as client:
        answer = client.get(path, headers={"host": host})
    assert answer.status_code == 421
    assert "dashboard.hosts" in answer.text


def test_without_the_check_a_name_that_points_here_would_be_answered(
    away: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrustedHosts, "_knows", lambda _self, _hosts: True)
    with browser(away) as client:
        assert client.get("/health", headers={"host": "evil.example.com"}).status_code == 200


def test_two_hosts_or_none_are_refused(away: World) -> None:
    of = away.deployment()
    app = application(of, reader_of(of))
    both = [(b"host", b"localhost"), (b"host", b"evil.org")]
    assert [_status(app, headers) for headers in ([], both, both[:1])] == [421, 421, 200]


def _status(app: object, headers: list[tuple[bytes, bytes]]) -> int:
    """The status of `/health`, for headers that a client library would put right."""
    client = TestClient(_with_headers(app, headers), base_url="http://localhost")
    return client.get("/health").status_code


def _with_headers(app: object, headers: list[tuple[bytes, bytes]]) -> Callable[..., object]:
    async def asked(scope: dict[str, object], receive: object, send: object) -> None:
        await app({**scope, "headers": headers}, receive, send)  # pyright: ignore[reportCallIssue]

    return asked


def test_the_name_that_it_listens_under_is_known_too(away: World) -> None:
    of = away.deployment()
    with TestClient(application(of, reader_of(of), "Box.local"), base_url="http://box.local:3001") as client:
        assert client.get("/health").status_code == 200


# --- identity

IDENTITY = """
dashboard:
  everyone: finance
  identity:
    user_header: X-Forwarded-User
    groups_header: X-Forwarded-Groups
    finance_users: [carla@example.com]
    finance_groups: [finance, Buchprüfung]
    proxies: [10.0.0.5, "::1"]
"""


@pytest.fixture
def told(away: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Asks as a peer with headers; answers the role that the mart was read as, or the status of the refusal."""
    monkeypatch.setattr(Reader, "snapshot", _tells_the_role)
    away.catalogue = CATALOGUE[: CATALOGUE.index("dashboard:")] + IDENTITY

    def ask(headers: Mapping[str, str] | list[tuple[str, str]], peer: str = PROXY) -> str:
        with browser(away, peer) as client:
            answer = client.get(
                "/",
                headers=[(n.encode(), v.encode()) for n, v in dict.items(headers)]
                if isinstance(headers, dict)
                else [(n.encode(), v.encode()) for n, v in headers],
            )
        return _RoleTold.role if answer.status_code == 500 else str(answer.status_code)

    return ask


class _RoleTold(Exception):  # noqa: N818  # it is an answer
    role = ""


def _tells_the_role(_reader: Reader, role: str) -> None:
    _RoleTold.role = role
    raise _RoleTold


USER, GROUPS = "x-forwarded-user", "x-forwarded-groups"


def test_the_users_and_groups_of_the_catalogue_are_finance_and_others_are_viewers(told: Callable[..., str]) -> None:
    assert told({USER: "carla@example.com"}) == "finance"
    assert told({USER: "anna", GROUPS: "engineers, finance"}) == "finance"
    assert told({USER: "anna", GROUPS: "Buchprüfung"}) == "finance"
    assert told({USER: "anna", GROUPS: "engineers"}) == "viewer"
    assert told({USER: "anna"}) == "viewer"
    assert told({USER: "carla@example.com"}, "::1") == "finance"


@pytest.mark.parametrize(
    "user",
    [
        *("Carla@example.com", "carla@example.com,anna", "anna, carla@example.com", "carla@example.com\u200b"),
        *(
            "\u0441arla@example.com",
            "carla@example.com" * 200,
            "x" * 8000,
            '"carla@example.com"',
            "carla@example.com\xa0",
        ),
    ],
)
def test_a_user_who_is_only_like_one_of_finance_is_a_viewer(user: str, told: Callable[..., str]) -> None:
    assert told({USER: user}) == "viewer"


@pytest.mark.parametrize(
    "groups",
    [
        *("Finance", "finance2", "/finance", "fin ance", "\ufb01nance", "finance\u200b", "finance;x", "", ",", " , "),
        *("Buchpru\u0308fung", "finance\xa0", "\ufeff finance\ufeff", "CN=finance"),
    ],
)
def test_a_group_that_is_only_like_one_of_finance_is_none(groups: str, told: Callable[..., str]) -> None:
    assert told({USER: "anna", GROUPS: groups}) == "viewer"


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(USER, "")],
        [(USER, "  ")],
        [(USER, "\t")],
        [(USER, "carla@example.com"), (USER, "anna")],
        [(USER, "anna"), (USER, "anna")],
        [(USER, "anna"), (GROUPS, "finance"), (GROUPS, "engineers")],
        [("x-user", "carla@example.com"), (GROUPS, "finance")],
        [("x_forwarded_user", "carla@example.com")],
    ],
)
def test_whom_the_proxy_does_not_name_exactly_once_is_nobody(
    headers: list[tuple[str, str]], told: Callable[..., str]
) -> None:
    assert told(headers) == "401"


@pytest.mark.parametrize("peer", [STRANGER, "127.0.0.1", "10.0.0.55", "testclient", "::2", ""])
def test_a_peer_that_is_not_the_proxy_is_believed_nothing(peer: str, told: Callable[..., str]) -> None:
    claims = {USER: "carla@example.com", "x-forwarded-for": PROXY, "x-real-ip": PROXY, "forwarded": f"for={PROXY}"}
    assert told(claims, peer) == "403"


def test_without_an_identity_in_the_catalogue_headers_say_nothing(told: Callable[..., str], away: World) -> None:
    assert told({USER: "anna"}) == "viewer"
    away.catalogue = CATALOGUE
    assert told({USER: "carla@example.com", GROUPS: "finance"}) == "viewer"
    away.catalogue = CATALOGUE.replace("dashboard: {", "dashboard: {everyone: finance, ")
    assert told({USER: "anna"}, STRANGER) == "finance"


def test_health_and_styles_need_no_name(away: World) -> None:
    away.catalogue = CATALOGUE[: CATALOGUE.index("dashboard:")] + IDENTITY
    with browser(away, STRANGER) as client:
        assert client.get("/health").status_code == 200
        refused = client.get("/")
        assert all(client.get(link).status_code == 200 for link in _assets(refused.text))


@pytest.mark.parametrize(("peer", "status", "names"), [(PROXY, 401, "identity"), (STRANGER, 403, "identity.proxies")])
def test_who_is_refused_is_told_what_to_do(peer: str, status: int, names: str, away: World) -> None:
    away.catalogue = CATALOGUE[: CATALOGUE.index("dashboard:")] + IDENTITY
    with browser(away, peer) as client:
        answer = client.get("/")
    assert answer.status_code == status
    assert f"dashboard.{names}" in answer.text
    assert not any(secret in answer.text for secret in ("carla", "finance", PROXY, "Traceback", "chip"))


def _assets(html: str) -> Iterable[str]:
    return [
        link
        for _, of in elements(html)
        for link in (of.get("href"), of.get("src"))
        if link and link.startswith("/static")
    ]


# --- a real server


def test_on_a_real_server_no_header_changes_the_peer_and_none_tells_the_program(away: World) -> None:
    away.catalogue = CATALOGUE[: CATALOGUE.index("dashboard:")] + IDENTITY
    claims = {
        USER: "carla@example.com",
        "x-forwarded-for": PROXY,
        "x-forwarded-proto": "https",
        "forwarded": f"for={PROXY}",
    }
    with serving(away) as url, httpx.Client(trust_env=False) as client:
        answer, head = client.get(url, headers=claims), client.head(f"{url}/health")
        assert (answer.status_code, faults_of(answer)) == (403, [])
        assert (head.status_code, head.content, faults_of(head)) == (200, b"", [])
    with serving(away, proxy_headers=True) as url:
        assert httpx.get(url, headers=claims, trust_env=False).status_code == 503, "uvicorn by itself would believe it"
    away.catalogue = away.catalogue.replace("10.0.0.5", "127.0.0.1")
    with serving(away) as url, httpx.Client(trust_env=False) as client:
        assert client.get(url, headers=claims).status_code == 503, (
            "as the proxy it is let through, to a mart that is away"
        )


@pytest.mark.parametrize("host", [b"", b"Host: localhost\r\nHost: evil.org\r\n", b"Host: evil.org\r\n"])
def test_on_a_real_server_a_request_without_one_good_host_is_refused(host: bytes, away: World) -> None:
    with serving(away) as url:
        address = httpx.URL(url)
        with socket.create_connection((address.host, address.port or 0), 5) as line:
            line.sendall(b"GET /health HTTP/1.1\r\n" + host + b"Connection: close\r\n\r\n")
            status = line.recv(64).split(b" ")[1]
    assert status in (b"421", b"400")
