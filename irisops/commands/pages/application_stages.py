"""The stages of the application: that it is there, who may log in to it, its databases and its code. Pure.

(facts: iris-webapps-gateway 4.1, 5.5)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from irisops.commands.access.fix import application_line
from irisops.commands.pages.known import ANONYMOUS, Judge, Known, Stage, Wrong, bad, good, standing, unknown
from irisops.contract.quoting import quote
from irisops.contract.wording import harmless, listed
from irisops.instance.security.application_fields import web_kind
from irisops.instance.security.authentication import PASSWORD, UNAUTHENTICATED, words_of
from irisops.instance.security.lists import WEB_GATEWAY
from irisops.instance.security.object_state import ObjectState, login_bits
from irisops.instance.security.permissions import Permission
from irisops.instance.security.request_facts import GATEWAY_USER, RequestFacts

_NO_MODULE = "No WSGI app found"
_NO_DIRECTORY = "Could not switch to a given WSGI app"
"""Texts of the Python handler in messages.log (facts: iris-webapps-gateway 3.2)."""


def _application(known: Known) -> Stage | None:
    facts = known.facts
    if facts is None:
        return None
    what = "application"
    if facts.application is not None:
        own = facts.application
        return good(
            "application", what, f"{harmless(own.name, 80)}, the longest name that the path begins with"
        )
    if not facts.access.applications:
        return unknown("application", what, "the applications cannot be read")
    path = _likely(known.path)
    return bad(
        "application",
        what,
        f"no application is for {harmless(known.path, 80)}; {len(facts.access.applications)} were looked at",
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
        return good("enabled", what, "yes")
    return bad("enabled", what, "it is disabled and answers nobody", f"/app {quote(own.name)} enable")


def _service(known: Known) -> Stage | None:
    if known.facts is None or known.application is None:
        return None
    what, service = WEB_GATEWAY, known.facts.service
    if service is None:
        return unknown("service", what, "it cannot be read")
    if not service.flag("enabled"):
        return bad("service", what, "off: every request is refused", f"/service {WEB_GATEWAY} enable")
    return good("service", what, f"on, by {listed(service.names('auth')) or 'nothing'}")


def _login(known: Known) -> Stage | None:
    own, facts = known.application, known.facts
    if own is None or facts is None:
        return None
    what = "login methods"
    if facts.settings is None:
        return unknown("login", what, "its login methods cannot be read")
    wanted = login_bits(facts.settings)
    wrong = _no_way_in(known, facts, wanted, quote(own.name)) or _other_portal(known, wanted)
    if wrong is not None:
        return bad("login", what, wrong.found, wrong.cure)
    return good("login", what, f"by {listed(words_of(known.bits or 0))}")


def _no_way_in(known: Known, facts: RequestFacts, wanted: int, quoted: str) -> Wrong | None:
    """Why none of the application's login methods lets anybody in, or not the user that is asked for."""
    if not wanted:
        return Wrong("it takes no login at all", f"/app {quoted} auth=+password")
    left = wanted
    for allowed, by, line in _allowing(facts, wanted, quoted):
        if not left & allowed:
            told = f"it takes {listed(words_of(left))}; {by} {listed(words_of(allowed)) or 'nothing'}"
            return Wrong(told, line)
        left &= allowed
    if known.user and known.user.casefold() != ANONYMOUS.casefold() and not left & ~UNAUTHENTICATED:
        told = f"without a login alone: {harmless(known.user, 60)} comes in as {ANONYMOUS}"
        return Wrong(told, f"/app {quoted} auth=+password")
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


