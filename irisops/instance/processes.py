"""Processes."""

from __future__ import annotations

from irisops.instance.models import Process
from irisops.instance.routes import Instance


async def list_processes(instance: Instance, *, max_rows: int = 0) -> list[Process]:
    """All processes (or the first `max_rows`). Raises NotAvailable or NotPermitted."""
    raise NotImplementedError
