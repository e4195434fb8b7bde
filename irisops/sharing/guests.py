"""Passes on the instance: create, watch, end their work, and remove every trace.

Works on an instance that is logged in to %SYS (and one in the shared namespace for SQL privileges, which are granted
per namespace, facts: iris-security 4.1). Everything is read back: a status of 1 is no proof.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from irisops.contract.wording import counted
from irisops.instance.calls import ClassMethod, ClassQuery, Query, Update, Value
from irisops.instance.class_queries import read_rows
from irisops.instance.errors import InstanceError, InstanceProblem, NotAvailable, NotPermitted, Unreachable
from irisops.instance.failures import status_failure
from irisops.instance.features import Route
from irisops.instance.routes import Instance, first_route, for_reads, statement_by, value_by
from irisops.instance.status import decode_status, is_ok
from irisops.instance.usage.sessions import end_session, sessions_by_rest
from irisops.sharing.errors import SharingProblem
from irisops.sharing.passes import Template

ENDING_SECONDS = 10.0
"""Wait for ended sessions and processes; a session takes up to 4 s (facts: iris-license-sessions 3.3)."""
PAUSE = 0.25

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the List query."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GuestProcess:
    """A server process of a pass. Pids are reused, so user and job number must match as well."""

    pid: int
    user: str
    job: int | None
    namespace: str
    routine: str
    commands: int


@dataclass(frozen=True, slots=True)
class GuestSession:
    """A web session of a pass. `id` is treated as a secret."""

    id: str
    user: str
    application: str


@dataclass(frozen=True, slots=True)
class Activity:
    """Connected guests according to IRIS; ngrok shows no TCP clients."""

    processes: tuple[GuestProcess, ...]
    sessions: tuple[GuestSession, ...]
    notes: tuple[str, ...] = ()
    """What could not be read and, after `end_activity`, why something did not end."""


async def _act(instance: Instance, feature: str, call: ClassMethod, what: str) -> None:
    """Call a method that returns a %Status. Raises the named problem, naming the action `what`."""
    value = await value_by(instance, feature, call)
    if is_ok(value):
        return
    texts = [error.text for error in decode_status(value)]
    problem = status_failure("; ".join(texts) or f"status {value!r}")
    if isinstance(problem, NotPermitted):
        raise problem
    raise InstanceError(
        f"{what} failed: {problem.message}", code=getattr(problem, "code", None), detail=problem.detail
    )


def _texts(value: Value) -> tuple[str, ...]:
    return tuple(part.strip() for part in str(value or "").split(",") if part.strip())


async def accounts(instance: Instance) -> list[Account]:
    """All users (facts: iris-security 2.5). Raises the named problem."""
    rows = (await read_rows(instance, "users.list")).dicts()
    return [Account(str(row["name"] or ""), _texts(row["roles"])) for row in rows]


async def role_names(instance: Instance) -> list[str]:
    """All roles by name. Raises the named problem."""
    rows = (await read_rows(instance, "roles.names")).dicts()
    return [str(row["name"] or "") for row in rows]


async def database_resources(instance: Instance, namespace: str) -> list[str]:
    """The resources of the databases behind a namespace. Raises SharingProblem when they cannot be told.

    What does not exist is never granted.

    UNVERIFIED: that the List query names them in columns Globals and Routines (likely, facts: iris-license-sessions
    5.2), and that it is projected as a procedure (else it is read as a result set). Settle: evidence
    Config.Namespaces:List by SQL.

    UNVERIFIED: that the resource of database X is %DB_X, which is so unless somebody chose otherwise. Settle: look at
    the resource of each database in the portal.
    """
    wanted = namespace.upper()
    databases = [wanted]
    try:
        rows = (await read_rows(instance, "namespaces.list")).dicts()
        for row in rows:
            values = list(row.values())
            if values and str(values[0] or "").upper() == wanted:
                told = [str(row.get(name) or "") for name in ("globals", "routines")]
                databases = [name for name in told if name] or [wanted]
    except (InstanceError, NotAvailable, NotPermitted):
        databases = [wanted]  # fall back to %DB_<namespace>; rejected below if no such resource exists
    known = {
        str(row["name"] or "").upper(): str(row["name"] or "")
        for row in (await read_rows(instance, "resources.list")).dicts()
    }
    found = [known[key] for name in databases if (key := f"%DB_{name.upper()}") in known]
    if not found:
        raise SharingProblem(
            f"The database resource of namespace {namespace} could not be found, so no role can be made for it.",
            "Choose another namespace, or make the accounts yourself and share with people=0.",
        )
    return sorted(set(found))


async def own_schemas(instance: Instance) -> list[str]:
    """User schemas in the namespace of `instance`, without those of the system and of interoperability.

    Raises the named problem. UNVERIFIED: that INFORMATION_SCHEMA.TABLES shows them (the vendor's SQL reference has the
    view, the facts do not). Where it fails, the share is not opened and says why. Settle: evidence table
    INFORMATION_SCHEMA.TABLES.
    """
    query = Query("SELECT DISTINCT TABLE_SCHEMA FROM INFORMATION_SCHEMA.TABLES")
    names = {str(row[0] or "") for row in await statement_by(instance, "sql.schemas", query)}
    hidden = ("%", "INFORMATION_SCHEMA", "ENS", "HS_")
    return sorted(name for name in names if name and not name.upper().startswith(hidden))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def grant_sql(template: Template, schemas: Sequence[str], role: str) -> list[Update]:
    """`GRANT … ON SCHEMA s TO role` for each schema; one statement takes several privileges (facts: iris-security 4.1).

    UNVERIFIED: a schema's name in quotes, and that it takes more than SELECT on a schema. Settle: run one on a
    throwaway schema. A refusal ends the opening of the share and is shown.
    """
    rights = ", ".join(template.sql)
    return (
        [Update(f"GRANT {rights} ON SCHEMA {_quoted(s)} TO {_quoted(role)}") for s in schemas]
        if rights
        else []
    )


def revoke_sql(rights: Sequence[str], schemas: Sequence[str], role: str) -> list[Update]:
    """REVOKE statements for `grant_sql`. Deleting the role alone may leave the privileges behind (UNVERIFIED: whether
    Security.Roles.Delete does; settle: delete one and look at %SYSTEM.SQL.Security.CheckPrivilege).
    """
    joined = ", ".join(rights)
    return (
        [Update(f"REVOKE {joined} ON SCHEMA {_quoted(s)} FROM {_quoted(role)}") for s in schemas]
        if joined
        else []
    )


async def make_role(instance: Instance, call: ClassMethod) -> None:
    """Create the share's role and verify it. Raises the named problem."""
    name = str(call.args[0])
    await _act(instance, "roles.create", call, f"Creating the role {name}")
    if name.casefold() not in {role.casefold() for role in await role_names(instance)}:
        raise InstanceError(f"The instance accepted the role {name}, but does not list it.")


