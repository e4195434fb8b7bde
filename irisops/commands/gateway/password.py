"""/gateway password: a new password for the Web Gateway's management pages, written into its CSP.ini by plan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path

from irisops.changes.record import Again, Origin, Part, Record, Stand
from irisops.commands.gateway.showing import GatewayFile, file_meant, read
from irisops.commands.gateway.specs import KIND
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Change, Done, Plan, Refusal
from irisops.contract.wording import harmless
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.files import back_up, cure_of, rewrite
from irisops.gateway.csp_ini import PASSWORD, SYSTEM, CspIniError, form_of, refusal_of
from irisops.journal import Entry, Reverse, Status

_RESTART = "It counts when the gateway's web server (httpd, nginx or IIS) is started again; the gateway then hashes it."


async def change(context: Context, command: Command) -> Replies:
    """Ask for the password and plan to write it."""
    gateway = await file_meant(context, command)
    _new(gateway, "x")  # before anything is asked for
    password = await _asked(context, gateway.path)
    user = gateway.ini.section(SYSTEM).get("Username", "")
    link = context.hub.active if context.hub.active is not None and context.hub.active.connected else None
    shown = Plan(
        name="gateway_password",
        title="Set the password of the Web Gateway's management pages",
        instance="this computer",
        changes=[
            Change(
                f"{PASSWORD} in {harmless(gateway.path)}",
                _form(gateway),
                "the one that you entered, in clear",
            )
        ],
        effects=[
            f"The login of the pages is {harmless(user)}."
            if user
            else "The file names no user for the pages.",
            _RESTART,
            "The former file is kept beside it. Nothing else in it changes, and IRIS is not touched.",
        ],
        warnings=_warnings(link),
    )
    done = f"The new password is in {harmless(gateway.path)}."
    work = _Work(context, link, gateway, _new(gateway, password), shown, Origin(command.slash), done)
    yield context.plans.add(shown, lambda: _carry_out(work))


def _warnings(link: Link | None) -> list[str]:
    # UNVERIFIED: whether a gateway of the vendor's container takes it in clear; the guide for containers wants it made
    # by CSPpwd, the gateway's guide does not (facts: iris-webapps-gateway 5.3 and 6). Settle: start
    # one with such a file.
    warnings = [
        "Until then whoever can read the file can read the password.",
        "In a container of the vendor's the gateway may want it encrypted: if it refuses it, /undo or the kept file.",
    ]
    return (
        warnings
        if link is not None
        else [*warnings, "Nothing is connected, so /undo will not know of this change."]
    )


def _form(gateway: GatewayFile) -> str:
    return form_of(gateway.ini.section(SYSTEM).get(PASSWORD, ""), "management")


def _new(gateway: GatewayFile, value: str) -> bytes:
    """The file with this value as the password. Raises `Refusal`."""
    try:
        return gateway.ini.with_value(SYSTEM, PASSWORD, value)
    except CspIniError as error:
        raise Refusal(
            "NotAGatewayFile", f"{harmless(gateway.path)}: {error}", "Nothing was changed."
        ) from error


async def _asked(context: Context, path: Path) -> str:
    """The new password, typed twice. Raises `Refusal`."""
    ask = context.hub.ask
    if ask is None:
        raise Refusal("PasswordNeeded", "Nobody can be asked for the password.", "Run it in a terminal.")
    title = f"Web Gateway, {harmless(path, 60)}"
    password = await ask(title, "New password of the management pages")
    if not password:
        raise Refusal(
            "Declined", "Nothing was changed: no password was given.", "/gateway password asks again."
        )
    why = refusal_of(password)
    if why:
        raise Refusal("BadPassword", f"This password cannot be used: {why}.", "/gateway password asks again.")
    if password != await ask(title, "The same once more"):
        raise Refusal(
            "NotTheSame", "Nothing was changed: the two were not the same.", "/gateway password asks again."
        )
    return password


@dataclass(frozen=True, slots=True)
class _Work:
    """A change of the file: as it was read, and as it will be."""

    context: Context
    link: Link | None
    gateway: GatewayFile
    data: bytes = field(repr=False)
    shown: Plan
    origin: Origin
    done: str


async def _carry_out(work: _Work) -> Replies:
    """Keep the former file, write, read back. The file must still be as in the plan."""
    path = work.gateway.path
    if read(path).data != work.gateway.data:
        raise Refusal(
            "Moved",
            f"Nothing was changed: somebody wrote {harmless(path)} meanwhile.",
            "Give the command again.",
        )
    kept = _free(path.resolve().with_name(f"{path.name}.before-{work.context.clock.now():%Y%m%d-%H%M%S}"))
    record = None
    if work.link is not None:
        reverse = Reverse(KIND, str(path), (str(kept),), ())
        record = Record(work.context, work.link, work.shown, work.origin, reverse=reverse)

    def ended(status: Status, detail: str = "") -> None:
        if record is not None:
            record.end(status, detail)

    try:
        back_up(path, kept)
        rewrite(path, work.data)
    except OSError as error:
        ended("failed", error.strerror or "not written")
        where = "" if error.filename in (None, str(path)) else f"{harmless(error.filename)}: "
        raise Refusal(
            "NotWritten", f"{harmless(path)} is as it was. {where}{error.strerror}.", cure_of(error)
        ) from error
    if read(path).data != work.data:
        ended("unknown", "it reads back differently")
        raise Refusal(
            "NotAsWritten",
            f"{harmless(path)} reads back differently: something else writes it, too.",
            f"The former file is {harmless(kept)}.",
        )
    ended("done")
    details = [
        _RESTART,
        f"The former file is {harmless(kept)}. It holds the servers' passwords, as this one does.",
    ]
    yield Done("gateway_password", work.done, details, undo=record.number if record is not None else None)


def _free(path: Path) -> Path:
    """The path, numbered if there is such a file."""
    numbered = (path.with_name(f"{path.name}-{number}") for number in count(2))
    return next(each for each in chain((path,), numbered) if not os.path.lexists(each))


def _kept(entry: Entry) -> tuple[Path, Path]:
    """The file and the one kept of it. Raises `ValueError` for an entry of another kind."""
    reverse = entry.intent.reverse
    if reverse is None or reverse.kind != KIND or len(reverse.before) != 1:
        raise ValueError(f"change {entry.number} is not of kind {KIND}")
    return Path(reverse.target), Path(reverse.before[0])


async def _stand(_link: Link, entry: Entry) -> Stand:
    """Whether the password is still the former one. A hash cannot be compared with what was entered."""
    path, kept = _kept(entry)
    part = Part(str(path), f"{PASSWORD} in {harmless(path)} is another one than before")
    if not kept.exists():  # nothing is written before the copy is there
        return Stand(left=[Part(part.key, f"{harmless(path)} is as it was")])
    former = read(kept).ini.section(SYSTEM).get(PASSWORD, "")
    if read(path).ini.section(SYSTEM).get(PASSWORD, "") == former:
        return Stand(left=[Part(part.key, f"{PASSWORD} in {harmless(path)} is the former one")])
    return Stand(done=[part])


async def _plan_again(
    context: Context, link: Link, entry: Entry, _parts: Sequence[str], origin: Origin
) -> Plan:
    if origin.way == "on":
        raise Refusal(
            "CannotFinish",
            "The password that was entered is kept nowhere.",
            "/gateway password asks for one again.",
        )
    path, kept = _kept(entry)
    gateway, former = read(path), read(kept)
    now, then = (each.ini.section(SYSTEM).get(PASSWORD, "") for each in (gateway, former))
    shown = Plan(
        name="gateway_password",
        title=origin.title,
        instance="this computer",
        changes=[
            Change(f"{PASSWORD} in {harmless(path)}", _form(gateway), f"the former one: {_form(former)}")
        ],
        effects=[_RESTART, "Nothing else in the file changes."],
    )
    # What others wrote since stays; without that the file becomes what it was to the byte.
    alone = former.ini.with_value(SYSTEM, PASSWORD, now) == gateway.data
    data = former.data if alone else _new(gateway, then)
    work = _Work(context, link, gateway, data, shown, origin, f"The former password is in {harmless(path)}.")
    return context.plans.add(shown, lambda: _carry_out(work), link)


AGAIN = Again(_kept, _stand, _plan_again)
