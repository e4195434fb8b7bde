"""Detecting, installing and removing the helper, on scripted answers of an instance."""

from __future__ import annotations

import re

import pytest

from irisops.instance.calls import HELPER, Answer, Call, ClassMethod, Function, LoadSource, Query
from irisops.instance.capabilities import Capabilities
from irisops.instance.driver_process.channel import ChannelError
from irisops.instance.driver_process.messages import pack_call, unpack_call
from irisops.instance.errors import InstanceError, NotAvailable, NotPermitted
from irisops.instance.features import FEATURES, HELPER_VERSION_METHOD
from irisops.instance.helper import (
    VERSION,
    HelperState,
    Presence,
    call_helper,
    helper_offer,
    install_helper,
    read_helper,
    remove_helper,
    source,
    told,
)
from irisops.instance.usage.sessions import end_session
from tests.instance.fake_instance import FakeInstance, everything, rows, value

METHODS = (
    HELPER_VERSION_METHOD,
    "EndSession",
    "ModifySecurity",
    "CreateObject",
    "SetMapping",
    "ReadSecurity",
    "Fill",
    "Knows",
    "Answer",
    "StartValidation",
    "RunValidation",
    "ReadValidation",
    "DropValidation",
    "Collect",
    "Quoted",
)


class HelperInstance(FakeInstance):
    """An instance with or without a class of the helper's name."""

    def __init__(
        self, defined: tuple[str, ...] = (), compiled: tuple[str, ...] = (), version: str = ""
    ) -> None:
        super().__init__({}, everything())
        self.defined, self.compiled, self.version = defined, compiled, version
        self.there = bool(defined or compiled)
        self.loaded: list[str] = []
        self.deleted: list[object] = []
        self.status: object = 1
        self.keeps = True
        """Whether loading and deleting do what they say."""

    def _answer(self, call: Call) -> Answer | Exception:
        self.calls.append(call)
        match call:
            case Query(sql=sql) if "ClassDefinition" in sql:
                return rows("Name", *(((HELPER,),) if self.there else ()))
            case Query(sql=sql) if "MethodDefinition" in sql:
                return rows("Name", *((name,) for name in self.defined))
            case Query():
                return rows("Name", *((name,) for name in self.compiled))
            case LoadSource(text):
                self.loaded.append(text)
                if self.status == 1 and self.keeps:
                    self.there, self.defined, self.compiled, self.version = True, METHODS, METHODS, VERSION
                return value(self.status)  # type: ignore[arg-type]
            case ClassMethod(class_name, "Delete", args):
                assert class_name == "%SYSTEM.OBJ"
                self.deleted.append(args)
                if self.keeps:
                    self.there, self.defined, self.compiled = False, (), ()
                return value(self.status)  # type: ignore[arg-type]
            case ClassMethod(_, method):
                assert method == HELPER_VERSION_METHOD
                return value(self.version) if self.version else InstanceError("<UNDEFINED> *x")
        raise AssertionError(call)

    def called(self) -> list[str]:
        return [call.method for call in self.calls if isinstance(call, ClassMethod)]


def test_the_source_is_what_its_constants_say() -> None:
    text = source()
    assert text.isascii()
    # The form in which public code sends a class as a stream: what it is must be told by its first word.
    assert text.startswith(f"Class {HELPER} Extends %RegisteredObject\n{{\n")
    method = re.search(rf"ClassMethod {HELPER_VERSION_METHOD}\(\).*?quit \"(.*?)\"", text, re.DOTALL)
    assert method is not None
    assert method.group(1) == VERSION
    methods = set(re.findall(r"ClassMethod (\w+)\(", text))
    wanted = {
        member
        for feature in FEATURES.values()
        for route in feature.routes
        for name, member in route.needs
        if name == HELPER
    }
    assert wanted <= methods
    assert methods == set(METHODS)


@pytest.mark.parametrize(
    ("defined", "compiled", "version", "presence", "words"),
    [
        ((), (), "", "missing", "not installed"),
        (METHODS, METHODS, "1", "ours", "version 1"),
        (METHODS, METHODS, "", "ours", "there, but does not run"),
        (METHODS, (), "", "ours", "there, but does not run"),
        (("Foo",), ("Foo",), "", "foreign", f"a class {HELPER} that is not this tool's"),
        (("EndSession", "ModifySecurity"), ("EndSession", "ModifySecurity"), "", "foreign", ""),
        (METHODS, ("Foo",), "", "foreign", ""),
        (("Foo",), (), "", "foreign", ""),
    ],
)
async def test_what_is_there(
    defined: tuple[str, ...], compiled: tuple[str, ...], version: str, presence: Presence, words: str
) -> None:
    instance = HelperInstance(defined, compiled, version)
    found = await read_helper(instance)
    assert found == HelperState(presence, version)
    assert words in told(found)
    # Nothing of a class that may be somebody else's is run.
    assert instance.called() == ([HELPER_VERSION_METHOD] if compiled == METHODS else [])
    routes = instance.capabilities.routes("roles.privileges")
    assert any(HELPER in route.label for route in routes) is (compiled == METHODS)


async def test_a_class_without_methods_is_not_ours() -> None:
    instance = HelperInstance()
    instance.there = True
    assert (await read_helper(instance)).presence == "foreign"


