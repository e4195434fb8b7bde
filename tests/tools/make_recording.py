"""Records the full-license story: `screenshots/full-license.cast` (asciinema v2) and an animated SVG made from it.

    python -m tests.tools.make_recording [FOLDER]

The program runs in a pseudo-terminal on a practice instance of its own. The SVG needs no script and no font from the
net: each different row is drawn once, and a frame is a list of rows.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import pyte
from pyte.screens import Char

from tests.terminal import Terminal, key

ROOT = Path(__file__).resolve().parent.parent.parent
COLUMNS, ROWS = 100, 30
LETTER = 0.07
"""Seconds between two typed letters."""
LONGEST_PAUSE = 2.5
"""Seconds that a pause lasts at most in the recording."""


@dataclass(frozen=True)
class Step:
    """What is typed, or the name of a key; what is then seen; seconds to read it."""

    typed: str
    seen: str
    reading: float = 2.0


STORY = (
    Step("", r"license \d", 1.5),
    Step("who holds my license", "who holds my license", 0.3),
    Step("enter", "HOLDER", 3.0),
    Step("free a unit", "free a unit", 0.3),
    Step("enter", "y yes", 3.5),
    Step("y", "ended", 3.0),
    Step("/license", "/license", 0.2),
    Step("enter", "live", 3.0),
    Step("ctrl+q", "", 0.2),
)
Event = tuple[float, bytes]


class Recorder(Terminal):
    """Keeps when each piece of output came."""

    def __init__(self, argv: Sequence[str], env: dict[str, str]) -> None:
        self.events: list[Event] = []
        super().__init__(argv, columns=COLUMNS, rows=ROWS, env=env)

    def pump(self, timeout: float = 0.05) -> bool:
        """See `Terminal.pump`."""
        before = len(self.raw)
        alive = super().pump(timeout)
        if len(self.raw) > before:
            self.events.append((time.perf_counter() - self.started, bytes(self.raw[before:])))
        return alive

    def watch(self, seconds: float) -> None:
        """Take in output for some time."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end and self.pump(0.02):
            pass


def record(argv: Sequence[str], story: Sequence[Step]) -> list[Event]:
    """Play the story; returns its output, with long pauses cut and the start of the program left out."""
    with tempfile.TemporaryDirectory() as home:
        env = {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home, "LANG": "C.UTF-8"}
        recorder = Recorder(argv, env)
        with recorder:
            for step in story:
                for sign in [key(step.typed)] if key(step.typed) != step.typed else step.typed:
                    recorder.send(sign)
                    recorder.watch(LETTER)
                if step.seen:
                    recorder.wait_for(step.seen)
                recorder.watch(step.reading)
            events = recorder.events
    cut: list[Event] = []
    now = before = events[0][0]
    for at, data in events:
        now += min(at - before, LONGEST_PAUSE)
        before = at
        cut.append((now - events[0][0], data))
    return cut


def cast(events: Sequence[Event]) -> str:
    """As an asciinema file, version 2: a header, then `[seconds, "o", text]` a line."""
    header = {"version": 2, "width": COLUMNS, "height": ROWS, "env": {"TERM": "xterm-256color"}}
    lines = [json.dumps(header)]
    left = b""
    for at, data in events:
        text, left = _whole_signs(left + data)
        lines.append(json.dumps([round(at, 3), "o", text]))
    return "\n".join(lines) + "\n"


def _whole_signs(data: bytes) -> tuple[str, bytes]:
    """Text, and the beginning of a sign whose other bytes come with the next output."""
    for cut in range(4):
        end = len(data) - cut
        try:
            return data[:end].decode(), data[end:]
        except UnicodeDecodeError:
            continue
    return data.decode(errors="replace"), b""


# The animated SVG

CELL, LINE, SIZE = 8.4, 18, 14
GROUND, TEXT = "#12121c", "#dcdce8"
STEP = 0.1
"""Seconds between two frames, at least."""
NAMED = {"black": "#12121c", "red": "#f2707b", "green": "#7fd1a0", "brown": "#f2c14e", "blue": "#6cb6ff",
         "magenta": "#a992f5", "cyan": "#6cb6ff", "white": "#dcdce8"}  # fmt: skip
