"""The stages of a request, from the web server to the code, each judged by what is known. Pure.

(facts: iris-webapps-gateway 4.1, 5.5)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus

from irisops.commands.access.fix import application_line
from irisops.contract.quoting import quote
from irisops.contract.wording import harmless, listed
from irisops.instance.models import User
from irisops.instance.security.application_fields import web_kind
from irisops.instance.security.authentication import PASSWORD, UNAUTHENTICATED, words_of
from irisops.instance.security.lists import WEB_GATEWAY, WebApplication
from irisops.instance.security.object_state import ObjectState, login_bits
from irisops.instance.security.permissions import Permission
from irisops.instance.security.request_facts import GATEWAY_USER, RequestFacts
from irisops.instance.web import WebAnswer
from irisops.instance.web_answers import NOT_ALLOWED, Judged, judge_gateway, judge_server, unreached

ANONYMOUS = "UnknownUser"
"""Who a visitor without a login is (facts: iris-webapps-gateway 1.3)."""
_NO_MODULE = "No WSGI app found"
_NO_DIRECTORY = "Could not switch to a given WSGI app"
"""Texts of the Python handler in messages.log (facts: iris-webapps-gateway 3.2)."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. `right` None where it is not known; `cure` is a line of this tool, `words` are for a person."""

    key: str
    what: str
    right: bool | None
    found: str
    cure: str = ""
    words: str = ""


def _good(key: str, what: str, found: str) -> Stage:
    return Stage(key, what, right=True, found=found)


def _bad(key: str, what: str, found: str, cure: str = "", words: str = "") -> Stage:
    return Stage(key, what, right=False, found=found, cure=cure, words=words)


def _open(key: str, what: str, found: str, cure: str = "", words: str = "") -> Stage:
    return Stage(key, what, right=None, found=found, cure=cure, words=words)


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Something wrong, with its cure as in `Stage`."""

    found: str
    cure: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Web:
    """What the web server answered: the page, the gateway's management pages, or why there was no answer."""

    page: WebAnswer | None = None
    management: WebAnswer | None = None
    failure: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True)
class GatewayRoute:
    """Where a CSP.ini of this machine sends the path. `server` is the name of its section."""

    file: str
    path: str
    path_enabled: bool
    server: str
    server_enabled: bool
    port: int | None
    user: str
    sends_password: bool
    tls: bool
    forms: bool = True
    """The management pages are on (SM_Forms)."""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of one request. `path` is without the profile's prefix; `user` "" for what it comes in as."""

    path: str
    today: date
    user: str = ""
    own_user: str = ""
    port: int = 0
    """Of the superserver."""
    tls: bool = False
    """True if this tool reaches the superserver by TLS."""
    version: str = ""
    web: Web | None = None
    route: GatewayRoute | None = None
    facts: RequestFacts | None = None
    unread: str = ""
    """Why there are no facts of the instance."""
    refused: str = ""
    """What the instance said when it refused the last login of this tool; "" if it did not."""
    refusals: tuple[tuple[str, str], ...] = ()
    """What was refused since: the sentence and the line that leads on."""
    log: str = ""
    """What messages.log got since."""

    @property
    def application(self) -> WebApplication | None:
        """The application that serves the path."""
        return self.facts.application if self.facts else None

    @property
    def bits(self) -> int | None:
        """Login methods that application, system and service all allow; None if the application's are not known."""
        facts = self.facts
        if facts is None or facts.settings is None:
            return None
        bits = login_bits(facts.settings)
        if facts.system is not None:
            bits &= facts.system
        return bits & login_bits(facts.service) if facts.service is not None else bits

    @property
    def who(self) -> str:
        """The user whose privileges count: the one asked for, else as whom the request runs first."""
        if self.user:
            return self.user
        open_to_all = bool(self.bits and self.bits & UNAUTHENTICATED)
        return ANONYMOUS if open_to_all else self.own_user

    @property
    def account(self) -> User | None:
        """The account of `who`."""
        users = self.facts.access.users if self.facts else ()
        return next((each for each in users if each.name.casefold() == self.who.casefold()), None)

    @property
    def came(self) -> bool:
        """True if the page came to a visitor without a login."""
        page = self.web.page if self.web else None
        return (
            page is not None
            and page.status < HTTPStatus.MULTIPLE_CHOICES
            and b"IRISPassword" not in page.body
            and not unreached(page)
            and self.who == ANONYMOUS
        )


