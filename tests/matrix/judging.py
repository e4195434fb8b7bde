"""The judge of the matrix: what an answer is worth beside that of the kindest world as %All.

right: the same figures. partial: some are missing, and a note says so. refused early: no yes was asked for, and the
cause that is named is true. wrong: all else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from irisops.contract.replies import Done, Facts, Form, Plan, Problem, Reply, Series, Table
from irisops.engine.reply_json import value
from irisops.simulator.doubts import EXECUTE, SECURITY_OBJECTS
from tests.matrix.worlds import Figures, Held, Place, Seen

Verdict = Literal["right", "partial", "refused early", "wrong"]
WORST: tuple[Verdict, ...] = ("wrong", "refused early", "partial", "right")
REFUSALS = {"NotPermitted", "NotAvailable", "WrongNamespace", "NotInSys"}
"""Refusals for what the account or the instance lacks."""
OWN = "OWN"
"""Stands for the name of the account that is logged in."""

_LIST = r"((?:%[\w.]+:[RWU]+)(?:(?:, | and )%[\w.]+:[RWU]+)*)"
_CLAIMED = re.compile(f"(?:This account lacks|It needs|Ask an administrator for) {_LIST}")
_HELD = re.compile(f"This account has {_LIST}")
_PRIVILEGE = re.compile(r"(%[\w.]+):([RWU]+)")
_EXECUTE = re.compile(r"SQL wants EXECUTE on")
_UNREAD = re.compile(
    "cannot|not known|unknown|does not|did not|could not|not (?:told|listed|readable)|gives it only|lacks|without",
    re.IGNORECASE,
)
"""How a note says that something is missing."""
_UNTOLD = "the instance does not give"
"""How another refusal names what cannot be read."""
_LOST = "/undo does not bring it back"
"""How the plan of a deletion names what an undo will not restore."""
_LEFT_OUT_NOTE = "Left out, because the instance does not give"
"""How the plan of a sweep begins to name what it leaves alone for want of knowledge."""
_NO_NAME = "Ask an administrator for the privilege,"
"""The cure of a refusal whose cause has no name."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict and its reason."""

    verdict: Verdict
    why: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """Differences of two answers: figures that are missing, and figures that are others."""

    missing: Sequence[str] = ()
    other: Sequence[str] = ()


def judge(reference: Seen, seen: Seen, held: Held, place: Place, undone: Seen | None = None) -> Judged:
    """Compare what a line brought with what it brought in the kindest world as %All.

    `undone`: what the change brought that this line takes back.
    """
    lie = next(_lies([*seen.replies, *seen.after], held, place), "")
    if lie:
        return Judged("wrong", lie)
    refusal = _refusal(seen.replies)
    if refusal is not None:
        return _early(reference, seen, refusal, place)
    late = _refusal(seen.after)
    if late is not None and getattr(_refusal(reference.after), "error", "") != late.error:
        return Judged("wrong", f"fails after the yes: {late.error}: {late.message}")
    wanted = reference.change if seen.agreed or not reference.agreed else {}
    if seen.change != wanted:
        return _changed_otherwise(wanted, seen, undone)
    return _compared(reference, seen, place)


def _changed_otherwise(wanted: Figures, seen: Seen, undone: Seen | None) -> Judged:
    """The verdict on a change that is not the wanted one: partial if the plan names what it leaves out or loses."""
    lost = {key for key in (*wanted, *seen.change) if wanted.get(key) != seen.change.get(key)}
    warned = [note for note in _notes(undone) if _LOST in note] if undone is not None else []
    if warned and all(seen.change.get(key, ("", "?"))[1] in _EMPTY for key in lost):
        return Judged("partial", f"not brought back: {', '.join(sorted(lost))} | {' | '.join(warned)}")
    notes = [note for each in (seen, undone) if each is not None for note in _notes(each)]
    told = " ".join(note for note in notes if note.startswith(_LEFT_OUT_NOTE))
    if all(
        key not in seen.change and re.search(rf"\b{re.escape(key.split('/')[1])}\b", told) for key in lost
    ):
        return Judged("partial", f"left out: {', '.join(sorted(lost))} | {told}")
    return Judged("wrong", f"the world changed otherwise: {seen.change} instead of {wanted}")