async def test_installing_and_removing_are_read_back() -> None:
    instance = HelperInstance()
    assert helper_offer(instance).startswith("/helper install")
    assert (await install_helper(instance)).current
    assert instance.loaded == [source()]
    assert helper_offer(instance) == ""
    assert instance.capabilities.routes("sessions.end")[-1].label == f"{HELPER}.EndSession"
    assert await remove_helper(instance)
    assert instance.deleted == [(HELPER, "-d")]
    assert not await remove_helper(instance)
    assert len(instance.deleted) == 1
    reasons = dict(next(r for r in instance.capabilities.doctor() if r.what == "sessions.end").rejected)
    assert reasons[f"{HELPER}.EndSession"] == "the helper is not installed (/helper install)"


async def test_a_success_that_changed_nothing_is_none() -> None:
    instance = HelperInstance()
    instance.keeps = False
    with pytest.raises(InstanceError, match="accepted the helper, but what is there now is not installed"):
        await install_helper(instance)
    instance = HelperInstance(METHODS, METHODS, "1")
    instance.keeps = False
    with pytest.raises(InstanceError, match="accepted the deletion, but what is there now is version 1"):
        await remove_helper(instance)


@pytest.mark.parametrize("do", [install_helper, remove_helper])
async def test_somebody_elses_class_is_left_alone(do: object) -> None:
    instance = HelperInstance(("Foo",), ("Foo",))
    assert callable(do)
    with pytest.raises(InstanceError, match="not this tool's helper: it is left alone"):
        await do(instance)
    assert not instance.loaded
    assert not instance.deleted


async def test_another_version_is_replaced() -> None:
    instance = HelperInstance(METHODS, METHODS, "0")
    assert (await install_helper(instance)).version == VERSION
    assert len(instance.loaded) == 1


async def test_what_does_not_compile_says_how_to_clean_up() -> None:
    instance = HelperInstance()
    instance.status = "0 " + "\x0c\x01ERROR #5001"
    instance.script = {}

    async def call(call: Call, *, deadline: float | None = None) -> Answer:
        answer = instance._answer(call)  # noqa: SLF001 - its own fake
        if isinstance(call, LoadSource):
            instance.there, instance.defined = True, METHODS
            raise InstanceError("ERROR #5001: line 3", code=5001)
        assert isinstance(answer, Answer)
        return answer

    instance.call = call  # type: ignore[method-assign]
    with pytest.raises(InstanceError, match="line 3") as problem:
        await install_helper(instance)
    assert problem.value.cure.startswith("/helper remove takes away what was loaded.")


async def test_a_method_that_answers_text_failed() -> None:
    instance = FakeInstance({"EndSession": value("ERROR #921: Operation requires %DB_IRISSYS:W privilege")})
    with pytest.raises(NotPermitted) as refused:
        await call_helper(instance, "EndSession", "x")
    assert refused.value.privilege == "%DB_IRISSYS:W"
    instance = FakeInstance({"EndSession": value(None)})
    await call_helper(instance, "EndSession", "x")


async def test_a_helper_that_somebody_deleted_is_said_and_forgotten() -> None:
    instance = FakeInstance({}, everything(helper=True))
    assert len(instance.capabilities.routes("roles.privileges")) == 2
    with pytest.raises(NotAvailable, match="no longer on the instance"):
        await call_helper(instance, "EndSession", "x")
    assert len(instance.capabilities.routes("roles.privileges")) == 1


def test_where_the_dictionary_cannot_be_read_the_helper_is_not_there_until_it_was_seen() -> None:
    unknown = Capabilities(note="SELECT refused")
    assert unknown.routes("sessions.end")[-1].kind != "method"
    unknown.see(HELPER, METHODS)
    assert unknown.routes("sessions.end")[-1].kind == "method"
    unknown.see(HELPER, ())
    assert unknown.routes("sessions.end")[-1].kind != "method"


def test_its_source_crosses_the_pipe_whole() -> None:
    call = LoadSource(source(), "ck-d")
    assert unpack_call(pack_call(call)) == call
    with pytest.raises(ChannelError):
        unpack_call({"call": "load", "source": 3, "flags": "c"})


@pytest.mark.parametrize(
    ("said", "outcome"), [("", "marked"), ("ERROR #5907: Session ID 'x' does not exist", "gone")]
)
async def test_a_session_is_ended_by_it_where_the_function_cannot_be_called(said: str, outcome: str) -> None:
    instance = FakeInstance({"EndSession": value(said)}, everything(helper=True))
    instance.script["DeleteSession"] = InstanceError("<NOROUTINE>", detail="<NOROUTINE> *%SYS.cspServer")
    assert await end_session(instance, "x") == outcome
    # The function is not tried twice.
    assert await end_session(instance, "x") == outcome
    assert sum(isinstance(call, Function) for call in instance.calls) == 1


async def test_a_refusal_by_it_is_the_answer() -> None:
    said = "ERROR #921: Operation requires %DB_IRISSYS:W privilege"
    instance = FakeInstance({"EndSession": value(said)}, everything(helper=True))
    instance.script["DeleteSession"] = InstanceError("<NOROUTINE>", detail="<NOROUTINE> *%SYS.cspServer")
    with pytest.raises(NotPermitted):
        await end_session(instance, "x")
