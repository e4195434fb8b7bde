"""/helper, /helper install and /helper remove: the optional helper class on the instance, by plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from irisops.changes.record import Again, Origin, Part, Record, Stand
from irisops.commands.helper.specs import KIND
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Change, Done, Plan, Refusal
from irisops.contract.wording import harmless
from irisops.engine import cards, code_literals
from irisops.engine.availability import into_sys
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.calls import HELPER
from irisops.instance.failures import not_permitted
from irisops.instance.features import CHANGE_CODE
from irisops.instance.helper import (
    VERSION,
    HelperState,
    install_helper,
    read_helper,
    remove_helper,
    source,
    told,
)
from irisops.instance.routes import lacking
from irisops.journal import Entry, Reverse

USES = {
    "sessions.end": "ending web sessions",
    "roles.privileges": "changing a role's privileges",
    "webapps.create": "making web applications in one call",
    "users.edit": "changing protected settings",
}
"""Feature with the helper as a route -> what the helper does for it."""


async def show(context: Context, _command: Command) -> Replies:
    """Show whether it is installed, its version, and its uses."""
    link = context.link()
    _require_percent_sys(link)  # it cannot be seen from elsewhere
    found = await read_helper(link.connection)
    notes = {
        "missing": "It is needed only where all else fails; the refusal says so then. /helper install shows it first.",
        "foreign": f"A class {HELPER} is there that is not this tool's: it is neither used nor touched.",
        "ours": "/helper remove deletes it.",
    }
    shown = [notes[found.presence]]
    if found.presence == "ours" and not found.current:
        shown.insert(0, f"This tool brings version {VERSION}: /helper install replaces it.")
    yield cards.facts_card(
        "helper",
        "The helper",
        [
            ("class", "Class", HELPER),
            ("installed", "", found.presence == "ours"),
            ("state", "On this instance", told(found)),
            ("version", "", found.version or None),
            ("brings", "", VERSION),
            *(
                (feature.replace(".", "_"), f"{what[:1].upper()}{what[1:]}", _route(link, feature))
                for feature, what in USES.items()
            ),
        ],
        shown,
    )


def _route(link: Link, feature: str) -> str:
    routes = link.connection.capabilities.routes(feature)
    return f"by {routes[0].label}" if routes else "no way known here"


async def install(context: Context, command: Command) -> Replies:
    """Plan to load and compile it."""
    link, found = await _read(context)
    if found.current:
        raise Refusal(
            "AlreadySo",
            f"The helper is installed already, in version {found.version}.",
            "There is nothing to do. /helper shows what it is used for.",
        )
    yield await _plan(_Work(context, link, found, wanted=True, origin=Origin(command.slash)))


async def remove(context: Context, command: Command) -> Replies:
    """Plan to delete it."""
    link, found = await _read(context)
    if found.presence == "missing":
        raise Refusal("AlreadySo", "The helper is not installed.", "There is nothing to do.")
    yield await _plan(_Work(context, link, found, wanted=False, origin=Origin(command.slash)))


async def _read(context: Context) -> tuple[Link, HelperState]:
    """What is on the instance now. Raises `Refusal` outside %SYS, or for a class that is not this tool's."""
    link = context.link()
    _require_percent_sys(link)
    found = await read_helper(link.connection)
    if found.presence == "foreign":
        raise Refusal(
            "NotOurs",
            f"There is a class {HELPER} on the instance that is not this tool's helper: it is left alone.",
            "Look at it in an editor; rename or delete it there if nobody needs it, then /helper install.",
        )
    return link, found


def _require_percent_sys(link: Link) -> None:
    """Raise `Refusal` outside %SYS: code is loaded into the connection's namespace."""
    info = link.connection.info
    if info is not None and info.namespace.casefold() != "%sys":
        raise Refusal(
            "WrongNamespace",
            f"The helper belongs in %SYS, but this connection is in {harmless(info.namespace, 40)}.",
            into_sys(link),
        )


async def _plan(work: _Work) -> Plan:
    """The plan. Raises NotPermitted for an account that may not change code."""
    lacks = await lacking(work.link.connection, CHANGE_CODE)
    if lacks:
        raise not_permitted("", privilege=lacks)
    replacing = work.wanted and work.found.presence == "ours"
    warnings = ["This adds code to the instance: ask its administrator first, if that is not you."]
    if replacing:
        warnings.append("The version that is there cannot be brought back by /undo.")
    shown = Plan(
        name="helper",
        title=f"{'Replace' if replacing else 'Install' if work.wanted else 'Remove'} the helper",
        instance=work.link.instance_name,
        changes=[
            Change(
                f"class {HELPER} in %SYS",
                told(work.found),
                f"version {VERSION}, compiled" if work.wanted else "gone",
                "made" if work.wanted else "gone",
            )
        ],
        effects=_install_effects() if work.wanted else _removal_effects(),
        warnings=warnings if work.wanted else [],
        calls=_install_calls() if work.wanted else _removal_calls(),
    )
    return work.context.plans.add(shown, lambda: work.carry_out(shown), work.link)


