from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from irisops.contract.replies import Done, Problem, Progress, Refusal
from irisops.instance.connection import State
from irisops.instance.errors import (
    AccountDisabled,
    InstanceProblem,
    LicenseExhausted,
    LoginsOff,
    NamespaceUnknown,
    NotPermitted,
    PasswordChangeRequired,
    Unreachable,
)
from irisops.profiles.model import Profile
from irisops.profiles.secrets import SERVICE
from irisops.profiles.store import ProfileStore
from tests.commands.fakes import LOCAL, PASSWORD, World, settle
from tests.instance.served import until

ACCOUNT = (SERVICE, "_SYSTEM@127.0.0.1:1972")


def stored(home: Path, *profiles: Profile) -> World:
    """A session whose profiles are in the file."""
    store = ProfileStore(World(home).places.profiles)
    for profile in profiles:
        store.add(profile)
    made = World(home)
    made.session.load_profiles()
    return made


def is_connected(world: World) -> bool:
    """The keyring is asked in a thread, so a login comes in its own time."""
    active = world.session.overview().active
    return active is not None and active.state == "connected"


async def test_asks_for_the_password_and_says_what_it_reached(world: World) -> None:
    progress, done = await world.say("/connect")
    assert isinstance(progress, Progress)
    assert isinstance(done, Done)
    assert "IRIS 2025.2 on 127.0.0.1:1972/%SYS as _SYSTEM" in done.details
    assert world.asked == [("Log in to local", "Password of _SYSTEM on 127.0.0.1:1972/%SYS")]
    assert world.keyring.kept == {}, "a profile of this run alone is not kept"


async def test_an_accepted_password_goes_to_the_keyring_and_is_not_asked_again(tmp_path: Path) -> None:
    world = stored(tmp_path, LOCAL)
    await world.connect()
    assert world.keyring.kept == {ACCOUNT: PASSWORD}
    await world.say("/disconnect")
    await world.connect()
    assert len(world.asked) == 1
    await world.session.close()


async def test_without_a_keyring_it_stays_in_memory_and_says_so_once(tmp_path: Path) -> None:
    world = stored(tmp_path, LOCAL)
    world.keyring.trouble = "there is no keyring here"
    await world.connect()
    await world.say("/disconnect")
    await world.connect()
    assert len(world.asked) == 1
    told = [notice.message for notice in world.notices if "until you quit" in notice.message]
    assert told == ["The password of local is kept until you quit: there is no keyring here."]
    await world.session.close()


async def test_a_refused_password_is_never_sent_twice(tmp_path: Path) -> None:
    world = stored(tmp_path, LOCAL)
    world.keyring.kept[ACCOUNT] = "old password"
    _, problem = await world.say("/connect")
    assert isinstance(problem, Problem)
    assert problem.error == "LoginRefused"
    assert world.keyring.kept == {}, "the next start would send it again"
    await world.say("/connect")
    assert world.instance.logins == ["old password", PASSWORD]
    assert world.asked[0][0] == "The last password was refused"
    await world.session.close()


@pytest.mark.parametrize(
    "problem",
    [
        LicenseExhausted("No unit is free."),
        Unreachable("Nothing listens there."),
        NamespaceUnknown("There is no such namespace."),
        NotPermitted("The instance refused access."),
    ],
    ids=lambda problem: problem.name,
)
async def test_only_a_refused_password_is_called_refused(tmp_path: Path, problem: InstanceProblem) -> None:
    world = stored(tmp_path, LOCAL)
    world.answer = "wrong"
    await world.say("/connect")
    world.answer, world.instance.refuse = PASSWORD, problem
    await world.say("/connect")
    assert world.asked[-1][0] == "The last password was refused"
    world.instance.refuse = None
    done = (await world.say("/connect"))[-1]
    assert isinstance(done, Done)
    assert len(world.asked) == 2, "nothing was said against the password, so it is not asked for again"
    assert world.keyring.kept == {ACCOUNT: PASSWORD}
    await world.session.close()


