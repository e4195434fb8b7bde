"""/license timeout APP SECONDS: change the session timeout of a web application, by plan; /undo reverses it."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.changes.record import Again, Origin, Part, Record, Stand
from irisops.changes.rehearsal import rehearse
from irisops.changes.turns import turn
from irisops.commands.license.specs import KIND
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.nearest import no_such
from irisops.contract.replies import Change, Done, Plan, Refusal
from irisops.contract.wording import duration, harmless
from irisops.engine.as_code import code_of
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import NotAvailable
from irisops.instance.usage.sessions_timeout import (
    MOST_TIMEOUT,
    AppTimeout,
    list_timeouts,
    probe_timeout,
    same_application,
    save_timeout,
    set_timeout,
)
from irisops.journal import Entry, Reverse

SHORTEST = 60
"""Seconds; with less, people are logged out while they read."""


async def _find(link: Link, name: str) -> AppTimeout:
    applications = await list_timeouts(link.connection, [name])
    for each in applications:
        if same_application(each.name, name):
            return each
    known = [each.name for each in applications]
    raise no_such("NoSuchApplication", "web application", name, known, cure="/sessions shows those in use.")


async def change(context: Context, command: Command) -> Replies:
    """Plan the change."""
    link = context.link()
    application = await _find(link, str(command.args["application"]))
    seconds = int(str(command.args["seconds"]))
    if seconds > MOST_TIMEOUT:
        raise Refusal(
            "BadTimeout",
            f"A timeout has at most {MOST_TIMEOUT:,} seconds.",
            "900 is the default of an application.",
        )
    if application.timeout == seconds:
        raise Refusal(
            "AlreadySo",
            f"The timeout of {harmless(application.name, 60)} is {seconds} seconds already.",
            "There is nothing to do.",
        )
    yield await _plan(context, link, application, seconds, Origin(command.slash))


async def _plan(context: Context, link: Link, application: AppTimeout, seconds: int, origin: Origin) -> Plan:
    """The plan. Raises the named problem of a change that can only fail."""
    await probe_timeout(link.connection, application.name)
    name = application.name
    calls = await rehearse(link.connection, lambda instance: save_timeout(instance, name, seconds))
    what = f"session timeout of {harmless(application.name, 60)}"
    shown = Plan(
        name="license_timeout",
        title=f"Set the {what} to {_told(seconds)}",
        instance=link.instance_name,
        changes=[Change(what, _told(application.timeout), _told(seconds))],
        effects=[
            "Applies to sessions that start from now on; open ones keep theirs.",
            "A browser that does nothing for that long is logged out, and its unit is free.",
        ],
        warnings=_warnings(application, seconds),
        calls=code_of(calls),
    )
    return context.plans.add(
        shown, lambda: _change(context, link, application, seconds, origin=origin, shown=shown), link
    )


def _states(entry: Entry) -> tuple[str, int | None, int]:
    """Application, seconds before (None if unreadable) and after, of a journaled change."""
    reverse = entry.intent.reverse
    if reverse is None or reverse.kind != KIND:
        raise ValueError(f"change {entry.number} is not of kind {KIND}")
    return reverse.target, int(reverse.before[0]) if reverse.before else None, int(reverse.after[0])


async def _stand(link: Link, entry: Entry) -> Stand:
    name, before, after = _states(entry)
    applications = await list_timeouts(link.connection, [name])
    now = next((each for each in applications if same_application(each.name, name)), None)
    if now is None:
        return Stand(moved=f"web application {harmless(name, 60)} is gone.")
    said = f"the session timeout of {harmless(now.name, 40)} is {_told(now.timeout)}"
    part = Part(name, said)
    if now.timeout == after:
        return Stand(done=[part])
    if now.timeout is None:
        raise NotAvailable(
            f"The session timeout of {harmless(now.name, 60)} cannot be read: {now.unread.rstrip('.')}.",
            "Look at it in the portal: System Administration, Security, Applications.",
        )
    if now.timeout != before:
        left = f"neither {_told(after)} nor {_told(before)}, as change {entry.number} knows it"
        return Stand(moved=f"{said}, {left}.")
    return Stand(left=[part])


async def _plan_again(
    context: Context, link: Link, entry: Entry, _parts: Sequence[str], origin: Origin
) -> Plan:
    name, before, after = _states(entry)
    seconds = after if origin.way == "on" else before
    if seconds is None:
        raise ValueError(f"change {entry.number} has no way back")
    return await _plan(context, link, await _find(link, name), seconds, origin)


AGAIN = Again(_states, _stand, _plan_again)


def _told(seconds: int | None) -> str:
    if seconds is None:
        return "unknown"
    return f"{seconds} s ({duration(seconds)})" if seconds else "never"


def _warnings(application: AppTimeout, seconds: int) -> list[str]:
    found: list[str] = []
    if seconds == 0:
        found.append("0 means never: each closed browser keeps its unit until somebody ends its session.")
    elif seconds < SHORTEST:
        found.append("That is short: people are logged out while they read a page.")
    if application.name.casefold().startswith("/csp/sys"):
        found.append("This is the Management Portal: administrators are logged out sooner, too.")
    return found


async def _change(
    context: Context, link: Link, application: AppTimeout, seconds: int, *, origin: Origin, shown: Plan
) -> Replies:
    """Wait for the lock of the applications, read again, journal, change, verify."""
    name, before = application.name, application.timeout
    async with turn(context, link, "web applications"):
        now = await _find(link, name)
        if now.timeout != before:
            raise Refusal(
                "ChangedMeanwhile",
                f"Nothing was changed: the timeout is {_told(now.timeout)} now, not {_told(before)}.",
                "Give the command again to see a fresh plan.",
            )
        record = Record(
            context,
            link,
            shown,
            origin,
            reverse=Reverse(KIND, name, () if before is None else (str(before),), (str(seconds),)),
            final=f"what it was before cannot be read: {application.unread.rstrip('.')}."
            if before is None
            else "",
        )
        with record.watched():
            after = await set_timeout(link.connection, name, seconds)
        record.end("done", f"{after} seconds, read back")
        link.timeouts = None
        yield Done(
            "license_timeout",
            f"The session timeout of {harmless(name, 60)} is {_told(after)}.",
            undo=record.number if before is not None else None,
        )
