"""/indexes build: indexes built anew from the data, by plan; map status and counts read back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from irisops.changes.record import Origin, Record
from irisops.commands.indexes.finding import STATUS, find_one
from irisops.connections.connection import InstanceConnection, Link
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Change, Done, Plan, Progress, Refusal
from irisops.contract.wording import counted, duration, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import or_note
from irisops.instance.indexes import (
    Counts,
    Index,
    StoredClass,
    build,
    build_statement,
    classes_named,
    compare,
    map_status,
)
from irisops.instance.operations.journal import read_journal

LOOK_EVERY = 0.5
"""Seconds between two signs of life."""
NAME = "indexes_build"
FINAL = "what was in the indexes before is not kept. Build them again if something is wrong."


async def build_anew(context: Context, command: Command) -> Replies:
    """Plan to build indexes anew."""
    link = context.link()
    found, indexes = await find_one(link, command, "/indexes build")
    if found.only.mapped:
        raise Refusal(
            "SqlMapped",
            f"{found.only.name} says itself where its indexes are (%Storage.SQL): BUILD INDEX does nothing for them.",
            "What fills its globals must build them.",
        )
    journal: list[str] = []
    space = await or_note(_journal_space(link), journal, "How much room the journal has is not known")
    yield _Work(
        context, link, found.namespace, found.only, indexes, space or journal[0], Origin(command.slash)
    ).plan()


async def _journal_space(link: Link) -> str:
    """A sentence on the room in the journal. Raises the named problem."""
    free = (await read_journal(link.connection)).free_mb
    return (
        "How much room the journal has is not known."
        if free is None
        else f"The journal has {free:,} MB left; /journal tells for how long."
    )


@dataclass(frozen=True, slots=True)
class _Work:
    """One rebuild."""

    context: Context
    link: Link
    namespace: str
    stored: StoredClass
    indexes: tuple[Index, ...]
    journal: str
    """A sentence on the room in the journal."""
    origin: Origin

    def plan(self) -> Plan:
        """What is built and who waits. The name of the class must be typed, as writers wait for the whole run."""
        table = f"{self.stored.schema}.{self.stored.table}"
        rows = "all rows" if self.stored.rows is None else counted(self.stored.rows, "row")
        names = listed([each.name for each in self.indexes])
        each = "it" if len(self.indexes) == 1 else "each"
        unique = [each.name for each in self.indexes if each.unique]
        shown = Plan(
            NAME,
            f"Build {counted(len(self.indexes), 'index', 'indexes')} of {self.stored.name} anew in {self.namespace}",
            self.link.instance_name,
            [
                Change(f"index {each.name}", STATUS[each.selectable], "built anew from the data")
                for each in self.indexes
            ],
            effects=[
                f"Nobody can change {table} until it is done: it is locked as a whole. Its {rows} are read.",
                f"Queries do without {names} meanwhile; whether they may use {each} again is read back afterwards.",
                f"A second connection, to {self.namespace}, is open meanwhile: one license connection more.",
            ],
            warnings=[
                f"It writes as much journal as the indexes are large. {self.journal}",
                "Reads of the table meanwhile may give inaccurate results.",
                *(
                    [
                        f"{listed(unique)}: two rows with one value stay two, whatever is built. Look for them first."
                    ]
                    if unique
                    else []
                ),
            ],
            calls={
                "SQL": [build_statement(self.stored, self.indexes).sql],
                "ObjectScript": [
                    f'set $namespace = "{self.namespace}"',
                    f"write ##class({self.stored.name}).%BuildIndices($listbuild("
                    + ", ".join(f'"{each.name}"' for each in self.indexes)
                    + "), 1, 1)  ; 1 is success",
                ],
            },
            confirm_word=self.stored.name,
        )
        return self.context.plans.add(shown, lambda: self._carry_out(shown), self.link)

    async def _carry_out(self, shown: Plan) -> Replies:
        """Look again, build, read back."""
        async with self.link.connection.beside(self.namespace) as other:
            await self._refuse_moved(other)
            record = Record(self.context, self.link, shown, self.origin, final=FINAL)
            began = self.context.clock.monotonic()
            with record.watched():
                work = asyncio.create_task(build(other, build_statement(self.stored, self.indexes)))
                try:
                    while not work.done():
                        gone = self.context.clock.monotonic() - began
                        yield Progress(NAME, f"The instance builds ({duration(gone)}) …")
                        await asyncio.wait({work}, timeout=LOOK_EVERY)
                    await work
                except (asyncio.CancelledError, GeneratorExit):
                    record.end("unknown", "left while it ran: the instance goes on")
                    raise
                finally:
                    work.cancel()
                status = await map_status(other, self.stored)
                counts = [await compare(other, self.stored, each) for each in self.indexes]
            record.end("done", "read back")
        for reply in self._told(status, counts):
            yield reply

    async def _refuse_moved(self, instance: InstanceConnection) -> None:
        """Raise `Refusal` if an index of the plan is no longer there."""
        now = await classes_named(instance, self.stored.name)
        names = {index.name for each in now if each.name == self.stored.name for index in each.indexes}
        gone = [each.name for each in self.indexes if each.name not in names]
        if gone:
            raise Refusal(
                "ChangedMeanwhile",
                f"Nothing was built: {self.stored.name} has no index {listed(gone)} any more.",
                "Give the command again to see a fresh plan.",
            )

    def _told(self, status: dict[str, bool | None], counts: list[Counts]) -> list[Done]:
        hidden = [each for each in self.indexes if status.get(each.name) is False]
        unknown = [each.name for each in self.indexes if status.get(each.name) is None]
        differ = [
            each.name
            for each, found in zip(self.indexes, counts, strict=True)
            if found.compared and found.differ
        ]
        details: list[str] = []
        if not hidden and not unknown:
            them = "it again: it" if len(self.indexes) == 1 else "them again: each"
            details.append(f"Queries may use {them} is selectable.")
        if unknown:
            details.append(
                f"Whether queries may use {listed(unknown)} is not known: the instance does not tell."
            )
        for each in hidden:
            table = f"{self.stored.schema}.{self.stored.table}"
            # UNVERIFIED: that a map has the name of its index in the class, also where SqlName gives it another; the
            # method takes any name (facts: iris-operations 2). Settle: GetMapSelectability with both names.
            details.append(
                f"{each.name} is not selectable yet: queries do not use it. In {self.namespace}: "
                f'do $SYSTEM.SQL.Util.SetMapSelectability("{table}", "{each.name}", 1). It takes any name without a '
                "word: /indexes shows whether it helped."
            )
        if differ:
            details.append(f"{listed(differ)}: the number of rows still differs from the data's.")
        names = " ".join(quote(each.name) for each in self.indexes)
        return [
            Done(
                NAME,
                f"{counted(len(self.indexes), 'index', 'indexes')} of {self.stored.name} "
                f"{'is' if len(self.indexes) == 1 else 'are'} built anew.",
                details,
                offer=f"/indexes validate {quote(self.stored.name)} {names} namespace={quote(self.namespace)}",
            )
        ]