@pytest.mark.parametrize("error", ["LicenseExhausted", "NamespaceUnknown", "NotPermitted"])
async def test_a_reconnect_that_fails_for_another_reason_calls_no_password_refused(
    connected: World, error: str
) -> None:
    connected.connection.become(State("refused", "It could not be.", "Wait.", error))
    connected.connection.become(State("off"))
    await connected.session.hub.secrets.forget(LOCAL)
    await connected.say("/connect")
    assert connected.asked[-1][0] == "Log in to local"


@pytest.mark.parametrize(
    "refusal", [PasswordChangeRequired("must change"), AccountDisabled("disabled"), LoginsOff("off")]
)
async def test_a_login_that_is_refused_for_another_reason_calls_no_password_refused(
    tmp_path: Path, refusal: InstanceProblem
) -> None:
    world = stored(tmp_path, LOCAL)
    world.keyring.kept[ACCOUNT] = PASSWORD
    world.instance.refuse = refusal
    await world.say("/connect")
    assert world.keyring.kept == {ACCOUNT: PASSWORD}
    world.instance.refuse = None
    await world.say("/connect")
    assert world.asked == [("Log in to local", "Password of _SYSTEM on 127.0.0.1:1972/%SYS")]
    await world.session.close()


async def test_a_password_that_must_change_is_not_forgotten(tmp_path: Path) -> None:
    for refusal in (
        PasswordChangeRequired("must change"),
        AccountDisabled("disabled"),
        LicenseExhausted("full"),
    ):
        world = stored(tmp_path / refusal.name, LOCAL)
        world.keyring.kept[ACCOUNT] = PASSWORD
        world.instance.refuse = refusal
        (problem,) = [each for each in await world.say("/connect") if isinstance(each, Problem)]
        assert problem.error == refusal.name
        # For an expired password the command is made for this profile's user and kind of host.
        exact = isinstance(refusal, PasswordChangeRequired)
        assert (
            ('UnExpireUserPasswords("_SYSTEM")' in problem.cure) if exact else (problem.cure == refusal.cure)
        )
        assert world.keyring.kept == {ACCOUNT: PASSWORD}
        await world.session.close()


async def test_no_password_no_login(world: World) -> None:
    world.answer = None
    problem = (await world.say("/connect"))[-1]
    assert isinstance(problem, Problem)
    assert problem.error == "Declined"
    assert world.instance.logins == []


async def test_two_logins_at_once_are_one(world: World) -> None:
    await asyncio.gather(world.say("/connect"), world.say("/connect local"), world.session.start())
    await settle()
    assert len(world.asked) == 1
    assert world.instance.logins == [PASSWORD]


async def test_a_profile_of_this_run_asks_once_too(world: World) -> None:
    await world.connect()
    await world.say("/disconnect")
    await world.connect()
    assert len(world.asked) == 1


async def test_a_reconnect_that_is_refused_is_told_and_asks_next_time(connected: World) -> None:
    connected.connection.become(State("lost", "The connection was lost."))
    connected.connection.become(
        State("refused", "The instance refused user or password.", "Check.", "LoginRefused")
    )
    assert [(each.level, each.cure) for each in connected.notices[-1:]] == [("error", "Check.")]
    await connected.say("/connect")
    assert connected.asked[-1][0] == "The last password was refused"


async def test_the_driver_process_starts_while_the_person_types(world: World) -> None:
    await world.connect()
    assert world.connection.warmed == 1
    world.answer = None
    await world.say("/disconnect")
    await world.session.hub.secrets.forget(LOCAL)
    await world.say("/connect")
    assert world.connection.state.name == "off"
    assert world.connection.closed == 2


async def test_an_address_needs_no_profile(world: World) -> None:
    done = (await world.say("/connect iris://bob@db.example:1973/USER"))[-1]
    assert isinstance(done, Done)
    target = world.connection.target
    assert (target.host, target.port, target.namespace, target.user) == ("db.example", 1973, "USER", "bob")
    assert any("%SYS only" in detail for detail in done.details)
    refused = (await world.say("/connect iris://bob:secret@db.example"))[-1]
    assert isinstance(refused, Problem)
    assert "secret" not in repr(refused).replace("iris://bob:secret@db.example", "")


