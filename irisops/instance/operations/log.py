"""messages.log: its end, read as a stream, and its lines (facts: iris-operations 9, iris-license-sessions 5.4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from irisops.instance.calls import ClassMethod, ObjectCall, ObjectStep, Value
from irisops.instance.class_queries import read_rows
from irisops.instance.features import Route
from irisops.instance.routes import Instance, first_route
from irisops.instance.values import as_int, as_text, number_of

TAIL = 16_000
"""Characters that are read at once."""
WHOLE_TAIL = 64_000
"""Characters from the end of the log that are shown."""
SEVERITIES = ("info", "warning", "severe", "fatal")
STATES = {-1: "hung", 0: "OK", 1: "warning", 2: "alert"}
"""By what %SYSTEM.Monitor.State answers (facts: iris-license-sessions 5.4)."""
_LINE = re.compile(r"(\d\d/\d\d/\d\d-\d\d:\d\d:\d\d(?::\d+)?) \((\d+)\) (\d) (?:\[([^\]]*)\] ?)?(.*)")


@dataclass(frozen=True, slots=True)
class Line:
    """An entry, with the lines that go on below it. `time` as the instance writes it; `level` 0 to 3."""

    number: int
    time: str
    level: int
    pid: int | None
    event: str
    text: str

    @property
    def severity(self) -> str:
        """The level as a word."""
        return SEVERITIES[min(self.level, len(SEVERITIES) - 1)]


def parsed(text: str) -> list[Line]:
    """The entries of a part of the log, oldest first; what stands before the first is left out."""
    found: list[Line] = []
    for row in text.splitlines():
        match = _LINE.match(row)
        if match is not None:
            time, pid, level, event, said = match.groups()
            found.append(Line(len(found) + 1, _iso(time), int(level), int(pid), event or "", said))
        elif found and row.strip():
            found[-1] = replace(found[-1], text=f"{found[-1].text} {row.strip()}")
    return found


def _iso(time: str) -> str:
    """`MM/DD/YY-HH:MM:SS:mmm` so that it sorts: `20YY-MM-DD HH:MM:SS`."""
    day, _, clock = time.partition("-")
    month, date, year = day.split("/")
    return f"20{year}-{month}-{date} {clock[:8]}"


async def manager_directory(instance: Instance) -> str:
    """Where messages.log usually is: the directory of IRISSYS; "" if it is not listed. Raises a named problem."""
    rows = (await read_rows(instance, "databases.names")).dicts()
    named = (as_text(row.get("directory")) for row in rows if as_text(row.get("name")).upper() == "IRISSYS")
    return next(named, "")


async def read_tail(instance: Instance, directory: str) -> tuple[list[Line], bool]:
    """The last entries, oldest first, and whether the log begins before them. Raises a named problem."""
    size = await log_size(instance, directory)
    begin = max(0, size - WHOLE_TAIL)
    reads = tuple(ObjectStep("invoke", "Read", (TAIL,)) for _ in range(0, min(size, WHOLE_TAIL), TAIL))
    steps = (ObjectStep("invoke", "MoveTo", (begin + 1,)), *reads)
    values = await _opened(instance, directory, steps)
    return parsed("".join(as_text(each) for each in values[2:])), begin > 0


async def read_alerts(instance: Instance) -> tuple[str, int | None]:
    """The state of the system by its monitor, and the alerts since it started. Raises a named problem.

    UNVERIFIED: the least privileges for it (facts: iris-license-sessions 5.4). Settle: /log as a user with
    %DB_IRISSYS:R alone.
    """

    async def attempt(_route: Route) -> tuple[str, int | None]:
        state, alerts = await instance.batch(
            [ClassMethod("%SYSTEM.Monitor", name) for name in ("State", "Alerts")]
        )
        number = number_of(state)
        if isinstance(state, Exception):
            raise state
        return STATES.get(number if number is not None else 9, ""), number_of(alerts)

    return await first_route(instance, "monitor.state", attempt)


async def log_size(instance: Instance, directory: str) -> int:
    """Bytes of messages.log now. Raises a named problem (facts: iris-operations 9)."""
    return as_int((await _opened(instance, directory, ()))[0]) or 0


async def log_since(instance: Instance, directory: str, size: int) -> str:
    """What messages.log got since it had `size` bytes, of a long text the end. Raises a named problem."""
    now = await log_size(instance, directory)
    if now <= size:
        return ""
    begin = max(size, now - TAIL)
    steps = (ObjectStep("invoke", "MoveTo", (begin + 1,)), ObjectStep("invoke", "Read", (TAIL,)))
    return as_text((await _opened(instance, directory, steps))[-1])


async def _opened(instance: Instance, directory: str, steps: Sequence[ObjectStep]) -> tuple[Value, ...]:
    """Open messages.log: its size, and the answers of further steps.

    ConsoleFile of the CPF may move it; then it is not found, and nothing is said of it (facts: iris-operations 9).
    UNVERIFIED: that the directory of IRISSYS is that of the manager, where the log is else, and that the Size of a file
    that is not there is 0 or an error. Settle: compare the directory of IRISSYS with where messages.log is; LinkToFile
    of a missing file, Size.
    """
    path = f"{directory.rstrip('/')}/messages.log"
    opening = (ObjectStep("invoke", "LinkToFile", (path,)), ObjectStep("get", "Size"), *steps)

    async def attempt(_route: Route) -> tuple[Value, ...]:
        answer = await instance.call(ObjectCall("%Stream.FileCharacter", "%New", (), opening))
        return answer.values[1:]

    return await first_route(instance, "messages.log", attempt)