def _early(reference: Seen, seen: Seen, refusal: Problem, place: Place) -> Judged:
    """The verdict on a refusal before a plan."""
    told = f"{refusal.error}: {refusal.message} {refusal.cure}"
    same = _refusal(reference.replies)
    if same is not None and _plain(same, place) == _plain(refusal, place):
        return Judged("right")
    if seen.change:
        return Judged("wrong", f"refused, but changed {seen.change}")
    if _NO_NAME in refusal.cure and "It needs" not in refusal.cure:
        return Judged("wrong", f"names no privilege: {told}")
    return Judged(
        "refused early" if refusal.error in REFUSALS or _UNTOLD in refusal.message else "wrong", told
    )


def _compared(reference: Seen, seen: Seen, place: Place) -> Judged:
    """The verdict on answers that are there, by their figures."""
    parts = _differences(reference, seen, place)
    if parts.other:
        return Judged("wrong", "; ".join(parts.other))
    if not parts.missing:
        return Judged("right")
    missing = "; ".join(parts.missing)
    notes = [note for note in _notes(seen) if _UNREAD.search(note) and note not in _notes(reference)]
    if not notes:
        return Judged("wrong", f"no note on what is missing: {missing}")
    unnamed = [each for each in parts.missing if not _names(notes, each)]
    if unnamed:
        return Judged(
            "wrong", f"the notes do not name what is missing: {'; '.join(unnamed)} | {' | '.join(notes)}"
        )
    return Judged("partial", f"{missing} | {' | '.join(notes)}")


_PARTS: Mapping[str, str] = {
    "databases": "Sizes|State|never mounted",
    "database": "Sizes|State|Limits|namespaces",
    "journal": "transactions|journal files|space left",
    "namespaces": "databases of the namespaces",
    "locks": "holders|waits",
    "productions": "cannot look|cannot be read",
    **dict.fromkeys(("holders", "holder", "Table sessions"), "[Ss]essions|[Pp]rocesses"),
    **dict.fromkeys(
        ("connections", "free", "in_use", "processes"), "[Cc]onnections|[Ss]essions|[Pp]rocesses"
    ),
    "units": "[Cc]onnections|[Ss]essions|[Pp]rocesses|applications",
    "age": "AGE|[Aa]ge",
    "idle": "idle",
    "last_login": "last login|last logged in|ever used",
    "comment": "comment",
    "email": "e-mail",
    "escalation_roles": "escalation roles",
    "must_change_password": "must change password",
    "apps": "open them",
    "Plan sql_grant": "granted",
    "dormant": "Age unknown|last login",
    "preflight": "could not be checked",
    "explain_page": "could not be read|could not be asked",
}
"""Words, one of which a note must have where a figure is missing: by column, else by reply."""


def _names(notes: Iterable[str], missing: str) -> bool:
    """True if a note names a missing figure, such as `users[bob].age: None instead of 3`."""
    found = re.match(r"(\w+)(?:\[.*?\])?\.(\w+)", missing)
    reply, column = found.groups() if found else (missing, "")
    words = _PARTS.get(column) or _PARTS.get(reply, "")
    return any(re.search(words, note) for note in notes)


def _refusal(replies: Iterable[Reply]) -> Problem | None:
    return next((each for each in replies if isinstance(each, Problem)), None)