Row = tuple[tuple[str, str, str, bool], ...]
"""Pieces of a row: text, colour, ground, bold."""


def colours(char: Char) -> tuple[str, str]:
    """Colour and ground of a cell."""
    fore, back = (_colour(char.fg, TEXT), _colour(char.bg, GROUND))
    return (back, fore) if char.reverse else (fore, back)


def _colour(name: str, default: str) -> str:
    if name == "default":
        return default
    return NAMED.get(name.removeprefix("bright"), f"#{name}")


def row_of(screen: pyte.Screen, number: int) -> Row:
    """A row of the screen as pieces of one look."""
    pieces: list[tuple[str, str, str, bool]] = []
    for column in range(screen.columns):
        char = screen.buffer[number][column]
        look = (*colours(char), bool(char.bold))
        if pieces and pieces[-1][1:] == look:
            pieces[-1] = (pieces[-1][0] + char.data, *look)
        else:
            pieces.append((char.data, *look))
    return tuple(pieces)


def frames(events: Sequence[Event]) -> list[tuple[float, tuple[Row, ...]]]:
    """The different screens with their times."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    found: list[tuple[float, tuple[Row, ...]]] = []
    for number, (at, data) in enumerate(events):
        stream.feed(data)
        following = events[number + 1][0] if number + 1 < len(events) else at + 1.0
        if following - at < STEP and number + 1 < len(events):
            continue  # the screen is not yet whole
        rows = tuple(row_of(screen, each) for each in range(ROWS))
        if not found or found[-1][1] != rows:
            found.append((at, rows))
    return found


def svg(events: Sequence[Event]) -> str:
    """The recording as an animated SVG that repeats for ever."""
    shown = frames(events)
    end = events[-1][0] + LONGEST_PAUSE
    width, height = round(COLUMNS * CELL) + 20, ROWS * LINE + 20
    known: dict[Row, int] = {}
    screens, steps = [], []
    for number, (at, rows) in enumerate(shown):
        uses = "".join(
            f'<use href="#r{known.setdefault(row, len(known))}" y="{place * LINE}"/>'
            for place, row in enumerate(rows)
            if any(text.strip() or ground != GROUND for text, _, ground, _ in row)
        )
        screens.append(f'<g transform="translate({number * width} 0)">{uses}</g>')
        steps.append(f"{at / end * 100:.3f}%{{transform:translateX(-{number * width}px)}}")
    defined = "".join(f'<g id="r{number}">{_drawn(row)}</g>' for row, number in known.items())
    style = (
        f"text{{font:{SIZE}px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre}}"
        f".b{{font-weight:bold}}@keyframes play{{{''.join(steps)}}}"
        f".film{{animation:play {end:.2f}s steps(1,end) infinite}}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<title>irisops: a full license, and a unit got back</title><style>{style}</style><defs>{defined}</defs>"
        f'<rect width="{width}" height="{height}" rx="8" fill="{GROUND}"/>'
        f'<svg x="10" y="10" width="{width - 20}" height="{height - 20}">'
        f'<g class="film">{"".join(screens)}</g></svg></svg>\n'
    )


def _drawn(row: Row) -> str:
    parts = []
    column = 0
    for text, fore, back, bold in row:
        x, wide = column * CELL, len(text) * CELL
        if back != GROUND:
            parts.append(f'<rect x="{x:.1f}" width="{wide:.1f}" height="{LINE}" fill="{back}"/>')
        words = text.strip()
        if words:
            x += (len(text) - len(text.lstrip())) * CELL
            weight = ' class="b"' if bold else ""
            parts.append(
                f'<text x="{x:.1f}" y="{LINE - 5}" textLength="{len(words) * CELL:.1f}" fill="{fore}"{weight} '
                f'xml:space="preserve">{escape(words)}</text>'
            )
        column += len(text)
    return "".join(parts)


def main(folder: Path) -> None:
    """Record the story and write both files."""
    program = Path(sys.executable).with_name("irisops")
    events = record([str(program), "demo", "--doubt", "function=allowed"], STORY)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "full-license.cast").write_text(cast(events), encoding="utf-8")
    (folder / "full-license.svg").write_text(svg(events), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "screenshots")
