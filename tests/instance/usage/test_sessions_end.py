"""Ending sessions, acting on processes and changing timeouts: the instance's answers and their interpretation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from irisops.instance.calls import Answer, Call, ClassMethod, Function, ObjectCall
from irisops.instance.capabilities import Capabilities
from irisops.instance.errors import InstanceError, NotAvailable, NotPermitted, Unreachable
from irisops.instance.failures import call_failure
from irisops.instance.usage.processes import act_on_process, probe_action
from irisops.instance.usage.sessions import end_session, probe_ending
from irisops.instance.usage.sessions_timeout import MOST_OBJECTS, TOO_MANY, list_timeouts, set_timeout
from tests.instance.fake_instance import FakeInstance, everything, rows, value

Reaction = Callable[[Call], Answer]


class Scripted:
    """An instance with scripted answers; `calls` are those it got."""

    def __init__(self, answer: Reaction, capabilities: Capabilities | None = None) -> None:
        self._answer = answer
        self.calls: list[Call] = []
        self.capabilities = capabilities or Capabilities(None)

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        self.calls.append(call)
        return self._answer(call)

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        answers: list[Answer | Exception] = []
        for call in calls:
            try:
                answers.append(await self.call(call))
            except (InstanceError, NotPermitted) as problem:
                answers.append(problem)
        return answers


def answering(value: object, text: str = "") -> Reaction:
    """The same value for every function or method, `text` for a status's words."""

    def answer(call: Call) -> Answer:
        if isinstance(call, ClassMethod) and call.method == "GetErrorText":
            return Answer(value=text)
        if isinstance(call, ClassMethod) and call.method == "Check":
            return Answer(value=0)  # it has no privilege
        if isinstance(call, ObjectCall):
            return Answer(values=(value,))  # type: ignore[arg-type]
        return Answer(value=value)  # type: ignore[arg-type]

    return answer


def raising(problem: Exception) -> Reaction:
    def answer(call: Call) -> Answer:
        raise problem

    return answer


@pytest.mark.parametrize("value", [1, "1", None, "", "done"])
async def test_anything_but_an_error_status_counts_as_asked(value: object) -> None:
    instance = Scripted(answering(value))
    assert await end_session(instance, "AbCdEfGhIj") == "marked"
    (call,) = instance.calls
    assert isinstance(call, Function)
    assert (call.label, call.routine) == ("DeleteSession", "%SYS.cspServer")
    assert "AbCdEfGhIj" not in repr(call), "an id is half of a key to the session"


async def test_an_unknown_session_is_gone() -> None:
    instance = Scripted(answering("0 error", "ERROR #5907: Session ID 'x' does not exist"))
    assert await end_session(instance, "x") == "gone"


async def test_a_missing_privilege_is_named_even_if_the_instance_does_not() -> None:
    instance = Scripted(answering("0 error", "ERROR #921: Operation requires privilege"))
    with pytest.raises(NotPermitted) as refused:
        await end_session(instance, "x")
    assert refused.value.privilege == "%DB_IRISSYS:W"


async def test_another_error_is_told_in_the_instances_words() -> None:
    instance = Scripted(answering("0 error", "ERROR #5001: something odd"))
    with pytest.raises(InstanceError) as told:
        await end_session(instance, "x")
    assert told.value.code == 5001


async def test_where_functions_cannot_be_called_the_ways_that_are_left_are_told() -> None:
    instance = Scripted(raising(call_failure("<NOROUTINE> *%SYS.cspServer")))
    for _ in range(2):  # the second time it is known without asking
        with pytest.raises(NotAvailable) as told:
            await end_session(instance, "x")
        assert "portal" in told.value.cure
    assert sum(isinstance(call, Function) for call in instance.calls) == 1


async def test_a_lost_connection_leaves_the_outcome_unknown() -> None:
    with pytest.raises(Unreachable) as lost:
        await end_session(Scripted(raising(Unreachable("gone"))), "x")
    assert "look before you repeat it" in lost.value.cure


@pytest.mark.parametrize("pid", [0, -1])
async def test_no_pid_is_never_sent_because_it_would_mean_this_tool_itself(pid: int) -> None:
    instance = Scripted(answering(1))
    with pytest.raises(ValueError, match="above 0"):
        await act_on_process(instance, pid, "terminate")
    assert instance.calls == []


@pytest.mark.parametrize(("code", "there"), [(1, True), (-4, True), (-2, False), (-3, False)])
async def test_the_codes_of_terminate(code: int, there: bool) -> None:
    # Without SYS.Process the second route is taken.
    capabilities = Capabilities({("%SYSTEM.Process", "Terminate"): False})
    instance = Scripted(answering(code), capabilities)
    assert await act_on_process(instance, 7, "terminate") is there
    assert instance.calls == [ClassMethod("%SYSTEM.Process", "Terminate", (7,))]


