"""Output of any encoding, unit by unit; `test_any_output.py` tries the program itself."""

from __future__ import annotations

import io
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import irisops
from irisops import streams
from irisops.contract.replies import Column, Table
from irisops.engine import reply_text
from irisops.streams import cannot_draw, no_screen

ENCODINGS = (
    "cp1252",
    "cp437",
    "cp850",
    "latin-1",
    "iso8859-15",
    "gbk",
    "shift_jis",
    "koi8-r",
    "ascii",
    "utf-8",
)
PACKAGE = Path(irisops.__file__).parent
SIGNS = sorted(
    {
        character
        for path in PACKAGE.rglob("*.py")
        if "simulator" not in path.parts
        for character in set(path.read_text(encoding="utf-8"))
        if not character.isascii() and not character.isalpha()  # a letter is part of a name: Caché
    }
)
"""Whatever the program's own texts are written with."""


def bytes_of(text: str, encoding: str, errors: str = streams.WORDS) -> bytes:
    sink = io.BytesIO()
    stream = io.TextIOWrapper(sink, encoding=encoding, errors=errors, newline="\n")
    assert streams.say(text, stream, end="") is None
    return sink.getvalue()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_sign_of_ours_can_be_printed_in_any_encoding(encoding: str) -> None:
    """K11: no traceback, and each of our signs is readable, not a code or a question mark."""
    for sign in SIGNS:
        shown = bytes_of(sign, encoding).decode(encoding)
        assert shown, repr(sign)
        assert shown == sign or (shown.isascii() and "U+" not in shown), (sign, shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("✓ role %SQL → %DB_USER:W", "+ role %SQL -> %DB_USER:W"),
        ("✗ nothing grants it", "x nothing grants it"),
        ("Connecting …", "Connecting ..."),
        ("“run”", '"run"'),
        ("esc␛[31m", "esc^[[31m"),
        ("del␡ nul␀ line⏎end", "del^? nul^@ line\\nend"),
        ("‹202E›", "<202E>"),
        ("•••", "***"),
        ("漢字 Ü", "<U+6F22><U+5B57> <U+00DC>"),  # names are data: a letter like it would be another name
        ("🦜", "<U+1F99C>"),
        ("\udcff", "<U+DCFF>"),
    ],
)
def test_signs_become_words(text: str, shown: str) -> None:
    assert bytes_of(text, "ascii").decode("ascii") == shown


def test_only_what_is_missing_is_replaced() -> None:
    assert bytes_of("Ü → é ✓", "cp1252").decode("cp1252") == "Ü -> é +"
    assert bytes_of("→ “a” ✓", "gbk").decode("gbk") == "→ “a” +"
    assert bytes_of("✓ \udcff", "utf-8").decode() == "✓ <U+DCFF>"


@given(st.text(), st.sampled_from(ENCODINGS), st.sampled_from([streams.WORDS, streams.CELLS]))
def test_no_text_fails(text: str, encoding: str, errors: str) -> None:
    bytes_of(text, encoding, errors).decode(encoding)


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Mn", "Me", "Mc"])))
def test_on_a_screen_every_sign_keeps_its_width(text: str) -> None:
    assert len(bytes_of(text, "ascii", streams.CELLS)) == reply_text.width_of(text)


@pytest.mark.parametrize("sign", [sign for sign in SIGNS if not unicodedata.combining(sign)])
def test_on_a_screen_our_signs_keep_their_width(sign: str) -> None:
    assert len(bytes_of(sign, "ascii", streams.CELLS)) == reply_text.width_of(sign)


def test_frames_are_drawn_in_ascii() -> None:
    drawn = "╭─┄━╮\n│▁▄█│\n╰━╸─╯"
    assert bytes_of(drawn, "ascii", streams.CELLS).decode() == "+--=+\n|_-#|\n+=--+"


