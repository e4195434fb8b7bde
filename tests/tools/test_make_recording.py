"""The recording: a cast that asciinema reads, and an SVG with every screen of it."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from tests.tools.make_recording import COLUMNS, ROWS, cast, frames, svg

EVENTS = [
    (0.0, b"\x1b[2Jone <b>\r\n"),
    (1.0, "\x1b[1;38;2;1;2;3mtwo\x1b[0m \u2713".encode()[:-1]),
    (1.001, "\u2713".encode()[-1:]),
    (2.0, b"\x1b[7mthree\x1b[0m"),
]
SPACE = "{http://www.w3.org/2000/svg}"


def test_a_cast_has_a_header_and_whole_signs() -> None:
    header, *lines = map(json.loads, cast(EVENTS).splitlines())
    assert (header["version"], header["width"], header["height"]) == (2, COLUMNS, ROWS)
    assert [line[:2] for line in lines] == [[0.0, "o"], [1.0, "o"], [1.001, "o"], [2.0, "o"]]
    assert "".join(line[2] for line in lines).encode() == b"".join(data for _, data in EVENTS)


def test_the_picture_has_each_whole_screen_once_and_draws_a_row_once() -> None:
    assert [at for at, _ in frames(EVENTS)] == [0.0, 1.001, 2.0]
    picture = ET.fromstring(svg(EVENTS))  # noqa: S314 - our own
    film = picture.find(f".//{SPACE}g[@class='film']")
    assert film is not None
    assert [len(screen) for screen in film] == [1, 2, 2]
    drawn = picture.findall(f"{SPACE}defs/{SPACE}g")
    words = ["".join(text.text or "" for text in row.iter(f"{SPACE}text")) for row in drawn]
    assert words.count("one <b>") == 1
    bold = next(text for row in drawn for text in row.iter(f"{SPACE}text") if text.text == "two")
    assert (bold.get("fill"), bold.get("class")) == ("#010203", "b")
    style = picture.find(f"{SPACE}style")
    assert style is not None
    assert style.text is not None
    assert style.text.count("translateX") == 3
