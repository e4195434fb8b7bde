"""Themes: what is painted can be read in each of them, on terminals with fewer colours too."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Awaitable, Callable, Iterable, Iterator

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem, ColorType
from rich.segment import Segment
from textual.color import Color
from textual.command import CommandList
from textual.widget import Widget
from textual.widgets import OptionList

from irisops.ui.editor import EditorScreen
from irisops.ui.themes import load_theme, styles_folder, theme_names
from tests.ui.driving import SMALL, WIDE, Driver, app_of, make_app, say, until

VGA = re.findall(
    r"\S+",
    "#000000 #aa0000 #00aa00 #aa5500 #0000aa #aa00aa #00aaaa #aaaaaa "
    "#555555 #ff5555 #55ff55 #ffff55 #5555ff #ff55ff #55ffff #ffffff",
)
XTERM = re.findall(
    r"\S+",
    "#000000 #cd0000 #00cd00 #cdcd00 #0000ee #cd00cd #00cdcd #e5e5e5 "
    "#7f7f7f #ff0000 #00ff00 #ffff00 #5c5cff #ff00ff #00ffff #ffffff",
)
GROUND = "#000000"
DRAWN = re.compile(r"[\s─-▟⠀-⣿▲▼◀▶●◐◌○✿]+")
"""Lines, bars, curves and lamps: not text."""


def luminance(colour: Color) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [part / 255 for part in (colour.r, colour.g, colour.b)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """Contrast ratio as WCAG 2 defines it: 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def seen(colour: RichColor | None, default: str, palette: list[str]) -> Color:
    """A painted colour as a terminal with this palette shows it."""
    if colour is None or colour.type is ColorType.DEFAULT:
        return Color.parse(default)
    if colour.type is ColorType.STANDARD and colour.number is not None:
        return Color.parse(palette[colour.number])
    return Color.from_rich_color(colour)


def painted(widget: Widget) -> Iterator[Segment]:
    """The pieces of text of a widget and what is in it."""
    for part in widget.walk_children():
        if isinstance(part, Widget) and part.display and part.size:
            for strip in part.render_lines(part.size.region):
                yield from (each for each in strip if DRAWN.sub("", each.text))


async def welcome(pilot: Driver) -> None:
    await pilot.pause()


async def answers(pilot: Driver) -> None:
    for line in ("who holds my license", "/status", "make me coffee", "/users"):
        await say(pilot, line)
    await pilot.press("alt+up", "down", "right")


async def choosing(pilot: Driver) -> None:
    await pilot.press("escape", "slash", "s", "down", "down")


async def question(pilot: Driver) -> None:
    await pilot.press("escape", "escape")
    await say(pilot, "give appuser %SQL")


async def selected(pilot: Driver) -> None:
    await pilot.press("n")
    app_of(pilot).conversation.send("/user appuser")
    await until(pilot, lambda: isinstance(app_of(pilot).screen, EditorScreen))
    await pilot.press(*"a name", "shift+home")


async def editor(pilot: Driver) -> None:
    await pilot.press("backspace", "ctrl+s", *["tab"] * 6)


async def keys(pilot: Driver) -> None:
    await pilot.press("escape", "escape", "f1")


async def palette(pilot: Driver) -> None:
    await pilot.press("escape", "ctrl+p", *"us")
    await pilot.pause()


SCENES: list[Callable[[Driver], Awaitable[None]]] = [
    welcome, answers, choosing, question, selected, editor, keys, palette,
]  # fmt: skip


def unreadable(pilot: Driver, least: float) -> list[tuple[str, str, str, float]]:
    """Texts whose contrast is below `least` on some usual palette, with the two colours."""
    pairs = {(each.style, each.text) for each in painted(app_of(pilot).screen) if each.style is not None}
    assert len(pairs) > 5
    found = []
    for style, text in pairs:
        for colours in (VGA, XTERM):
            fore, back = seen(style.color, "#e0e0e0", colours), seen(style.bgcolor, GROUND, colours)
            if (ratio := contrast(fore, back)) < least:
                found.append((text, fore.hex, back.hex, ratio))
    return found


