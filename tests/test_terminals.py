from __future__ import annotations

import io

import pytest

from irisops.terminals import cannot_draw, no_screen


class Stream(io.TextIOWrapper):
    """A stream that says whether it is a terminal, and of which encoding."""

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
