"""/history and /undo: what was changed through this tool, and taking it back."""

from __future__ import annotations

from irisops.commands.chat import Command
from irisops.commands.context import Context
from irisops.commands.links import Link
from irisops.commands.refusal import Refusal
from irisops.commands.replies import Cell, Column, Facts, Table
from irisops.commands.spec import Arg, CommandSpec, Plain, Replies
from irisops.commands.text import harmless, listed
from irisops.journal import Entry

_STATUS = {"done": "done", "failed": "failed", "unknown": "outcome unknown"}


def _status(entry: Entry) -> str:
    if entry.undone_by is not None:
        return f"undone by {entry.undone_by}"
    return _STATUS[entry.status]


def _profile(context: Context) -> str:
    """Whose journal: the active profile's, connected or not."""
    if context.hub.active is not None:
        return context.hub.active.name
    profiles = context.hub.profiles()
    if len(profiles) == 1:
        return profiles[0].name
    raise Refusal("NoProfile", "No profile is active.", "/connect to one; each has a history of its own.")


def _entry(context: Context, profile: str, number: int) -> Entry:
    entries = context.journal(profile).entries()
    for entry in entries:
        if entry.number == number:
            return entry
    raise Refusal(
        "NoSuchChange", f"There is no change {number} on {profile}.", "/history lists them by number."
    )


async def show_history(context: Context, command: Command) -> Replies:
    """All changes made through a profile, the newest first; one in full when its number is given."""
    profile = _profile(context)
    asked = command.args.get("number")
    if isinstance(asked, str):
        yield _one(_entry(context, profile, int(asked)))
        return
    entries = context.journal(profile).entries()
    rows: list[dict[str, Cell]] = [
        {
            "number": entry.number,
            "at": entry.at,
            "user": entry.intent.user,
            "change": entry.intent.title,
            "status": _status(entry),
            "instance": entry.intent.instance,
            "can_be_undone": entry.can_be_undone,
        }
        for entry in reversed(entries)
    ]
    yield Table(
        name="history",
        title=f"Changes on {profile}",
        columns=[
            Column("number", "N", "number"),
            Column("at", "WHEN", "time"),
            Column("user", "AS", hide_under=80),
            Column("change", "CHANGE", grow=True),
            Column("status", "STATUS"),
            Column("instance", "INSTANCE", hide_under=120),
            Column("can_be_undone", "UNDO", "flag", hide_under=90),
        ],
        rows=rows,
        key="number",
        notes=[] if rows else ["Nothing was changed through this profile yet."],
        actions=[("enter", "show", "/history {number}"), ("u", "undo", "/undo {number}")],
    )


def _one(entry: Entry) -> Facts:
    intent = entry.intent
    notes = [f"{what}: {before} → {after}" for what, before, after in intent.changes]
    if entry.detail:
        notes.append(entry.detail)
    for language, lines in intent.calls.items():
        notes.append(f"{language}: {'; '.join(lines)}")
    if entry.can_be_undone:
        notes.append(f"/undo {entry.number} takes it back.")
    return Facts(
        "change",
        f"Change {entry.number}",
        {
            "number": entry.number,
            "change": intent.title,
            "at": entry.at,
            "user": intent.user,
            "instance": intent.instance,
            "command": intent.command,
            "status": _status(entry),
            "undoes": intent.undoes,
        },
        labels={
            "change": "Change",
            "at": "When",
            "user": "As",
            "instance": "Instance",
            "command": "Command",
            "status": "Status",
        },
        notes=notes,
    )


async def undo(context: Context, command: Command) -> Replies:
    """Plan the reverse of a change: the one of that number, else the newest that can be taken back."""
    from irisops.commands.rolechange import (  # noqa: PLC0415 - not at the start
        KIND,
        RoleChangePlan,
        plan,
        read_security,
        same_roles,
    )

    link = context.link()
    asked = command.args.get("number")
    entry = _entry(context, link.name, int(asked)) if isinstance(asked, str) else _newest(context, link)
    reverse = entry.intent.reverse
    if entry.undone_by is not None:
        raise Refusal(
            "AlreadyUndone",
            f"Change {entry.number} was undone by change {entry.undone_by}.",
            f"/undo {entry.undone_by} does it again.",
        )
    if reverse is None or reverse.kind != KIND or entry.status == "failed":
        raise Refusal(
            "CannotUndo",
            f"Change {entry.number} ({harmless(entry.intent.title)}) cannot be taken back: "
            + (
                "it failed and changed nothing that is known."
                if entry.status == "failed"
                else "it has no reverse."
            ),
            f"/history {entry.number} shows what it did.",
        )
    security = await read_security(link)
    user = security.user(reverse.target, "/users {}")
    if entry.status == "unknown" and same_roles(user.roles, reverse.before):
        context.journal(link.name).outcome(entry.number, "failed", "found not carried out")
        raise Refusal(
            "NothingToUndo",
            f"Change {entry.number} was never carried out: {harmless(user.name)} holds {_held(user.roles)}, as before.",
            "The history says so now. Give the command again if it is still wanted.",
        )
    if not same_roles(user.roles, reverse.after):
        raise Refusal(
            "Moved",
            f"{harmless(user.name)} was changed since: it holds {_held(user.roles)} now, "
            f"but held {_held(reverse.after)} after change {entry.number}.",
            "Undo the later change first, or use /grant and /revoke.",
        )
    before = {role.casefold(): role for role in reverse.before}
    now = {role.casefold(): role for role in user.roles}
    wanted = RoleChangePlan(
        "undo",
        user,
        add=tuple(role for key, role in before.items() if key not in now),
        remove=tuple(role for key, role in now.items() if key not in before),
        command=command.slash,
        undoes=entry.number,
    )
    yield plan(context, link, security, wanted)


def _held(roles: tuple[str, ...]) -> str:
    return listed(roles) or "no role"


def _newest(context: Context, link: Link) -> Entry:
    for entry in reversed(context.journal(link.name).entries()):
        if entry.can_be_undone and entry.intent.undoes is None:
            return entry
    raise Refusal(
        "NothingToUndo",
        f"There is nothing on {link.name} that can be taken back.",
        "/history lists what was changed; /undo N takes one of them, an undo included.",
    )


SPECS = (
    CommandSpec(
        name="history",
        summary="What was changed through this profile, or one change in full",
        handler=show_history,
        grammar=(Arg("number", "number", required=False, show="N"),),
        plain=(
            Plain("(history|journal|changes|show history|show changes|what changed)"),
            Plain("(show|list|see) [me] [the|my] (history|journal|changes|last changes)"),
            Plain("what (did|have) (i|we) (change|changed|do|done)"),
            Plain("show [me] [the] change [number] {number}"),
        ),
        examples=("what did i change",),
        group="access",
    ),
    CommandSpec(
        name="undo",
        summary="Take the last change back, or change N, after showing the plan",
        handler=undo,
        grammar=(Arg("number", "number", required=False, show="N"),),
        plain=(
            Plain("(undo|take it back|take that back|undo it|undo that|revert|revert it|revert that)"),
            Plain("(undo|revert|take back) [the] last (change|one)"),
            Plain("(undo|revert|take back) [the] [change] [number|no|no.] {number}"),
        ),
        examples=("undo the last change",),
        group="access",
        changes=True,
        needs_connection=True,
        needs=("users.list",),
    ),
)