@pytest.mark.parametrize("theme", theme_names())
async def test_every_painted_text_can_be_read(theme: str) -> None:
    least = 7.0 if theme == "contrast" else 4.5
    async with make_app(theme=theme).run_test(size=WIDE) as pilot:
        for scene in SCENES:
            await scene(pilot)
            assert not unreadable(pilot, least), scene.__name__


async def test_without_colours_nothing_has_one_not_even_a_grey() -> None:
    async with make_app(environment={"NO_COLOR": "1"}).run_test(size=WIDE) as pilot:
        for scene in SCENES:
            await scene(pilot)
            styles = {each.style for each in painted(app_of(pilot).screen) if each.style is not None}
            colours = {each.color for each in styles} | {each.bgcolor for each in styles}
            assert {each.type for each in colours if each is not None} <= {ColorType.DEFAULT}, scene.__name__
            assert not any(each.dim for each in styles), scene.__name__


async def test_without_colours_the_line_under_the_cursor_of_a_list_is_seen() -> None:
    async with make_app(environment={"NO_COLOR": "1"}).run_test(size=WIDE) as pilot:
        await say(pilot, "/users")
        await pilot.press("ctrl+y")
        await until(pilot, lambda: cursor_is_seen(app_of(pilot).screen.query("#copy").results(OptionList)))
        await pilot.press("escape", "ctrl+p", *"license")
        await until(pilot, lambda: cursor_is_seen(app_of(pilot).screen.query(CommandList).results()))


def cursor_is_seen(lists: Iterable[OptionList]) -> bool:
    """True if a list marks its option under the cursor by an underline, and no other."""
    name = "option-list--option"
    return any(
        each.highlighted is not None
        and each.get_visual_style(name, f"{name}-highlighted").underline is True
        and not each.get_visual_style(name).underline
        for each in lists
    )


@pytest.mark.parametrize("theme", theme_names())
def test_scroll_bars_are_seen_with_256_colours_too(theme: str) -> None:
    """A dark grey with a little blue became navy on black there."""
    names = load_theme(theme).variables
    for part in ("scrollbar", "scrollbar-hover", "scrollbar-active"):
        for system in (ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT):
            fore, back = (
                seen(Color.parse(names[name]).rich_color.downgrade(system), GROUND, VGA)
                for name in (part, "scrollbar-background")
            )
            assert contrast(fore, back) >= 2.3, (part, fore.hex, back.hex)


def test_there_are_six_and_the_default_comes_first() -> None:
    assert theme_names()[0] == "dark"
    assert sorted(theme_names()) == ["ansi", "contrast", "dark", "frost", "light", "slate"]
    kinds = [load_theme(name).dark for name in ("dark", "slate", "light", "frost")]
    assert kinds == [True, True, False, False]


@pytest.mark.parametrize("theme", theme_names())
def test_every_theme_names_the_same_things(theme: str) -> None:
    """A name missing in one of them would fall back to a colour made for another."""
    folder = styles_folder() / "themes"
    ours, standard = (tomllib.loads((folder / f"{name}.toml").read_text()) for name in (theme, "dark"))
    assert set(ours["colours"]) >= set(standard["colours"])
    assert set(ours["variables"]) >= set(standard["variables"])


NAME = re.compile(r"\$([a-z][a-z0-9-]*)")


@pytest.mark.parametrize("theme", theme_names())
async def test_every_name_in_styles_and_code_resolves(theme: str) -> None:
    source = styles_folder().parent / "irisops"
    names = {
        name
        for path in [*styles_folder().glob("*.tcss"), *source.glob("ui/**/*.py"), source / "app.py"]
        for name in NAME.findall(path.read_text(encoding="utf-8"))
    }
    assert "quiet" in names
    async with make_app(theme=theme).run_test(size=SMALL) as pilot:
        known = {*app_of(pilot).get_css_variables(), "name"}  # `$name` is how a docstring writes any of them
        assert not {name for name in names if name not in known}