async def make_account(instance: Instance, call: ClassMethod) -> None:
    """Create one pass and verify that it has only its role. Raises the named problem."""
    name, role = str(call.args[0]), str(call.args[1])
    await _act(instance, "users.create", call, f"Creating {name}")
    found = next((user for user in await accounts(instance) if user.name.casefold() == name.casefold()), None)
    if found is None or [held.casefold() for held in found.roles] != [role.casefold()]:
        told = ", ".join(found.roles) if found else "no such user"
        raise InstanceError(f"The instance accepted {name}, but reads back: {told}.")


async def activity(instance: Instance, names: Iterable[str]) -> Activity:
    """Sessions and processes of these users, with notes on what cannot be read."""
    wanted = {name.casefold() for name in names}
    notes: list[str] = []
    processes: list[GuestProcess] = []
    sessions: list[GuestSession] = []
    if not wanted:
        return Activity((), ())
    try:
        processes = [
            _process(row)
            for row in await _process_rows(instance)
            if str(row["username"] or "").casefold() in wanted
        ]
    except (InstanceError, NotPermitted, NotAvailable) as problem:
        notes.append(f"Their processes cannot be read: {problem.message}")
    try:
        sessions = [each for each in await _all_sessions(instance) if each.user.casefold() in wanted]
    except (InstanceError, NotPermitted, NotAvailable) as problem:
        notes.append(f"Their web sessions cannot be read: {problem.message}")
    return Activity(tuple(processes), tuple(sessions), tuple(notes))


async def _process_rows(instance: Instance) -> list[dict[str, Value]]:
    query = Query(
        "SELECT Pid, UserName, JobNumber, NameSpace, Routine, CommandsExecuted FROM %SYS.ProcessQuery"
    )

    async def attempt(_route: Route) -> list[dict[str, Value]]:
        answer = await instance.call(query)
        return answer.rows.dicts() if answer.rows else []

    return await first_route(instance, "processes.list", attempt)


async def _all_sessions(instance: Instance) -> list[GuestSession]:
    columns = ("ID", "Username", "Application")

    async def attempt(route: Route) -> list[GuestSession]:
        if route.kind == "rest":
            api = instance.capabilities.admin_api
            if api is None:
                raise NotAvailable("This connection has no web port.")
            found = await sessions_by_rest(api)
            return [GuestSession(each.id, each.username, each.application) for each in found]
        if route.kind == "sql":
            answer = await instance.call(
                Query("SELECT ID, Username, Application FROM %CSP.Session_SessionInfo()")
            )
        else:
            answer = await instance.call(ClassQuery("%CSP.Session:SessionInfo", (), columns))
        return [_session(row) for row in answer.rows.dicts()] if answer.rows else []

    return await first_route(instance, "sessions.list", attempt, again=for_reads)


