from __future__ import annotations

import asyncio
import gc
import weakref

from irisops.connections.polling import MISSED_REFRESHES
from irisops.contract.chat import ProfileState
from irisops.contract.replies import Problem
from irisops.instance.connection import State
from irisops.instance.errors import NotPermitted
from tests.commands.fakes import World, lost, settle


def active(world: World) -> ProfileState:
    state = world.session.overview().active
    assert state is not None
    return state


async def test_figures_are_read_every_two_seconds(connected: World) -> None:
    assert connected.instance.polls == 1
    await connected.clock.advance(10)
    assert connected.instance.polls == 6
    state = active(connected)
    assert (state.units_used, state.units_limit, state.sessions, state.processes) == (5, 8, 12, 48)
    assert state.history == (5.0,) * 6
    assert not state.stale


async def test_a_lost_connection_is_stale_at_once_said_once_and_mended(connected: World) -> None:
    connected.connection.become(State("lost", "The connection was lost.", retry_in=1))
    connected.connection.become(State("connecting"))
    connected.connection.become(State("lost", "The connection was lost.", retry_in=2))
    state = active(connected)
    assert (state.state, state.stale, state.retry_in) == ("lost", True, 2)
    warnings = [notice for notice in connected.notices if notice.level == "warning"]
    assert len(warnings) == 1
    assert "Figures are those of" in warnings[0].message
    assert warnings[0].cure.startswith("It reconnects by itself")
    (problem,) = await connected.say("/users")
    assert isinstance(problem, Problem)
    assert (problem.error, problem.message) == (
        "NotConnected",
        "The connection to local is lost. The connection was lost.",
    )
    await connected.clock.advance(20)
    assert connected.instance.polls == 1, "nothing is asked of a connection that is not there"
    connected.connection.become(State("connected"))
    await connected.clock.advance(3)
    assert not active(connected).stale
    assert connected.notices[-1].message == "Connected to local again."


async def test_a_poll_that_never_answers_makes_the_figures_stale_within_five_seconds(
    connected: World,
) -> None:
    connected.instance.poll_waits = asyncio.Event()
    await connected.clock.advance(3)
    assert not active(connected).stale
    told = connected.changes
    await connected.clock.advance(2)
    assert active(connected).stale
    assert connected.changes > told, "the screen is told without asking"
    assert len(connected.notices) == 1
    await connected.clock.advance(30)
    said = [notice.message for notice in connected.notices]
    assert len(said) == 1
    assert said[0].startswith("local does not answer.")
    connected.instance.poll_waits.set()
    await settle()
    assert not active(connected).stale


async def test_a_missing_privilege_is_said_once_and_polling_goes_on(connected: World) -> None:
    connected.instance.fail["poll"] = NotPermitted("It is not permitted.", privilege="%Admin_Operate:U")
    await connected.clock.advance(10)
    assert len(connected.notices) == 1
    del connected.instance.fail["poll"]
    await connected.clock.advance(2)
    assert not active(connected).stale


async def test_a_connection_that_breaks_in_a_poll_does_not_end_polling(connected: World) -> None:
    connected.instance.fail["poll"] = lost()
    await connected.clock.advance(4)
    del connected.instance.fail["poll"]
    polls = connected.instance.polls
    await connected.clock.advance(4)
    assert connected.instance.polls == polls + 2


async def test_logging_out_ends_polling_and_in_again_starts_it(connected: World) -> None:
    await connected.say("/disconnect")
    await connected.clock.advance(5)
    polls = connected.instance.polls
    await connected.say("/connect")
    await connected.clock.advance(4)
    assert connected.instance.polls >= polls + 2


async def test_names_are_learnt_in_the_background(connected: World) -> None:
    values = [completion.value for completion in connected.session.complete("/grant %S", 9)]
    assert values == ["%SQL "]


async def test_rows_that_no_card_asks_for_any_more_are_given_up(connected: World) -> None:
    link = connected.session.hub.active
    assert link is not None
    await connected.say("/sessions")
    rows = weakref.ref(link.kept_sessions())
    await connected.clock.advance(1.5 * MISSED_REFRESHES)
    await connected.say("/sessions")  # as a live card does
    await connected.clock.advance(1.5 * MISSED_REFRESHES)
    assert rows() is not None
    await connected.clock.advance(1.5 * MISSED_REFRESHES)
    gc.collect()
    assert rows() is None
    polls = len(connected.connection.forgotten)
    await connected.clock.advance(4)
    assert connected.connection.forgotten[polls:] == [2 * MISSED_REFRESHES] * 2
