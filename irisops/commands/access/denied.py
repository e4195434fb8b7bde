"""/denied: the newest refusals in the audit log, grouped by cause, with what was missing.

/denied fix ID proposes the smallest change for one of them. `denied_enable` switches the recording on.
"""

from __future__ import annotations

from irisops.commands.access.denied_enable import EVENTS
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Cell, Column, Facts, Table
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.parser import parse
from irisops.engine.spec import Replies
from irisops.engine.table_filters import filter_words, select, selection_notes
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.audit import Auditing, list_denials, read_auditing
from irisops.instance.security.denials import Cause, causes_of

RECORDS = 500
"""Number of records to read, newest first."""

COLUMNS = (
    Column("last", "LAST", "time"),
    Column("count", "COUNT", "number"),
    Column("user", "USER"),
    Column("event", "EVENT", hide_under=76),
    Column("missing", "MISSING"),
    Column("why", "WHY", grow=True),
    Column("where", "WHERE", hide_under=110),
    Column("state", "NOW", hide_under=100),
    Column("id", "ID", hide_under=60),
)


async def show_denied(context: Context, command: Command) -> Replies:
    """The causes as a table."""
    link = context.link()
    causes, notes = await _causes(link)
    auditing, told = await _auditing(link)
    rows = [_row(cause) for cause in causes]
    chosen = select(rows, filter_words(command), COLUMNS)
    unsure = not causes and bool(notes)
    notes = [*selection_notes(chosen, len(rows), "cause"), *_recording(link, auditing), *told, *notes]
    if unsure:
        pass  # the note says so
    elif not causes and auditing is None:
        notes.insert(0, "No refusal is in the audit database.")
    elif not causes and auditing is not None and auditing.system is False:
        notes.insert(0, "No refusal is recorded.")
    elif not causes:
        notes.insert(0, "No refusal is recorded. Click in your browser now: this list follows.")
    elif not chosen.described:
        notes.insert(
            0, "/denied fix ID proposes the smallest change. New refusals appear here by themselves."
        )
    yield Table(
        name="denied",
        title="Refused",
        columns=COLUMNS,
        rows=chosen.rows,
        key="id",
        notes=notes,
        actions=[("enter", "fix", "/denied fix {id}")],
        total=chosen.total,
    )


UNSURE = (
    "The audit query answers nothing, and the table %SYS.Audit cannot be read to confirm it: there may be refusals "
    "that are not shown. SELECT on %SYS.Audit settles it."
)


async def _causes(link: Link) -> tuple[list[Cause], list[str]]:
    """The causes, newest first; without any, a note if that is not certain."""
    records, certain = await list_denials(link.connection, RECORDS)
    if not records:
        return [], [] if certain else [UNSURE]
    access, notes = await _access(link)
    return causes_of(records, access), notes


async def _access(link: Link) -> tuple[Access | None, list[str]]:
    try:
        access = await read_access(link.connection)
    except Unreachable:
        raise
    except InstanceProblem as problem:
        return None, [f"Whether it is held by now is not known: {problem.message}"]
    return access, list(access.notes)


async def _auditing(link: Link) -> tuple[Auditing | None, list[str]]:
    try:
        return await read_auditing(link.connection), []
    except Unreachable:
        raise
    except InstanceProblem as problem:
        return None, [f"Whether all refusals are recorded is not known: {problem.message}"]


def _recording(link: Link, auditing: Auditing | None) -> list[str]:
    """Kinds of refusal that are not recorded, with the command that records them."""
    if auditing is None:
        return []
    cure = "" if link.profile.read_only else " /denied enable switches it on, after a yes."
    notes = []
    if auditing.system is False:
        notes.append(f"Auditing is off: no refusal is recorded.{cure}")
    off = auditing.disabled
    if off:
        what = listed(f"{event} ({EVENTS[event]})" for event in off)
        notes.append(f"Not recorded, because the audit event is disabled: {what}.{cure}")
    if auditing.absent:
        what = listed(f"{event} ({EVENTS[event]})" for event in auditing.absent)
        notes.append(f"The instance lists no audit event of this name, so none can be shown here: {what}.")
    return notes