def stages(known: Known) -> Iterator[Stage]:
    """The stages in order, up to and with the first that is wrong. Those that do not apply are left out."""
    for judge in _MANAGEMENT if known.path.casefold().startswith("/csp/bin/") else _ALL:
        stage = judge(known)
        if stage is None:
            continue
        yield stage
        if stage.right is False:
            return


# --- the web server and the gateway -------------------------------------------------------------------------


def _web_server(known: Known) -> Stage:
    what = "web server"
    if known.web is None:
        return _open(
            "web_server",
            what,
            "not asked: the profile names no web port",
            words="/profile edit: web_port=",
        )
    if known.web.page is None:
        return _bad("web_server", what, known.web.failure, words=known.web.cure)
    return _good("web_server", what, f"HTTP {known.web.page.status}")


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
            return _bad("server", what, wrong.found, words=wrong.words)
    if judged is None:
        return None
    if judged.right is False and known.web and known.web.page and "Availability" in unreached(known.web.page):
        return _no_login(known, what, judged)
    return _judged("server", what, judged)


def _misled(known: Known, route: GatewayRoute) -> _Wrong | None:
    """Why the file sends the path elsewhere or nowhere, and what to write there; None if it leads here."""
    file, path, server = harmless(route.file), harmless(route.path, 60), harmless(route.server, 60)
    for on, index, entry in (
        (route.path_enabled, "APP_PATH_INDEX", path),
        (route.server_enabled, "SYSTEM_INDEX", server),
    ):
        if not on:
            words = f"{entry}=Enabled in [{index}] there, and RELOAD=1 in [SYSTEM]."
            return _Wrong(f"{file} has {entry} switched off", words=words)
    if route.port is not None and known.port and route.port != known.port:
        words = (
            f"Default_Server of [APP_PATH:{path}] there names the server of this instance, or this one gets a path of "
            "its own; then RELOAD=1 in [SYSTEM]."
        )
        told = f"{file} sends {path} to {server} on port {route.port}; this instance is on {known.port}"
        return _Wrong(told, words=words)
    return None


def _no_login(known: Known, what: str, judged: Judged) -> Stage:
    """Server Availability Error: the first thing in the way of the gateway's own login, if the instance tells it."""
    route, facts = known.route, known.facts
    wrong = _gateway_login(known, facts) if facts is not None else None
    if wrong is not None:
        return _bad("server", what, f"Server Availability Error: {wrong.found}", wrong.cure, wrong.words)
    if route is not None and known.tls and not route.tls:
        return _bad(
            "server",
            what,
            f"Server Availability Error: this tool needs TLS, and {harmless(route.server, 60)} has none",
            words="Connection_Security_Level=10 and the SSLCC_ keys of the former gateway in CSP.ini.",
        )
    if route is not None and facts is not None:
        line = f"/gateway server {quote(route.server)} side={'iris' if route.sends_password else 'gateway'}"
        return _bad("server", what, "Server Availability Error: all but the password is right", line)
    words = (
        f"Give {GATEWAY_USER} and the server's section of CSP.ini one password: run irisops where the gateway is, "
        "/gateway server. If IRIS does not run, start it; if nobody can log in, start it in emergency access mode."
    )
    return _bad("server", what, judged.found, words=words)


