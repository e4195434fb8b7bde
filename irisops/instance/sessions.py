"""Web sessions."""

from __future__ import annotations

from irisops.instance.models import WebSession
from irisops.instance.routes import Instance


async def list_sessions(instance: Instance) -> list[WebSession]:
    """All web sessions. Raises NotAvailable or NotPermitted."""
    raise NotImplementedError
