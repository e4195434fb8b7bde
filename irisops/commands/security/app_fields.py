"""The form of a web application, and its values checked with a message per field (facts: iris-webapps-gateway 1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Literal

from irisops.changes.editor import Checked, Given, texts_of
from irisops.connections.connection import Link
from irisops.contract.nearest import find, hint
from irisops.contract.replies import Cell, FormField
from irisops.contract.wording import acting, harmless, listed
from irisops.instance.security import authentication
from irisops.instance.security.access import Access
from irisops.instance.security.application_changes import allowed_by_system
from irisops.instance.security.application_fields import (
    APPLICATION_FIELDS,
    NEW_APPLICATION,
    PYTHON,
    web_kind,
)
from irisops.instance.security.lists import parse_match_roles
from irisops.instance.security.object_state import Field, FieldKind, FieldValue, ObjectState, login_bits
from irisops.instance.security.settings_state import read_settings
from irisops.instance.security.user_changes import unknown_namespaces
from irisops.instance.usage.sessions_timeout import MOST_TIMEOUT

ALWAYS, MATCHING = "application_roles", "matching_roles"
"""The two fields that `MatchRoles` is edited by: roles for everybody, and roles for holders of a role."""
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "What it is": ("description", "enabled", "dispatch_class", "redirect_empty_path", "trace"),
    "Where it is": (
        "namespace",
        "namespace_default",
        "path",
        "serve_files",
        "serve_files_timeout",
        "recurse",
    ),
    "Who may enter": ("auth", "resource", "roles"),
    "Tokens (JWT)": ("jwt", "jwt_access_timeout", "jwt_refresh_timeout"),
    "Calls from other sites (CORS)": ("cors_origins", "cors_headers", "cors_credentials"),
    "Python": ("wsgi_location", "wsgi_name", "wsgi_callable", "wsgi_type", "wsgi_debug"),
    "Sessions": ("timeout", "use_cookies", "cookie_path", "session_scope", "user_cookie_scope", "group"),
    "Pages": (
        "login_page",
        "password_page",
        "error_page",
        "event_class",
        "csrf_token",
        "auto_compile",
        "lock_name",
        "package",
        "superclass",
        "permitted_classes",
        "csp_zen",
        "web_services",
        "analytics",
        "text_analytics",
    ),
}
_ONLY: Mapping[str, tuple[str, ...]] = {
    "Tokens (JWT)": ("REST",),
    "Calls from other sites (CORS)": ("REST",),
    "Python": ("WSGI", "ASGI"),
    "Pages": ("CSP",),
    "redirect_empty_path": ("REST",),
}
"""Kinds of web application that a group or a field is about: another one shows it only where it was set."""
_HELP: Mapping[str, str] = {
    "enabled": "Answers requests",
    "dispatch_class": f"Empty: CSP pages and files; {PYTHON}: Python; another class: REST",
    "redirect_empty_path": "/csp/x is served as /csp/x/ (REST)",
    "trace": "OpenTelemetry",
    "namespace": "Where its code runs",
    "namespace_default": "The application that others take for this namespace",
    "path": "On the server, below csp of the installation; made if it is missing",
    "serve_files": "Files of the directory",
    "serve_files_timeout": "Seconds that files are kept",
    "auth": "Space ticks. With unauthenticated a request runs as UnknownUser first",
    "resource": "Only those who may use it enter; empty: everybody who may log in",
    ALWAYS: "Everybody gets these here. Space ticks",
    MATCHING: "ROLE:GIVEN:GIVEN, … gives roles to holders of a role",
    "jwt": "/login, /refresh and /logout below the application give and take tokens",
    "jwt_access_timeout": "Seconds",
    "jwt_refresh_timeout": "Seconds",
    "cors_origins": "https://shop.example.com:443, …; empty: no CORS headers at all",
    "cors_headers": "Names of headers, with commas",
    "wsgi_location": "Directory on the server that the IRIS account can read",
    "wsgi_name": "Without .py; app.wsgi for one in a package",
    "wsgi_callable": "app for Flask and FastAPI, application for Django",
    "wsgi_type": "WSGI: Flask, Django; ASGI: FastAPI, through the package a2wsgi",
    "wsgi_debug": "Python code is loaded again when files change",
    "timeout": "Seconds; 0: never",
    "cookie_path": "Empty: the application's own",
    "session_scope": "To which pages the browser sends it; None works over https only",
    "user_cookie_scope": "Of the cookies that the application sets itself",
    "recurse": "Directories below are served, too",
    "use_cookies": "How a session is kept",
    "auto_compile": "Changed pages are compiled when they are asked for",
    "lock_name": "A page answers at its own address alone",
    "group": "One login for all applications with the same group",
    "csrf_token": "A user and password in the first request are not taken",
    "permitted_classes": "Pattern of classes that may be called",
    "name": "Begins with /; cannot be changed later",
}
_WIDGETS: Mapping[FieldKind, Literal["flag", "choice", "number", "text"]] = {
    "flag": "flag",
    "choice": "choice",
    "seconds": "number",
}
_NAME_LIMIT = 64
_RESERVED = re.compile(r"/csp/(?:docbook|[^/]+/(?:images|portal|deepsee))", re.IGNORECASE)
_CLASS = re.compile(r"%?[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)*")
_MODULE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
# (facts: iris-webapps-gateway 1.1): scheme, host, port. UNVERIFIED: that the port may be missing.
# Settle: ValidateCorsOrigin("https://a.example").
_ORIGIN = re.compile(
    r"\*|[a-z][a-z0-9+.-]*://[^\s/:,]+(?::\d{1,5})?|[a-z][a-z0-9+.-]*://\[[0-9a-f:]+\](?::\d{1,5})?",
    re.IGNORECASE,
)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LEAST = {"jwt_access_timeout": 1, "jwt_refresh_timeout": 1}


# The form


def web_methods(link: Link) -> int:
    """The login methods that a web application may have on this instance, as bits."""
    info = link.connection.info
    return authentication.web_methods(info.version if info else "")


def form_fields(link: Link, access: Access, state: ObjectState, *, new: bool) -> list[FormField]:
    """The fields by group, without those that this version lacks and groups of other kinds of application."""
    kind = web_kind(state)
    methods = web_methods(link)
    kinds = {"CSP", "REST"} if new and kind in ("CSP", "REST") else {kind}
    name = FormField("name", "Name", value=state.name, required=True, help=_HELP["name"], group="What it is")
    found = [name] if new else []
    for group, keys in _GROUPS.items():
        held = [key for key in keys if key in state.fields and _matters(state, kinds, key)]
        if kinds.isdisjoint(_ONLY.get(group, kinds)) and not any(_is_set(state, key) for key in held):
            continue
        heading = f"{group}: {kind}" if group == "What it is" and not new else group
        for key in held:
            found += [each._replace(group=heading) for each in _fields_of(access, methods, state, key)]
    return found


def _matters(state: ObjectState, kinds: set[str], key: str) -> bool:
    return not kinds.isdisjoint(_ONLY.get(key, kinds)) or _is_set(state, key)


def _is_set(state: ObjectState, key: str) -> bool:
    return state.fields[key] != NEW_APPLICATION.get(key)


def _fields_of(access: Access, methods: int, state: ObjectState, key: str) -> list[FormField]:
    spec, value = APPLICATION_FIELDS[key], state.fields[key]
    field = FormField(key, spec.label[:1].upper() + spec.label[1:], help=_HELP.get(key, ""))
    if key == "roles":
        roles = [role.name for role in access.roles]
        always, matching = _parted(state.names(key))
        return [
            FormField(ALWAYS, "Application roles", "roles", list(always), roles, _HELP[ALWAYS]),
            FormField(MATCHING, "Matching roles", "text", ", ".join(matching), (), _HELP[MATCHING]),
        ]
    if key == "auth":
        ways = authentication.words_of(methods | login_bits(state))
        return [field._replace(kind="roles", value=list(state.names(key)), choices=ways)]
    if key == "resource":
        names = [each.name for each in access.resources]
        return [field._replace(kind="choice", value=state.text(key), choices=names)]
    words = [each for each in spec.words if each]
    shown: Cell = ", ".join(value) if isinstance(value, tuple) else value
    field = field._replace(value=shown, choices=words, required=bool(words))
    return [field._replace(kind=_WIDGETS.get(spec.kind, field.kind))]


def _parted(groups: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Roles that everybody gets, and the groups of the matching roles."""
    pairs = parse_match_roles(",".join(groups))
    always = tuple(dict.fromkeys(role for match, targets in pairs if not match for role in targets))
    return always, tuple(":".join((match, *targets)) for match, targets in pairs if match)


