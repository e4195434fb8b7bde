"""How much memory the chat, its driver process and the demo's instance take while 1,000 commands are typed.

    python -m tests.benchmarks.bench_memory [--commands 1000] [--scenario clinic]
    python -m tests.benchmarks.bench_memory --watch 1800 [--poll 0.25]

The first types the mix of all commands that read, one after the other, into `irisops demo` under a pseudo-terminal of
120x36, and at the end `/clear`. The second pins `/watch license` and waits for as many readings as an hour has at the
poll interval of the shipped settings, with a shorter one. Both print the resident memory of each process (MiB) at
points on the way, and by how much it grew since the first, when nothing was asked yet. Linux only (it reads /proc). A
thousand commands are some twenty minutes of one processor, most of them the instance's: ten on two that are idle.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte

from irisops.app import run
from irisops.demo import prepared
from irisops.profiles.model import Profile
from irisops.profiles.secrets import Secrets
from irisops.session import Session
from tests.benchmarks.bench_ui import memory_mib, settle
from tests.terminal import Terminal

READS = (
    "/license", "/users", "/explain admin1", "/roles", "/processes", "/status", "/license why", "/sessions",
    "/apps", "/who-can %DB_USER:RW", "/services", "/compare aabel000 adahl060", "/resources", "/denied",
    "/users dormant 10d", "/license advice", "/processes lock", "/explain aabel000", "/users role=%All",
    "/license forecast 4", "/plot units", "/role members %All", "/service %Service_Bindings", "/app show /csp/sys",
    "/resource %DB_USER", "/sessions /csp/icu", "/templates", "/profiles", "/history", "/dashboard", "/doctor",
    "/help", "/help users", "/helper", "/settings list", "/tunnels", "/leases", "/secrets", "/alert", "/theme",
    "/locked", "/explain aabel000 %DB_USER:R", "show processes", "/explain nobody",
)  # fmt: skip
"""Everything that reads and asks nothing, and one that is refused."""


class Family:
    """The processes of one `irisops demo`, by what they are."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def memory(self) -> dict[str, float]:
        """Resident memory in MiB of each kind of process."""
        found: dict[str, float] = {"chat": memory_mib([self._pid]), "driver": 0.0, "instance": 0.0}
        for pid in self._below(self._pid):
            kind = "instance" if b"\0simulator\0" in _command(pid) else "driver"
            found[kind] += memory_mib([pid])
        return found

    def _below(self, pid: int) -> Iterator[int]:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                yield child
                yield from self._below(child)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


class Growth:
    """Prints the figures of a point, and the growth since the first."""

    def __init__(self, family: Family) -> None:
        self._family = family
        self._first: dict[str, float] = {}
        self._began = time.perf_counter()

    def at(self, point: str) -> None:
        """Read and print."""
        now = self._family.memory()
        self._first = self._first or now
        figures = "   ".join(
            f"{kind} {now[kind]:7.1f} ({now[kind] - self._first[kind]:+6.1f})" for kind in now
        )
        print(f"{point:>16}   {figures}   {time.perf_counter() - self._began:5.0f} s", flush=True)


def answered(terminal: Terminal, line: str, seconds: float = 120.0) -> None:
    """Type a line; wait until it left the prompt and nothing runs any more."""
    for _ in range(3):  # a reply that comes late may put a question or a list over the line
        terminal.send(line)
        if _until(terminal, lambda rows: line in _prompt(rows), line, 15.0):
            break
        terminal.press("escape")
        terminal.press("ctrl+u")
    terminal.press("enter")
    if not _until(terminal, lambda rows: line not in _prompt(rows) and not _is_busy(rows), line, seconds):
        raise SystemExit(f"{line} was not answered in time:\n" + "\n".join(terminal.screen.display))
    terminal.raw.clear()


