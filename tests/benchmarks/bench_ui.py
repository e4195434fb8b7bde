"""Start, key latency, memory, idle CPU and bytes of `irisops demo`, beside a bare Textual application in the same run.

    python -m tests.benchmarks.bench_ui [--runs 5] [--keys 100] [--scenario clinic --line /processes]

Each figure is the median of fresh starts under a pseudo-terminal of 120x36. Linux only (it reads /proc).
"""

from __future__ import annotations

import argparse
import statistics
import string
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import cycle

from tests.terminal import Terminal, cpu_seconds, memory_mib

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
    ready: float
    key_p50: float
    key_p99: float
    memory: float
    cpu: float
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


def measure_once(program: Program, keys: int, idle: float) -> Figures:
    """One fresh start."""
    with (
        tempfile.TemporaryDirectory() as home,
        Terminal(
            program.argv, env={"IRISOPS_HOME": home, "HOME": home, "TEXTUAL_ANIMATIONS": "none"}
        ) as terminal,
    ):
        first = terminal.wait_for(r"\S")
        ready = terminal.wait_for(program.ready)
        for line in program.lines:
            terminal.type_line(line)
            terminal.wait_for(program.line_ready)
        times = measure_keys(terminal, keys)
        settle = time.perf_counter() + 2
        while time.perf_counter() < settle:
            terminal.pump()
        start, cpu, sent = time.perf_counter(), cpu_seconds(terminal.process.pid), terminal.bytes_out
        while time.perf_counter() < start + idle:
            terminal.pump()
        elapsed = time.perf_counter() - start
        return Figures(
            first,
            ready,
            quantile(times, 0.5),
            quantile(times, 0.99),
            memory_mib(terminal.process.pid),
            100 * (cpu_seconds(terminal.process.pid) - cpu) / elapsed,
            (terminal.bytes_out - sent) / elapsed,
        )


def median(figures: list[Figures]) -> Figures:
    """Field by field."""
    fields = Figures.__dataclass_fields__
    return Figures(*(statistics.median(getattr(figure, field) for figure in figures) for field in fields))


def show(name: str, figures: Figures) -> None:
    """One line."""
    print(
        f"{name:<28} first frame {figures.first_frame * 1000:6.0f} ms   ready {figures.ready * 1000:6.0f} ms   "
        f"key p50 {figures.key_p50 * 1000:5.1f} p99 {figures.key_p99 * 1000:5.1f} ms   "
        f"{figures.memory:6.1f} MiB   idle CPU {figures.cpu:5.1f} %   {figures.bytes_per_second / 1024:5.2f} KiB/s"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keys", type=int, default=100)
    parser.add_argument("--idle", type=float, default=10.0)
    parser.add_argument("--scenario", default="home")
    parser.add_argument(
        "--line", action="append", default=[], help="a line to send once ready, e.g. /processes"
    )
    parser.add_argument("--line-ready", default=r"\S", help="what is seen once the lines were answered")
    options = parser.parse_args()

    bare = Program("bare Textual app", [sys.executable, "-m", "tests.benchmarks.bare_app"], "ready")
    demo = Program(
        f"irisops demo ({options.scenario})",
        [sys.executable, "-m", "irisops", "demo", "--scenario", options.scenario],
        r"\d+/\d+",
        tuple(options.line),
        options.line_ready,
    )
    results = {}
    for program in (bare, demo):
        figures = [measure_once(program, options.keys, options.idle) for _ in range(options.runs)]
        results[program.name] = median(figures)
        show(program.name, results[program.name])
    floor, ours = results[bare.name], results[demo.name]
    print(
        f"ratio to the bare app        first frame {ours.first_frame / floor.first_frame:.2f}x   "
        f"ready with live counts {ours.ready / floor.ready:.2f}x   "
        f"key p50 {ours.key_p50 / floor.key_p50:.2f}x p99 {ours.key_p99 / floor.key_p99:.2f}x   "
        f"memory +{ours.memory - floor.memory:.0f} MiB"
    )


if __name__ == "__main__":
    main()