# Checks


def check_name(access: Access, _kind: str, name: str) -> str:
    """Why the name is invalid for a new application, or "" (facts: iris-webapps-gateway 1.1)."""
    there = find(name.rstrip("/"), [each.name for each in access.applications])
    objections = (
        (not name, "A name is needed, for example /csp/shop or /api/shop."),
        (not name.startswith("/"), "It begins with a slash: /csp/shop or /api/shop."),
        (len(name) > _NAME_LIMIT, f"At most {_NAME_LIMIT} characters; this has {len(name)}."),
        (
            any(mark in name for mark in " %,?#\\\"'<>=") or not name.isprintable(),
            "No blank, no % and no other mark that the web server would take for its own.",
        ),
        (name.endswith("/") or "//" in name, "No slash at its end, and no two in a row."),
        (_RESERVED.fullmatch(name) is not None, "This name is the instance's own."),
        (there is not None, f"There is a web application {harmless(there or '', 60)} already."),
    )
    return next((message for objection, message in objections if objection), "")


async def check(link: Link, access: Access, given: Given, base: ObjectState, _today: date) -> Checked:
    """Check the values, then what only the instance knows. Values that `base` has are never refused.

    Raises a named problem.
    """
    checked = check_values(access, given, base, web_methods(link))
    new = find(base.name, [each.name for each in access.applications]) is None
    after = base.with_fields(checked.fields)
    namespace = after.text("namespace")
    asked = "namespace" not in checked.errors and (new or namespace != base.text("namespace"))
    if asked and await unknown_namespaces(link.connection, [namespace]):
        checked.errors["namespace"] = f"There is no namespace {harmless(namespace, 60)}."
    if not checked.errors:
        # Of a new one everything is a change.
        before = ObjectState(base.kind, base.name) if new else base
        await _warn(link, access, before, after, checked.warnings)
    return checked