def _row(cause: Cause) -> dict[str, Cell]:
    record = cause.newest
    return {
        "last": record.time,
        "count": cause.count,
        "user": cause.username or "nobody (no login)",
        "event": cause.event,
        "missing": cause.missing,
        "why": cause.why,
        "where": _where(cause),
        "state": {"missing": "still missing", "held": "held now", "unknown": ""}[cause.state],
        "id": cause.id,
    }


def _where(cause: Cause) -> str:
    record = cause.newest
    client = " ".join(part for part in (record.executable, record.client_ip) if part)
    return ", ".join(part for part in (client, record.namespace, record.routine) if part)


async def fix_denied(context: Context, command: Command) -> Replies:
    """One cause in full, then the answer of /explain: the smallest change as a plan."""
    link = context.link()
    causes, notes = await _causes(link)
    wanted = str(command.args["id"])
    cause = next((each for each in causes if each.id == wanted.casefold()), None)
    if cause is None:
        raise Refusal(
            "NoSuchCause",
            f"There is no refusal with the id {harmless(wanted, 20)} among the newest {RECORDS}.",
            "/denied lists them with their ids.",
            suggestions=[f"/denied fix {each.id}" for each in causes[:3]],
        )
    record = cause.newest
    yield Facts(
        "denial",
        f"{cause.event} of {harmless(cause.username or 'nobody', 60)}",
        {
            "id": cause.id,
            "event": cause.event,
            "user": cause.username,
            "missing": cause.missing or None,
            "count": cause.count,
            "first": cause.first,
            "last": record.time,
            "namespace": record.namespace or None,
            "routine": record.routine or None,
            "client": " ".join(part for part in (record.executable, record.client_ip) if part) or None,
            "pid": record.pid,
            "data": harmless(record.data or record.description, 400),
        },
        labels={
            "event": "Event",
            "user": "User",
            "missing": "Missing",
            "count": "Times",
            "first": "First",
            "last": "Last",
            "namespace": "Namespace",
            "routine": "Routine",
            "client": "Client",
            "data": "In its words",
        },
        notes=[*_advice(cause), *notes],
    )
    line = _explaining(cause)
    if line:
        async for reply in context.rerun(_parsed(context, line)):
            yield reply


def _parsed(context: Context, line: str) -> Command:
    command = parse(line, context.registry)
    if not isinstance(command, Command):
        raise Refusal("NotUnderstood", command.message, command.cure, suggestions=[line])
    return command


def _explaining(cause: Cause) -> str:
    """The /explain line that leads to the smallest change; "" where no privilege is named."""
    user = quote(cause.username)
    if not cause.username or cause.event == "LoginFailure":
        return ""
    if cause.resource:
        return f"/explain {user} {quote(cause.missing)}"
    action, table = cause.sql
    namespace = cause.newest.namespace
    inside = f" namespace={quote(namespace)}" if namespace else ""
    return f"/explain {user} sql {quote(table)} access={action}{inside}" if table else ""


def _advice(cause: Cause) -> list[str]:
    user = quote(cause.username)
    if cause.event == "LoginFailure":
        if "no such user" in cause.why:
            return ["Somebody tries names, or a program has an old one. /users lists the accounts."]
        if "account is disabled" in cause.why:
            return [f"If it should be let in: /enable {user}"]
        return [f"A wrong password, or an account that may not log in this way: /users name={user} shows it."]
    if not cause.missing:
        return ["The record does not name a privilege; what it says stands above."]
    if cause.state == "held":
        return [
            f"{harmless(cause.username)} holds it now: it was granted since, or something else was refused."
        ]
    return []
