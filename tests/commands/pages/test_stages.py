"""The stages without an instance: addresses, prefixes, and what is judged from answers alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.commands.pages.address import page_address
from irisops.commands.pages.known import GatewayRoute, Known, Web
from irisops.commands.pages.probe import route_in
from irisops.commands.pages.stages import stages
from irisops.contract.replies import Refusal
from irisops.gateway.csp_ini import CspIni
from irisops.instance.models import Role, User
from irisops.instance.security.access import make_access
from irisops.instance.security.lists import WEB_GATEWAY, Resource, WebApplication
from irisops.instance.security.object_state import FieldValue, ObjectState
from irisops.instance.security.permissions import Permission
from irisops.instance.security.request_facts import DatabaseState, RequestFacts, application_of
from irisops.instance.web import WebAddress, WebAnswer

TODAY = date(2026, 11, 29)
OWN = WebAddress("localhost", 52773, prefix="/iris-a")
AVAILABILITY = WebAnswer(503, {}, b"<h1>Server Availability Error</h1>")
ROUTE = GatewayRoute(
    "CSP.ini",
    "/csp",
    path_enabled=True,
    server="LOCAL",
    server_enabled=True,
    port=1972,
    user="CSPSystem",
    sends_password=True,
    tls=False,
)


def account(name: str, *roles: str) -> User:
    return User(name, enabled=True, roles=roles, last_login=None)


def facts() -> RequestFacts:
    """An instance with one REST application in order."""
    application = WebApplication(
        "/api/shop",
        "SHOP",
        enabled=True,
        resource="",
        match_roles=(("", ("%DB_SHOP",)),),
        dispatch_class="Shop.REST",
    )
    access = make_access(
        [account("ann", "Clerk"), account("CSPSystem")],
        [Role("Clerk", "", (), ()), Role("%DB_SHOP", "", (("%DB_SHOP", "RW"),), ())],
        [Resource("%DB_SHOP", "", Permission.NONE), Resource(WEB_GATEWAY, "", Permission.U)],
        [application],
    )
    fields: dict[str, FieldValue] = {"auth": ("password",), "dispatch_class": "Shop.REST", "enabled": True}
    return RequestFacts(
        access,
        application,
        settings=ObjectState("application", "/api/shop", fields),
        service=ObjectState(
            "service", WEB_GATEWAY, {"enabled": True, "auth": ("password", "unauthenticated")}
        ),
        system=32 + 64,
        databases=(DatabaseState("SHOP", "/shop/", "%DB_SHOP", "Mounted/RW"),),
        code="there",
        free_units=3,
    )


def last(known: Known) -> tuple[str, bool | None, str, str]:
    stage = list(stages(known))[-1]
    return stage.key, stage.right, stage.cure, stage.words


def test_a_service_in_order_is_right_to_the_end() -> None:
    known = Known("/api/shop/x", TODAY, "ann", facts=facts(), web=Web(WebAnswer(401, {}, b"")))
    assert [(each.key, each.right) for each in stages(known)][-1] == ("log", True)


@pytest.mark.parametrize(
    ("free", "found"),
    [
        (2, "2 units free, by the instance's own counter"),
        (1, "1 unit free, by the instance's own counter"),
        (0, "no unit is free, but the page came"),
    ],
)
def test_free_units_are_those_of_the_counter_and_said_so(free: int, found: str) -> None:
    """The board of a Community Edition counts connections: it may say another number."""
    web = Web(WebAnswer(401, {}, b""))
    known = Known("/api/shop/x", TODAY, "ann", facts=replace(facts(), free_units=free), web=web)
    assert [each.found for each in stages(known) if each.key == "license"] == [found]


def test_a_gateway_without_tls_before_an_instance_that_needs_it() -> None:
    known = Known("/csp/x", TODAY, tls=True, port=1972, route=ROUTE, facts=facts(), web=Web(AVAILABILITY))
    key, right, cure, words = last(known)
    assert (key, right, cure) == ("server", False, "")
    assert "Connection_Security_Level=10" in words


@pytest.mark.parametrize("status", [200, 404, 500, 503])
@pytest.mark.parametrize(
    "title", ["Server Availability Error", "Server Busy", "Server Timeout", "Server Unavailable"]
)
def test_the_gateways_own_pages_are_known_by_their_words_whatever_the_status(status: int, title: str) -> None:
    page = WebAnswer(status, {}, f"<h1>{title}</h1>".encode())
    found = {each.key: each.right for each in stages(Known("/api/shop/x", TODAY, "ann", web=Web(page)))}
    assert found == {"web_server": True, "gateway": True, "server": False}


def test_on_2024_2_the_gateways_user_must_read_the_code() -> None:
    known = Known("/api/shop/x", TODAY, "ann", version="2024.2", facts=facts())
    assert last(known)[:3] == ("gateway_user", False, "/explain CSPSystem %DB_SHOP:R fix=yes")
    assert last(replace(known, version="2024.3"))[:2] == ("log", True)


def test_a_page_that_came_is_believed_more_than_the_books() -> None:
    listed = facts()
    own = (listed.application or WebApplication("", "", enabled=True))._replace(match_roles=())
    open_to_all = ObjectState("application", "/api/shop", {"auth": ("unauthenticated",), "enabled": True})
    access = make_access(
        [*listed.access.users, account("UnknownUser")],
        listed.access.roles,
        listed.access.resources,
        [own],
    )
    given_facts = replace(listed, access=access, application=own, settings=open_to_all)
    known = Known("/api/shop/x", TODAY, facts=given_facts, web=Web(WebAnswer(200, {}, b"")))
    found = {each.key: each.right for each in stages(known)}
    assert found["database"] is None
    assert (
        last(replace(known, web=Web(WebAnswer(403, {}, b""), WebAnswer(200, {}, b"Web Gateway"))))[0]
        == "database"
    )


NAMES = (
    st.lists(st.sampled_from(["a", "B", "csp", "Shop", "x.cls"]), min_size=1, max_size=4)
    .map("/".join)
    .map("/".__add__)
)


@given(NAMES, st.lists(NAMES, max_size=6))
def test_the_longest_application_that_begins_the_path_serves_it(path: str, names: list[str]) -> None:
    found = application_of(path, names)
    parts = path.casefold().split("/")
    fitting = [name for name in names if parts[: len(name.split("/"))] == name.casefold().split("/")]
    if not fitting:
        assert not found
    else:
        assert found.casefold() == max(fitting, key=lambda name: len(name.split("/"))).casefold()


@given(st.text(max_size=60))
def test_any_address_is_taken_or_refused(text: str) -> None:
    for typed in (text, f"/{text}", f"http://{text}"):
        try:
            found = page_address(typed, OWN)
        except Refusal:
            continue
        folder, page = found.parts
        assert (folder + page).isprintable()
        assert not any(sign in page for sign in ' \r\n"')


@pytest.mark.parametrize(
    ("text", "web", "path"),
    [
        ("/csp/x.cls?a=1", OWN, "/csp/x.cls"),
        ("/iris-a/csp/x.cls", OWN, "/csp/x.cls"),
        ("http://LOCALHOST:52773/iris-a/csp/x.cls", OWN, "/csp/x.cls"),
        ("https://iris.example/csp/", WebAddress("iris.example", 443, tls=True), "/csp/"),
        ("http://[::1]:8080/a%20b", WebAddress("::1", 8080), "/a b"),
    ],
)
def test_which_address_is_meant(text: str, web: WebAddress, path: str) -> None:
    found = page_address(text, OWN)
    assert (found.web, found.path) == (web, path)


@pytest.mark.parametrize(
    "text",
    [
        "ftp://h/x",
        "http://",
        "http://h:99999/x",
        "http://u:canary-9@h/x",
        "//h/x",
        "x",
        "/" + "x" * 2001,
        "/a\nb",
    ],
)
def test_a_wrong_address_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        page_address(text, OWN)
    assert "/explain" in refused.value.cure
    assert "canary" not in f"{refused.value} {refused.value.cure}"


def test_the_paths_of_the_gateways_file_count_letter_case() -> None:
    ini = CspIni(
        b"[SYSTEM]\n[APP_PATH_INDEX]\n/=Enabled\n/csp=Disabled\n[APP_PATH:/]\nDefault_Server=A\n"
        b"[APP_PATH:/csp]\nDefault_Server=B\n[A]\nTCP_Port=1\n[B]\nTCP_Port=x\n"
    )
    found = {path: route_in(ini, "f", path) for path in ("/csp/x", "/CSP/x", "/cspx", "/csp")}
    assert [(each.server, each.path_enabled, each.port) for each in found.values()] == [
        ("B", False, None),
        ("A", True, 1),
        ("A", True, 1),
        ("B", False, None),
    ]