def check_values(access: Access, given: Given, base: ObjectState, methods: int) -> Checked:
    """Check typed or submitted values, without the instance; `methods` are the login methods that it has."""
    checked = Checked()
    for key in APPLICATION_FIELDS:
        if key not in given or key == "type":
            continue
        if key in base.fields:
            if key == "auth":
                _auth(checked, given[key], base, methods)
            else:
                _value(checked, access, key, given[key], base=base)
        else:
            checked.errors[key] = "This version of IRIS has no such setting."
    if "roles" in base.fields and {ALWAYS, MATCHING} & given.keys():
        _roles(checked, [role.name for role in access.roles], given, base)
    for key, message in _objections(base.with_fields(checked.fields)):
        if (
            key in checked.fields
            and not checked.errors.get(key)
            and checked.fields[key] != base.fields.get(key)
        ):
            checked.errors[key] = message
    return checked


def _objections(after: ObjectState) -> Iterable[tuple[str, str]]:
    """Messages about text fields with rules of their own, if they were changed."""
    text = after.text
    dispatch, location, module = text("dispatch_class"), text("wsgi_location"), text("wsgi_name")
    if dispatch and not _CLASS.fullmatch(dispatch):
        yield "dispatch_class", "Not the name of a class, such as Shop.REST."
    if location and not re.match(r"/|[A-Za-z]:[\\/]", location):
        yield "wsgi_location", "A whole path on the server is needed, such as /opt/shop."
    if module.endswith(".py"):
        yield "wsgi_name", f"Without .py: {harmless(module[:-3], 60)}."
    elif module and not _MODULE.fullmatch(module):
        yield "wsgi_name", "Not the name of a Python module, such as app or shop.wsgi."
    if text("wsgi_callable") and not _MODULE.fullmatch(text("wsgi_callable")):
        yield "wsgi_callable", "Not a name in Python, such as app or application."
    for origin in after.names("cors_origins"):
        if not _ORIGIN.fullmatch(origin):
            yield (
                "cors_origins",
                f"“{harmless(origin, 60)}” is no origin: scheme, host and port, such as https://shop.example.com:443.",
            )
            break
    for name in after.names("cors_headers"):
        if not _HEADER.fullmatch(name):
            yield "cors_headers", f"“{harmless(name, 60)}” is no name of a header."
            break
    if "auth" in after.fields and not after.names("auth"):
        yield (
            "auth",
            "Without any way to log in it would be open to everybody, or to nobody: choose at least one.",
        )