async def test_an_unknown_profile_gets_the_nearest(world: World) -> None:
    (problem,) = await world.say("/connect lokal")
    assert isinstance(problem, Problem)
    assert problem.suggestions == ("/connect local",)


async def test_disconnecting_logs_out_and_frees_the_name(connected: World) -> None:
    (done,) = await connected.say("/disconnect")
    assert isinstance(done, Done)
    assert connected.connection.closed == 1
    (problem,) = await connected.say("/disconnect")
    assert isinstance(problem, Problem)
    (status,) = await connected.say("/status")
    assert isinstance(status, Problem)
    assert status.error == "NotConnected"


async def test_start_connects_the_last_profile_in_the_background(tmp_path: Path) -> None:
    other = Profile("other", "10.0.0.1", 1972, "%SYS", "_SYSTEM")
    world = stored(tmp_path, LOCAL, other)
    await world.say("/connect other")
    await world.session.close()
    again = World(tmp_path)
    await again.session.start()
    assert again.session.overview().active is None or again.session.overview().active.state != "connected"  # type: ignore[union-attr]
    await until(lambda: is_connected(again))
    active = again.session.overview().active
    assert active is not None
    assert (active.name, active.state, active.version) == ("other", "connected", "IRIS 2025.2")
    await again.session.close()


async def test_an_instance_that_is_still_being_prepared_is_connected_when_it_is_there(tmp_path: Path) -> None:
    ready = asyncio.Event()

    async def later() -> Profile:
        await ready.wait()
        return LOCAL

    world = World(tmp_path, later=later)
    await world.session.start()
    await settle()
    assert world.session.overview().active is None
    assert world.notices == []
    ready.set()
    await until(lambda: is_connected(world))
    await world.session.close()


async def test_an_instance_that_does_not_come_is_told(tmp_path: Path) -> None:
    async def later() -> Profile:
        raise Refusal("NoSimulator", "The simulator did not start.", "Report it.")

    world = World(tmp_path, later=later)
    await world.session.start()
    await until(lambda: bool(world.notices))
    assert [(each.level, each.message) for each in world.notices] == [
        ("error", "The simulator did not start.")
    ]
    await world.session.close()


async def test_a_start_without_profiles_says_how_to_begin(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.session.start()
    assert [(notice.level, "/profile add" in notice.cure) for notice in world.notices] == [("info", True)]
    await world.session.close()


async def test_a_refused_start_is_a_notice_with_its_cure(world: World) -> None:
    world.instance.refuse = LicenseExhausted("No license unit is free.")
    await world.session.start()
    await until(lambda: bool(world.notices))
    assert [(each.level, each.message) for each in world.notices] == [("error", "No license unit is free.")]


async def test_close_logs_out_once_and_stops_polling(connected: World) -> None:
    await connected.session.close()
    await connected.session.close()
    assert connected.connection.closed == 1
    polls = connected.instance.polls
    await connected.clock.advance(10)
    assert connected.instance.polls == polls


async def test_what_must_end_with_the_session_ends_before_the_logout(connected: World) -> None:
    order: list[str] = []

    async def end(name: str) -> None:
        order.append(f"{name} {connected.connection.state.name}")

    connected.session.context.on_close += [lambda: end("first"), lambda: end("second")]
    await connected.session.close()
    assert order == ["second connected", "first connected"]
    assert connected.connection.state.name == "off"


async def test_the_side_panel_shows_tunnels(connected: World) -> None:
    connected.session.hub.tunnels = ("superserver 2h",)
    assert connected.session.overview().tunnels == ("superserver 2h",)


async def test_no_secret_in_any_repr(connected: World) -> None:
    hub = connected.session.hub
    for thing in (hub.secrets, hub.active, connected.session.overview(), connected.session.context):
        assert PASSWORD not in repr(thing)


async def test_an_edited_profile_never_moves_a_live_connection(tmp_path: Path) -> None:
    world = stored(tmp_path, LOCAL)
    await world.connect()
    await world.say("/profile edit local host=10.9.9.9")
    (_, problem) = await world.say("/connect local")
    assert isinstance(problem, Problem)
    assert problem.error == "ProfileChanged"
    assert world.connection.state == State("connected")
    await world.session.close()
