"""Answers as bytes: JSON, packed by zlib, with rows as the difference to an earlier answer of the same call.

Of a list little changes from one reading to the next (`differences` says how that is written), so one is written whole
and those after it as what differs from that one: a jump to any moment unpacks two. Nothing that is read is ever
unpickled.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from irisops.instance import errors
from irisops.instance.calls import Answer, Call, Rows, Value
from irisops.instance.driver_process.channel import ChannelError, Json
from irisops.instance.driver_process.messages import pack_answer, pack_call, unpack_answer
from irisops.instance.packed_rows import as_kept, packed, unpacked
from irisops.recording.differences import Difference, applied, difference
from irisops.recording.differences import packed as packed_difference
from irisops.recording.masks import Masks
from irisops.recording.readings import RecordingError

TOO_MUCH = 0.5
"""Of the whole answer: a difference that is larger is not worth having."""
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
    """An answer as it is stored. `base` is the reading it is the difference to, `whole` the last one stored whole.

    `body` is None if nothing has changed since `base`.
    """

    base: int | None
    whole: int
    body: bytes | None

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.body or b"")


@dataclass(slots=True)
class _Chain:
    """What is known of the last answer of a call; `kept` are the rows of the last whole one."""

    whole: int
    last: int
    head: Json
    kept: list[bytes]
    size: int
    body: bytes


class Encoder:
    """Writes answers; remembers the last whole one of each call, its rows packed."""

    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self._chains: dict[str, _Chain] = {}

    def reading(
        self, number: int, heard: Sequence[tuple[Call, Answer | Exception]], floor: int
    ) -> dict[str, Written]:
        """The answers of reading `number`, by the key of their call. Those whole before `floor` are written anew."""
        known: dict[str, tuple[Call, Answer | errors.InstanceProblem]] = {}
        for call, answer in heard:
            if isinstance(answer, Answer | errors.InstanceProblem):
                known[key_of(call)] = call, answer
                if isinstance(answer, Answer) and answer.rows is not None:
                    self._masks.learn(answer.rows.columns, answer.rows.rows)
        return {key: self._written(key, *pair, number, floor) for key, pair in known.items()}

    def plain(self, key: str, value: Json, number: int, floor: int) -> Written:
        """The same for a value that is no answer."""
        return self._stored(
            key, {"state": value}, value, [], number=number, chain=self._usable(key, number, floor)
        )

    def _usable(self, key: str, number: int, floor: int) -> _Chain | None:
        chain = self._chains.get(key)
        return None if chain is None or chain.whole < max(floor, number - OLDEST) else chain

    def _written(
        self, key: str, call: Call, answer: Answer | errors.InstanceProblem, number: int, floor: int
    ) -> Written:
        head = self._head(call, answer)
        chain = self._usable(key, number, floor)
        rows = answer.rows if isinstance(answer, Answer) else None
        if rows is None or not rows.columns:
            return self._stored(key, {"head": head}, head, [], number=number, chain=chain)
        if chain is not None and chain.head == head:
            made = difference([unpacked(each) for each in chain.kept], rows.rows, len(rows.columns))
            if not made.fresh and not made.cells and made.steps == [0, 0, len(chain.kept)]:
                return Written(chain.whole, chain.whole, None)
            body = {"head": head, **self._masked(rows.columns, made)}
            written = self._stored(key, body, head, None, number=number, chain=chain)
            if written.size <= TOO_MUCH * chain.size:
                return written
        kept = [each if isinstance(each, bytes) else packed(tuple(each)) for each in as_kept(rows.rows)]
        whole = self._masked(rows.columns, difference([], rows.rows, len(rows.columns)))
        return self._stored(key, {"head": head, **whole}, head, kept, number=number, chain=None)

    def _stored(
        self,
        key: str,
        body: Json,
        head: Json,
        kept: list[bytes] | None,
        *,
        number: int,
        chain: _Chain | None,
    ) -> Written:
        """`kept` None is a difference to the whole answer of `chain`; else the answer is whole itself."""
        made = zlib.compress(json.dumps(body, separators=(",", ":")).encode("ascii"), 6)
        digest = sha256(made).digest()
        if chain is not None and chain.body == digest:
            return Written(chain.last, chain.whole, None)
        if kept is not None or chain is None:
            self._chains[key] = _Chain(number, number, head, kept or [], len(made), digest)
            return Written(None, number, made)
        if len(made) <= TOO_MUCH * chain.size:
            chain.last, chain.body = number, digest
        return Written(chain.whole, chain.whole, made)

    def _masked(self, columns: Sequence[str], made: Difference) -> dict[str, Json]:
        made.fresh = list(self._masks.rows(columns, made.fresh))
        for cells in made.cells:
            name = columns[cells.column].lower()
            cells.values = [self._masks.cell(name, value, "") for value in cells.values]
        return packed_difference(made)

    def _head(self, call: Call, problem: Answer | errors.InstanceProblem) -> Json:
        if isinstance(problem, Answer):
            return pack_answer(replace(self._masks.answer(call, problem), round_trips=0))
        return {
            "problem": problem.name,
            "message": self._masks.text(problem.message),
            "cure": self._masks.text(problem.cure),
            "detail": self._masks.text(problem.detail),
            "code": getattr(problem, "code", None),
            "privilege": getattr(problem, "privilege", ""),
        }


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


def answer_of(
    bodies: Sequence[bytes], whole: list[list[Value]] | None = None
) -> tuple[Answer | errors.InstanceProblem, list[list[Value]]]:
    """The answer made of these bodies, the whole one first, unless `whole` has its columns already.

    Returns the columns of the first, too. Raises `RecordingError`.
    """
    columns: list[list[Value]] = whole or []
    first = columns
    try:
        found = [unpacked_body(body) for body in bodies]
        head = found[-1].get("head")
        if not isinstance(head, dict):
            raise damaged("an answer has no head")
        if "problem" in head:
            return _problem_of(head), first
        answer, names = unpack_answer(head)
        if names is not None:
            for body in found if names else ():
                columns = applied(columns, body, len(names))
                first = first or columns
            answer.rows = Rows(names, list(zip(*columns, strict=True)))
    except ChannelError as error:
        raise damaged(str(error)) from None
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise damaged(type(error).__name__) from None
    return answer, first


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
