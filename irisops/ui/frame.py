"""The frame around the transcript as text: header line, side panel, status line. Pure functions of the overview.

State is always a glyph and a word, or a glyph with its word in the header; never only a colour.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.color import Color, ColorParseError
from textual.content import Content

from irisops.contract.chat import Overview, ProfileState, TimeLine
from irisops.contract.wording import duration, harmless
from irisops.ui.figures import GLYPHS, STATE_STYLES, bar, clock, load_style, local, moves, sparkline, trend
from irisops.ui.lines import spread, wrapped

NAME_LIMIT = 24
RECORDED = "RECORDED, NOT LIVE"
GAP = "   "
PART_GAP = "  "
SIDE_PANEL_FROM = 120
"""Columns from which the side panel is shown; below, the cards need them, and the status line shows its figures."""
BROAD_FROM = 170
"""Columns from which the side panel is broader."""


def profile_style(profile: ProfileState) -> str:
    """Style of the profile's name: readable words on its colour, or the theme's accent if it has no valid one.

    The colour is the ground, as one chosen on a dark screen could not be read as text on a light one.
    """
    try:
        colour = Color.parse(profile.colour)
    except ColorParseError:
        return "$accent bold"
    return f"{'#000000' if _luminance(colour) > SAME_CONTRAST else '#ffffff'} on {colour.hex6} bold"


REPLAY_STYLE = "$warning reverse bold"
"""Style of what says that nothing is live."""

SAME_CONTRAST = 0.179
"""Relative luminance of a ground on which black and white are read equally well (WCAG 2)."""


def _luminance(colour: Color) -> float:
    parts = [part / 255 for part in colour.rgb]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def units_text(profile: ProfileState) -> str:
    """`5/8`, `5+/8` if there may be more, `5` without a limit, `–` while unknown."""
    if profile.in_use is None:
        return "–"
    used = f"{profile.in_use}{'+' if profile.at_least else ''}"
    return used if profile.units_limit is None else f"{used}/{profile.units_limit}"


def window_title(active: ProfileState | None) -> str:
    """Title of the terminal's window: the instance with its units or its state."""
    if active is None:
        return "irisops"
    state = {"connected": "", "off": "not connected"}.get(active.state, active.state)
    units = units_text(active) if active.in_use is not None and not state else ""
    return " ".join(each for each in (harmless(active.name, NAME_LIMIT), state, units, "– irisops") if each)


def state_words(profile: ProfileState) -> str:
    """Words beside the glyph; "" for a healthy connection."""
    if profile.state == "connected":
        return ""
    if profile.state == "lost" and profile.retry_in is not None:
        return f"lost, again in {duration(profile.retry_in)}"
    return {"off": "not connected", "lost": "connection lost"}.get(profile.state, profile.state)


def lamp(profile: ProfileState) -> tuple[str, str]:
    """The state's glyph with its style."""
    return GLYPHS[profile.state], STATE_STYLES[profile.state]


def _flags(profile: ProfileState) -> str:
    if profile.recorded:
        return RECORDED
    flags = [
        word
        for word, on in (
            ("read-only", profile.read_only),
            ("guarded", profile.guarded),
            ("● recording", profile.recording),
        )
        if on
    ]
    return " · ".join(flags)


def stale_words(profile: ProfileState) -> str:
    """`stale, as of 14:52:03`, or nothing when the figures are fresh, or nobody reads them any more."""
    if not profile.stale or profile.state == "off":
        return ""
    return f"stale, as of {clock(profile.updated)}" if profile.updated else "stale"


def header(overview: Overview, width: int) -> Content:
    """One line: instance, state, version and user at the left; the units at the right.

    If there is too little room, these are left out in order: the program's name, version, user. Other counts are in
    the side panel, or in the status line where there is none.
    """
    profile = overview.active
    if profile is None:
        left = Content.assemble((" irisops ", "$primary bold"), "  ", ("○ no instance", "$quiet"))
        return spread(left, Content.styled("/connect or /profile add ", "$quiet"), width)
    for room in range(4, -1, -1):
        line = _header_left(profile, room), _header_right(profile, room)
        if line[0].cell_length + line[1].cell_length + 2 <= width:
            return spread(*line, width)
    return spread(_header_left(profile, 0), Content(""), width)


