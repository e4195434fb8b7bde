"""Widgets of the frame: header line, side panel, status line. They repaint only when their text changes."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from irisops.contract.chat import Overview, TimeLine
from irisops.contract.wording import harmless
from irisops.ui import frame
from irisops.ui.lines import GivenLines, Ground, changed, spread

NOTHING = Overview(profiles=(), active=None)


class Header(Widget):
    """Instance, state and counts."""

    def __init__(self) -> None:
        super().__init__()
        self.overview = NOTHING

    def show(self, overview: Overview) -> None:
        """Take newer figures."""
        width = self.content_size.width
        before = frame.header(self.overview, width)
        self.overview = overview
        if regions := changed([before], [frame.header(overview, width)]):
            self.refresh(*regions)

    def render(self) -> Content:
        """One line."""
        return frame.header(self.overview, self.content_size.width)


class Panel(GivenLines):
    """A part of the side panel under a line with its name."""

    class Picked(Message):
        """A line was clicked."""

        def __init__(self, panel: Panel, line: int) -> None:
            super().__init__()
            self.panel, self.line = panel, line

    def __init__(self, title: str) -> None:
        super().__init__()
        self.border_title = f" {title} "

    def on_click(self, event: events.Click) -> None:
        """Post which line was clicked."""
        offset = event.get_content_offset(self)
        if offset is not None:
            self.post_message(self.Picked(self, offset.y))


class MainScreen(Ground, Screen[None]):
    """The screen that is always there."""


class Body(Ground, Horizontal):
    """What stands between header and status line."""


class SidePanel(Ground, Vertical):
    """Profiles, counts, tunnels. A click on a profile asks to connect to it."""

    class Chosen(Message):
        """A profile was clicked."""

        def __init__(self, profile: str) -> None:
            super().__init__()
            self.profile = profile

    def __init__(self) -> None:
        super().__init__()
        self.overview = NOTHING
        self._profiles = Panel("Profiles")
        self._now = Panel("Now")
        self._tunnels = Panel("Tunnels")

    def compose(self) -> ComposeResult:
        """Three parts."""
        yield self._profiles
        yield self._now
        yield self._tunnels

    def show(self, overview: Overview) -> None:
        """Take newer figures."""
        self.overview = overview
        width = max(8, self._profiles.content_size.width)
        self._profiles.put(*frame.profiles_panel(overview, width))
        self._now.put(*frame.now_panel(overview.active, width))
        self._tunnels.put(*frame.tunnels_panel(overview.tunnels, width))

    def on_resize(self) -> None:
        """Lay the lines out for the new width."""
        self.show(self.overview)

    @on(Panel.Picked)
    def _picked(self, event: Panel.Picked) -> None:
        event.stop()
        if event.panel is self._profiles and event.line < len(self.overview.profiles):
            self.post_message(self.Chosen(self.overview.profiles[event.line].name))


class Replay(GivenLines):
    """The time line of a replay; not there on a live instance."""

    def __init__(self, line: TimeLine) -> None:
        super().__init__()
        self.line = line

    def show(self, line: TimeLine) -> bool:
        """Take where the replay stands now; True if it has moved."""
        moved = line.at != self.line.at
        self.line = line
        self.put(*frame.timeline(line, max(20, self.content_size.width)))
        return moved

    def on_resize(self) -> None:
        """Lay the lines out for the new width."""
        self.show(self.line)


GAP = "  "
LEAST_LEFT = 12
"""Cells below which figures at the left say nothing."""


class StatusLine(Widget):
    """What runs, else a note, else figures or the address; at the right the keys that work now."""

    def __init__(self) -> None:
        super().__init__()
        self.overview = NOTHING
        self.running = ""
        self.note = ""
        self.folded = False
        self.keys: Sequence[tuple[str, str]] = ()

    def show(
        self,
        overview: Overview | None = None,
        *,
        running: str | None = None,
        note: str | None = None,
        folded: bool | None = None,
        keys: Sequence[tuple[str, str]] | None = None,
    ) -> None:
        """Update parts; None leaves a part unchanged."""
        before = self.text(self.content_size.width)
        self.overview = overview if overview is not None else self.overview
        self.running = running if running is not None else self.running
        self.note = note if note is not None else self.note
        self.folded = folded if folded is not None else self.folded
        self.keys = keys if keys is not None else self.keys
        if regions := changed([before], [self.text(self.content_size.width)]):
            self.refresh(*regions)

    def text(self, width: int) -> Content:
        """What runs or a note takes the room it needs; figures take what the keys leave."""
        left: Content | None = None
        if self.running:
            left = Content.assemble((" ◐ ", "$warning"), self.running, (f"{GAP}^C cancels", "$quiet"))
        elif self.note:
            left = Content.assemble(" ", (self.note, "$accent"))
        keys = self._keys(width - 1 - (left.cell_length + len(GAP) if left is not None else 0))
        room = max(0, width - keys.cell_length - len(GAP))
        if left is None:
            left = frame.folded_panel(self.overview, room) if self.folded else self._wide()
            left = left if room >= LEAST_LEFT else Content("")
        return spread(left.truncate(room, ellipsis=True), keys, width)

    def _keys(self, room: int) -> Content:
        """The first keys that fit, and always the last one, which lists them all."""
        parts = [Content.assemble((key, "$accent"), (f" {words}", "$quiet")) for key, words in self.keys]
        while len(parts) > 1 and sum(each.cell_length + len(GAP) for each in parts) > room:
            del parts[-2]
        return Content.assemble(Content(GAP).join(parts), " ") if parts else Content("")

    def _wide(self) -> Content:
        profile = self.overview.active
        if profile is None or not profile.address:
            return Content("")
        where = harmless(profile.address, 60)
        message = harmless(profile.message, 160)
        return Content.assemble((f" {where}", "$quiet"), (f"   {message}" if message else "", "$warning"))

    def render(self) -> Content:
        """The line at the current width."""
        return self.text(self.content_size.width)