def _other_portal(known: Known, wanted: int) -> Wrong | None:
    """The first application of the portal that takes other logins than this one, and the line that aligns it."""
    facts, own = known.facts, known.application
    if facts is None or own is None:
        return None
    for state in facts.portal.values():
        if login_bits(state) != wanted:
            return Wrong(
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
        return unknown("user", what, f"there is no account {name} to be seen")
    barred = standing(user, known.today)
    if barred is not None:
        return bad("user", what, barred.found, barred.cure)
    unread = ""
    if not facts.access.resources:
        unread = "public permissions cannot be read"
    elif not facts.access.model.check(user.name, WEB_GATEWAY, Permission.U).allowed:
        told = f"{name} lacks {WEB_GATEWAY}:U, which is public as a rule"
        return bad("user", what, told, f"/resource {WEB_GATEWAY} public=U")
    elif user.change_password is None and known.who != ANONYMOUS:
        unread = f"whether {name} must change the password first cannot be read"
    return unknown("user", what, unread) if unread else good("user", what, name)


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
            return unknown(
                "gateway_user", what, f"the resource of {harmless(database.name, 60)} is not known"
            )
        users = {each.name.casefold() for each in facts.access.users}
        if GATEWAY_USER.casefold() not in users:
            return bad("gateway_user", what, f"there is no user {GATEWAY_USER}")
        if not facts.access.model.check(GATEWAY_USER, database.resource, Permission.R).allowed:
            told = f"it lacks {harmless(database.resource, 60)}:R; {why}"
            line = f"/explain {GATEWAY_USER} {quote(database.resource)}:R fix=yes"
            return bad("gateway_user", what, told, line)
    return good("gateway_user", what, why)


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
        return unknown("resource", "resource", "its resource cannot be read")
    what = "resource"
    if not own.resource:
        return good("resource", what, "it asks for no resource")
    # UNVERIFIED: that the resource is asked before the application's roles are added (as in /explain USER /app).
    # Settle: an application whose role holds its own resource; open it as a user without.
    if facts.access.model.check(known.who, own.resource, Permission.U).allowed:
        return good("resource", what, f"{harmless(own.resource, 60)}:U is held")
    line = f"/explain {quote(known.who)} {quote(own.resource)}:U fix=yes"
    stage = bad("resource", what, f"{name} lacks {harmless(own.resource, 60)}:U", line)
    return _softened(known, stage)


def _namespace(known: Known) -> Stage | None:
    own, facts = known.application, known.facts
    if own is None or facts is None:
        return None
    what = "namespace"
    if facts.databases is None:
        return unknown("namespace", what, "the namespaces cannot be read")
    name = harmless(own.namespace, 60)
    if not facts.databases:
        told = f"there is no namespace {name}" if own.namespace else "it names no namespace"
        words = f"Make it, or give another one: /app {quote(own.name)} namespace=NAME"
        return bad("namespace", what, told, words=words)
    gone = next((each for each in facts.databases if each.dismounted), None)
    if gone is not None:
        words = (
            "In a terminal of the instance, in %SYS: "
            f'do ##class(SYS.Database).MountDatabase("{harmless(gone.directory)}"); '
            "or in the portal, System Operation, Databases, Mount."
        )
        return bad("namespace", what, f"its database {harmless(gone.name, 60)} is dismounted", words=words)
    told = f"{name} on {listed([harmless(each.name, 60) for each in facts.databases])}"
    if all(each.status for each in facts.databases) or known.came:
        return good("namespace", what, told)
    return unknown("namespace", what, f"{told}; whether it is mounted cannot be read")


def _database(known: Known) -> Stage | None:
    own, facts = known.application, known.facts
    if own is None or facts is None or not facts.databases or known.account is None:
        return None
    name, model = harmless(known.who, 60), facts.access.model
    what = "databases"
    if any(not each.resource for each in facts.databases):
        return unknown("database", what, "the resource of its database is not known")
    if not own.complete:
        return unknown("database", what, "the roles that it gives cannot be read")
    resources = dict.fromkeys(each.resource for each in facts.databases)
    missing = {
        each: Permission.R
        for each in resources
        if not model.check(known.who, each, Permission.R, own.name).allowed
    }
    if not missing:
        return good("database", what, f"{name} in it holds {harmless(listed(list(resources)), 100)}:R")
    lacking = listed([f"{harmless(each, 60)}:R" for each in missing])
    line = application_line(facts.access, own.name, missing)
    stage = bad("database", what, f"{name} in it lacks {lacking}", line)
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
        return good("code", what, name)
    if facts.code == "missing":
        words = (
            f"Load and compile it in {namespace}, with an editor or %SYSTEM.OBJ.Load, or name another one: "
            f"/app {quote(own.name)} dispatch_class=NAME"
        )
        return bad("code", what, f"there is no class {name} in {namespace}", words=words)
    if facts.code == "not compiled":
        words = f'In a terminal, in {namespace}: do $system.OBJ.Compile("{name}","ck")'
        return bad("code", what, f"{name} is in {namespace}, but not compiled", words=words)
    return unknown("code", what, f"whether {name} is in {namespace} cannot be read")


_EXCEPTION = re.compile(r"An exception of type (\w+) occurred")


def _python(known: Known, settings: ObjectState) -> Stage:
    what, module = "Python module", harmless(settings.text("wsgi_name"), 80)
    folder = harmless(settings.text("wsgi_location"), 100)
    if not module:
        line = f"/app {quote(settings.name)}"
        return bad("code", what, "it names no module", line, "Give wsgi_name, without .py.")
    if _NO_MODULE in known.log:
        raised = _EXCEPTION.search(known.log)
        told = f"messages.log: no {module} in {folder}" + (f" ({raised[1]})" if raised else "")
        words = (
            f"If {module}.py or its callable is named otherwise, correct wsgi_name= and wsgi_callable=; a package that "
            "is missing is installed for the instance: pip install --target <install>/mgr/python NAME"
        )
        return bad("code", what, told, words=words)
    if _NO_DIRECTORY in known.log:
        words = (
            "The folder must be on the server, or in its container, and readable to the user that runs IRIS."
        )
        return bad("code", what, f"messages.log: no way into {folder}", words=words)
    failed = known.web is not None and known.web.page is not None and known.web.page.status >= 500
    told = f"{module} in {folder}"
    return Stage("code", what, None if failed or known.web is None else True, told)


APPLICATION: tuple[Judge, ...] = (
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
)