def _header_left(profile: ProfileState, room: int) -> Content:
    name = harmless(profile.name, NAME_LIMIT)
    style = profile_style(profile)
    parts: list[Content | tuple[str, str] | str] = []
    if room >= 4:
        parts += [(" irisops ", "$primary bold"), "  "]
    parts += [" ", lamp(profile), (f" {name} ", style)]
    words = state_words(profile)
    if words:
        parts += [(f"  {words}", STATE_STYLES[profile.state])]
    stale = stale_words(profile)
    if stale and room >= 1:
        parts += [(f"  {stale}", "$warning")]
    flags = _flags(profile)
    if flags:
        parts += ["  ", (f" {flags} ", REPLAY_STYLE if profile.recorded else style)]
    if room >= 3 and profile.version:
        parts += [GAP, (harmless(profile.version, 24), "$foreground")]
    if room >= 2 and profile.user:
        parts += [GAP, (harmless(profile.user, NAME_LIMIT), "$quiet")]
    return Content.assemble(*parts)


def _header_right(profile: ProfileState, room: int) -> Content:
    if not room or profile.state == "off":
        return Content("")
    style = "$quiet" if profile.stale else load_style(profile.in_use, profile.units_limit)
    return Content.assemble(("license ", "$quiet"), (units_text(profile), f"{style} bold"), " ")


def timeline(line: TimeLine, width: int) -> list[Content]:
    """Two lines for a replay: the moment and how long ago it was; the whole recording with a mark where that is."""
    start, end, at = local(line.start), local(line.end), local(line.at)
    many_days = start.date() != end.date()
    left = Content.assemble((f" {RECORDED} ", REPLAY_STYLE), (f"  {at:%a %d %b %Y  %H:%M:%S}", "bold"))
    poll = Content.assemble(("←/→", "$accent"), (" poll ", "$quiet"))
    keys = Content.assemble(poll, " ", ("⇧←/→", "$accent"), (" minute ", "$quiet"))
    read = f"lists of {clock(line.lists)}" if line.lists is not None else "no list was read by then"
    words = (Content.styled(f"   {each}", "$quiet") for each in (f"{line.ago}, {read}", line.ago))
    longest = (Content.assemble(left, each) for each in words)
    first = next((each for each in longest if each.cell_length + 2 <= width), left)
    fitting = (each for each in (keys, poll) if first.cell_length + each.cell_length + 2 <= width)
    first = spread(first, next(fitting, Content("")), width)
    ends = [f"{each:%d %b %H:%M}" if many_days else f"{each:%H:%M}" for each in (start, end)]
    if width < 40:
        ends = ["", ""]
    room = max(8, width - sum(map(len, ends)) - 4)
    span = max((line.end - line.start).total_seconds(), 1.0)
    place = min(room - 1, max(0, round((line.at - line.start).total_seconds() / span * (room - 1))))
    marks = [_mark(line.levels, number, room) for number in range(room)]
    second = Content.assemble(
        (f" {ends[0]} ", "$quiet"),
        ("".join(marks[:place]), "$quiet"),
        ("┃", REPLAY_STYLE),
        ("".join(marks[place + 1 :]), "$quiet"),
        (f" {ends[1]} ", "$quiet"),
    )
    return [first, second]


