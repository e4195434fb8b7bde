"""The frame's text: fits any width, says state in words, marks stale figures."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.contract.chat import Overview, ProfileState, State
from irisops.ui import frame
from tests.ui.fake_chat import CLINIC, DOCKER, HOSTILE, LOCAL, NOW

FULL = Overview([LOCAL, CLINIC, DOCKER], LOCAL, ("superserver 2h",))

profiles = st.builds(
    ProfileState,
    name=st.text(min_size=1, max_size=40) | st.just(HOSTILE),
    state=st.sampled_from(get_args(State)),
    colour=st.sampled_from(["", "red", "#123456", "nonsense", "$accent", "[bold]"]),
    user=st.text(max_size=40),
    version=st.text(max_size=40),
    read_only=st.booleans(),
    guarded=st.booleans(),
    units_used=st.none() | st.integers(0, 10_000),
    units_limit=st.none() | st.integers(0, 10_000),
    sessions=st.none() | st.integers(0, 100_000),
    processes=st.none() | st.integers(0, 100_000),
    connections=st.none() | st.integers(0, 10_000),
    at_least=st.booleans(),
    history=st.lists(st.floats(0, 1e6), max_size=40),
    updated=st.none() | st.just(NOW),
    stale=st.booleans(),
    message=st.text(max_size=40),
    retry_in=st.none() | st.floats(0, 1e5),
)
overviews = st.builds(
    lambda profiles, has_active, tunnels: Overview(
        profiles, profiles[0] if profiles and has_active else None, tunnels
    ),
    st.lists(profiles, max_size=10),
    st.booleans(),
    st.lists(st.text(max_size=60), max_size=3),
)


@given(overviews, st.integers(20, 200))
def test_nothing_is_wider_than_its_place(overview: Overview, width: int) -> None:
    assert frame.header(overview, width).cell_length <= width
    assert frame.folded_panel(overview, width).cell_length <= width
    for lines in (
        frame.profiles_panel(overview, width),
        frame.now_panel(overview.active, width),
        frame.tunnels_panel(overview.tunnels, width),
    ):
        assert all(line.cell_length <= width for line in lines)
        assert all("\n" not in line.plain for line in lines)


def test_a_wide_header_says_where_one_is_and_the_side_panel_the_rest() -> None:
    plain = frame.header(FULL, 120).plain
    for words in ("irisops", "● local", "IRIS 2025.2", "_SYSTEM", "license 5/8"):
        assert words in plain
    assert "sessions" not in plain
    lines = [*frame.now_panel(FULL.active, 21), *frame.tunnels_panel(FULL.tunnels, 21)]
    said = "\n".join(line.plain for line in lines)
    assert re.search(r"sessions +12\n", said)
    assert FULL.tunnels[0].split()[0] in said
    assert "5/8" not in frame.profiles_panel(FULL, 21)[0].plain, (
        "the units of the active one are in the panel below"
    )


def test_figures_of_an_instance_that_was_left_are_not_shown_as_stale() -> None:
    left = LOCAL._replace(state="off", stale=True)
    overview = Overview([left], left)
    below = frame.folded_panel(overview, 60).plain
    said = frame.header(overview, 100).plain + "".join(line.plain for line in frame.now_panel(left, 21))
    for each in (said, below):
        assert "not connected" in each
        assert "stale" not in each
        assert "5/8" not in each
    assert "sessions" not in below


def test_a_steady_series_is_no_block_of_colour() -> None:
    steady, moving = LOCAL._replace(history=(5.0, 5.0, 5.0)), LOCAL._replace(history=(4.0, 5.0, 5.0))
    assert len(frame.now_panel(moving, 21)) == len(frame.now_panel(steady, 21)) + 1


def test_a_narrow_header_keeps_instance_and_license() -> None:
    plain = frame.header(FULL, 34).plain
    assert "● local" in plain
    assert "license 5/8" in plain


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("lost", "again in 8 s"),
        ("refused", "refused"),
        ("connecting", "connecting"),
        ("off", "not connected"),
    ],
)
def test_state_is_said_in_words(state: State, words: str) -> None:
    profile = LOCAL._replace(state=state, retry_in=8.0)
    assert words in frame.header(Overview([profile], profile), 100).plain


def test_stale_figures_say_of_when_they_are() -> None:
    profile = LOCAL._replace(stale=True)
    assert "stale, as of 14:43:05" in frame.header(Overview([profile], profile), 100).plain
    assert any("as of 14:43:05" in line.plain for line in frame.now_panel(profile, 21)) or any(
        "stale" in line.plain for line in frame.now_panel(profile, 21)
    )


def test_flags_are_words() -> None:
    profile = LOCAL._replace(read_only=True, guarded=True)
    assert "read-only · guarded" in frame.header(Overview([profile], profile), 80).plain


def test_the_header_without_an_instance_says_what_to_do() -> None:
    assert "/connect or /profile add" in frame.header(Overview([], None), 80).plain


def test_more_profiles_than_fit_are_counted() -> None:
    many = [CLINIC._replace(name=f"p{number}") for number in range(12)]
    assert "and 4 more" in frame.profiles_panel(Overview(many, None), 20)[-1].plain


def test_community_edition_shows_connections_and_says_when_there_may_be_more() -> None:
    community = LOCAL._replace(units_used=2, connections=7)
    assert frame.now_panel(community, 24)[0].plain.split() == ["connections", "7/8"]
    assert "connections 7/8" in frame.folded_panel(Overview([community], community), 60).plain
    assert "license 7/8" in frame.header(Overview([community], community), 80).plain
    unread = LOCAL._replace(units_used=2, at_least=True)
    assert frame.now_panel(unread, 24)[0].plain.split() == ["units", "2+/8"]


def test_the_deadline_of_a_tunnel_is_never_cut() -> None:
    lines = frame.tunnels_panel(["superserver + web until 18:30, 3 people"], 21)
    assert [line.plain.strip() for line in lines] == ["superserver + web", "until 18:30, 3", "people"]
    assert all(line.cell_length <= 21 for line in lines)


def test_the_sparkline_stands_under_the_bar_of_what_it_shows() -> None:
    words = [line.plain.split()[0] for line in frame.now_panel(LOCAL, 24)]
    assert [words[0], *words[3:]] == ["units", "sessions", "processes"]
    assert set(words[2]) <= set("▁▂▃▄▅▆▇█")