def test_a_table_stays_aligned_in_words() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    table = Table(
        "t",
        "T → U",
        [Column("a", "A"), Column("b", "B", grow=True)],
        [{"a": "✓ → ␛", "b": "one"}, {"a": "漢", "b": "two" * 30}, {"a": None, "b": "three"}],
    )
    text = reply_text.text(table, 40, lambda each: streams.spelled(each, stream))
    lines = text.splitlines()[1:]
    assert (
        len({line.index(word) for line, word in zip(lines, ("B", "one", "two", "three"), strict=True)}) == 1
    )
    assert lines[2].endswith("...")
    assert max(map(len, lines)) <= 40


def test_decoding_is_not_our_business() -> None:
    for errors in (streams.WORDS, streams.CELLS):
        with pytest.raises(UnicodeDecodeError):
            b"\xff".decode("utf-8", errors)


def test_a_reader_that_left_is_told_and_nothing_fails_after_it() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        lost = streams.say("x" * 100_000, stream)
        assert isinstance(lost, BrokenPipeError)
        assert streams.status_of(lost) == 141
        assert streams.say("more", stream) is None, "it leads nowhere now"


def test_a_full_disk_is_said_and_has_a_status_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    with full.open("w", encoding="utf-8") as stream:
        lost = streams.say("text", stream)
    assert lost is not None
    assert streams.status_of(lost) == 5
    assert capsys.readouterr().err == "irisops: The output cannot be written: No space left on device.\n"


class Stream(io.TextIOWrapper):
    """A stream of a given encoding, a terminal or not."""

    def __init__(self, encoding: str = "utf-8", *, terminal: bool = True) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


PIPE = Stream(terminal=False)
SCREEN = Stream()


@pytest.mark.parametrize("asked", ["irisops", "irisops demo"])
@pytest.mark.parametrize(
    ("streams", "why"),
    [
        ((PIPE, SCREEN, SCREEN), "standard input is none"),
        ((SCREEN, PIPE, SCREEN), "goes to a file or a pipe"),
        ((SCREEN, SCREEN, PIPE), "goes to a file or a pipe"),
        ((PIPE, PIPE, PIPE), "standard input is none"),
    ],
)
def test_without_a_terminal_it_is_said_what_to_do(
    asked: str, streams: tuple[Stream, Stream, Stream], why: str
) -> None:
    """K12."""
    said = no_screen(asked, *streams)
    assert why in said
    assert said.endswith(f"{asked} --plain")
    assert f'irisops run{" --demo" if asked != "irisops" else ""} "/license"' in said


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "ascii", "ANSI_X3.4-1968", "US-ASCII"])
def test_utf_8_and_the_c_locale_can_be_drawn_on(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert no_screen("irisops", SCREEN, Stream(encoding), Stream(encoding)) == ""


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "gbk", "koi8-r", "cp437"])
def test_another_encoding_is_named(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """K11: what is typed is read as UTF-8, so a letter of another encoding would end the screen."""
    monkeypatch.setenv("TERM", "xterm")
    said = no_screen("irisops", SCREEN, Stream(encoding), Stream(encoding))
    assert "speaks UTF-8" in said
    assert "LC_ALL=C.UTF-8" in said
    assert said.endswith("irisops --plain")
    monkeypatch.setenv("TERM", "dumb")
    assert no_screen("irisops", SCREEN, Stream(encoding), Stream(encoding)) == "", "plain mode needs none"


@pytest.mark.parametrize(
    ("kind", "platform", "wanted"),
    [
        ("dumb", "linux", True),
        ("unknown", "linux", True),
        ("", "darwin", True),
        (None, "linux", True),
        (None, "win32", False),
        ("xterm-256color", "linux", False),
        ("linux", "linux", False),
        ("vt100", "linux", False),
    ],
)
def test_which_terminals_cannot_draw(kind: str | None, platform: str, wanted: bool) -> None:
    assert cannot_draw({} if kind is None else {"TERM": kind}, platform) is wanted
