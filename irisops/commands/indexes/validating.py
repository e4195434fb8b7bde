"""/indexes validate: each index against its data, by the helper on the instance, else by counting; by plan.

With the helper the instance's own ValidateIndices runs as a process there, which this tool follows, and ends when it is
told to stop. Without it, the rows are counted with and without each index, which needs no code on the instance.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from irisops.changes.record import Origin, Record
from irisops.commands.indexes.finding import PERCENT_SYS, find_one, inside_already
from irisops.commands.indexes.report import Finding, report
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Change, Plan, Progress, Refusal
from irisops.contract.wording import counted, duration, harmless, listed
from irisops.engine.availability import into_sys, read_only_cure
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import InstanceError, InstanceProblem, Unreachable, or_note
from irisops.instance.helper import helper_offer, seek_helper
from irisops.instance.indexes import (
    Checked,
    Index,
    StoredClass,
    Validation,
    compare,
    count_statements,
    drop_validation,
    global_of,
    read_validation,
    start_validation,
)
from irisops.instance.operations.databases import database_of, key_of, read_databases
from irisops.instance.usage.processes import act_on_process, read_process

LOOK_EVERY = 0.5
"""Seconds between two looks at the validation."""
PATIENCE = 10.0
"""Seconds for its process to begin."""
SECONDS_PER_ROW = 40e-6
"""Of one index: 40 s for a million rows in one public run (facts: iris-operations 1)."""
NAME = "indexes_validate"
FINAL = "it changed nothing."


async def validate(context: Context, command: Command) -> Replies:
    """Plan to check indexes."""
    link = context.link()
    if link.profile.read_only:
        raise Refusal(
            "ReadOnly",
            f"{link.name} is a read-only profile: validating changes no data, but it reads all rows, takes locks and "
            "loads the instance.",
            read_only_cure(link),
        )
    found, indexes = await find_one(link, command, "/indexes validate")
    helper = await _with_helper(link)
    size = await _size(link, found.namespace, found.only)
    work = _Work(context, link, found.namespace, found.only, indexes, helper, size, Origin(command.slash))
    yield work.plan()


async def _size(link: Link, namespace: str, stored: StoredClass) -> str:
    """A sentence on how large the global can be at most: the columns of the query that measures it are not known."""
    if not stored.location:
        return "How large its global is, is not known."
    name = global_of(stored.location)
    why: list[str] = []
    unread = f"How large {name} is, is not known"
    directory = await or_note(database_of(link.connection, namespace, name), why, unread)
    read = await or_note(read_databases(link.connection), why, unread) if directory else None
    for each in read[0] if read else ():
        if key_of(each.directory) == key_of(directory or "") and each.size is not None:
            used = each.size - (each.free or 0)
            where = f"the database {harmless(each.name, 40)}, which uses {used:,.0f} MB"
            return f"{name} is in {where}: it is no larger, but for parts that are mapped elsewhere."
    return why[0] if why else f"{unread}."


async def _with_helper(link: Link) -> bool:
    """True if the helper can be called. Raises Unreachable."""
    if not inside_already(link, PERCENT_SYS):
        return False  # it cannot be seen from elsewhere
    await seek_helper(link.connection)
    return link.connection.capabilities.available("indexes.validate")[0]


@dataclass(frozen=True, slots=True)
class _Work:
    """One validation. `helper`: by the class on the instance."""

    context: Context
    link: Link
    namespace: str
    stored: StoredClass
    indexes: tuple[Index, ...]
    helper: bool
    size: str
    """A sentence on the size of the global."""
    origin: Origin

    def plan(self) -> Plan:
        """What it reads, locks and costs."""
        names = listed([each.name for each in self.indexes])
        shown = Plan(
            NAME,
            f"Validate {counted(len(self.indexes), 'index', 'indexes')} of {self.stored.name} in {self.namespace}",
            self.link.instance_name,
            [
                Change(
                    f"{counted(len(self.indexes), 'index', 'indexes')} of {self.stored.name}: {names}",
                    "not checked",
                    "checked, nothing corrected",
                )
            ],
            effects=self._effects(),
            warnings=self._warnings(),
            calls=self._calls(),
        )
        return self.context.plans.add(shown, lambda: self._carry_out(shown), self.link)

    def _effects(self) -> list[str]:
        rows = self.stored.rows
        size = "an unknown number of rows" if rows is None else counted(rows, "row")
        where = f"{self.stored.schema}.{self.stored.table} ({self.stored.location or 'global not known'})"
        lines = [f"It reads {size} of {where} once for each index, and all entries of that index.", self.size]
        if self.helper:
            lines.append(
                "Each row is locked (shared) while it is checked: writers wait for that moment, nobody else does."
            )
            lines.append(
                "It runs on the instance as one process, by the helper, which keeps the result in ^IRIS.Temp.ZIrisOps."
            )
        else:
            lines.append("It takes no locks. The instance counts rows with and without each index.")
        if rows is not None:
            seconds = max(1.0, rows * SECONDS_PER_ROW * len(self.indexes))
            lines.append(
                f"About {duration(seconds)}, perhaps several times that: the estimate rests on one public report."
            )
        lines.append(
            f"A second connection, to {self.namespace}, is open meanwhile: one license connection more."
        )
        return lines

    def _warnings(self) -> list[str]:
        lines: list[str] = []
        if not self.helper:
            offer = helper_offer(self.link.connection).strip()
            if not inside_already(self.link, PERCENT_SYS):
                offer = f"It is called from a connection to %SYS: {into_sys(self.link)}"
            lines.append(
                "Only numbers of rows are compared: the helper, which lets the instance validate, is not there. "
                + offer
            )
        if self.helper and self.stored.mapped:
            lines.append("Validation is not known to work for classes of %Storage.SQL.")
        odd = [each.name for each in self.indexes if not each.known_kind]
        if odd:
            lines.append(f"Validation is not known to check the kind of {listed(odd)}.")
        return lines

    def _calls(self) -> dict[str, list[str]]:
        """What runs, to be made by hand."""
        calls: dict[str, list[str]] = {}
        if self.helper:
            call = f'$SYSTEM.OBJ.ValidateIndices("{self.stored.name}", $listbuild("{{name}}"), 0, 1, 0, 0, .errors)'
            calls["ObjectScript"] = [
                f'set $namespace = "{self.namespace}"',
                *(f"set status = {call.replace('{name}', each.name)}" for each in self.indexes),
                "zwrite errors  ; what was found; status 1 alone says nothing",
            ]
        fields = dict.fromkeys(each.fields[0] for each in self.indexes if each.fields)
        calls["SQL"] = [query.sql for field in fields for query in count_statements(self.stored, field)]
        return calls

    async def _carry_out(self, shown: Plan) -> Replies:
        record = Record(self.context, self.link, shown, self.origin, final=FINAL)
        findings: list[Finding] = []
        try:
            with record.watched():
                checked: dict[str, Checked] = {}
                if self.helper:
                    async with aclosing(self._followed()) as states:
                        async for state in states:
                            checked = {each.index: each for each in state.indexes}
                            yield self._progress(state)
                async with self.link.connection.beside(self.namespace) as other:
                    for number, index in enumerate(self.indexes):
                        yield Progress(NAME, f"Counting by {index.name} …", number / len(self.indexes))
                        counts = await compare(other, self.stored, index)
                        findings.append(Finding(index, counts, checked.get(index.name), self.stored.mapped))
        except (asyncio.CancelledError, GeneratorExit):
            record.end("failed", "stopped")
            raise
        record.end("done", f"{sum(each.verdict == 'broken' for each in findings)} of {len(findings)} broken")
        for reply in report(self.stored, self.namespace, findings, helper=self.helper):
            yield reply

    def _progress(self, state: Validation) -> Progress:
        if not state.at:
            return Progress(NAME, "Waiting for the instance to begin …", 0.0)
        name = self.indexes[min(state.at, len(self.indexes)) - 1].name
        done = len(state.indexes)
        said = f"Process {state.pid} validates {name}, {state.at} of {state.of} …"
        return Progress(NAME, said, done / max(1, state.of))

    async def _followed(self) -> AsyncGenerator[Validation, None]:
        """The validation on the instance, again and again, up to the state in which it is done.

        Left early, its process is ended: it only reads (facts: iris-operations 4).
        """
        connection, clock = self.link.connection, self.context.clock
        key = secrets.token_hex(8)
        await start_validation(connection, key, self.namespace, self.stored, self.indexes)
        began, pid = clock.monotonic(), 0
        try:
            while True:
                alive = not pid or await self._is_there(pid)
                state = await read_validation(connection, key) or NO_RESULT
                _refuse_stuck(state, alive=alive, waited=clock.monotonic() - began)
                pid = state.pid
                yield state
                if state.done:
                    break
                await clock.sleep(LOOK_EVERY)
        except Unreachable as problem:
            where = f"Process {pid} goes on there: /process terminate {pid} ends it. " if pid else ""
            raise type(problem)(problem.message, f"{where}{problem.cure}", detail=problem.detail) from None
        except BaseException:
            # Also when cancelled. It is given up anyway, so a problem with that is not the one to tell.
            with contextlib.suppress(InstanceProblem):
                if pid and await self._is_there(pid):
                    await act_on_process(connection, pid, "terminate")
                await drop_validation(connection, key)
            raise
        await drop_validation(connection, key)

    async def _is_there(self, pid: int) -> bool:
        """True if the process still exists, or if the instance does not tell."""
        try:
            found = await read_process(self.link.connection, pid)
        except Unreachable:
            raise
        except InstanceProblem:
            return True
        user = self.link.profile.user.casefold()
        return found is not None and found.username.casefold() == user


NO_RESULT = Validation(0, 0, 0, done=False, indexes=())
"""A validation of which the instance knows nothing."""


def _refuse_stuck(state: Validation, *, alive: bool, waited: float) -> None:
    """Raise `InstanceError` for a validation that will not end. `waited` in seconds since its start."""
    if state is NO_RESULT:
        raise InstanceError("The result of the validation is gone.", "Give the command again.")
    if not state.done and not alive:
        raise InstanceError(
            f"Process {state.pid} of the instance ended without a result.",
            "Somebody ended it, or it met an error, which stands in the application errors of %SYS.",
        )
    if not state.pid and waited > PATIENCE:
        raise InstanceError(
            f"The instance did not begin within {PATIENCE:g} seconds.",
            "It may have no room for another process; /processes shows what runs.",
        )
