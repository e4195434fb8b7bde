"""The journal: its state, its space, and how fast it grows (facts: iris-operations 7.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from irisops.instance.calls import Answer, ClassMethod, ObjectCall, ObjectStep, Ref
from irisops.instance.class_queries import read_list
from irisops.instance.features import Route
from irisops.instance.routes import Instance, first_route
from irisops.instance.values import Row, answered, as_int, as_text, as_utc, number_of, text_of

MEGABYTE = 1_048_576
STATES = ("enabled", "disabled", "suspended", "frozen", "paused")
"""By the number that GetState answers."""
LOW = 250
"""MB below which the dashboard calls the journal's space low (facts: iris-license-sessions 5.5)."""
NORMAL = "normal"
SECONDS = 10.0
"""Deadline of the list of files."""
_SYSTEM = "%SYS.Journal.System"


@dataclass(frozen=True, slots=True)
class JournalFile:
    """A file. `created` is of the instance's own clock; `size` is in bytes; None where the instance does not tell."""

    name: str
    created: datetime | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal now. Sizes are in bytes; None where the instance does not tell."""

    state: str
    file: str = ""
    offset: int | None = None
    directory: str = ""
    alternate: str = ""
    free: int | None = None
    space: str = ""
    """How the dashboard judges the space: Normal, Warning, Troubled."""

    @property
    def free_mb(self) -> int | None:
        """MB left for the journal."""
        return None if self.free is None else self.free // MEGABYTE


async def read_journal(instance: Instance) -> Journal:
    """State and space, in one batch. Raises NotPermitted, NotAvailable.

    UNVERIFIED: that these need %DB_IRISSYS:R and no more (facts: iris-operations 7.3). Settle: /journal as a user with
    that alone.
    """

    async def attempt(_route: Route) -> Journal:
        state, file, offset, primary, alternate, free, sample = await instance.batch(
            [
                ClassMethod(_SYSTEM, "GetState"),
                ClassMethod(_SYSTEM, "GetCurrentFileName"),
                ClassMethod(_SYSTEM, "GetCurrentFileOffset"),
                ClassMethod(_SYSTEM, "GetPrimaryDirectory", (Ref(1),)),
                ClassMethod(_SYSTEM, "GetAlternateDirectory", (Ref(1),)),
                ClassMethod(_SYSTEM, "GetFreeSpace"),
                ObjectCall("SYS.Stats.Dashboard", "Sample", (), (ObjectStep("get", "JournalSpace"),)),
            ]
        )
        number = as_int(answered(state).value)
        known = number is not None and 0 <= number < len(STATES)
        space = as_text(sample.values[0]) if isinstance(sample, Answer) and sample.found else ""
        return Journal(
            STATES[number] if known and number is not None else f"state {number}",
            text_of(file),
            number_of(offset),
            text_of(primary),
            text_of(alternate),
            in_bytes(number_of(free), space),
            space,
        )

    return await first_route(instance, "journal.state", attempt)


def in_bytes(told: int | None, space: str) -> int | None:
    """The free space in bytes, of a number in bytes or MB, which of the two is not known; None if it cannot be told.

    The dashboard tells whether there are less than 250 MB: a number above it is then one of bytes, and one that would
    be less than 250 MB in bytes is one of MB where there are more. Settle: doubt journal-free.
    """
    if told is None or told < 0 or not space:
        return None
    if space.casefold() == NORMAL:
        return told if told >= LOW * MEGABYTE else told * MEGABYTE
    return told if told >= LOW else told * MEGABYTE


def file_of(row: Row) -> JournalFile | None:
    """One file; None without a name.

    UNVERIFIED: the columns, which are those of the admin API, their unit, and the form of the time. Settle: evidence
    %SYS.Journal.File:ByTimeReverseOrder by %Library.ResultSet.
    """
    name = as_text(row.get("name"))
    size = as_int(row.get("datasize"))
    size = as_int(row.get("size")) if size is None else size
    return JournalFile(name, as_utc(row.get("creationtime")), size) if name else None


async def read_files(instance: Instance) -> list[JournalFile]:
    """The files that are kept, newest first. Raises NotPermitted, NotAvailable."""
    return await read_list(instance, "journal.files", file_of, deadline=SECONDS)


def a_day(files: list[JournalFile]) -> float | None:
    """Bytes a day: of the files that were filled, over the time from the oldest to the newest. None if not known."""
    told = [(each.created, each.size) for each in files if each.created is not None and each.size is not None]
    if len(told) < 2:
        return None
    told.sort()
    seconds = (told[-1][0] - told[0][0]).total_seconds()
    return sum(size for _, size in told[:-1]) * 86_400 / seconds if seconds > 0 else None
