"""License units: counts, key and holders."""

from __future__ import annotations

from irisops.instance.models import LicenseBoard, LicenseCounts
from irisops.instance.routes import Instance


async def read_counts(instance: Instance) -> LicenseCounts:
    """Units and key facts. Raises a named problem if nothing at all could be read."""
    raise NotImplementedError


async def read_board(instance: Instance) -> LicenseBoard:
    """Counts and every holder; rows add up to `consumed`."""
    raise NotImplementedError