def _value(checked: Checked, access: Access, key: str, raw: Cell | list[str], *, base: ObjectState) -> None:
    spec, old = APPLICATION_FIELDS[key], base.fields.get(key)
    if spec.kind == "flag":
        checked.fields[key] = raw in (True, "yes")
    elif spec.kind == "choice":
        _choice(checked, key, spec, raw, old)
    elif spec.kind == "seconds":
        _seconds(checked, key, raw, old)
    elif spec.kind == "names":
        checked.fields[key] = tuple(dict.fromkeys(texts_of(raw)))
    elif spec.kind == "text":
        _text(checked, access, key, "" if raw is None else str(raw), base=base)


def _text(checked: Checked, access: Access, key: str, text: str, *, base: ObjectState) -> None:
    old, longest = base.fields.get(key), APPLICATION_FIELDS[key].longest
    if text == old:  # untouched text is kept exactly, including blanks at its ends
        checked.fields[key] = text
        return
    text = text.strip()
    if len(text) > longest:
        checked.errors[key] = f"At most {longest:,} characters; this has {len(text):,}."
    elif acting(text) - acting(base.text(key)):
        checked.errors[key] = "No line breaks and no control characters."
    elif key == "resource":
        text = _resource(checked, access, text, base)
    elif key == "namespace":
        text = text.upper() if text.upper() != base.text(key).upper() else base.text(key)
        if not text:
            checked.errors[key] = "A namespace is needed: where the application's code runs."
    checked.fields[key] = text


def _resource(checked: Checked, access: Access, text: str, base: ObjectState) -> str:
    if text.casefold() in ("", "none"):
        return ""
    known = [each.name for each in access.resources]
    spelled = find(text, known)
    if spelled is None and text.casefold() != base.text("resource").casefold():
        checked.errors["resource"] = f"There is no resource {harmless(text, 60)}.{hint(text, known)}"
    return spelled or text


def _auth(checked: Checked, raw: Cell | list[str], base: ObjectState, methods: int) -> None:
    held = login_bits(base)
    try:
        text = None if isinstance(raw, list) else str(raw or "")
        bits = authentication.bits_of(texts_of(raw)) if text is None else authentication.changed(held, text)
    except ValueError as error:
        sentence = harmless(str(error), 300)
        checked.errors["auth"] = f"{sentence[:1].upper()}{sentence[1:]}."
        return
    wrong = bits & ~methods & ~held
    if wrong:
        checked.errors["auth"] = (
            f"A web application cannot have {listed(authentication.words_of(wrong))}. "
            f"There are {listed(authentication.words_of(methods), most=20)}."
        )
    checked.fields["auth"] = authentication.words_of(bits)


def _choice(checked: Checked, key: str, spec: Field, raw: Cell | list[str], old: FieldValue | None) -> None:
    words = [each for each in spec.words if each]
    text = str(raw or "").strip()
    spelled = find(text, words)
    if spelled is None and text != old:
        checked.errors[key] = f"“{harmless(text, 40)}” is none of {listed(words, 'and')}."
    checked.fields[key] = spelled or text


def _seconds(checked: Checked, key: str, raw: Cell | list[str], old: FieldValue | None) -> None:
    text = str(raw if raw is not None else "").strip()
    least = _LEAST.get(key, 0)
    if text == old:
        checked.fields[key] = text
    elif not (text.isascii() and text.isdecimal()) or len(text) > 9:
        checked.errors[key] = f"Whole seconds are needed, {least} or more."
    elif int(text) < least:
        checked.errors[key] = f"At least {least} second{'' if least == 1 else 's'}."
    elif key == "timeout" and int(text) > MOST_TIMEOUT:
        checked.errors[key] = (
            f"At most {MOST_TIMEOUT:,} seconds. 900 is what applications begin with; 0 is never."
        )
    else:
        checked.fields[key] = str(int(text))