def _lies(replies: Sequence[Reply], held: Held, place: Place) -> Iterator[str]:
    """Claims about the account's privileges that the world's tables contradict."""
    for text in _texts(replies):
        for claim in _CLAIMED.finditer(text):
            if all(held.has(*each) for each in _PRIVILEGE.findall(claim[1])):
                yield f"the account has {claim[1]}: {text}"
        for claim in _HELD.finditer(text):
            if not all(held.has(*each) for each in _PRIVILEGE.findall(claim[1])):
                yield f"the account lacks {claim[1]}: {text}"
        if held.superuser and re.search("may need %All|This account lacks|SQL wants", text):
            yield f"a superuser lacks nothing: {text}"
        if _EXECUTE.search(text) and place.doubts[EXECUTE.name] != "needed":
            yield f"EXECUTE is not needed here: {text}"
        if place.helper and "/helper install" in text:
            yield f"the helper is installed: {text}"
        if "may need %All" in text and place.doubts[SECURITY_OBJECTS.name] != "protected":
            yield f"nothing is protected here: {text}"


def _texts(replies: Iterable[Reply]) -> Iterator[str]:
    """The sentences of replies."""
    for reply in replies:
        if isinstance(reply, Problem):
            yield f"{reply.message} {reply.cure}"
        elif isinstance(reply, Facts | Table | Series | Form):
            yield from reply.notes
            if isinstance(reply, Table) and reply.name == "preflight":
                yield from (str(row["title"]) for row in reply.rows)
        elif isinstance(reply, Plan):
            yield from (*reply.warnings, *reply.effects)
        elif isinstance(reply, Done):
            yield from reply.details


def _notes(seen: Seen) -> list[str]:
    return list(_texts([*seen.replies, *seen.after]))


def _plain(problem: Problem, place: Place) -> tuple[str, str]:
    return problem.error, str(_masked(problem.message, place.account))


# The figures of an answer

_MASKS = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\S*/iris\.json"), "iris.json"),
    (re.compile(r"\bchange \d+"), "change N"),
    # The helper class creates an application; without it one is copied. The records that come of it are compared.
    (re.compile(r"^made as a copy of \S+$"), "made"),
    (re.compile(r"on local \(IRIS\)", re.IGNORECASE), "on local"),
)
"""What differs from run to run, or is beside the point."""
_EMPTY: tuple[object, ...] = (None, "", [], "?", "unknown", "not known", "–")
_OWN_NAMED = {
    *("license", "holders", "holder", "sessions", "processes", "process"),
    *("status", "forecast", "ways", "advice"),
}
"""Answers in which the account that is logged in has a part of its own."""
_BESIDE = {"doctor", "routes", "helper", "evidence", "export", "diff", "apply"}
"""Answers about the ways of the tool itself, or about the doubts: they are others in each world. Of an export they tell
how much could be read; tests/commands/configuration follow what is told of the rest."""
_LEFT_OUT = {
    *("address", "namespace", "device", "user_data", "client"),  # of the connection itself
    *("round_trips", "poll_round_trips", "commands", "global_refs"),  # they grow with each call
    *("rank", "number"),
}
"""Figures that are no part of the answer."""
_PROSE = {"found", "why", "returns", "title", "setting", "present", "effect", "detail", "cure", "level"}
"""Sentences: what is not known makes them shorter."""
_COUNTED = {"in_use", "free", "units"}
"""Connections of a Community Edition; where they cannot be counted, the instance's own counter stands for them."""
_UNCOUNTED = "The connections cannot be counted"
_KEYS = {"advice": "title"}
"""Tables whose rows are known by another column than their key."""


def _masked(raw: Any, own: str = "") -> Any:
    """A value without what differs from run to run, and with the own account's name replaced."""
    if isinstance(raw, str):
        for pattern, instead in _MASKS:
            raw = pattern.sub(instead, raw)
        return re.sub(rf"(?<![\w%/]){re.escape(own)}(?![\w%])", OWN, raw) if own else raw
    if isinstance(raw, Mapping):
        return {_masked(key, own): _masked(each, own) for key, each in raw.items()}
    if isinstance(raw, list | tuple):
        return [_masked(each, own) for each in raw]
    return raw


