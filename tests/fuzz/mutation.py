"""Real samples, damaged as files and answers get damaged: cut, doubled, swapped, spoiled, nested, too large."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

SECRET = "c4naryGeheim77"
"""Stands where a sample holds a password or a token."""

FRAGMENT = 7
"""Characters of it in a row that must not be in an error."""

NASTY = (
    "\0", "\x1b]0;x\x07", "\x9b2J", "\u202e", "\ufeff", "\ud800", "\u2028", "²", "٣", "\r", "\n", "\t", " ", '"', "'",
    "\\", "{", "}", "[", "]", "[" * 3_000, '{"a":' * 3_000, "(" * 3_000, "<" * 50, "/" * 200, "^", "^" * 40, "=",
    ":", "::", "%", "%%", "%0", "%ff", "&", "*", "*a *a", ",", ";", "#", "->", "-", "--", "@", "//", "://", "0", "-1",
    "1e999", "9" * 30, "9" * 5_000, "65536", "1-99999999999", "0x10", "NaN", "Infinity", "null", "true", "🦀" * 20, "ä",
    "x" * 5_000, "1-99999999999->1-99999999999/tcp",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 10**400, 0.5, float("nan"), float("inf"), "", " ", "x", "²", "0",
    "-1", "\0", "\ud800", "x" * 5_000, [], [[]], [None], ["x"], {}, {"": ""}, {"a": {}}, "2026-13-45",
    "9999-12-31T23:59:59", "0001-01-01T00:00:00+23:59", "../../x", SECRET,
)  # fmt: skip
DEEP = 4_000
"""Levels: more than any parser of JSON or TOML goes down."""
_PLACEHOLDER = "@deep@"


@st.composite
def texts(draw: st.DrawFn, samples: Sequence[str]) -> str:
    """A sample with up to six changes at any places; rarely no sample at all."""
    if draw(st.integers(0, 19)) == 0:
        return draw(st.text(max_size=200))
    text = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(0, 6))):
        text = _changed(draw, text)
    return text[:200_000]


def _changed(draw: st.DrawFn, text: str) -> str:
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 60)))
    other = draw(st.integers(end, len(text)))
    lines = text.splitlines(keepends=True)
    ways: tuple[Callable[[], str], ...] = (
        lambda: text[:start],
        lambda: text[:end] + text[start:],
        lambda: text[:start] + text[end:],
        lambda: text[:start] + text[end:other] + text[start:end] + text[other:],
        lambda: text[:start] + draw(st.sampled_from(NASTY)) + text[end:],
        lambda: text[:start] + draw(st.text(max_size=8)) + text[start:],
        lambda: "".join(draw(st.permutations(lines))) if len(lines) < 40 else text[::-1],
    )
    return draw(st.sampled_from(ways))()


def shows_secret(text: str) -> bool:
    """True if it contains a recognisable part of the secret."""
    return any(SECRET[at : at + FRAGMENT] in text for at in range(len(SECRET) - FRAGMENT + 1))


def holds_it_whole_or_not(text: str) -> bool:
    """For parsers that know the secret: a secret cut into pieces by a mutation cannot be recognised."""
    return not shows_secret(text.replace(SECRET, ""))


def raw(samples: Sequence[str]) -> st.SearchStrategy[bytes]:
    """Bytes as a file or a pipe may hold them: a changed text, sometimes with bytes that are no UTF-8."""

    def spoiled(made: tuple[str, int, bytes]) -> bytes:
        text, at, more = made
        data = text.encode("utf-8", "surrogatepass")
        return data[: at % (len(data) + 1)] + more + data[at % (len(data) + 1) :] if more else data

    more = st.one_of(st.just(b""), st.just(b""), st.binary(max_size=8), st.just(b"\xff\xfe"))
    return st.tuples(texts(samples), st.integers(0, 1 << 20), more).map(spoiled)


@st.composite
def trees(draw: st.DrawFn, samples: Sequence[Any]) -> Any:
    """A sample of plain values in which nodes are replaced, taken away, doubled, renamed or added."""
    tree = json.loads(json.dumps(draw(st.sampled_from(samples))))
    for _ in range(draw(st.integers(0, 4))):
        tree = _replaced(draw, tree)
    return tree


def _replaced(draw: st.DrawFn, tree: Any) -> Any:
    """One change at a random place."""
    holder: Any = None
    at: Any = None
    node = tree
    while isinstance(node, dict | list) and node and (holder is None or draw(st.integers(0, 4)) > 0):
        holder = node
        at = (
            draw(st.sampled_from(sorted(node, key=str)))
            if isinstance(node, dict)
            else draw(st.integers(0, len(node) - 1))
        )
        node = node[at]
    what = draw(st.integers(0, 5))
    if holder is None or what == 0:
        value = copy.deepcopy(draw(st.sampled_from(VALUES)))
        if holder is None:
            return value
        holder[at] = value
    elif what == 1:
        del holder[at]
    elif what == 2 and isinstance(holder, dict):
        holder[draw(st.text(max_size=5))] = holder.pop(at)
    elif what == 2:
        holder.append(node)
    elif what == 3 and isinstance(node, str):
        holder[at] = draw(texts([node]))
    elif what == 4:
        holder[at] = _PLACEHOLDER
    else:
        holder[at] = draw(
            st.one_of(st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=4).map(str))
        )
    return tree


def as_json(tree: Any) -> str:
    """The text of such a tree, with the places that nest without end."""
    return json.dumps(tree).replace(f'"{_PLACEHOLDER}"', "[" * DEEP + "]" * DEEP)


def json_texts(samples: Sequence[Any]) -> st.SearchStrategy[str]:
    """JSON with changed values, and text that is no longer JSON."""
    return st.one_of(trees(samples).map(as_json), texts([json.dumps(each) for each in samples]))


def json_bytes(samples: Sequence[Any]) -> st.SearchStrategy[bytes]:
    """The same as bytes."""
    return st.one_of(trees(samples).map(as_json).map(str.encode), raw([json.dumps(each) for each in samples]))