def _gateway_login(known: Known, facts: RequestFacts) -> _Wrong | None:
    """What keeps the gateway's own login out; None if nothing is seen (facts: iris-webapps-gateway 5.5)."""
    wrong = _shut_door(facts, known.route)
    if wrong is not None:
        return wrong
    name = known.route.user if known.route and known.route.user else GATEWAY_USER
    user = next((each for each in facts.access.users if each.name.casefold() == name.casefold()), None)
    if user is None:
        return _Wrong(f"there is no user {harmless(name, 60)}", f"/user add {quote(name)}")
    standing = _standing(user, known.today)
    if standing is None and not facts.access.model.check(user.name, WEB_GATEWAY, Permission.U).allowed:
        return _Wrong(f"{harmless(user.name, 60)} lacks {WEB_GATEWAY}:U", f"/resource {WEB_GATEWAY} public=U")
    return standing


def _shut_door(facts: RequestFacts, route: GatewayRoute | None) -> _Wrong | None:
    """What of the service keeps a gateway out."""
    if facts.service is not None and not facts.service.flag("enabled"):
        return _Wrong(f"{WEB_GATEWAY} is off", f"/service {WEB_GATEWAY} enable")
    sends = route is None or route.sends_password
    bits = login_bits(facts.service) if facts.service is not None else PASSWORD | UNAUTHENTICATED
    if not bits & (PASSWORD if sends else UNAUTHENTICATED):
        told = f"{WEB_GATEWAY} takes {listed(words_of(bits)) or 'nothing'}; the gateway sends "
        if route is not None and not sends:
            return _Wrong(f"{told}none", f"/gateway server {quote(route.server)} side=gateway")
        return _Wrong(f"{told}a password", f"/service {WEB_GATEWAY} auth=+password")
    if facts.clients:
        words = (
            "Add the address of the gateway's machine to the service's allowed connections, or empty the list: "
            f"portal, Security, Services, {WEB_GATEWAY}."
        )
        return _Wrong(f"{WEB_GATEWAY} takes requests from {harmless(facts.clients, 100)} alone", words=words)
    return None


def _standing(user: User, today: date) -> _Wrong | None:
    """What keeps an account from logging in."""
    name, quoted = harmless(user.name, 60), quote(user.name)
    if not user.enabled:
        return _Wrong(f"{name} is disabled", f"/enable {quoted}")
    if user.expires is not None and user.expires < today and not user.account_never_expires:
        return _Wrong(f"{name} expired on {user.expires.isoformat()}", f"/user {quoted} expires=never")
    if user.change_password:
        return _Wrong(f"{name} must change its password first", f"/user {quoted} must_change_password=no")
    return None


# --- the application ----------------------------------------------------------------------------------------


CONNECT = "/connect, then ask again"
NOBODY = (
    "If nobody can log in any more, whoever administers the machine starts IRIS in emergency access mode, for one user "
    "that is named then. This tool cannot log in in that mode: in a terminal or the portal that user enables an account "
    "that holds %All and gives it a password; then IRIS is started again as usual."
)
"""(facts: iris-webapps-gateway 5.5)"""


def _instance(known: Known) -> Stage | None:
    """The login of this tool, without which the instance tells nothing."""
    if known.facts is not None or not known.refused:
        return None
    told = f"{harmless(known.own_user, 60)}: {harmless(known.refused, 200)}"
    return _bad("instance", "login of this tool", told, words=f"{CONNECT} ; another account may be let in. {NOBODY}")


def _application(known: Known) -> Stage | None:
    facts = known.facts
    if facts is None:
        return None
    what = "application"
    if facts.application is not None:
        own = facts.application
        return _good("application", what, f"{harmless(own.name, 80)}, the longest that begins it")
    if not facts.access.applications:
        return _open("application", what, "the applications cannot be read")
    path = _likely(known.path)
    return _bad(
        "application",
        what,
        f"none of {len(facts.access.applications)} begins {harmless(known.path, 80)}",
        f"/app add {quote(path)}",
    )


def _likely(path: str) -> str:
    """The path that an application for this page would have: two parts of it, without the name of a page."""
    parts = [each for each in path.split("/") if each]
    if len(parts) > 1 and "." in parts[-1]:
        parts = parts[:-1]
    return "/" + "/".join(parts[:2])