def _install_effects() -> list[str]:
    return [
        f"It can do four things: {_uses()}. Its source is behind ?.",
        "From 2025.2 on users, roles, services, apps, resources and auditing may be protected from all but %All.",
        "It runs with the caller's privileges: nobody may do more than their privileges say.",
        "This tool uses it first for a role's privileges and new web applications, else where every other way failed.",
        "Loading it takes %Development:U and %DB_IRISSYS:W. An upgrade of IRIS keeps it, as its name begins with Z.",
    ]


def _removal_effects() -> list[str]:
    return [f"Where it was the only way, these are refused again: {_uses()}."]


def _uses() -> str:
    return "; ".join(USES.values())


def _install_calls() -> dict[str, list[str]]:
    """The calls to make by hand, and the source (facts: iris-security 6.2)."""
    file = f"{HELPER}.cls"
    return {
        "ObjectScript": [
            f"; save the source below as {file} where the instance can read it",
            'set $namespace = "%SYS"',
            f'do $system.OBJ.Load("/path/to/{file}", "ck")',
        ],
        "Python": [
            'irispy = iris.createIRIS(connection)  # a connection to namespace "%SYS"',
            'stream = irispy.classMethodObject("%Stream.GlobalCharacter", "%New")',
            f'stream.invoke("Write", open({code_literals.python(file)}).read())',
            'stream.invoke("Rewind")',
            'irispy.classMethodValue("%SYSTEM.OBJ", "LoadStream", stream, "ck-d")  # 1 is success',
        ],
        file: source().splitlines(),
    }


def _removal_calls() -> dict[str, list[str]]:
    return {
        "ObjectScript": ['set $namespace = "%SYS"', f'do $system.OBJ.Delete("{HELPER}")'],
        "Python": [
            'irispy = iris.createIRIS(connection)  # a connection to namespace "%SYS"',
            f'irispy.classMethodValue("%SYSTEM.OBJ", "Delete", "{HELPER}", "-d")  # 1 is success',
        ],
    }


@dataclass(frozen=True, slots=True)
class _Work:
    """Carries a confirmed plan out: install if `wanted`, else remove; `found` is the state shown in the plan."""

    context: Context
    link: Link
    found: HelperState
    wanted: bool
    origin: Origin

    async def carry_out(self, shown: Plan) -> Replies:
        """Read again, journal, change, verify."""
        connection = self.link.connection
        now = await read_helper(connection)
        if now != self.found:
            raise Refusal(
                "ChangedMeanwhile",
                f"Nothing was changed: the helper is {told(now)} now, not {told(self.found)}.",
                "Give the command again to see a fresh plan.",
            )
        before = (self.found.version,) if self.found.presence == "ours" else ()
        final = self._final()
        record = Record(
            self.context,
            self.link,
            # The journal does not need the source, which is in the package.
            replace(
                shown, calls={name: lines for name, lines in shown.calls.items() if name != f"{HELPER}.cls"}
            ),
            self.origin,
            reverse=Reverse(KIND, HELPER, before, (VERSION,) if self.wanted else ()),
            final=final,
        )
        with record.watched():
            if self.wanted:
                await install_helper(connection)
            else:
                await remove_helper(connection)
        record.end("done", "read back")
        undo = None if final else record.number
        if self.wanted:
            message = f"The helper is installed, version {VERSION}."
            yield Done("helper", message, ["/helper shows what it is used for."], undo)
        else:
            yield Done("helper", "The helper is gone.", undo=undo)

    def _final(self) -> str:
        """Why it cannot be undone, or "". Only the source of this tool's own version is available."""
        if self.found.presence == "ours" and not self.found.current:
            return "the source of the version that was there before is not known here."
        return ""


def _versions(entry: Entry) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The version before and after a change in the journal; empty where there was none."""
    reverse = entry.intent.reverse
    if reverse is None or reverse.kind != KIND:
        raise ValueError(f"change {entry.number} is not of kind {KIND}")
    return reverse.before, reverse.after


async def _stand(link: Link, entry: Entry) -> Stand:
    before, after = _versions(entry)
    found = await read_helper(link.connection)
    now = (found.version,) if found.presence == "ours" else ()
    part = Part(HELPER, f"the helper is {told(found)}")
    if found.presence == "foreign" or now not in (before, after):
        return Stand(moved=f"{part.said} now, which change {entry.number} does not know.")
    return Stand(done=[part]) if now == after else Stand(left=[part])


async def _plan_again(
    context: Context, link: Link, entry: Entry, _parts: Sequence[str], origin: Origin
) -> Plan:
    _require_percent_sys(link)
    before, after = _versions(entry)
    wanted = after if origin.way == "on" else before
    if wanted and wanted[0] != VERSION:
        raise Refusal(
            "OtherVersion",
            f"Change {entry.number} is about version {wanted[0]} of the helper; this tool brings {VERSION}.",
            "/helper install installs that.",
        )
    found = await read_helper(link.connection)
    return await _plan(_Work(context, link, found, wanted=bool(wanted), origin=origin))


AGAIN = Again(_versions, _stand, _plan_again)
