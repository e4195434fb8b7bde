"""License units: counts, key, and the board of all holders (facts: iris-license-sessions 1, 2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from irisops.instance.calls import Answer, ClassMethod, Rows
from irisops.instance.class_queries import read_list
from irisops.instance.errors import InstanceProblem, or_note
from irisops.instance.models import LicenseBoard, LicenseCounts, LicenseRow, Process, WebSession
from irisops.instance.routes import Instance, answer_by
from irisops.instance.usage.holders import OF_HOLDERS, build_holders, license_row_of
from irisops.instance.usage.license_clock import TIME, instance_time
from irisops.instance.usage.processes import process_query, processes_of
from irisops.instance.usage.sessions import list_sessions
from irisops.instance.values import as_date, number_of, text_of

DEADLINE = 20.0

_OF_CLIENTS = (*OF_HOLDERS, "State", "InTransaction")
"""Columns of processes that say who holds what and whether it works: all columns of ten thousand are 5 MB more."""

# The counting methods by the field they fill. All are declared %Integer: the untyped ones of the same class may answer
# nothing to a client (facts: 1.1).
_COUNTS = {
    "limit": "KeyLicenseUnits",
    "consumed": "LUConsumed",
    "available": "LUAvailable",
    "max_consumed": "LUMaxConsumed",
    "min_available": "LUMinAvailable",
    "max_connections": "MaxConnections",
    "enforced": "KeyEnforcedUnits",
    "csp_users": "CSPUsers",
    "csp_grace": "CSPGrace",
}
_KEY = {
    "product": "KeyProduct",
    "customer": "KeyCustomerName",
    "license_type": "KeyLicenseType",
    "server": "KeyServer",
    "capacity": "KeyLicenseCapacity",
    "expires": "KeyExpirationDate",
}


async def read_counts(instance: Instance) -> LicenseCounts:
    """Units and key facts, one round trip each. Raises the problem of the unit count if that cannot be read.

    Anything else that cannot be read is None or "", with a note.
    """
    methods = {**_COUNTS, **_KEY}
    answers = dict(
        zip(
            methods,
            await instance.batch([ClassMethod("%SYSTEM.License", method) for method in methods.values()]),
            strict=True,
        )
    )
    instance.capabilities.heard("license.counts", answers["consumed"])
    instance.capabilities.heard("license.customer", answers["customer"])
    if isinstance(answers["consumed"], Exception):
        raise answers["consumed"]
    notes = tuple(
        f"%SYSTEM.License.{methods[name]}: {answer.message}"
        for name, answer in answers.items()
        if isinstance(answer, InstanceProblem)
    )
    expires = answers["expires"]
    figures: dict[str, Any] = {name: number_of(answers[name]) for name in _COUNTS}
    figures |= {name: text_of(answers[name]) for name in _KEY}
    figures["expires"] = as_date(expires.value) if isinstance(expires, Answer) else None
    return LicenseCounts(**figures, notes=notes)


async def read_board(
    instance: Instance, *, now: datetime | None = None, agents: Container[int] = ()
) -> LicenseBoard:
    """Counts and every holder; the holders' units add up to `consumed`.

    Sessions and processes that cannot be read are left out, with a note that names the privilege.
    `now` is this machine's time (UTC), for tests; times are the instance's own if its clock can be read.
    `agents` are processes of this tool that work for an agent.
    Raises the problem of the unit count if that cannot be read.
    """
    counts = await read_counts(instance)
    notes = list(counts.notes)
    rows = await or_note(license_rows(instance), notes, "Holders cannot be read")
    sessions = await or_note(list_sessions(instance), notes, "Sessions cannot be read")
    processes = await or_note(_client_rows(instance), notes, "Processes cannot be read")
    own, told = await instance.batch([ClassMethod("%SYSTEM.License", "GetUserId"), TIME])
    own_id = text_of(own)
    here = now or datetime.now(UTC)
    read_at = instance_time(told, here)
    if rows == [] and counts.consumed:
        # Core-capacity keys track no user ids (facts: 2.1).
        notes.append("The instance lists no holders; a key licensed by cores tracks none.")
    holders = build_holders(
        counts, rows or [], sessions, processes, own_id=own_id, now=read_at, agents=agents
    )
    offset = (read_at - here).total_seconds()
    return LicenseBoard(counts, holders, tuple(notes), read_at, offset, holders.crowded())


async def license_rows(instance: Instance) -> list[LicenseRow]:
    """Every license user, from UserList. Raises NotAvailable, NotPermitted or InstanceError."""
    # UNVERIFIED: whether this query is projected as a procedure; the class dictionary is asked. Settle: doubt
    # projection.
    return await read_list(instance, "license.holders", license_row_of, (), deadline=DEADLINE)


async def client_processes(instance: Instance) -> Sequence[Process]:
    """Processes that hold a license, with what tells who they are and whether they work: no other value is read.

    Raises NotAvailable, NotPermitted or InstanceError.
    """
    return await processes_of(await _client_rows(instance))


async def _client_rows(instance: Instance) -> Rows:
    query = replace(process_query(_OF_CLIENTS, where="WHERE LicenseUserId <> ''"), repeated=True)
    answer = await answer_by(instance, "processes.list", query, deadline=DEADLINE)
    return answer.rows or Rows((), [])


async def session_ages(instance: Instance, sessions: Sequence[WebSession]) -> dict[str, int]:
    """Age in seconds by session id, for sessions whose age is known. Raises as `license_rows`.

    Where that list costs a round trip per cell, it is not read for this.

    The session's object has a CreateTime, but reading it means opening the object, which locks it (facts:
    iris-license-sessions 3.2). The license list says for how long each license user has been logged in (facts: 1.3,
    `Active`). A session without a login is a license user of its own (facts: 2.1), so that is its age; so it is where a
    license user has never had more than this one connection.

    UNVERIFIED: that Active of a session without a login counts from its first page, and that it begins anew when a
    session follows within the grace period of another. Settle: open a page, wait, read Active of
    %SYSTEM.License:UserList beside CreateTime of the session.
    """
    usable = instance.capabilities.routes("license.holders")
    if not sessions or not usable or usable[0].kind == "result set":
        return {}
    return ages_of(await license_rows(instance), sessions)


def ages_of(rows: Iterable[LicenseRow], sessions: Sequence[WebSession]) -> dict[str, int]:
    """Seconds by session id, as far as the license list tells."""
    shared = Counter(session.license_id or session.id for session in sessions)
    by_user = {row.user_id: row for row in rows}
    ages: dict[str, int] = {}
    for session in sessions:
        user = session.license_id or session.id
        row = by_user.get(user)
        if row is None or shared[user] > 1 or row.type != "CSP":
            continue
        if session.anonymous or row.connections == row.max_connections == 1:
            ages[session.id] = row.active
    return ages
