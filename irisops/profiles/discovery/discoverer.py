"""The result of the last discovery, for the commands that show it and make profiles of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from irisops.contract.nearest import nearest
from irisops.contract.replies import Refusal
from irisops.contract.wording import harmless

if TYPE_CHECKING:
    from irisops.profiles.discovery.everywhere import Discovery
    from irisops.profiles.discovery.found import Found

Look = Callable[[], Awaitable["Discovery"]]


async def look_around() -> Discovery:
    """Discover in the real surroundings."""
    from irisops.profiles.discovery.everywhere import discover, here  # noqa: PLC0415 - not on the start path

    return await discover(here())


class Discoverer:
    """Runs discovery on request and keeps the last result for the session."""

    def __init__(self, look: Look = look_around) -> None:
        self._look = look
        self._last: Discovery | None = None

    async def look(self) -> Discovery:
        """Look again."""
        self._last = await self._look()
        return self._last

    async def find(self, name: str) -> Found:
        """A finding by its name in the last result. Raises `Refusal`."""
        seen = self._last or await self.look()
        wanted = name.casefold()
        for each in seen.found:
            if each.name.casefold() == wanted:
                return each
        close = nearest(name, [each.name for each in seen.found])
        raise Refusal(
            "NothingFound",
            f"Nothing called {harmless(name, 60)} was found here.",
            f"Did you mean {', '.join(close)}?" if close else "/discover looks again.",
            suggestions=[f"/profile adopt {each}" for each in close],
        )

    def rivals(self, found: Found) -> list[str]:
        """Names of other findings that may own the port that was only assumed for this one."""
        seen = self._last.found if self._last else ()
        return [each.name for each in seen if each.may_be_meant_instead_of(found)]

    def names(self) -> list[tuple[str, str]]:
        """Names and their sources, for completion."""
        return [(each.name, each.source) for each in (self._last.found if self._last else ())]