def _until(terminal: Terminal, condition: Callable[[list[str]], bool], line: str, seconds: float) -> bool:
    """Whether the screen comes to be as it should. To look takes long: only when it changed and nothing more comes."""
    end = time.perf_counter() + seconds
    seen = -1
    while True:
        before = terminal.bytes_out
        if not terminal.pump(0.03):
            raise SystemExit(f"the program ended at {line}")
        if before == terminal.bytes_out != seen:
            seen = before
            if condition(terminal.screen.display):
                return True
        if time.perf_counter() > end:
            return False


class Colourless(pyte.ByteStream):
    """Leaves out colours, which are most of the bytes and half of the benchmark's own time."""

    _COLOURS = re.compile(rb"\x1b\[[0-9;:]*m")
    _CUT_OFF = re.compile(rb"\x1b(\[[0-9;:]*)?\Z")

    def __init__(self, screen: pyte.Screen) -> None:
        super().__init__(screen)
        self._rest = b""

    def feed(self, data: bytes) -> None:  # type: ignore[override]  # - as in its base class
        """Show what came; a sequence that is cut off waits for its end."""
        data = self._rest + data
        cut = self._CUT_OFF.search(data)
        end = cut.start() if cut else len(data)
        self._rest = data[end:]
        super().feed(self._COLOURS.sub(b"", data[:end]))


def _prompt(rows: list[str]) -> str:
    return next((row for row in reversed(rows) if "›" in row), "")


def _is_busy(rows: list[str]) -> bool:
    return any("Ctrl+C cancels" in row or "running …" in row for row in rows)


def type_commands(terminal: Terminal, growth: Growth, count: int) -> None:
    """The mix, round and round."""
    points = {len(READS), 100, 200, 300, 400, 500, 700, 850, count}
    for number, line in zip(range(1, count + 1), itertools.cycle(READS), strict=False):
        answered(terminal, line)
        if number in points:
            growth.at(f"{number:,} commands")
    answered(terminal, "/clear")
    settle(terminal, 5.0)
    growth.at("after /clear")


def watch(terminal: Terminal, growth: Growth, readings: int, poll: float) -> None:
    """The pinned license board, for so many readings."""
    answered(terminal, "/watch license")
    settle(terminal)
    growth.at("pinned")
    for part in range(5):
        growth.at(f"{readings * part // 4:,} readings")
        if part < 4:
            settle(terminal, readings * poll / 4)
            terminal.raw.clear()


def chat(scenario: str, poll: float) -> None:
    """`irisops demo` with a poll interval of its own: what --watch starts."""
    with prepared(["--scenario", scenario, "--seed", "1"]) as practice:
        secrets = Secrets(None)

        async def instance() -> Profile:
            demo = await asyncio.to_thread(practice.start)
            secrets.remember(demo.profile, demo.password)
            return demo.profile

        session = Session(practice.places, secrets=secrets, later=instance)
        session.hub.default_interval = poll
        run(session, poll_interval=poll)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--commands", type=int, default=1000)
    parser.add_argument("--scenario", default="clinic")
    parser.add_argument("--watch", type=int, default=0, metavar="READINGS")
    parser.add_argument("--chat", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--poll", type=float, default=0.25, help="seconds between the readings of --watch")
    options = parser.parse_args()
    if options.chat:
        chat(options.scenario, options.poll)
        return
    argv = [sys.executable, "-m", "irisops", "demo", "--scenario", options.scenario, "--seed", "1"]
    if options.watch:
        argv[2:] = [__spec__.name, "--chat", "--scenario", options.scenario, "--poll", str(options.poll)]
    with tempfile.TemporaryDirectory() as home:
        env = {"IRISOPS_HOME": home, "HOME": home, "TEXTUAL_ANIMATIONS": "none"}
        with Terminal(argv, env=env) as terminal:
            terminal.stream = Colourless(terminal.screen)
            terminal.wait_for(r"\d+/\d+", 60)
            settle(terminal)
            growth = Growth(Family(terminal.process.pid))
            growth.at("connected")
            if options.watch:
                watch(terminal, growth, options.watch, options.poll)
            else:
                type_commands(terminal, growth, options.commands)


if __name__ == "__main__":
    main()