def _session(row: Mapping[str, Value]) -> GuestSession:
    return GuestSession(str(row["id"]), str(row["username"] or ""), str(row["application"] or ""))


def _process(row: Mapping[str, Value]) -> GuestProcess:
    job = row["jobnumber"]
    return GuestProcess(
        pid=int(str(row["pid"])),
        user=str(row["username"]),
        job=int(str(job)) if job is not None else None,
        namespace=str(row["namespace"] or ""),
        routine=str(row["routine"] or ""),
        commands=int(str(row["commandsexecuted"] or 0)),
    )


async def end_activity(
    instance: Instance, names: Sequence[str], *, own_pid: int | None, sleep: Sleep = asyncio.sleep
) -> Activity:
    """End the sessions and processes of these users; returns those left after `ENDING_SECONDS`, and why.

    A session is asked to end once, by whichever way the instance has; if nothing is left but sessions that it refuses
    to end, there is nothing to wait for. Never ends `own_pid`. The names are re-read with each pid just before it is
    ended, as pids are reused. Raises Unreachable.
    """
    waited = 0.0
    refused: dict[str, str] = {}
    """Why a session does not end, by its id; "" for one that was asked to."""
    kept: dict[str, None] = {}
    """Why processes do not end."""
    while True:
        now = await activity(instance, names)
        theirs = tuple(process for process in now.processes if process.pid != own_pid)
        if not theirs and not now.sessions:
            return Activity((), (), now.notes)
        for each in now.sessions:
            if each.id not in refused:
                refused[each.id] = await _end_session(instance, each.id)
        if waited >= ENDING_SECONDS or (not theirs and all(refused[each.id] for each in now.sessions)):
            reasons = dict.fromkeys(reason for each in now.sessions if (reason := refused[each.id]))
            return Activity(theirs, now.sessions, (*now.notes, *reasons, *(kept if theirs else ())))
        # The pid is always given: without one this method ends the caller (facts: iris-license-sessions 4.4).
        calls = [ClassMethod("%SYSTEM.Process", "Terminate", (process.pid,)) for process in theirs]
        for answer in await instance.batch(calls):
            if isinstance(answer, InstanceProblem):
                kept[f"A process does not end: {answer.message}"] = None
        await sleep(PAUSE)
        waited += PAUSE


async def _end_session(instance: Instance, session_id: str) -> str:
    """Ask for a session's end; returns why it does not, "" if it was asked to or is gone. Raises Unreachable."""
    try:
        await end_session(instance, session_id)
    except (InstanceError, NotPermitted, NotAvailable) as problem:
        return problem.message
    return ""


def left_behind(left: Activity) -> list[str]:
    """What `end_activity` left, one text each, without the ids of sessions, which are secrets."""
    reasons = f": {' '.join(left.notes)}" if left.notes else ""
    found = [
        f"process {process.pid} of {process.user} does not end; see /processes" for process in left.processes
    ]
    places = Counter((session.user, session.application) for session in left.sessions)
    found += [
        f"{counted(number, 'web session')} of {user} in {application or 'no application'} "
        f"{'does' if number == 1 else 'do'} not end; see /sessions"
        for (user, application), number in places.items()
    ]
    return [*found[:-1], found[-1] + reasons] if found else []


async def delete_account(instance: Instance, name: str) -> None:
    """Delete a user; a missing one is no error. Raises the named problem."""
    await _delete(instance, "users", name)


async def delete_role(instance: Instance, name: str) -> None:
    """Delete a role; a missing one is no error. Raises the named problem."""
    await _delete(instance, "roles", name)


async def _delete(instance: Instance, noun: Literal["users", "roles"], name: str) -> None:
    class_name = f"Security.{noun.title()}"
    refused: InstanceError | None = None
    try:
        await _act(instance, f"{noun}.delete", ClassMethod(class_name, "Delete", (name,)), f"Deleting {name}")
    except InstanceError as problem:
        refused = problem  # perhaps only because it does not exist
    # Exists returns 1 or 0; its status argument is an error either way (facts: iris-security 2.3).
    if is_ok(await value_by(instance, f"{noun}.exists", ClassMethod(class_name, "Exists", (name,)))):
        raise refused or InstanceError(f"The instance accepted the deletion of {name}, but still has it.")


async def run_all(instance: Instance, statements: Sequence[Update]) -> list[InstanceProblem]:
    """Run independent GRANTs or REVOKEs; returns the problems of those that failed."""
    problems: list[InstanceProblem] = []
    for statement in statements:
        try:
            await statement_by(instance, "sql.grant_schema", statement)
        except Unreachable:
            raise
        except InstanceProblem as problem:
            problems.append(problem)
    return problems
