"""Instance, version and this tool's own process."""

from __future__ import annotations

from irisops.instance.models import SystemInfo
from irisops.instance.routes import Instance


async def read_system(instance: Instance, namespace: str = "") -> SystemInfo:
    """Version, own pid, own license id and instance name. Raises a named problem if not even the version is had."""
    raise NotImplementedError
