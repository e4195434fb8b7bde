"""Several irisops change one object at once: no change reported as done is lost. Real processes, one simulator."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from irisops.changes import turns
from irisops.contract.clock import Clock
from irisops.contract.replies import Done, Plan, Problem, Refusal
from irisops.engine.context import Context
from irisops.instance.calls import Answer, Call, ClassMethod
from irisops.instance.connection import Connection, Target
from irisops.simulator.world.model import Permission, User
from tests.commands.editing import GOOD, Desk, add_role, desk_on
from tests.instance.served import PASSWORD, Served, serve


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serve(units=50) as made:
        made.world.add_user(User("bob", roles=["%SQL"], full_name="Bob"), GOOD)
        add_role(made, "Clerk", "%SQL", DB_USER=Permission.READ)
        yield made


@dataclass
class Child:
    """Another irisops, remote-controlled by the test."""

    process: asyncio.subprocess.Process

    async def says(self) -> str:
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.readline(), 120)).decode().strip()

    def goes_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")


@asynccontextmanager
async def child(served: Served, home: Path, line: str) -> AsyncIterator[Child]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.changes.pausing_child", str(home), str(served.server.port), line,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(PASSWORD.encode() + b"\n")
    try:
        yield Child(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_change_between_the_last_look_and_the_write_of_another_is_not_lost(
    served: Served, tmp_path: Path
) -> None:
    first_line = "/role Clerk privileges=%DB_USER:R,%Development:U"
    second_line = "/role Clerk privileges=%DB_USER:R,%Admin_Operate:U"
    clerk = served.world.tables.roles.get("Clerk")
    assert clerk is not None
    async with child(served, tmp_path, first_line) as first, child(served, tmp_path, second_line) as second:
        assert [await first.says(), await second.says()] == ["planned", "planned"]
        first.goes_on()
        assert await first.says() == "writes"
        second.goes_on()
        said = await second.says()
        first.goes_on()
        ends = [await first.says()]
        if said == "writes":
            second.goes_on()
        ends.append(await second.says())
        done = [line for line, end in zip((first_line, second_line), ends, strict=True) if end == "Done"]
        assert all(f"%{line.rpartition('%')[2].partition(':')[0]}" in clerk.resources for line in done), (
            ends,
            clerk.resources,
        )
        assert said == "waits"
        assert ends == ["Done", "Moved"]


async def test_six_at_once_lose_nothing(served: Served, tmp_path: Path) -> None:
    roles = ["%Operator", "%Developer", "%Manager", "Clerk"]
    lines = [f"/grant {role} to bob" for role in roles]
    lines += ["/user bob full_name=Robert", "/user bob comment=Hello"]
    async with (
        child(served, tmp_path, lines[0]) as one,
        child(served, tmp_path, lines[1]) as two,
        child(served, tmp_path, lines[2]) as three,
        child(served, tmp_path, lines[3]) as four,
        child(served, tmp_path, lines[4]) as five,
        child(served, tmp_path, lines[5]) as six,
    ):
        children = [one, two, three, four, five, six]
        for each in children:
            assert await each.says() == "planned"
        for each in children:
            each.goes_on()  # the yes
            each.goes_on()  # no pause before the write

        async def end(of: Child) -> str:
            while (said := await of.says()) in ("writes", "waits"):
                pass
            return said

        ends = await asyncio.gather(*map(end, children))
    bob = served.user("bob")
    kept = [*(role in bob.roles for role in roles), bob.full_name == "Robert", bob.comment == "Hello"]
    assert [end == "Done" for end in ends] == kept, (ends, bob)
    assert set(ends) <= {"Done", "Moved"}
    assert "Done" in ends


class Quick(Clock):
    """Waits end at once."""

    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds
        await asyncio.sleep(0)


def waiting_context(desk: Desk) -> Context:
    context = desk.session.context
    context.clock = Quick()
    return context


async def test_a_turn_that_does_not_come_is_refused_with_the_name_of_who_has_it(
    served: Served, tmp_path: Path
) -> None:
    async with child(served, tmp_path, "/grant Clerk to bob") as holder, desk_on(served, tmp_path) as desk:
        assert await holder.says() == "planned"
        holder.goes_on()
        assert await holder.says() == "writes"
        plan = await desk.plan("/user bob comment=Hello")
        waiting_context(desk)
        desk.notices.clear()
        problem = (await desk.yes(plan))[-1]
        assert isinstance(problem, Problem)
        pid = holder.process.pid
        assert problem.error == "Busy"
        assert problem.message == (
            f"Nothing was changed: another irisops of yours (process {pid}) has been changing users and roles of local "
            "for 30 seconds."
        )
        assert [each.message for each in desk.notices] == [
            f"Another irisops of yours (process {pid}) is changing users and roles of local: this change waits for it."
        ]
        await desk.do("/service %Service_Terminal disable")
        holder.process.kill()
        await holder.process.wait()
        await desk.do("/user bob comment=Hello")


async def test_profiles_of_one_address_wait_for_each_other_and_others_do_not(
    served: Served, tmp_path: Path
) -> None:
    async with desk_on(served, tmp_path) as desk, desk_on(served, tmp_path) as other:
        link, context = other.session.hub.require(), waiting_context(other)
        mine = desk.session.hub.require()
        async with turns.turn(desk.session.context, mine, "services"):
            async with turns.turn(context, link, "resources"):
                pass
            with pytest.raises(Refusal, match="another irisops of yours"):
                async with turns.turn(context, link, "services"):
                    pass
        async with turns.turn(context, link, "services"):
            pass


async def test_a_folder_that_cannot_be_made_is_said_before_anything_is_changed(
    served: Served, tmp_path: Path
) -> None:
    async with desk_on(served, tmp_path) as desk:
        plan = await desk.plan("/user bob comment=Hello")
        state = desk.session.context.places.state
        state.mkdir(exist_ok=True)
        (state / "turns").write_text("in the way")
        problem = (await desk.yes(plan))[-1]
        assert isinstance(problem, Problem)
        assert problem.error == "NoTurn"
        assert served.user("bob").comment == ""


class Meddled(Connection):
    """A connection on which bob is changed by somebody else, right after a role was added to him."""

    served: Served

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        answers = await super().batch(calls, deadline=deadline)
        if any(isinstance(call, ClassMethod) and call.method == "AddRoles" for call in calls):
            bob = self.served.user("bob")
            bob.full_name = "Somebody else's"
            if "Clerk" in bob.roles:
                bob.roles.remove("Clerk")
        return answers


@pytest.mark.parametrize("role", ["%Operator", "Clerk"])
async def test_what_somebody_else_changes_at_that_moment_is_told(
    served: Served, tmp_path: Path, role: str
) -> None:
    def connector(target: Target) -> Meddled:
        connection = Meddled(target)
        connection.served = served
        return connection

    async with desk_on(served, tmp_path, connector) as desk:
        plan = await desk.plan(f"/user bob roles=%SQL,{role}")
        assert isinstance(plan, Plan)
        last = (await desk.yes(plan))[-1]
        if role == "Clerk":
            assert isinstance(last, Problem)
            assert last.error == "NotVerified"
            assert (
                "Either it was not carried out, or somebody else changed the same at that moment."
                in last.message
            )
        else:
            assert isinstance(last, Done)
            assert last.details[-1] == (
                "Changed at the same time by somebody else, or by the instance: "
                "full name of bob was Bob and is Somebody else's."
            )