def _enabled(known: Known) -> Stage | None:
    own = known.application
    if own is None:
        return None
    what = "enabled"
    if own.enabled:
        return _good("enabled", what, "yes")
    return _bad("enabled", what, "it is disabled and answers nobody", f"/app {quote(own.name)} enable")


def _service(known: Known) -> Stage | None:
    if known.facts is None or known.application is None:
        return None
    what, service = WEB_GATEWAY, known.facts.service
    if service is None:
        return _open("service", what, "it cannot be read")
    if not service.flag("enabled"):
        return _bad("service", what, "off: every request is refused", f"/service {WEB_GATEWAY} enable")
    return _good("service", what, f"on, by {listed(service.names('auth')) or 'nothing'}")


def _login(known: Known) -> Stage | None:
    own, facts = known.application, known.facts
    if own is None or facts is None:
        return None
    what = "login methods"
    if facts.settings is None:
        return _open("login", what, "its login methods cannot be read")
    wanted = login_bits(facts.settings)
    wrong = _no_way_in(known, facts, wanted, quote(own.name)) or _other_portal(known, wanted)
    if wrong is not None:
        return _bad("login", what, wrong.found, wrong.cure)
    return _good("login", what, f"by {listed(words_of(known.bits or 0))}")


def _no_way_in(known: Known, facts: RequestFacts, wanted: int, quoted: str) -> _Wrong | None:
    """Why none of the application's login methods lets anybody in, or not the user that is asked for."""
    if not wanted:
        return _Wrong("it takes no login at all", f"/app {quoted} auth=+password")
    left = wanted
    for allowed, by, line in _allowing(facts, wanted, quoted):
        if not left & allowed:
            told = f"it takes {listed(words_of(left))}; {by} {listed(words_of(allowed)) or 'nothing'}"
            return _Wrong(told, line)
        left &= allowed
    if known.user and known.user.casefold() != ANONYMOUS.casefold() and not left & ~UNAUTHENTICATED:
        told = f"without a login alone: {harmless(known.user, 60)} comes in as {ANONYMOUS}"
        return _Wrong(told, f"/app {quoted} auth=+password")
    return None


def _allowing(facts: RequestFacts, wanted: int, quoted: str) -> Iterator[tuple[int, str, str]]:
    """Who has a say in the login methods: bits, in words, and the line that lets one in.

    UNVERIFIED: that the bits of the service are compared with those of the application, as those of the system are
    (facts: iris-webapps-gateway 4.1). Settle: a service with Password alone, an application without a login.
    """
    if facts.system is not None:
        yield facts.system, "the instance as a whole", f"/app {quoted} auth=-unauthenticated,+password"
    if facts.service is not None:
        word = "password" if wanted & PASSWORD else "unauthenticated"
        yield login_bits(facts.service), WEB_GATEWAY, f"/service {WEB_GATEWAY} auth=+{word}"


def _other_portal(known: Known, wanted: int) -> _Wrong | None:
    """The first application of the portal that takes other logins than this one, and the line that aligns it."""
    facts, own = known.facts, known.application
    if facts is None or own is None:
        return None
    for state in facts.portal.values():
        if login_bits(state) != wanted:
            return _Wrong(
                f"{harmless(state.name, 60)} of the portal takes {listed(state.names('auth'))}, this one "
                f"{listed(words_of(wanted))}: the login goes round in a circle",
                f"/app {quote(state.name)} auth={','.join(words_of(wanted))}",
            )
    return None


def _user(known: Known) -> Stage | None:
    own, facts = known.application, known.facts
    if own is None or facts is None:
        return None
    user, name = known.account, harmless(known.who, 60)
    what = "account"
    if user is None:
        return _open("user", what, f"there is no account {name} to be seen")
    standing = _standing(user, known.today)
    if standing is not None:
        return _bad("user", what, standing.found, standing.cure)
    if not facts.access.resources:
        return _open("user", what, "public permissions cannot be read")
    if not facts.access.model.check(user.name, WEB_GATEWAY, Permission.U).allowed:
        told = f"{name} lacks {WEB_GATEWAY}:U, which is public as a rule"
        return _bad("user", what, told, f"/resource {WEB_GATEWAY} public=U")
    return _good("user", what, name)