def _roles(checked: Checked, roles: Sequence[str], given: Given, base: ObjectState) -> None:
    """`MatchRoles` from its two fields. A role that is listed there and no longer exists may stay."""
    held_always, held_matching = _parted(base.names("roles"))
    known = [*roles, *held_always, *(part for group in held_matching for part in group.split(":"))]

    def spelled(key: str, name: str) -> str:
        found = find(name, known)
        if found is None:
            checked.errors.setdefault(key, f"There is no role {harmless(name, 60)}.{hint(name, roles)}")
        return found or name

    always = texts_of(given[ALWAYS]) if ALWAYS in given else list(held_always)
    groups = {":".join(("", *dict.fromkeys(spelled(ALWAYS, each) for each in always)))} - {""}
    found = list(groups)
    matches: set[str] = set()
    for group in texts_of(given[MATCHING]) if MATCHING in given else held_matching:
        match, *targets = (part.strip() for part in group.split(":"))
        if not match or not any(targets):
            checked.errors.setdefault(
                MATCHING, f"“{harmless(group, 60)}” needs the role and what its holders get: %Operator:%SQL."
            )
            continue
        parts = [spelled(MATCHING, each) for each in (match, *filter(None, targets))]
        if parts[0].casefold() in matches:
            checked.errors.setdefault(
                MATCHING, f"{harmless(parts[0], 60)} is named twice: join what it gives."
            )
        matches.add(parts[0].casefold())
        found.append(":".join(dict.fromkeys(parts)))
    checked.fields["roles"] = tuple(found)


# What only the instance knows


async def warn_of_logins(link: Link, come: int) -> list[str]:
    """A sentence about new login methods that the system as a whole refuses. Raises Unreachable."""
    allowed = await allowed_by_system(link.connection) if come else None
    refused = come & ~authentication.SECOND_FACTORS & ~allowed if allowed is not None else 0
    if not refused:
        return []
    visitors = ": visitors without a login get 403" if refused & authentication.UNAUTHENTICATED else ""
    return [
        f"The instance as a whole allows no login by {listed(authentication.words_of(refused))}{visitors}."
    ]


async def _warn(
    link: Link, access: Access, base: ObjectState, after: ObjectState, warnings: list[str]
) -> None:
    """Sentences about other applications and the system as a whole. Raises a named problem."""
    warnings += await warn_of_logins(link, login_bits(after) & ~login_bits(base))
    tokens = after.flag("jwt") and not base.flag("jwt")
    python = web_kind(after) in ("WSGI", "ASGI") and (
        after.text("wsgi_name") != base.text("wsgi_name") or web_kind(base) not in ("WSGI", "ASGI")
    )
    if tokens or python:
        await _warn_of_others(link, access, after, warnings, tokens=tokens, python=python)


async def _warn_of_others(
    link: Link, access: Access, after: ObjectState, warnings: list[str], *, tokens: bool, python: bool
) -> None:
    names = [
        each.name
        for each in access.applications
        if each.dispatch_class and each.name.casefold() != after.name.casefold()
    ]
    wanted = [key for key, asked in (("jwt", tokens), ("wsgi_name", python)) if asked]
    others = (await read_settings(link.connection, "application", names, wanted)).values() if names else ()
    sharing = [each.name for each in others if each.flag("jwt")]
    if tokens:
        warnings.append(
            f"Its tokens open every other application with tokens, and theirs open it"
            f"{f': {listed(sharing, most=6)}' if sharing else ''}. The name in a token is not compared."
        )
    module = after.text("wsgi_name")
    same_module = [each.name for each in others if python and module and each.text("wsgi_name") == module]
    if same_module:
        warnings.append(
            f"{listed(same_module)} has a Python module {harmless(module, 60)}, too: within one process the first that "
            "is loaded answers for both. Give the module another name."
        )
