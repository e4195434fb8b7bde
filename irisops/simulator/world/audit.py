"""The audit log, newest record last (facts: iris-security 3.7)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime

from irisops.simulator.world.model import AuditRecord, Process
from irisops.simulator.world.security import SecurityTables, event_key

KEPT = 20_000
"""Maximum number of records; the oldest are dropped."""


class AuditLog:
    """Records enabled events while auditing is on, and counts every event."""

    def __init__(self, now: Callable[[], datetime], tables: SecurityTables) -> None:
        self._now = now
        self._tables = tables
        self.records: deque[AuditRecord] = deque(maxlen=KEPT)
        self.revision = 0
        self._index = 0

    def write(
        self,
        source: str,
        kind: str,
        event: str,
        *,
        event_data: str = "",
        description: str = "",
        username: str = "",
        process: Process | None = None,
        client_ip: str = "",
        status: str = "",
        csp_session_id: str = "",
        namespace: str = "",
    ) -> AuditRecord | None:
        """Record the event; None if it is unknown or disabled, or auditing is off."""
        known = self._tables.events.get(event_key(source, kind, event))
        if known is None:
            return None
        known.total += 1
        if not (known.enabled and self._tables.system.audit_enabled):
            return None
        known.written += 1
        self._index += 1
        self.revision += 1
        record = AuditRecord(
            index=self._index,
            time=self._now(),
            source=known.source,
            type=known.type,
            event=known.name,
            description=description or known.description,
            event_data=event_data,
            username=username or (process.username if process else ""),
            client_ip=client_ip or (process.client_ip if process else ""),
            executable=process.executable if process else "",
            namespace=namespace or (process.namespace if process else "%SYS"),
            pid=process.pid if process else 0,
            job_number=process.job_number if process else 0,
            roles=process.roles if process else "",
            routine=process.routine if process else "",
            os_username=process.os_username if process else "",
            status=status,
            csp_session_id=csp_session_id,
        )
        self.records.append(record)
        return record