def _differences(reference: Seen, seen: Seen, place: Place) -> Parts:
    """The differences of all replies but problems, each with the reply of its kind and name."""
    missing: list[str] = []
    other: list[str] = []
    for wanted, there in ((reference.replies, seen.replies), (reference.after, seen.after)):
        left = [each for each in there if not isinstance(each, Problem)]
        for one in (each for each in wanted if not isinstance(each, Problem)):
            same = next((each for each in left if _named(each) == _named(one)), None)
            if same is None:
                missing.append(_named(one))
                continue
            left.remove(same)
            parts = _parts(_figures(one, "admin1"), _figures(same, place.account), _texts([same]))
            missing += parts.missing
            other += parts.other
        if not missing:  # else they stand for what is missing, such as the processes of another holder
            other += [f"also {_named(each)}" for each in left]
    return Parts(missing, other)


def _named(reply: Reply) -> str:
    return f"{type(reply).__name__} {getattr(reply, 'name', '')}"


def _parts(wanted: Mapping[str, Any], there: Mapping[str, Any], notes: Iterable[str]) -> Parts:
    """The differences of two replies by figure; `notes` are those of the second."""
    if wanted.get("holder.holder") != there.get("holder.holder"):
        return Parts(list(wanted))  # the largest holder that is known is another one
    missing: list[str] = []
    other: list[str] = []
    uncounted = _COUNTED if any(_UNCOUNTED in note for note in notes) else ()
    for key, was in wanted.items():
        if key not in there:
            missing.append(f"{key} ({was})")
        elif there[key] != was:
            row, _, column = key.rpartition(".")
            unread = "could not be checked" in str(there.get(f"{row}.title"))
            shorter = isinstance(was, str) and column in _PROSE
            told = missing if there[key] in _EMPTY or unread or shorter or column in uncounted else other
            told.append(f"{key}: {there[key]!r} instead of {was!r}")
    other += [
        f"{key}: {each!r} instead of nothing"
        for key, each in there.items()
        if key not in wanted and each not in _EMPTY
    ]
    return Parts(missing, other)


def _figures(reply: Reply, account: str) -> dict[str, Any]:
    """The figures of a reply by name: cells by row and column, facts, lines of a plan, fields of a form."""
    name = getattr(reply, "name", "")
    own = account if name in _OWN_NAMED else ""
    if name in _BESIDE:
        return {}
    if isinstance(reply, Table):
        return _cells(reply, account, own)
    if isinstance(reply, Facts):
        facts = {key: each for key, each in reply.facts.items() if key not in _LEFT_OUT}
        return {f"{name}.{key}": _masked(value(each), own) for key, each in facts.items()}
    if isinstance(reply, Plan):
        lines = {f"{name}.{_masked(each.what)}": _masked([each.before, each.after]) for each in reply.changes}
        return {f"{name}.title": _masked(reply.title), **lines}
    found: dict[str, Any] = {}
    if isinstance(reply, Form):
        found = {f"{name}.{each.name}": value(each.value) for each in reply.fields}
    elif isinstance(reply, Done):
        found = {f"{name}.message": _masked(reply.message)}
    elif isinstance(reply, Series):
        found = {f"{name}.{line}": values[-1] for line, values in reply.lines.items()}
    return found


def _cells(table: Table, account: str, own: str) -> dict[str, Any]:
    """The cells of a table. Rows of the account that is logged in are left out where only it can have them."""
    found: dict[str, Any] = {}
    for number, row in enumerate(table.rows):
        if table.name in {"processes", "denied"} and account in (row.get("user"), row.get("username")):
            continue
        cells = {column: _masked(value(each), own) for column, each in row.items() if column not in _LEFT_OUT}
        column = _KEYS.get(table.name, table.key)
        key = str(cells.get(column)) if column else str(number)
        if table.name == "holders" and re.match("web |session ", key):
            # Without the list of sessions, those of nobody stand one by one: their sums are compared.
            key = "web"
            sums = ("units", "connections")
            cells = {each: found.get(f"holders[web].{each}", 0) + cells[each] for each in sums}
        found |= {f"{table.name}[{key}].{column}": cell for column, cell in cells.items()}
    return found
