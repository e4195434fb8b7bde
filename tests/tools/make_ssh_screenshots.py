"""Pictures of the program as terminals show it over a real SSH login, 80x24, for `screenshots/`.

    python -m tests.tools.make_ssh_screenshots [FOLDER]

Unlike `make_screenshots` these come from the bytes that a terminal got: with 16 colours, without any, without drawing.
"""

from __future__ import annotations

import io
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from pyte.screens import Char
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.e2e.ssh import ssh_server
from tests.ssh import ROOT, over_ssh
from tests.terminal import Terminal


@dataclass(frozen=True)
class Shot:
    """A picture: how the terminal is, what is said, what must be seen before it is taken."""

    name: str
    term: str
    environment: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ("demo",)
    ready: str = "● demo"
    line: str = "/license"
    seen: str = "this tool"


SHOTS = (
    Shot("ssh-80x24", "xterm-256color"),
    Shot("ssh-linux-console", "linux"),
    Shot("ssh-no-color", "xterm-256color", {"NO_COLOR": "1"}),
    Shot("ssh-plain", "dumb", arguments=("demo", "--plain"), ready="demo> ", seen="Who holds it"),
)
BRIGHT = {"brown": "yellow"}
"""pyte's names for colours that Rich calls otherwise."""


CONSOLE = TerminalTheme(
    (0, 0, 0),
    (204, 204, 204),
    [(0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170), (0, 170, 170), (170, 170, 170)],
    [(85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85), (85, 85, 255), (255, 85, 255), (85, 255, 255),
     (255, 255, 255)],
)  # fmt: skip
"""The palette of the Linux console: Rich's own shows black as grey."""


def colour(name: str) -> str:
    """A colour of pyte as Rich knows it."""
    if name == "default":
        return "default"
    if len(name) == 6 and all(each in "0123456789abcdef" for each in name):
        return f"#{name}"
    if name.startswith("bright"):
        plain = name.removeprefix("bright")
        return f"bright_{BRIGHT.get(plain, plain)}"
    return BRIGHT.get(name, name)


def style(char: Char) -> Style:
    """How one cell looks."""
    return Style(
        color=colour(char.fg),
        bgcolor=colour(char.bg),
        bold=char.bold,
        reverse=char.reverse,
        underline=char.underscore,
    )


def picture(terminal: Terminal, title: str) -> str:
    """The screen as SVG."""
    console = Console(
        record=True, width=terminal.columns, height=terminal.rows, file=io.StringIO(), color_system="truecolor",
        force_terminal=True, legacy_windows=False, no_color=False,
    )  # fmt: skip
    for row in range(terminal.rows):
        line = Text(end="")
        for column in range(terminal.columns):
            char = terminal.screen.buffer[row][column]
            line.append(char.data, style(char))
        console.print(line, overflow="crop", no_wrap=True)
    return console.export_svg(title=title, theme=CONSOLE)


def main() -> None:
    """Take all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "screenshots"
    with tempfile.TemporaryDirectory() as keys, ssh_server(Path(keys)) as sshd:
        for shot in SHOTS:
            with over_ssh(sshd, *shot.arguments, term=shot.term, environment=shot.environment) as terminal:
                terminal.wait_for(shot.ready)
                terminal.type_line(shot.line)
                terminal.wait_for(shot.seen)
                while terminal.pump(0.5) and terminal.bytes_out:
                    before = terminal.bytes_out
                    terminal.pump(0.5)
                    if terminal.bytes_out == before:
                        break
                (folder / f"{shot.name}.svg").write_text(
                    picture(terminal, f"irisops over SSH, TERM={shot.term}")
                )
                terminal.press("ctrl+q" if "--plain" not in shot.arguments else "ctrl+d")
                terminal.wait_exit()
            print(shot.name)


if __name__ == "__main__":
    main()
