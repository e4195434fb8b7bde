"""Answers as bytes: JSON, packed by zlib, with rows as the difference to the answer of the same call before it.

Of a list few rows change from one reading to the next; `irisops.instance.driver_process.deltas` says how a difference
is made. A chain of differences begins with a whole answer and ends after `LONGEST` of them, so that a jump to any
moment unpacks few. Nothing that is read is ever unpickled.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from irisops.instance import errors
from irisops.instance.calls import Answer, Call, Rows, Value
from irisops.instance.driver_process.channel import ChannelError, Json
from irisops.instance.driver_process.deltas import Difference
from irisops.instance.driver_process.messages import (
    pack_answer,
    pack_call,
    pack_rows,
    unpack_answer,
    unpack_rows,
)
from irisops.recording.masks import Masks
from irisops.recording.readings import RecordingError

LONGEST = 24
"""Differences in a chain, at most."""
OLDEST = 200
"""Readings after which an answer is written whole again, so that the oldest part of a recording can go."""
MOST_BYTES = 64 * 1024 * 1024
"""Of one unpacked answer. Ten thousand processes take 3 MB."""

_PROBLEMS = {each.__name__: each for each in (errors.NotPermitted, errors.NotAvailable, errors.InstanceError)}


def key_of(call: Call) -> str:
    """What a call is recorded under: all that it asks, without how it is sent."""
    packed = pack_call(call)
    for name in ("repeated", "within", "whole_rows"):
        packed.pop(name, None)
    return json.dumps(packed, sort_keys=True, separators=(",", ":"))


@dataclass(slots=True)
class Written:
    """An answer as it is stored. `base` is the reading it is the difference to, `whole` the one its chain begins with.

    `body` is None if nothing has changed since `base`.
    """

    base: int | None
    whole: int
    body: bytes | None


@dataclass(slots=True)
class _Chain:
    whole: int
    last: int
    length: int
    head: Json
    digests: dict[int, int]
    odd: tuple[int, ...]
    size: int


@dataclass(slots=True)
class _Draft:
    """An answer between its difference and its masks."""

    call: Call
    answer: Answer | errors.InstanceProblem
    fresh: list[tuple[Value, ...]]
    steps: list[int]
    difference: Difference | None
    base: _Chain | None


class Encoder:
    """Writes answers; remembers a digest of each row of the last answer of each call."""

    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self._chains: dict[str, _Chain] = {}

    def reading(
        self, number: int, heard: Sequence[tuple[Call, Answer | Exception]], floor: int
    ) -> dict[str, Written]:
        """The answers of reading `number`, by the key of their call. Chains from before `floor` begin anew."""
        drafts: dict[str, _Draft] = {}
        for call, answer in heard:
            if isinstance(answer, Answer | errors.InstanceProblem):
                key = key_of(call)
                drafts[key] = self._draft(key, call, answer, number, floor)
        for draft in drafts.values():
            if isinstance(draft.answer, Answer) and draft.answer.rows is not None:
                self._masks.learn(draft.answer.rows.columns, draft.fresh)
        return {key: self._written(key, draft, number) for key, draft in drafts.items()}

    def plain(self, key: str, value: Json, number: int, floor: int) -> Written:
        """The same for a value that is no answer."""
        chain = self._usable(key, number, floor)
        if chain is not None and chain.head == value:
            return Written(chain.last, chain.whole, None)
        self._chains[key] = _Chain(number, number, 0, value, {}, (), 0)
        return Written(None, number, _packed({"state": value}))

    def _usable(self, key: str, number: int, floor: int) -> _Chain | None:
        chain = self._chains.get(key)
        if chain is None or chain.whole < max(floor, number - OLDEST):
            return None
        return chain

    def _draft(
        self, key: str, call: Call, answer: Answer | errors.InstanceProblem, number: int, floor: int
    ) -> _Draft:
        chain = self._usable(key, number, floor)
        if not isinstance(answer, Answer) or answer.rows is None:
            return _Draft(call, answer, [], [], None, chain)
        if chain is not None and chain.length >= LONGEST:
            chain = None
        difference = Difference(chain.digests, chain.odd) if chain is not None else Difference({})
        fresh, steps = difference.of(answer.rows.rows)
        return _Draft(call, answer, fresh, steps, difference, chain)

    def _written(self, key: str, draft: _Draft, number: int) -> Written:
        head = self._head(draft)
        chain = draft.base if draft.base is not None and draft.base.head == head else None
        rows = draft.answer.rows if isinstance(draft.answer, Answer) else None
        if chain is None and draft.base is not None and rows is not None:
            draft = replace(draft, difference=Difference({}))
            draft.fresh, draft.steps = cast("Difference", draft.difference).of(rows.rows)
        size = len(rows.rows) if rows is not None else 0
        if chain is not None and (rows is None or (size == chain.size and draft.steps == [0, 0, size])):
            return Written(chain.last, chain.whole, None)
        body: dict[str, Json] = {"head": head}
        if rows is not None:
            body["steps"] = cast("list[Json]", draft.steps)
            body["rows"] = pack_rows(self._masks.rows(rows.columns, draft.fresh))
        base = chain.last if chain is not None else None
        self._chains[key] = _Chain(
            whole=chain.whole if chain is not None else number,
            last=number,
            length=chain.length + 1 if chain is not None else 0,
            head=head,
            digests=draft.difference.digests if draft.difference is not None else {},
            odd=draft.difference.odd if draft.difference is not None else (),
            size=size,
        )
        return Written(base, chain.whole if chain is not None else number, _packed(body))

    def _head(self, draft: _Draft) -> Json:
        if isinstance(draft.answer, Answer):
            return pack_answer(replace(self._masks.answer(draft.call, draft.answer), round_trips=0))
        problem = draft.answer
        return {
            "problem": problem.name,
            "message": self._masks.text(problem.message),
            "cure": self._masks.text(problem.cure),
            "detail": self._masks.text(problem.detail),
            "code": getattr(problem, "code", None),
            "privilege": getattr(problem, "privilege", ""),
        }


def _packed(body: Json) -> bytes:
    return zlib.compress(json.dumps(body, separators=(",", ":")).encode("ascii"), 6)


def unpacked_body(body: bytes) -> dict[str, Json]:
    """The JSON of a stored answer. Raises `RecordingError`."""
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(body, MOST_BYTES)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise damaged("an answer is too big or cut off")
        found = json.loads(text)
    except (zlib.error, ValueError, RecursionError) as error:
        raise damaged(type(error).__name__) from None
    if not isinstance(found, dict):
        raise damaged("an answer is no object")
    return found


def damaged(what: str) -> RecordingError:
    """The problem of a file that is a recording, but not a whole one."""
    return RecordingError(
        f"The recording is damaged: {what}.", "Ask for the file again, or for another part of it."
    )


def answer_of(bodies: Sequence[bytes]) -> Answer | errors.InstanceProblem:
    """The answer at the end of a chain of bodies, the whole one first. Raises `RecordingError`."""
    rows: list[tuple[Value, ...]] = []
    last: dict[str, Json] = {}
    try:
        for body in bodies:
            last = unpacked_body(body)
            if "steps" in last:
                rows = _applied(rows, unpack_rows(last.get("rows")), last["steps"])
        head = last.get("head")
        if not isinstance(head, dict):
            raise damaged("an answer has no head")
        if "problem" in head:
            return _problem_of(head)
        answer, columns = unpack_answer(head)
    except ChannelError as error:
        raise damaged(str(error)) from None
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise damaged(type(error).__name__) from None
    if columns is not None:
        if any(len(row) != len(columns) for row in rows):
            raise damaged("a row has other columns than its list")
        answer.rows = Rows(columns, rows)
    return answer


def _applied(
    base: list[tuple[Value, ...]], fresh: list[tuple[Value, ...]], steps: Json
) -> list[tuple[Value, ...]]:
    if not isinstance(steps, list) or len(steps) % 3:
        raise damaged("a difference is not made of steps")
    rows: list[tuple[Value, ...]] = []
    taken = 0
    for place in range(0, len(steps), 3):
        numbers = [each for each in steps[place : place + 3] if type(each) is int and each >= 0]
        if len(numbers) < 3:
            raise damaged("a step is no number")
        sent, start, count = numbers
        if start + count > len(base) or taken + sent > len(fresh):
            raise damaged("a difference goes beyond its list")
        rows += fresh[taken : taken + sent]
        rows += base[start : start + count]
        taken += sent
        if len(rows) > MOST_BYTES // 64:
            raise damaged("a list is too long")
    return rows


def _problem_of(head: dict[str, Json]) -> errors.InstanceProblem:
    def text(name: str) -> str:
        found = head.get(name)
        return found if isinstance(found, str) else ""

    kind = _PROBLEMS.get(text("problem"), errors.InstanceError)
    code = head.get("code")
    if kind is errors.NotPermitted:
        return errors.NotPermitted(
            text("message"), text("cure"), privilege=text("privilege"), detail=text("detail")
        )
    if kind is errors.InstanceError:
        return errors.InstanceError(
            text("message"), text("cure"), code=code if type(code) is int else None, detail=text("detail")
        )
    return errors.NotAvailable(text("message"), text("cure"), detail=text("detail"))
