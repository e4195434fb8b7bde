"""Start, key latency, memory, idle CPU and bytes of `irisops demo`, beside a bare Textual application in the same run.

    python -m tests.benchmarks.bench_ui [--runs 5] [--keys 100]
    python -m tests.benchmarks.bench_ui --scenario clinic --line /processes

Each figure is the median of fresh starts under a pseudo-terminal of 120x36, and the best of them behind it: on a busy
machine the best tells more. The programs take turns, so that all meet the same noise. With `--line` the idle chat is
measured too, and keys, memory and CPU are those while its answer refreshes itself. Memory and CPU are those of the chat
and its driver process; the demo's instance, which a real one would not add, stands apart. Bytecode is kept in a
temporary folder, and the first start, which compiles, is not counted. Linux only (it reads /proc).
"""

from __future__ import annotations

import argparse
import itertools
import re
import statistics
import string
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from tests.terminal import Terminal

LETTERS = [letter for letter in string.ascii_lowercase if letter not in "yn"]


@dataclass
class Program:
    """A command to measure, how its readiness looks, and a pattern for its prompt."""

    name: str
    argv: list[str]
    ready: str
    lines: tuple[str, ...] = ()
    line_ready: str = ""


@dataclass
class Figures:
    """Seconds, MiB, percent of one core, bytes per second."""

    first_frame: float
    start_cpu: float
    """Seconds of processor time to the first frame: what the others on the machine do changes it little."""
    ready: float
    key_p50: float
    key_p99: float
    memory: float
    cpu: float
    instance_cpu: float
    bytes_per_second: float


def quantile(values: list[float], share: float) -> float:
    """The value below which `share` of the sorted values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def measure_keys(terminal: Terminal, count: int) -> list[float]:
    """Type letters one by one; seconds from each press until it is on the screen. Erases after every ten."""
    times = []
    typed = ""
    for letter, _ in zip(cycle(LETTERS), range(count), strict=False):
        typed += letter
        before = time.perf_counter()
        terminal.send(letter)
        while typed not in terminal.text:
            if not terminal.pump(2.0):
                raise SystemExit("the program ended while typing")
        times.append(time.perf_counter() - before)
        terminal.pump(0.02)  # a person's pause, so that one paint does not swallow two keys
        if len(typed) == 10:
            for _ in typed:
                terminal.press("backspace")
            while typed[:4] in terminal.text:
                terminal.pump(2.0)
            typed = ""
    for _ in typed:
        terminal.press("backspace")
    return times


def family(pid: int) -> tuple[list[int], list[int]]:
    """Living processes of the program, and those of the demo's instance."""
    own: list[int] = []
    instance: list[int] = []
    waiting = [pid]
    while waiting:
        current = waiting.pop()
        try:
            command = Path(f"/proc/{current}/cmdline").read_bytes()
            waiting += map(int, Path(f"/proc/{current}/task/{current}/children").read_text().split())
        except FileNotFoundError:  # it ended while we looked
            continue
        (instance if b"\0simulator\0" in command else own).append(current)
    return own, instance


def processor_seconds(pids: list[int]) -> float:
    """Processor time of these processes, of all their threads."""
    total = 0
    for pid in pids:
        try:
            for task in Path(f"/proc/{pid}/task").iterdir():
                total += int((task / "schedstat").read_text().split()[0])
        except FileNotFoundError:
            continue
    return total / 1e9


def memory_mib(pids: list[int]) -> float:
    """Resident memory of these processes."""
    total = 0
    for pid in pids:
        try:
            found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        except FileNotFoundError:
            continue
        total += int(found.group(1)) if found else 0
    return total / 1024


