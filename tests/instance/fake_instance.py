"""An instance in memory for the reads: scripted answers by call, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from irisops.instance.calls import (
    HELPER,
    Answer,
    Call,
    ClassMethod,
    ClassQuery,
    Function,
    LoadSource,
    ObjectCall,
    Query,
    Rows,
    Update,
    Value,
)
from irisops.instance.capabilities import Capabilities, wanted_members
from irisops.instance.errors import InstanceError, Unreachable

Scripted = Answer | Exception | Callable[[Call], Answer | Exception]


def everything(*without: str, projected: bool = True, helper: bool = False) -> Capabilities:
    """Capabilities with everything the routes need, except `without` ("Class.Member" texts).

    The helper is there only on request, as on an instance.
    """
    found = {
        pair: projected
        for pair in wanted_members()
        if ".".join(pair) not in without and (helper or pair[0] != HELPER)
    }
    return Capabilities(found, namespace="%SYS")


def rows(columns: str, *cells: tuple[Value, ...]) -> Answer:
    """An answer with rows; `columns` separated by blanks."""
    return Answer(rows=Rows(tuple(columns.split()), list(cells)), round_trips=1)


def value(item: Value) -> Answer:
    """An answer with a value."""
    return Answer(value=item, round_trips=1)


def name_of(call: Call) -> str:
    """Name of a call in a script: part of its SQL, or its class and member."""
    match call:
        case Query(sql=sql) | Update(sql=sql):
            return sql
        case ClassMethod(class_name, method) | ObjectCall(class_name, method):
            return f"{class_name}.{method}"
        case ClassQuery(query=query):
            return query
        case Function(label, routine):
            return f"{label}^{routine}"
        case LoadSource():
            return "LoadStream"


class FakeInstance:
    """Implements `Instance`. `script` maps a part of `name_of(call)` to the answer."""

    def __init__(self, script: dict[str, Scripted], capabilities: Capabilities | None = None) -> None:
        self.script = script
        self.capabilities = capabilities or everything()
        self.calls: list[Call] = []
        self.batches = 0

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        self.batches += 1
        answers = [self._answer(call) for call in calls]
        for answer in answers:
            if isinstance(answer, Unreachable):
                raise answer
        return answers

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        (answer,) = await self.batch([call])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _answer(self, call: Call) -> Answer | Exception:
        self.calls.append(call)
        for part, scripted in self.script.items():
            if part in name_of(call):
                return scripted(call) if callable(scripted) else scripted
        return InstanceError(
            f"<CLASS DOES NOT EXIST> *{name_of(call)}", detail=f"<CLASS DOES NOT EXIST> *{name_of(call)}"
        )
