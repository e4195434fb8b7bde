"""The stages before the application: web server, Web Gateway, its login to IRIS and that of this tool. Pure.

(facts: iris-webapps-gateway 4.1, 5.5)
"""

from __future__ import annotations

from http import HTTPStatus

from irisops.commands.pages.known import (
    GatewayRoute,
    Judge,
    Known,
    Stage,
    Wrong,
    bad,
    good,
    standing,
    unknown,
)
from irisops.contract.quoting import quote
from irisops.contract.wording import harmless, listed
from irisops.instance.security.authentication import PASSWORD, UNAUTHENTICATED, words_of
from irisops.instance.security.lists import WEB_GATEWAY
from irisops.instance.security.object_state import login_bits
from irisops.instance.security.permissions import Permission
from irisops.instance.security.request_facts import GATEWAY_USER, RequestFacts
from irisops.instance.web_answers import NOT_ALLOWED, Judged, judge_gateway, judge_server, unreached

CONNECT = "/connect, then ask again"
NOBODY = (
    "If nobody can log in any more, an administrator of the machine starts IRIS in emergency access mode, for one user "
    "that is named then. This tool cannot log in in that mode: in a terminal or the portal that user enables an "
    "account that holds %All and gives it a password; then IRIS is started again as usual."
)
"""(facts: iris-webapps-gateway 5.5)"""


def _web_server(known: Known) -> Stage:
    what = "web server"
    if known.web is None:
        return unknown(
            "web_server",
            what,
            "not asked: the profile names no web port",
            words="/profile edit: web_port=",
        )
    if known.web.page is None:
        return bad("web_server", what, known.web.failure, words=known.web.cure)
    return good("web_server", what, f"HTTP {known.web.page.status}")


def _judged(key: str, what: str, judged: Judged) -> Stage:
    return Stage(key, what, judged.right, judged.found, words=judged.cure)


def _gateway(known: Known) -> Stage | None:
    if known.web is None or known.web.page is None:
        return None
    judged = judge_gateway(known.web.page, known.web.management)
    return _judged("gateway", "Web Gateway", judged)


def _server(known: Known) -> Stage | None:
    what = "gateway to IRIS"
    route = known.route
    judged = judge_server(known.web.page) if known.web and known.web.page else None
    if route is not None:
        wrong = _misled(known, route)
        if wrong is not None:
            return bad("server", what, wrong.found, words=wrong.words)
    if judged is None:
        return None
    if judged.right is False and known.web and known.web.page and "Availability" in unreached(known.web.page):
        return _no_login(known, what, judged)
    return _judged("server", what, judged)


def _misled(known: Known, route: GatewayRoute) -> Wrong | None:
    """Why the file sends the path elsewhere or nowhere, and what to write there; None if it leads here."""
    file, path, server = harmless(route.file), harmless(route.path, 60), harmless(route.server, 60)
    for on, index, entry in (
        (route.path_enabled, "APP_PATH_INDEX", path),
        (route.server_enabled, "SYSTEM_INDEX", server),
    ):
        if not on:
            words = f"{entry}=Enabled in [{index}] there, and RELOAD=1 in [SYSTEM]."
            return Wrong(f"{file} has {entry} switched off", words=words)
    if route.port is not None and known.port and route.port != known.port:
        words = (
            f"Default_Server of [APP_PATH:{path}] there names the server of this instance, or this one gets a path of "
            "its own; then RELOAD=1 in [SYSTEM]."
        )
        told = f"{file} sends {path} to {server} on port {route.port}; this instance is on {known.port}"
        return Wrong(told, words=words)
    return None


def _no_login(known: Known, what: str, judged: Judged) -> Stage:
    """Server Availability Error: the first thing in the way of the gateway's own login, if the instance tells it."""
    route, facts = known.route, known.facts
    wrong = _gateway_login(known, facts) if facts is not None else None
    if wrong is not None:
        return bad("server", what, f"Server Availability Error: {wrong.found}", wrong.cure, wrong.words)
    if route is not None and known.tls and not route.tls:
        return bad(
            "server",
            what,
            f"Server Availability Error: this tool needs TLS, and {harmless(route.server, 60)} has none",
            words="Connection_Security_Level=10 and the SSLCC_ keys of the former gateway in CSP.ini.",
        )
    if route is not None and facts is not None:
        line = f"/gateway server {quote(route.server)} side={'iris' if route.sends_password else 'gateway'}"
        return bad("server", what, "Server Availability Error: all but the password is right", line)
    words = (
        f"Give {GATEWAY_USER} and the server's section of CSP.ini one password: run irisops where the gateway is, "
        "/gateway server. If IRIS does not run, start it; if nobody can log in, start it in emergency access mode."
    )
    return bad("server", what, judged.found, words=words)