def measure_once(program: Program, keys: int, idle: float, bytecode: str) -> Figures:
    """One fresh start."""
    with tempfile.TemporaryDirectory() as home:
        env = {"IRISOPS_HOME": home, "HOME": home, "TEXTUAL_ANIMATIONS": "none"}
        env |= {"PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
        with Terminal(program.argv, env=env) as terminal:
            first = terminal.wait_for(r"\S")
            start_cpu = processor_seconds([terminal.process.pid])
            ready = terminal.wait_for(program.ready)
            for line in program.lines:
                terminal.type_line(line)
                terminal.wait_for(program.line_ready)
            settle(terminal)
            times = measure_keys(terminal, keys)
            settle(terminal)
            own, instance = family(terminal.process.pid)
            start, cpu, sent = time.perf_counter(), processor_seconds(own), terminal.bytes_out
            instance_cpu = processor_seconds(instance)
            while time.perf_counter() < start + idle:
                terminal.pump()
            elapsed = time.perf_counter() - start
            return Figures(
                first,
                start_cpu,
                ready,
                quantile(times, 0.5),
                quantile(times, 0.99),
                memory_mib(own),
                100 * (processor_seconds(own) - cpu) / elapsed,
                100 * (processor_seconds(instance) - instance_cpu) / elapsed,
                (terminal.bytes_out - sent) / elapsed,
            )


def settle(terminal: Terminal, seconds: float = 3.0) -> None:
    """Let what has begun come to its end."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        terminal.pump()


def best(figures: list[Figures]) -> Figures:
    """The lowest of each figure."""
    return Figures(
        *(min(getattr(figure, field) for figure in figures) for field in Figures.__dataclass_fields__)
    )


def median(figures: list[Figures]) -> Figures:
    """The median of each figure."""
    fields = Figures.__dataclass_fields__
    return Figures(*(statistics.median(getattr(figure, field) for figure in figures) for field in fields))


def show(name: str, figures: Figures, lowest: Figures) -> None:
    """One block."""

    def both(field: str, factor: float = 1.0, digits: int = 0) -> str:
        middle, low = getattr(figures, field) * factor, getattr(lowest, field) * factor
        return f"{middle:.{digits}f} (best {low:.{digits}f})"

    print(name)
    print(
        f"  first frame {both('first_frame', 1000)} ms, of processor time {both('start_cpu', 1000)} ms   "
        f"ready {both('ready', 1000)} ms"
    )
    print(f"  key p50 {both('key_p50', 1000, 1)} ms   p99 {both('key_p99', 1000, 1)} ms")
    print(
        f"  memory {both('memory', 1, 1)} MiB   CPU {both('cpu', 1, 1)} %   "
        f"instance {both('instance_cpu', 1, 1)} %   {figures.bytes_per_second / 1024:.2f} KiB/s",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keys", type=int, default=100)
    parser.add_argument("--idle", type=float, default=10.0)
    parser.add_argument("--scenario", default="home")
    parser.add_argument(
        "--line", action="append", default=[], help="a line to send once ready, e.g. /processes"
    )
    parser.add_argument("--line-ready", default=r"· live", help="what is seen once the lines were answered")
    options = parser.parse_args()

    demo = [sys.executable, "-m", "irisops", "demo", "--scenario", options.scenario]
    programs = [
        Program("bare Textual app", [sys.executable, "-m", "tests.benchmarks.bare_app"], "ready"),
        Program(f"irisops demo ({options.scenario}), idle", demo, r"\d+/\d+"),
    ]
    if options.line:
        name = f"irisops demo ({options.scenario}), {', '.join(options.line)}"
        programs.append(Program(name, demo, r"\d+/\d+", tuple(options.line), options.line_ready))
    results: dict[str, list[Figures]] = {program.name: [] for program in programs}
    with tempfile.TemporaryDirectory() as bytecode:
        for number in range(options.runs + 1):
            # Both ways round: a start right after ten quiet seconds is slower than one after a program that worked.
            for program in programs if number % 2 else reversed(programs):
                if not number:
                    measure_once(program, 5, 0.1, bytecode)
                else:
                    results[program.name].append(measure_once(program, options.keys, options.idle, bytecode))
    for name, figures in results.items():
        show(name, median(figures), best(figures))
    names = list(results)
    for first, second in itertools.pairwise(names):
        for how, of in (("median", median), ("best", best)):
            floor, ours = of(results[first]), of(results[second])
            print(
                f"{second} to {first}, {how}: first frame {ours.first_frame / floor.first_frame:.2f}x "
                f"({ours.start_cpu / floor.start_cpu:.2f}x of processor time)   "
                f"key p50 {ours.key_p50 / floor.key_p50:.2f}x p99 {ours.key_p99 / floor.key_p99:.2f}x   "
                f"memory {ours.memory - floor.memory:+.0f} MiB"
            )


if __name__ == "__main__":
    main()