@pytest.mark.parametrize(("code", "words"), [(0, "exempt"), (-1, "does not respond"), (9, "answered 9")])
async def test_the_codes_of_terminate_that_are_errors(code: int, words: str) -> None:
    capabilities = Capabilities({("%SYSTEM.Process", "Terminate"): False})
    with pytest.raises(InstanceError, match=words):
        await act_on_process(Scripted(answering(code), capabilities), 7, "terminate")


async def test_a_process_that_is_gone_cannot_be_opened() -> None:
    instance = Scripted(lambda _call: Answer(found=False))
    assert await act_on_process(instance, 7, "suspend") is False


async def test_a_timeout_that_reads_otherwise_after_success_is_an_error() -> None:
    def answer(call: Call) -> Answer:
        assert isinstance(call, ObjectCall)
        assert call.args == ("/csp/user",)
        return Answer(values=("1", 1)) if len(call.steps) == 2 else Answer(values=(900,))

    with pytest.raises(InstanceError, match="reads 900 seconds"):
        await set_timeout(Scripted(answer), "/CSP/User/", 300)
    with pytest.raises(ValueError, match="100000"):
        await set_timeout(Scripted(answer), "/csp/user", 100_001)


async def test_a_timeout_of_an_application_that_is_gone() -> None:
    with pytest.raises(InstanceError) as told:
        await set_timeout(Scripted(lambda _call: Answer(found=False)), "/csp/gone", 300)
    assert told.value.code == 869


def applications(number: int) -> FakeInstance:
    """An instance whose list of applications does not tell their timeouts, but whose objects do."""
    names = [(f"/csp/a{each}",) for each in range(number)]
    return FakeInstance(
        {"Applications_Detail": rows("Name", *names), "Applications.%OpenId": Answer(values=(900, 96))}
    )


async def test_timeouts_that_the_list_lacks_are_read_in_one_batch_and_only_where_needed() -> None:
    instance = applications(5)
    found = await list_timeouts(instance, ["/csp/A1/", "/csp/a2", "/csp/a3"])
    assert [each.timeout for each in found] == [None, 900, 900, 900, None]
    assert found[1].methods == "password, unauthenticated"
    # The list, the first object, the others.
    assert instance.batches == 3


async def test_no_more_than_a_hundred_applications_are_opened_and_that_is_said() -> None:
    instance = applications(MOST_OBJECTS + 20)
    found = await list_timeouts(instance, [f"/csp/a{each}" for each in range(MOST_OBJECTS + 20)])
    assert sum(each.timeout == 900 for each in found) == MOST_OBJECTS
    assert {each.unread for each in found if each.timeout is None} == {TOO_MANY}
    assert sum(isinstance(call, ObjectCall) for call in instance.calls) == MOST_OBJECTS


async def test_why_a_timeout_is_not_known_is_told_once_for_all() -> None:
    instance = applications(3)
    instance.script["Applications.%OpenId"] = call_failure("<PROTECT>")
    instance.script["Security.Check"] = value(1)
    found = await list_timeouts(instance, ["/csp/a0", "/csp/a1"])
    assert [each.timeout for each in found] == [None, None, None]
    assert "may need %All" in found[0].unread
    assert found[1].unread == found[0].unread
    assert sum(isinstance(call, ObjectCall) for call in instance.calls) == 1


async def test_an_instance_that_answers_oddly_to_an_unknown_session_may_end_others() -> None:
    instance = Scripted(answering("0 error", "ERROR #5001: something odd"))
    await probe_ending(instance)


async def test_a_process_that_may_not_be_opened_is_refused_without_being_acted_on() -> None:
    instance = FakeInstance({"Security.Check": value(1), "SYS.Process": call_failure("<PROTECT>")})
    with pytest.raises(
        NotPermitted, match="has %DB_IRISSYS:W, but the instance does not let it open process 7"
    ):
        await probe_action(instance, 7, "suspend")
    assert all(not call.steps for call in instance.calls if isinstance(call, ObjectCall))


async def test_where_a_process_cannot_be_opened_the_next_way_is_looked_at() -> None:
    instance = FakeInstance({"Security.Check": value(1)}, everything())
    assert await probe_action(instance, 7, "terminate")
    assert instance.capabilities.routes("processes.terminate")[0].kind == "method"
    with pytest.raises(NotAvailable, match="Processes cannot be acted on"):
        await probe_action(instance, 7, "suspend")
    assert not any(isinstance(call, ClassMethod) and call.method == "Terminate" for call in instance.calls)
