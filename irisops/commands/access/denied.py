"""/denied: the newest refusals in the audit log, grouped by cause, with what was missing.

/denied fix ID offers the smallest change for one of them. `denied_enable` switches the recording on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from irisops.commands.access.denied_enable import EVENTS
from irisops.commands.access.fix import application_line
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Column, Refusal, Table, Tone
from irisops.contract.wording import harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.parser import parse
from irisops.engine.spec import Replies
from irisops.engine.table_filters import filter_words, select, selection_notes
from irisops.instance.errors import or_note
from irisops.instance.security.access import read_access
from irisops.instance.security.audit import Auditing, AuditRecord, list_denials, read_auditing
from irisops.instance.security.denials import Cause, causes_of
from irisops.instance.security.request_facts import application_of
from irisops.instance.usage.sessions import list_sessions

RECORDS = 500
"""Number of records to read, newest first."""

_STATES = {"missing": "still missing", "held": "held now", "unknown": ""}
_TONES: Mapping[str, Tone] = {_STATES["missing"]: "bad", _STATES["held"]: "good"}


def _client(record: AuditRecord) -> str:
    return " ".join(part for part in (record.executable, record.client_ip) if part)


def _where(cause: Cause) -> str:
    record = cause.newest
    return ", ".join(part for part in (_client(record), record.namespace, record.routine) if part)


_FIELDS: cards.Fields[Cause] = (
    (Column("last", "LAST", "time"), lambda each: each.newest.time),
    (Column("count", "COUNT", "number"), lambda each: each.count),
    (Column("user", "USER"), lambda each: each.username or "nobody (no login)"),
    (Column("event", "EVENT", hide_under=90), lambda each: each.event),
    (Column("missing", "MISSING", wrap=2), lambda each: each.missing),
    (Column("why", "WHY", grow=True, wrap=4), lambda each: each.why),
    (Column("where", "WHERE", hide_under=110, wrap=3), _where),
    (
        Column("state", "NOW", hide_under=100, tones=_TONES),
        lambda each: _STATES[each.state],
    ),
    (Column("id", "ID", hide_under=60), lambda each: each.id),
)
COLUMNS = cards.columns_of(_FIELDS)


async def show_denied(context: Context, command: Command) -> Replies:
    """The causes as a table."""
    link = context.link()
    causes, notes = await _causes(link)
    told: list[str] = []
    read = read_auditing(link.connection)
    auditing = await or_note(read, told, "It is not known whether all refusals are recorded")
    chosen = select(cards.rows_of(_FIELDS, causes), filter_words(command), COLUMNS)
    first = ""
    if causes and not chosen.described:
        first = "/denied fix ID offers the smallest change. New refusals appear here by themselves."
    elif not causes and not notes and auditing is None:
        first = "No refusal is in the audit database."
    elif not causes and not notes:
        live = " Click in your browser now: this list follows."
        first = f"No refusal is recorded.{live if auditing and auditing.system is not False else ''}"
    yield Table(
        name="denied",
        title="Refused",
        columns=COLUMNS,
        rows=chosen.rows,
        key="id",
        notes=[
            *([first] if first else []),
            *selection_notes(chosen, len(causes), "cause"),
            *_recording(link, auditing),
            *told,
            *notes,
        ],
        actions=[("enter", "explain", "/denied fix {id}")],
        total=chosen.total,
        order=chosen.order,
    )


UNSURE = (
    "The audit query answers nothing, and the table %SYS.Audit cannot be read to confirm it: there may be refusals "
    "that are not shown. SELECT on %SYS.Audit settles it."
)


async def _causes(link: Link) -> tuple[list[Cause], list[str]]:
    """The causes of the newest refusals, and notes on what could not be read; without any, a note if in doubt."""
    records, certain = await list_denials(link.connection, RECORDS)
    if not records:
        return [], [] if certain else [UNSURE]
    notes: list[str] = []
    access = await or_note(read_access(link.connection), notes, "It is not known whether it is held by now")
    return causes_of(records, access), [*notes, *(access.notes if access else ())]


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


async def fix_denied(context: Context, command: Command) -> Replies:
    """One cause in full, then the answer of /explain, which offers the smallest change."""
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
    entries: list[cards.Entry] = [
        ("id", "", cause.id),
        ("event", "Event", cause.event),
        ("user", "User", cause.username),
        ("missing", "Missing", cause.missing or None),
        ("application", "Inside application", cause.application or None),
        ("count", "Times", cause.count),
        ("first", "First", cause.first),
        ("last", "Last", record.time),
        ("namespace", "Namespace", record.namespace or None),
        ("routine", "Routine", record.routine or None),
        ("client", "Client", _client(record) or None),
        ("pid", "", record.pid),
        ("data", "In its words", harmless(record.data or record.description, 400)),
    ]
    title = f"{cause.event} of {harmless(cause.username or 'nobody', 60)}"
    inside, advice = await _inside_application(link, cause)
    card = cards.facts_card("denial", title, entries, [*_advice(cause), *advice, *notes])
    if inside:
        offered = [] if link.profile.read_only else [("f", "fix it", inside)]
        yield replace(card, actions=offered)
        return
    yield card
    line = _explaining(cause)
    if line:
        async for reply in context.rerun(_parsed(context, line)):
            yield reply


async def _inside_application(link: Link, cause: Cause) -> tuple[str, list[str]]:
    """The line that gives an application the roles for a database, and why it is the right place.

    A <PROTECT> inside a web application, such as one of FHIR, meets every user in it: what they may read there is up to
    the application's roles (facts: iris-webapps-gateway 4.1). "" for any other cause.
    """
    name = cause.application or await _application_of(link, cause.newest.session)
    if not name or cause.event != "Protect" or cause.state != "missing":
        return "", []
    access = await read_access(link.connection)
    spelled = application_of(name, [each.name for each in access.applications])
    line = application_line(access, spelled, {cause.resource: cause.permission}) if spelled else ""
    if not line:
        return "", []
    return line, [
        f"It happened inside {harmless(spelled, 80)}: as an application role it counts for everybody, and only there.",
        f"Smallest change: {harmless(line, 200)}",
        f"For the user instead: {harmless(_explaining(cause), 200)}",
    ]


async def _application_of(link: Link, session: str) -> str:
    """The application of a web session that is still open; "" for any other."""
    if not session:
        return ""
    sessions = await or_note(list_sessions(link.connection), [], "")
    return next((each.application for each in sessions or () if each.id == session), "")


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
            return ["Somebody is trying names, or a program uses an old one. /users lists the accounts."]
        if "account is disabled" in cause.why:
            return [f"If it should be let in: /enable {user}"]
        return [f"A wrong password, or an account that may not log in this way: /users name={user} shows it."]
    if not cause.missing:
        return ["The record does not name a privilege; its text is above."]
    if cause.state == "held":
        return [
            f"{harmless(cause.username)} holds it now: it was granted since, or something else was refused."
        ]
    return []
