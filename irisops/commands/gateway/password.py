"""Passwords in a Web Gateway's file, written by plan: /gateway password, and what /gateway server mends there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, count
from pathlib import Path

from irisops.changes.record import Again, Origin, Part, Record, Stand
from irisops.commands.gateway.showing import GatewayFile, file_meant, read
from irisops.commands.gateway.specs import KIND
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Change, Done, Plan, Refusal
from irisops.contract.wording import harmless
from irisops.engine.asking import NewSecret, ask_twice
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.files import back_up, cure_of, rewrite
from irisops.gateway.csp_ini import PASSWORD, SYSTEM, CspIniError, Use, form_of, refusal_of
from irisops.journal import Entry, Reverse, Status

_EFFECTIVE: Mapping[Use, str] = {
    "management": "It counts when the gateway's web server starts again; the gateway then hashes it.",
    "server": "RELOAD=1 beside it makes the gateway read the file again within a minute or so, and encode it.",
}
"""(facts: iris-webapps-gateway 5.3)"""


@dataclass(frozen=True, slots=True)
class Place:
    """A password in a file: of the management pages, or of a server."""

    gateway: GatewayFile
    section: str

    @property
    def use(self) -> Use:
        """What it is for."""
        return "management" if self.section == SYSTEM else "server"

    @property
    def value(self) -> str:
        """As it is stored."""
        return self.gateway.ini.section(self.section).get(PASSWORD, "")

    @property
    def named(self) -> str:
        """The place in words."""
        return f"{PASSWORD} of [{harmless(self.section, 60)}] in {harmless(self.gateway.path)}"

    def holding(self, value: str) -> bytes:
        """The file with another value. Raises `Refusal`."""
        try:
            data = self.gateway.ini.with_value(self.section, PASSWORD, value)
            return (
                data
                if self.use == "management"
                else type(self.gateway.ini)(data).with_value(SYSTEM, "RELOAD", "1")
            )
        except CspIniError as error:
            text = f"{harmless(self.gateway.path)}: {error}"
            raise Refusal("NotAGatewayFile", text, "Nothing was changed.") from error


async def change(context: Context, command: Command) -> Replies:
    """/gateway password: of the management pages."""
    place = Place(await file_meant(context, command), SYSTEM)
    yield await ask_and_plan(context, command, place)


async def ask_and_plan(context: Context, command: Command, place: Place) -> Plan:
    """Ask for a password and plan to write it. Raises `Refusal`."""
    place.holding("x")  # what cannot be written is told before anything is asked for
    password = await _asked(context, command, place)
    user = place.gateway.ini.section(place.section).get("Username", "")
    link = context.hub.active if context.hub.active is not None and context.hub.active.connected else None
    shown = Plan(
        name="gateway_password",
        title="Set the password of the Web Gateway's management pages"
        if place.use == "management"
        else f"Set the password that the Web Gateway sends to {harmless(place.section, 60)}",
        instance="this computer",
        changes=[Change(place.named, form_of(place.value, place.use), "the one that you entered, in clear")],
        effects=[
            f"The login is {harmless(user, 60)}." if user else "The file names no user for it.",
            _EFFECTIVE[place.use],
            "The former file is kept beside it. Nothing else in it changes, and IRIS is not touched.",
        ],
        warnings=_warnings(link, place.use),
    )
    work = _Work(context, link, place, place.holding(password), shown, Origin(command.slash))
    return context.plans.add(shown, lambda: _carry_out(work))


def _warnings(link: Link | None, use: Use) -> list[str]:
    warnings = ["Until then anyone who can read the file can read the password."]
    if use == "management":
        # UNVERIFIED: whether a gateway of the vendor's container takes it in clear; the guide for containers wants it
        # made by CSPpwd, the gateway's guide does not (facts: iris-webapps-gateway 5.3 and 6). Settle: start one with
        # such a file.
        warnings.append(
            "A container of the vendor's may want it encrypted: if it refuses it, /undo or the kept file."
        )
    if link is None:
        warnings.append("Nothing is connected, so /undo will not know of this change.")
    return warnings


async def _asked(context: Context, command: Command, place: Place) -> str:
    """The new password, typed twice. Raises `Refusal`."""
    title = f"Web Gateway, [{harmless(place.section, 40)}]"
    refusal = partial(refusal_of, use=place.use)
    return await ask_twice(context, command, NewSecret("password", title, "New password", refusal_of=refusal))


@dataclass(frozen=True, slots=True)
class _Work:
    """A change of the file: as it was read, and as it will be."""

    context: Context
    link: Link | None
    place: Place
    data: bytes = field(repr=False)
    shown: Plan
    origin: Origin


async def _carry_out(work: _Work) -> Replies:
    """Keep the former file, write, read back. The file must still be as in the plan."""
    gateway = work.place.gateway
    path = gateway.path
    if read(path).data != gateway.data:
        moved = f"Nothing was changed: somebody wrote {harmless(path)} meanwhile."
        raise Refusal("Moved", moved, "Give the command again.")
    kept = _free(path.resolve().with_name(f"{path.name}.before-{work.context.clock.now():%Y%m%d-%H%M%S}"))
    record = None
    if work.link is not None:
        reverse = Reverse(KIND, str(path), (str(kept), work.place.section), ())
        record = Record(work.context, work.link, work.shown, work.origin, reverse=reverse)

    def ended(status: Status, detail: str = "") -> None:
        if record is not None:
            record.end(status, detail)

    copied = False
    try:
        back_up(path, kept)
        copied = True
        rewrite(path, work.data)
    except OSError as error:
        ended("failed", error.strerror or "not written")
        if read(path).data != gateway.data:
            text = f"{harmless(path)} is damaged: {error.strerror}."
            raise Refusal("NotWritten", text, f"Put the former file back: {harmless(kept)}.") from error
        if copied:  # a second file with the servers' passwords is of no use then
            kept.unlink(missing_ok=True)
        where = "" if error.filename in (None, str(path)) else f"{harmless(error.filename)}: "
        text = f"{harmless(path)} is as it was. {where}{error.strerror}."
        raise Refusal("NotWritten", text, cure_of(error)) from error
    if read(path).data != work.data:
        ended("unknown", "it reads back differently")
        text = f"{harmless(path)} reads back differently: something else writes it, too."
        raise Refusal("NotAsWritten", text, f"The former file is {harmless(kept)}.")
    ended("done")
    yield Done(
        "gateway_password",
        f"{work.place.named} is set.",
        [
            _EFFECTIVE[work.place.use],
            f"The former file is {harmless(kept)}. It holds the servers' passwords, as this one does.",
        ],
        undo=record.number if record is not None else None,
    )


def _free(path: Path) -> Path:
    """The path, numbered if there is such a file."""
    numbered = (path.with_name(f"{path.name}-{number}") for number in count(2))
    return next(each for each in chain((path,), numbered) if not os.path.lexists(each))


def _kept(entry: Entry) -> tuple[Path, Path, str]:
    """The file, the one kept of it, and the section. Raises `ValueError` for an entry of another kind."""
    reverse = entry.intent.reverse
    if reverse is None or reverse.kind != KIND:
        raise ValueError(f"change {entry.number} is not of kind {KIND}")
    kept, section = reverse.before
    return Path(reverse.target), Path(kept), section


async def _stand(_link: Link, entry: Entry) -> Stand:
    """Whether the password is still the former one. A hash cannot be compared with what was entered."""
    path, kept, section = _kept(entry)
    place = Place(read(path), section)
    # Nothing is written before the copy is there.
    if not kept.exists() or place.value == Place(read(kept), section).value:
        return Stand(left=[Part(str(path), f"{place.named} is the former one")])
    return Stand(done=[Part(str(path), f"{place.named} is another one than before")])


async def _plan_again(
    context: Context, link: Link, entry: Entry, _parts: Sequence[str], origin: Origin
) -> Plan:
    if origin.way == "on":
        raise Refusal("CannotFinish", "The password that was entered is not kept.", "Give the command again.")
    path, kept, section = _kept(entry)
    place, former = Place(read(path), section), Place(read(kept), section)
    shown = Plan(
        name="gateway_password",
        title=origin.title,
        instance="this computer",
        changes=[
            Change(
                place.named,
                form_of(place.value, place.use),
                f"the former one: {form_of(former.value, place.use)}",
            )
        ],
        effects=[_EFFECTIVE[place.use], "Nothing else in the file changes."],
    )
    # What others wrote since stays; without that the file becomes what it was to the byte.
    alone = place.use == "management" and former.holding(place.value) == place.gateway.data
    data = former.gateway.data if alone else place.holding(former.value)
    work = _Work(context, link, place, data, shown, origin)
    return context.plans.add(shown, lambda: _carry_out(work), link)


AGAIN = Again(_kept, _stand, _plan_again)