def _gateway_user(known: Known) -> Stage | None:
    """CSPSystem must read the code: for a preflight, and on 2024.2.

    (facts: iris-webapps-gateway 4.1)
    """
    own, facts = known.application, known.facts
    if (
        own is None
        or facts is None
        or not facts.databases
        or facts.settings is None
        or not own.dispatch_class
    ):
        return None
    origins = facts.settings.names("cors_origins")
    old = known.version.startswith("2024.2") and not (known.bits or 0) & UNAUTHENTICATED
    if not (origins or old):
        return None
    what = GATEWAY_USER
    why = (
        "a preflight of another origin runs as it" if origins else "else 2024.2 answers 404 before the login"
    )
    for database in facts.databases:
        if not database.resource:
            return _open("gateway_user", what, f"the resource of {harmless(database.name, 60)} is not known")
        users = {each.name.casefold() for each in facts.access.users}
        if GATEWAY_USER.casefold() not in users:
            return _bad("gateway_user", what, f"there is no user {GATEWAY_USER}")
        if not facts.access.model.check(GATEWAY_USER, database.resource, Permission.R).allowed:
            told = f"it lacks {harmless(database.resource, 60)}:R; {why}"
            line = f"/explain {GATEWAY_USER} {quote(database.resource)}:R fix=yes"
            return _bad("gateway_user", what, told, line)
    return _good("gateway_user", what, why)


def _softened(known: Known, stage: Stage) -> Stage:
    """A stage that is wrong by the books, where the page came all the same: not known."""
    if stage.right is False and known.came:
        return Stage(stage.key, stage.what, None, f"{stage.found}; but the page came", words=stage.words)
    return stage


def _resource(known: Known) -> Stage | None:
    own, facts = known.application, known.facts
    if own is None or facts is None or known.account is None:
        return None
    name = harmless(known.who, 60)
    if own.resource is None:
        return _open("resource", "resource", "its resource cannot be read")
    what = "resource"
    if not own.resource:
        return _good("resource", what, "it asks for no resource")
    # UNVERIFIED: that the resource is asked before the application's roles are added (as in /explain USER /app).
    # Settle: an application whose role holds its own resource; open it as a user without.
    if facts.access.model.check(known.who, own.resource, Permission.U).allowed:
        return _good("resource", what, f"{harmless(own.resource, 60)}:U is held")
    line = f"/explain {quote(known.who)} {quote(own.resource)}:U fix=yes"
    stage = _bad("resource", what, f"{name} lacks {harmless(own.resource, 60)}:U", line)
    return _softened(known, stage)


# --- namespace, databases, code -----------------------------------------------------------------------------


def _namespace(known: Known) -> Stage | None:
    own, facts = known.application, known.facts
    if own is None or facts is None:
        return None
    what = "namespace"
    if facts.databases is None:
        return _open("namespace", what, "the namespaces cannot be read")
    name = harmless(own.namespace, 60)
    if not facts.databases:
        told = f"there is no namespace {name}" if own.namespace else "it names no namespace"
        words = f"Make it, or give another one: /app {quote(own.name)} namespace=NAME"
        return _bad("namespace", what, told, words=words)
    gone = next((each for each in facts.databases if each.dismounted), None)
    if gone is not None:
        words = (
            "In a terminal of the instance, in %SYS: "
            f'do ##class(SYS.Database).MountDatabase("{harmless(gone.directory)}"); '
            "or in the portal, System Operation, Databases, Mount."
        )
        return _bad("namespace", what, f"its database {harmless(gone.name, 60)} is dismounted", words=words)
    told = f"{name} on {listed([harmless(each.name, 60) for each in facts.databases])}"
    if all(each.status for each in facts.databases) or known.came:
        return _good("namespace", what, told)
    return _open("namespace", what, f"{told}; whether it is mounted cannot be read")


