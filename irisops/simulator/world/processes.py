"""The process table: one row per server process, including the instance's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from irisops.simulator.world.chance import Chance
from irisops.simulator.world.model import Process

SUSPENDED = "SUSP"
ACTIVE_STATES = ("READ", "RUN", "EVTW", "HANG", "GGET", "GSET", "LOCK", "READW")
ACTIVE_SHARE = 0.1
"""Share of the processes whose figures change per second."""


class ProcessTable:
    """Processes by pid. Pids and job numbers ascend and are never reused."""

    def __init__(self, chance: Chance, now: Callable[[], datetime]) -> None:
        self._chance = chance
        self._now = now
        self.rows: dict[int, Process] = {}
        self.revision = 0
        self._next_pid = 1200
        self._next_job = 1
        self._states: dict[int, str] = {}
        self._watchers: dict[int, Callable[[], None]] = {}
        self._turn: list[int] = []

    def start(
        self, *, username: str, namespace: str, routine: str = "", state: str = "READ", kind: str = "user"
    ) -> Process:
        """A new process with the next pid; the caller fills in the rest of the row."""
        self._next_pid += self._chance.randint(1, 3)
        process = Process(
            pid=self._next_pid,
            job_number=self._next_job,
            username=username,
            namespace=namespace,
            routine=routine,
            state=state,
            started=self._now(),
            kind=kind,
            memory_kb=self._chance.randint(120, 900),
        )
        self._next_job += 1
        self.rows[process.pid] = process
        self.revision += 1
        return process

    def remove(self, pid: int) -> Process | None:
        """Remove a process without notifying its watcher: see `tell`."""
        process = self.rows.pop(pid, None)
        if process is not None:
            self._states.pop(pid, None)
            self._watchers.pop(pid, None)
            self.revision += 1
        return process

    def watch(self, pid: int, ended: Callable[[], None]) -> None:
        """Call `ended` if the process is terminated from outside (not if it logs out)."""
        self._watchers[pid] = ended

    def tell(self, pid: int) -> None:
        """Notify the watcher, once, that its process was terminated."""
        ended = self._watchers.pop(pid, None)
        if ended is not None:
            ended()

    def suspend(self, pid: int) -> bool:
        """Suspend a process; False if it does not exist or is already suspended."""
        process = self.rows.get(pid)
        if process is None or pid in self._states:
            return False
        self._states[pid] = process.state
        process.state = SUSPENDED
        self.revision += 1
        return True

    def resume(self, pid: int) -> bool:
        """Resume a process; False if it does not exist or is not suspended."""
        process = self.rows.get(pid)
        if process is None or pid not in self._states:
            return False
        process.state = self._states.pop(pid)
        self.revision += 1
        return True

    def work(self, seconds: float) -> None:
        """Simulate `seconds` of work by some of the processes: their figures grow, their states change.

        The cost depends on that share, not on the elapsed time.
        """
        if not self._turn:
            self._turn = list(self.rows)
        count = max(1, int(len(self.rows) * ACTIVE_SHARE))
        batch, self._turn = self._turn[:count], self._turn[count:]
        chance = self._chance
        scale = min(max(seconds, 0.0), 3600.0)
        for pid in batch:
            process = self.rows.get(pid)
            if process is None or pid in self._states:
                continue
            commands = int(chance.random() * 4000 * scale)
            process.commands += commands
            process.global_refs += commands // 7
            process.global_updates += commands // 60
            process.journal_entries += commands // 80
            process.cpu_ms += commands // 900
            if process.kind == "user" and process.routine:
                process.state = chance.choice(ACTIVE_STATES) if process.in_transaction == 0 else "GSET"
        self.revision += 1
