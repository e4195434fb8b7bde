"""/app test: log in to a web application over the web port as it wants it, call it once, log out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime

from irisops.commands.security.kinds import states
from irisops.commands.security.wanted import named
from irisops.connections.connection import Link, web_of
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Cell, Column, Facts, Progress, Refusal, Table
from irisops.contract.wording import duration, harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.routes import Instance
from irisops.instance.security.application_fields import web_kind
from irisops.instance.security.lists import list_applications
from irisops.instance.security.object_state import ObjectState
from irisops.instance.usage.license import read_counts
from irisops.instance.web import WebAddress, WebFailure
from irisops.instance.web_login import Asked, How, TokenContents, WebLogin, way_of
from irisops.logs import hide

_WAYS: dict[How, str] = {
    "tokens": "/login with user and password, then a token (JWT)",
    "basic": "user and password with the call (Basic)",
    "form": "the login page",
    "open": "no login",
}


async def test_app(context: Context, command: Command) -> Replies:
    """Try an application as its profile's user or another one. Raises `Refusal` or a named problem."""
    link = context.link()
    known = [each.name for each in await list_applications(link.connection)]
    spelled = named("application", str(command.args["application"]), known)
    (state,) = await states(link, "application", [spelled], whole=True)
    how = _way(state)
    address = _address(link, how)
    user = str(command.args.get("user") or link.profile.user)
    password = await _password(context, link, user) if how != "open" else ""
    yield Progress(command.name, f"Logging in to {harmless(state.name, 80)} …")
    before = await _units(link.connection)
    login = WebLogin(address, state.name, user, password, deadline=context.web_deadline)
    asked: list[Asked] = []
    failed = ""
    try:
        async with aclosing(login.run(how)) as steps:
            async for each in steps:
                asked.append(each)
                yield Progress(command.name, f"{harmless(each.request)}: {each.status}")
    except WebFailure as failure:
        if not asked:
            raise Unreachable(failure.message, failure.cure) from None
        failed = f"{failure.message} {failure.cure}"
    finally:
        kept = login.keeps_session
        during = await _units(link.connection) if kept else None
        asked += await login.close()
    after = await _units(link.connection)
    yield _table(state, how, user, asked, [*([failed] if failed else []), *_of_units(before, during, after)])
    for contents in login.contents:
        yield _token(contents)


def _way(state: ObjectState) -> How:
    if not state.flag("enabled"):
        raise Refusal(
            "Disabled",
            f"{harmless(state.name, 80)} is disabled: it answers nobody.",
            f"/app {quote(state.name)} enable has it answer.",
        )
    how = way_of(web_kind(state), state.names("auth"), jwt=state.flag("jwt"))
    if how is None:
        raise Refusal(
            "NoWayIn",
            f"{harmless(state.name, 80)} takes logins by {listed(state.names('auth')) or 'nothing'}: this tool can "
            "only log in with a password.",
            f"/app {quote(state.name)} auth=+password allows that.",
        )
    return how


def _address(link: Link, how: How) -> WebAddress:
    """The web port of the profile. Raises `Refusal` without one, or where the password would go out in clear."""
    address, name = web_of(link.profile), quote(link.name)
    if address is None:
        raise Refusal(
            "NoWebPort",
            f"The profile {link.name} names no web port.",
            f"Give the port of the web server: /profile edit {name} web_port=52773",
        )
    if how != "open" and link.profile.sslconfig and not address.tls and not address.local:
        # The driver encrypts the password: it must not cross the same network in clear here.
        raise Refusal(
            "InClear",
            "The password would cross the network in clear.",
            f"/profile edit {name} web_scheme=https, with the port of https.",
        )
    return address


async def _password(context: Context, link: Link, user: str) -> str:
    if user.casefold() == link.profile.user.casefold():
        return await context.hub.password_of(link)
    if context.hub.ask is None:
        raise Refusal(
            "PasswordNeeded",
            f"The password of {harmless(user, 80)} is asked for in a terminal.",
            "Give the command in the chat, or leave out as USER to be the profile's user.",
        )
    password = await context.hub.ask(
        "Test of a web application", f"Password of {harmless(user, 80)}: it is sent once and kept nowhere"
    )
    if password is None:
        raise Refusal("Declined", "No password was given: nothing was sent.", "Give the command again.")
    hide(password)
    return password


async def _units(instance: Instance) -> int | None:
    """License units in use; None if they cannot be read."""
    try:
        return (await read_counts(instance)).consumed
    except Unreachable:
        raise
    except InstanceProblem:
        return None


def _of_units(before: int | None, during: int | None, after: int | None) -> list[str]:
    figures = [
        f"{count} {when}"
        for when, count in (("before", before), ("during", during), ("after", after))
        if count is not None
    ]
    units = [f"License units in use: {listed(figures)}."] if figures else []
    if before is not None and after is not None and after > before:
        return [*units, "A call without a session holds its unit for ten seconds more."]
    return units


def _table(state: ObjectState, how: How, user: str, asked: Sequence[Asked], notes: Sequence[str]) -> Table:
    good = bool(asked) and all(each.good for each in asked)
    # An application that also takes visitors shows no login page, and a login may be refused.
    inside = any(each.step.startswith("log in") and each.good for each in asked)
    who = f"Logged in as {harmless(user, 80)}" if inside else "Nobody was logged in"
    rows: list[dict[str, Cell]] = [
        {
            "step": each.step,
            "ok": each.good,
            "status": each.status or None,
            "says": each.says,
            "request": each.request,
        }
        for each in asked
    ]
    return Table(
        name="app_test",
        title=f"Test of {state.name}: {'it works' if good else 'it does not work'}",
        columns=[
            Column("step", "STEP"),
            Column("ok", "OK", "flag"),
            Column("status", "STATUS", "number"),
            Column("says", "WHAT IT MEANS", grow=True, wrap=3),
            Column("request", "REQUEST", hide_under=110),
        ],
        rows=rows,
        key="request",
        notes=[f"It is {web_kind(state)}, by {_WAYS[how]}. {who}.", *notes],
    )


def _token(contents: TokenContents) -> Facts:
    """What is written in a token. The token itself is shown and kept nowhere."""
    left = None if contents.life is None else contents.life - (time.monotonic() - contents.received)
    expires = None if contents.expires is None else datetime.fromtimestamp(contents.expires, UTC)
    notes = []
    if contents.algorithm.casefold() in ("", "none"):
        notes.append("It names no signature: anybody could have written it.")
    return cards.facts_card(
        f"app_test_{contents.kind}_token",
        f"The {contents.kind} token that was given, now dead",
        [
            ("kind", "Token", contents.kind),
            ("algorithm", "Signed by", contents.algorithm or None),
            ("issuer", "Issuer", contents.issuer or None),
            ("subject", "Subject", contents.subject or None),
            ("application", "Application", contents.application or None),
            ("expires", "Expires (its clock)", expires),
            ("life_seconds", "Good for", duration(int(contents.life)) if contents.life else None),
            ("seconds_left", "Seconds left", None if left is None else max(0, round(left))),
        ],
        notes,
    )