def _database(known: Known) -> Stage | None:
    own, facts = known.application, known.facts
    if own is None or facts is None or not facts.databases or known.account is None:
        return None
    name, model = harmless(known.who, 60), facts.access.model
    what = "databases"
    if any(not each.resource for each in facts.databases):
        return _open("database", what, "the resource of its database is not known")
    if not own.complete:
        return _open("database", what, "the roles that it gives cannot be read")
    resources = dict.fromkeys(each.resource for each in facts.databases)
    missing = {
        each: Permission.R
        for each in resources
        if not model.check(known.who, each, Permission.R, own.name).allowed
    }
    if not missing:
        return _good("database", what, f"{name} in it holds {harmless(listed(list(resources)), 100)}:R")
    lacking = listed([f"{harmless(each, 60)}:R" for each in missing])
    line = application_line(facts.access, own.name, missing)
    stage = _bad("database", what, f"{name} in it lacks {lacking}", line)
    return _softened(known, stage)


def _code(known: Known) -> Stage | None:
    own, facts = known.application, known.facts
    if own is None or facts is None or not own.dispatch_class:
        return None
    if facts.settings is not None and web_kind(facts.settings) in ("WSGI", "ASGI"):
        return _python(known, facts.settings)
    name, what = harmless(own.dispatch_class, 80), "dispatch class"
    namespace = harmless(own.namespace, 60)
    if facts.code == "there":
        return _good("code", what, name)
    if facts.code == "missing":
        words = (
            f"Load and compile it in {namespace}, with an editor or %SYSTEM.OBJ.Load, or name another one: "
            f"/app {quote(own.name)} dispatch_class=NAME"
        )
        return _bad("code", what, f"there is no class {name} in {namespace}", words=words)
    if facts.code == "not compiled":
        words = f'In a terminal, in {namespace}: do $system.OBJ.Compile("{name}","ck")'
        return _bad("code", what, f"{name} is in {namespace}, but not compiled", words=words)
    return _open("code", what, f"whether {name} is in {namespace} cannot be read")


_EXCEPTION = re.compile(r"An exception of type (\w+) occurred")


def _python(known: Known, settings: ObjectState) -> Stage:
    what, module = "Python module", harmless(settings.text("wsgi_name"), 80)
    folder = harmless(settings.text("wsgi_location"), 100)
    if not module:
        line = f"/app {quote(settings.name)}"
        return _bad("code", what, "it names no module", line, "Give wsgi_name, without .py.")
    if _NO_MODULE in known.log:
        raised = _EXCEPTION.search(known.log)
        told = f"messages.log: no {module} in {folder}" + (f" ({raised[1]})" if raised else "")
        words = (
            f"If {module}.py or its callable is named otherwise, correct wsgi_name= and wsgi_callable=; a package that "
            "is missing is installed for the instance: pip install --target <install>/mgr/python NAME"
        )
        return _bad("code", what, told, words=words)
    if _NO_DIRECTORY in known.log:
        words = (
            "The folder must be on the server, or in its container, and readable to the user that runs IRIS."
        )
        return _bad("code", what, f"messages.log: no way into {folder}", words=words)
    failed = known.web is not None and known.web.page is not None and known.web.page.status >= 500
    told = f"{module} in {folder}"
    return Stage("code", what, None if failed or known.web is None else True, told)


# --- the answer ---------------------------------------------------------------------------------------------