def _gateway_login(known: Known, facts: RequestFacts) -> Wrong | None:
    """What keeps the gateway's own login out; None if nothing is seen (facts: iris-webapps-gateway 5.5)."""
    wrong = _shut_door(facts, known.route)
    if wrong is not None:
        return wrong
    name = known.route.user if known.route and known.route.user else GATEWAY_USER
    user = next((each for each in facts.access.users if each.name.casefold() == name.casefold()), None)
    if user is None:
        return Wrong(f"there is no user {harmless(name, 60)}", f"/user add {quote(name)}")
    barred = standing(user, known.today)
    if barred is None and not facts.access.model.check(user.name, WEB_GATEWAY, Permission.U).allowed:
        return Wrong(f"{harmless(user.name, 60)} lacks {WEB_GATEWAY}:U", f"/resource {WEB_GATEWAY} public=U")
    return barred


def _shut_door(facts: RequestFacts, route: GatewayRoute | None) -> Wrong | None:
    """What of the service keeps a gateway out."""
    if facts.service is not None and not facts.service.flag("enabled"):
        return Wrong(f"{WEB_GATEWAY} is off", f"/service {WEB_GATEWAY} enable")
    sends = route is None or route.sends_password
    bits = login_bits(facts.service) if facts.service is not None else PASSWORD | UNAUTHENTICATED
    if not bits & (PASSWORD if sends else UNAUTHENTICATED):
        told = f"{WEB_GATEWAY} takes {listed(words_of(bits)) or 'nothing'}; the gateway sends "
        if route is not None and not sends:
            return Wrong(f"{told}none", f"/gateway server {quote(route.server)} side=gateway")
        return Wrong(f"{told}a password", f"/service {WEB_GATEWAY} auth=+password")
    if facts.clients:
        words = (
            "Add the address of the gateway's machine to the service's allowed connections, or empty the list: "
            f"portal, Security, Services, {WEB_GATEWAY}."
        )
        return Wrong(f"{WEB_GATEWAY} takes requests from {harmless(facts.clients, 100)} alone", words=words)
    return None


def _instance(known: Known) -> Stage | None:
    """The login of this tool, without which the instance tells nothing."""
    if known.facts is not None or not known.refused:
        return None
    told = f"{harmless(known.own_user, 60)}: {harmless(known.refused, 200)}"
    return bad(
        "instance", "login of this tool", told, words=f"{CONNECT} ; another account may be let in. {NOBODY}"
    )


def _pages(known: Known) -> Stage | None:
    """The management pages (facts: iris-webapps-gateway 5.5)."""
    page = known.web.page if known.web else None
    route, what = known.route, "management pages"
    file = f" {harmless(route.file)}" if route else ""
    if page is None:
        return None
    if NOT_ALLOWED.encode() in page.body:
        words = (
            f"System_Manager in [SYSTEM] of CSP.ini{file} must have your address, or that of the proxy between; then "
            "RELOAD=1 there."
        )
        return bad("management", what, "they are not for your address", words=words)
    if route is not None and not route.forms:
        words = f"SM_Forms=Enabled in [SYSTEM] of CSP.ini{file}, then RELOAD=1 there."
        return bad("management", what, "SM_Forms switches them off", words=words)
    if route is not None and route.read_only:
        words = f"READONLY=0 in [SYSTEM] of CSP.ini{file}; its owner must be the user of the web server."
        return bad("management", what, "they may not save: READONLY, or the rights of the file", words=words)
    if page.status == HTTPStatus.UNAUTHORIZED or b"Password" in page.body:
        line = f"/gateway password{' ' + quote(route.file) if route else ''}"
        return unknown("management", what, "they ask for their own password", line, "If it is lost.")
    return Stage("management", what, page.status < HTTPStatus.BAD_REQUEST or None, f"HTTP {page.status}")


BEFORE: tuple[Judge, ...] = (_web_server, _gateway, _server, _instance)
MANAGEMENT: tuple[Judge, ...] = (_web_server, _gateway, _pages)
"""Of the gateway's own pages."""