def _mark(levels: Sequence[float | None], number: int, room: int) -> str:
    """One cell of the time line: the highest level of its part, a blank where nothing was recorded."""
    start = number * len(levels) // room
    part = [
        each
        for each in levels[start : max(start + 1, (number + 1) * len(levels) // room)]
        if each is not None
    ]
    if not part:
        return " "
    # A steady series would be a block, here as anywhere.
    steady = len({each for each in levels if each is not None}) == 1
    return sparkline([0.0 if steady else max(part)], 1, 1.0)


def profiles_panel(overview: Overview, width: int, most: int = 8) -> list[Content]:
    """One line per profile: lamp, name, units or the state's word at the right; the active one is marked `›`.

    Its units are right below, in `now_panel`.
    """
    if not overview.profiles:
        return [Content.styled("none yet", "$quiet"), Content.styled("/profile add", "$accent")]
    lines = []
    for profile in list(overview.profiles)[:most]:
        here = profile == overview.active or profile.active
        mark = "›" if here and len(overview.profiles) > 1 else " "
        counted = profile.in_use is not None and not here
        right = units_text(profile) if counted else _panel_word(profile)
        style = "$warning" if profile.stale else "$quiet"
        name = harmless(profile.name, max(4, width - len(right) - 6))
        left = Content.assemble(
            (mark, "$primary bold"),
            lamp(profile),
            (f" {name} ", profile_style(profile) if here else ""),
        )
        lines.append(spread(left, Content.styled(right, style), width))
    hidden = len(overview.profiles) - most
    if hidden > 0:
        lines.append(Content.styled(f"  and {hidden} more", "$quiet"))
    return lines


def _panel_word(profile: ProfileState) -> str:
    return {"off": "", "connected": "", "connecting": "…", "lost": "lost", "refused": "refused"}[
        profile.state
    ]


def now_panel(profile: ProfileState | None, width: int) -> list[Content]:
    """The active profile's counts with a bar and a sparkline of the units."""
    if profile is None or profile.state == "off":
        return [Content.styled("not connected", "$quiet")]
    if profile.in_use is None and profile.sessions is None and profile.processes is None:
        return [Content.styled("no figures yet", "$quiet")]
    style = "$quiet" if profile.stale else load_style(profile.in_use, profile.units_limit)
    lines = [
        _pair(
            "units" if profile.connections is None else "connections",
            units_text(profile),
            f"{style} bold",
            width,
        )
    ]
    if profile.in_use is not None and profile.units_limit:
        lines.append(Content.styled(bar(profile.in_use, profile.units_limit, width), style))
    if moves(profile.history):  # of what the bar shows
        lines.append(Content.styled(trend(profile.history, width).rjust(width), style))
    lines.append(_pair("sessions", _count(profile.sessions), "", width))
    lines.append(_pair("processes", _count(profile.processes), "", width))
    stale = stale_words(profile)
    if stale:
        lines.append(Content.styled(stale, "$warning").truncate(width, ellipsis=True))
    return lines


def _count(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"


def _pair(label: str, value: str, style: str, width: int) -> Content:
    return spread(Content.styled(label, "$quiet"), Content.styled(value, style), width)


def tunnels_panel(tunnels: Sequence[str], width: int) -> list[Content]:
    """Open tunnels with their deadlines, wrapped: a cut would take the deadline."""
    if not tunnels:
        return [Content.styled("none open", "$quiet")]
    texts = (Content.styled(harmless(line, 200), "$accent") for line in tunnels)
    return [part for text in texts for part in wrapped(text, width, indent=2)]


def folded_panel(overview: Overview, width: int) -> Content:
    """The side panel in one line, for narrow screens: counts and other profiles, as many as fit.

    The units go first, as the header shows them, too; then what comes last.
    """
    profile = overview.active
    parts: list[Content] = []
    if profile is not None and profile.state == "off":
        parts.append(Content.styled("not connected", "$quiet"))
    elif profile is not None:
        style = "$quiet" if profile.stale else load_style(profile.in_use, profile.units_limit)
        label = "units " if profile.connections is None else "connections "
        units = Content.assemble((label, "$quiet"), (units_text(profile), style))
        if moves(profile.history) and width >= 70:
            units = Content.assemble(units, " ", (trend(profile.history, 10), style))
        parts.append(units)
        parts += [
            Content.assemble((f"{name} ", "$quiet"), _count(count))
            for name, count in (("sessions", profile.sessions), ("processes", profile.processes))
        ]
    if overview.tunnels:
        parts.append(Content.assemble(("tunnels ", "$quiet"), (str(len(overview.tunnels)), "$accent bold")))
    others = [each for each in overview.profiles if each != profile]
    parts += [Content.assemble(lamp(each), (f" {harmless(each.name, 14)}", "$quiet")) for each in others[:3]]
    while parts and sum(each.cell_length + len(PART_GAP) for each in parts) > width:
        # A lone figure is better than nothing; the first of many is the one that is shown elsewhere.
        del parts[0 if parts[0].plain.startswith(("units", "connections")) and len(parts) > 1 else -1]
    return Content.assemble(" ", Content(PART_GAP).join(parts)) if parts else Content("")
