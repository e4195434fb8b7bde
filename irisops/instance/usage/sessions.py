"""Web sessions (facts: iris-license-sessions 3)."""

from __future__ import annotations

from irisops.instance.admin_api import AdminApi
from irisops.instance.class_queries import rows_by
from irisops.instance.errors import NotAvailable, NotPermitted
from irisops.instance.features import SESSIONS_BY_REST, Route
from irisops.instance.models import WebSession
from irisops.instance.routes import Instance, first_route, for_reads
from irisops.instance.values import Remade, Row, as_flag, as_int, as_text, as_utc

DEADLINE = 30.0
"""Seconds. By object calls a long list costs a round trip per cell."""


def session_of(row: Row) -> WebSession | None:
    """One session; None for a row without an id."""
    identifier = as_text(row.get("id"))
    if not identifier:
        return None
    return WebSession(
        id=identifier,
        username=as_text(row.get("username")),
        application=as_text(row.get("application")),
        # An absolute time in UTC, although the column is called Timeout (facts: 3.2).
        expires=as_utc(row.get("timeout")),
        license_id=as_text(row.get("licenseid")),
        preserve=as_flag(row.get("preserve")),
        pid=as_int(row.get("sesprocessid")) or None,
        allow_end=as_flag(row.get("allowendsession"), default=True),
    )


async def list_sessions(instance: Instance, *, remade: Remade[WebSession] | None = None) -> list[WebSession]:
    """All web sessions. Raises NotAvailable or NotPermitted (%Admin_Operate:U and %DB_IRISSYS:R are needed).

    Given the same `remade` each time, unchanged sessions are the identical records.
    """
    remade = remade or Remade()

    async def attempt(route: Route) -> list[WebSession]:
        if route.kind == "rest":
            return await _by_rest(instance, route)
        # UNVERIFIED: whether this query is projected as a procedure; the class dictionary is asked. To settle:
        # SELECT * FROM %CSP.Session_SessionInfo().
        rows = await rows_by(instance, "sessions.list", route, (), deadline=DEADLINE, repeated=True)
        return await remade.of(rows, session_of)

    return await first_route(instance, "sessions.list", attempt, again=for_reads)


async def sessions_by_rest(api: AdminApi) -> list[WebSession]:
    """All web sessions, over the web port. Raises NotAvailable, NotPermitted or InstanceError."""
    found = [session_of(row) for row in await api.web_sessions()]
    if None in found:
        # UNVERIFIED: the field ID; public code that reads this list has it but leaves it out on purpose. Settle: look
        # at the keys of a row.
        raise NotAvailable(f"{SESSIONS_BY_REST.label} tells no id of a session.")
    return [session for session in found if session is not None]


async def _by_rest(instance: Instance, route: Route) -> list[WebSession]:
    """All web sessions over the web port; a refusal is remembered, as it would be the same next time."""
    api = instance.capabilities.admin_api
    if api is None:
        raise NotAvailable("This connection has no web port.")
    try:
        return await sessions_by_rest(api)
    except (NotAvailable, NotPermitted) as problem:
        instance.capabilities.learn(route, problem.message)
        raise