def _license(known: Known) -> Stage | None:
    free = known.facts.free_units if known.facts and known.application else None
    if free is None:
        return None
    page = known.web.page if known.web else None
    # Without a unit IRIS answers as if there were no page (facts: iris-webapps-gateway 4.1).
    refused = page is None or page.status in (HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
    what = "license"
    if free < 1 and refused:
        words = "End what holds one: /license shows who, /free what can be ended."
        return _bad(
            "license", what, "no unit is free: IRIS answers as if there were no page", "/license", words
        )
    return _good(
        "license", what, f"{free} units are free" if free > 0 else "no unit is free, but the page came"
    )


def _answer(known: Known) -> Stage | None:
    page = known.web.page if known.web else None
    if page is None or known.application is None:
        return None
    what, seen = "answer", f"HTTP {page.status}"
    login = not (known.bits or 0) & UNAUTHENTICATED
    root = not known.path.casefold().rstrip("/").removeprefix(known.application.name.casefold().rstrip("/"))
    if page.status == HTTPStatus.UNAUTHORIZED or b"IRISPassword" in page.body:
        if login or known.bits is None:
            return _good("answer", what, f"{seen}: it asks for a login")
        words = "/denied shows what the audit log says of it."
        return _bad("answer", what, f"{seen}, although it takes visitors without a login", words=words)
    if page.status < HTTPStatus.BAD_REQUEST:
        return _good("answer", what, seen)
    if page.status == HTTPStatus.NOT_FOUND and root:
        return _open("answer", what, f"{seen} at its own address: give that of a page", words="")
    told, words = _ERRORS.get(
        page.status, (f"{seen}: an answer of its code", "messages.log and ^%ISCLOG tell more.")
    )
    return _bad("answer", what, told, words=words)


_ERRORS: Mapping[int, tuple[str, str]] = {
    403: (
        "HTTP 403, although nothing of the above forbids it",
        "/denied shows what the audit log says of it.",
    ),
    404: (
        "HTTP 404: the application has no such page, file or route",
        "The address, letter case included; of a REST class its UrlMap.",
    ),
    405: (
        "HTTP 405: the route is there for another method than GET",
        "The UrlMap of the class names its methods.",
    ),
    500: (
        "HTTP 500: its code fails",
        "Compile the class anew if IRIS or its container was replaced; messages.log and ^%ISCLOG tell more.",
    ),
    503: ("HTTP 503: unavailable", "/license shows whether a unit is free."),
}
"""(facts: iris-webapps-gateway 4.1)"""


def _log(known: Known) -> Stage | None:
    if known.facts is None:
        return None
    what = "refusals"
    if known.refusals:
        found, line = known.refusals[0]
        return _bad("log", what, found, line)
    errors = [line for line in known.log.splitlines() if re.search(r"\(\d+\) [23] ", line)]
    if errors:
        return _bad(
            "log", what, f"messages.log: {harmless(errors[-1], 160)}", words="The code that wrote it."
        )
    return _good("log", what, "none since, by the audit log")


# --- the gateway's own pages --------------------------------------------------------------------------------


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
        return _bad("management", what, "they are not for your address", words=words)
    if route is not None and not route.forms:
        words = f"SM_Forms=Enabled in [SYSTEM] of CSP.ini{file}, then RELOAD=1 there."
        return _bad("management", what, "SM_Forms switches them off", words=words)
    if route is not None and route.read_only:
        words = f"READONLY=0 in [SYSTEM] of CSP.ini{file}; its owner must be the user of the web server."
        return _bad("management", what, "they may not save: READONLY, or the rights of the file", words=words)
    if page.status == HTTPStatus.UNAUTHORIZED or b"Password" in page.body:
        line = f"/gateway password{' ' + quote(route.file) if route else ''}"
        return _open("management", what, "they ask for their own password", line, "If it is lost.")
    return Stage("management", what, page.status < HTTPStatus.BAD_REQUEST or None, f"HTTP {page.status}")


_ALL: tuple[Callable[[Known], Stage | None], ...] = (
    _web_server,
    _gateway,
    _server,
    _instance,
    _application,
    _enabled,
    _service,
    _login,
    _user,
    _gateway_user,
    _resource,
    _namespace,
    _database,
    _code,
    _license,
    _answer,
    _log,
)
_MANAGEMENT = (_web_server, _gateway, _pages)
