"""A recording, and its replay: what was shown then is shown again."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from irisops.contract.replies import Done, Facts, Plan, Problem, Reply, Series, Table
from irisops.instance.calls import ClassMethod
from irisops.instance.errors import NotAvailable, NotPermitted, Unreachable
from irisops.instance.models import Process, WebSession
from irisops.instance.security.audit import AuditRecord
from irisops.instance.usage.processes import process_of
from irisops.recording.reader import Recording
from irisops.recording.readings import RecordingError
from tests.commands.fake_instance import PASSWORD, START
from tests.commands.fakes import LOCAL
from tests.instance import test_admin_api as web
from tests.recording.recorded import Recorded, Watched

Shown = list[tuple[str, dict[str, Any]]]
LINES = ("/license", "/sessions", "/processes")
FULL = "! No unit is free: the next login or browser is refused. /license free offers to give one back."
FULL_THEN = "! No unit is free at this moment: the next login or browser is refused."
"""The same in a replay, where nothing can be given back."""
STEADY = 60
"""Sessions up to this number stay as they are, so that most readings of the list are differences to a whole one."""


def shown(replies: list[Reply]) -> Shown:
    """Replies field by field: rows as dicts, and without what only the live session can do."""
    found: Shown = []
    for reply in replies:
        fields = {each.name: getattr(reply, each.name) for each in dataclasses.fields(reply)}
        if isinstance(reply, Table):
            fields["rows"] = [dict(row) for row in reply.rows]
        found.append((type(reply).__name__, fields))
    return found


def modes_of(folder: Path) -> set[int]:
    return {stat.S_IMODE(each.stat().st_mode) for each in folder.glob("a.irec*")}


def change(made: Recorded, number: int) -> None:
    """Something happens on the instance."""
    instance = made.world.instance
    instance.used = 5 + number % 4
    instance.replaced_sessions = [
        WebSession(
            f"Sess{each:04d}AbCdEfGh",
            "jane",
            "/csp/user",
            START + timedelta(seconds=900 + (60 * number if each < 5 else 0)),
            "jane@10.0.0.9",
            preserve=False,
            pid=None,
            allow_end=True,
        )
        for each in (*range(number % 5 + 1), *range(5, STEADY))
    ]


Live = list[tuple[float, str, Shown]]
"""When a card was read, its line, and what it showed."""


@pytest.fixture(scope="module")
def minutes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Live]:
    """A recording of two minutes with what the live session showed in them."""
    return asyncio.run(recorded_in(tmp_path_factory.mktemp("minutes")))


async def recorded_in(home: Path) -> tuple[Path, Live]:
    made = Recorded(home)
    await made.begin()
    live: Live = []
    for number in range(24):
        change(made, number)
        await made.poll(5)
        if number % 2:
            line = LINES[number % 3]
            answer = shown(await made.world.say(line))
            live.append((made.world.clock.now().timestamp(), line, answer))
    await made.poll(5)
    await made.end()
    return made.path, live


@pytest.fixture
async def watched(minutes: tuple[Path, Live], tmp_path: Path) -> AsyncIterator[Watched]:
    """A replay of it."""
    replay = Watched(minutes[0], tmp_path)
    await replay.open()
    yield replay
    await replay.close()


async def test_a_moment_shows_what_the_live_cards_showed(
    watched: Watched, minutes: tuple[Path, Live]
) -> None:
    for at, line, answer in reversed(minutes[1]):
        for late in (0.0, 1.0):  # also between two polls: the card showed the same
            watched.replay.go(at + late)
            again = shown(await watched.say(line))
            assert [kind for kind, _ in again] == [kind for kind, _ in answer]
            for (_, now), (_, then) in zip(again, answer, strict=True):
                for name, value in then.items():
                    if name == "series":
                        assert list(now[name]) == list(value)[-len(now[name]) :]
                    elif name == "notes":
                        assert now[name] == [FULL_THEN if note == FULL else note for note in value], line
                    else:
                        assert now[name] == value, (line, name)


async def test_so_it_does_where_there_is_room_for_no_second_list(
    minutes: tuple[Path, Live], tmp_path: Path
) -> None:
    narrow = Watched(minutes[0], tmp_path, most_cells=1)
    await narrow.open()
    await test_a_moment_shows_what_the_live_cards_showed(narrow, minutes)
    await narrow.close()


async def test_the_figures_beside_are_those_of_the_moment(watched: Watched) -> None:
    start = watched.replay.start
    watched.replay.stand(start)
    active = watched.session.overview().active
    assert active is not None
    assert active.recorded
    assert active.units_used == 5
    watched.replay.step(1)
    after = watched.session.overview().active
    assert after is not None
    assert after.units_used == 6
    assert not after.stale
    line = watched.session.overview().timeline
    assert line is not None
    assert line.start <= line.at <= line.end
    assert any(line.levels)
    line.move(1, minutes=True)
    assert watched.replay.clock.at == pytest.approx(start.at + 65)
    assert watched.changes >= 3


async def test_jumps(watched: Watched) -> None:
    local = f"{(START + timedelta(seconds=62)).astimezone():%H:%M:%S}"
    (there,) = await watched.say(f"/at {local}")
    assert isinstance(there, Facts)
    assert there.facts["at"] == START + timedelta(seconds=62)
    assert there.title.endswith(f" {local}")
    (there,) = await watched.say("/at next")
    assert isinstance(there, Facts)
    assert there.facts["at"] == START + timedelta(seconds=65)
    (there,) = await watched.say("/at previous")
    assert isinstance(there, Facts)
    assert there.facts["at"] == START + timedelta(seconds=60)
    (there,) = await watched.say("when was the license full")
    assert isinstance(there, Facts)
    assert there.facts["in_use"] == there.facts["limit"] == 8
    (there,) = await watched.say("/at +1m")
    (there,) = await watched.say("/at start")
    assert isinstance(there, Facts)
    assert there.facts["at"] == there.facts["start"]
    for wrong in ("/at 25:99", "/at yesterday", "/at 03:00"):
        assert isinstance((await watched.say(wrong))[0], Problem), wrong


async def test_before_the_first_list_it_is_said_when_that_was_read(watched: Watched) -> None:
    watched.replay.stand(watched.replay.start)
    watched.replay.clock.at -= 1  # the lists are read after the first poll; here no time goes by between
    (problem,) = await watched.say("/processes")
    assert isinstance(problem, Problem)
    assert problem.message == "No list was read by this moment."
    await watched.say(problem.cure.partition(": ")[2])
    (table,) = await watched.say("/processes")
    assert isinstance(table, Table)


async def test_what_changed_between_two_moments(watched: Watched) -> None:
    first, second = (f"{(START + timedelta(seconds=each)).astimezone():%H:%M:%S}" for each in (31, 46))
    (table,) = await watched.say(f"/diff {first} {second}")
    assert isinstance(table, Table)
    told = {(row["kind"], row["object"]): (row["first"], row["second"]) for row in table.rows}
    left, right = await listed_at(watched, 31), await listed_at(watched, 46)
    changed = {
        key: pair
        for key in left | right
        if (pair := (left.get(key, "–"), right.get(key, "–"))) and pair[0] != pair[1]
    }
    assert {kind for kind, _ in changed} == {"holder", "session"}
    assert {key: pair for key, pair in told.items() if key[0] != "count"} == changed
    assert ("count", "in use") in told
    for row in table.rows:
        word = "came" if row["first"] == "–" else "went" if row["second"] == "–" else "changed"
        assert row["what"] == word


async def listed_at(watched: Watched, seconds: int) -> dict[tuple[str, str], str]:
    """What the cards show at a moment, in the words of the comparison."""
    watched.replay.go((START + timedelta(seconds=seconds)).timestamp())
    found: dict[tuple[str, str], str] = {}
    for line in LINES:
        (table,) = (reply for reply in await watched.say(line) if isinstance(reply, Table))
        for row in table.rows:
            if line == "/license":
                units, connections = row["units"], row["connections"] or 0
                told = f"{units} unit{'s' * (units != 1)}, {connections} connection{'s' * (connections != 1)}"
                found["holder", str(row["holder"])] = told
            elif line == "/sessions":
                found["session", str(row["session"])] = f"{row['user'] or 'no login'} on {row['application']}"
            else:
                who, what = row["user"] or "system", row["routine"] or row["executable"]
                found["process", str(row["pid"])] = f"{who}, {what} in {row['namespace']}"
    return found


async def test_a_plot_goes_back_to_the_start(watched: Watched) -> None:
    (plot,) = await watched.say("/plot units 30d")
    assert isinstance(plot, Series)
    assert len(plot.times) == 25
    assert max(value or 0 for value in plot.lines["units"]) == 8


async def test_nothing_can_be_changed(watched: Watched) -> None:
    for line in (
        "/sessions end jane@10.0.0.9",
        "/process terminate 1",
        "/grant %All to bob",
        "/user add bob2",
        "/undo",
        "/share",
        "/connect local",
        "/profile add",
        "/record again.irec",
        "/denied enable",
        "/free",
        "/license free",
    ):
        replies = await watched.say(line)
        assert not any(isinstance(reply, Plan | Done) for reply in replies), line
        assert isinstance(replies[-1], Problem), line
    infos = {info.name: info for info in watched.session.commands()}
    assert not infos["sessions end"].available
    assert not infos["connect"].available
    assert infos["license"].available


async def test_the_status_is_that_of_a_moment_and_offers_nothing(watched: Watched) -> None:
    watched.replay.stand(watched.replay.end)
    (status,) = await watched.say("/status")
    assert isinstance(status, Facts)
    assert status.title == "local at this moment of the recording"
    assert "own_process" not in status.labels
    assert status.notes[-1].startswith("This is a recording: nothing here is live")
    assert not any("cannot be read" in note or "/" in note for note in status.notes)
    license_card = (await watched.say("/license"))[0]
    assert isinstance(license_card, Facts)
    assert FULL_THEN in license_card.notes


async def test_what_was_not_read_is_said(watched: Watched) -> None:
    (problem,) = await watched.say("/users")
    assert isinstance(problem, Problem)
    assert problem.error == "NotRecorded"


async def test_a_process_is_found_in_the_list_of_all(watched: Watched) -> None:
    table = (await watched.say("/processes"))[-1]
    assert isinstance(table, Table)
    pid = table.rows[0]["pid"]
    (facts,) = await watched.say(f"/process {pid}")
    assert isinstance(facts, Facts)
    assert facts.facts["pid"] == pid


async def test_a_refused_list_is_refused_again(tmp_path: Path) -> None:
    made = Recorded(tmp_path)
    made.world.instance.fail["sessions"] = NotPermitted("No.", privilege="%Admin_Operate:U")
    await made.begin()
    await made.poll()
    live = (await made.world.say("/sessions"))[-1]
    await made.poll()
    await made.end()
    watched = Watched(made.path, tmp_path / "replay")
    await watched.open()
    again = (await watched.say("/sessions"))[-1]
    assert isinstance(live, Problem)
    assert isinstance(again, Problem)
    assert (again.error, again.message) == (live.error, live.message)
    await watched.close()


async def test_sessions_that_the_web_port_alone_lists_are_recorded(tmp_path: Path) -> None:
    row = {
        "ID": "Sess0001AbCdEfGh",
        "Username": "jane",
        "Application": "/csp/user",
        "Timeout": "2026-11-24 15:00:00",
        "LicenseId": "jane@10.0.0.9",
        "Token": "canary",
    }
    answers = web.GOOD | {"GET_v2__web_sessions": web.reply(200, web.envelope([row]))}
    async with web.scripted(**answers) as (script, api, _):
        made = Recorded(tmp_path)
        made.world.instance.fail["sessions"] = NotAvailable("Not in this version.")
        await made.begin()
        connection = made.world.connection
        connection.offers.admin_api, api.heard = api, connection.heard
        await made.poll()
        live = shown(await made.world.say("/sessions"))
        await made.poll()
        made.world.clock.passed += 1
        script.answers["GET_v2/web_sessions"] = web.reply(503)
        refused = (await made.world.say("/sessions"))[-1]
        await made.poll()
        await made.end()
    assert [kind for kind, _ in live] == ["Table"]
    assert isinstance(refused, Problem)
    assert "canary" not in made.bodies()
    assert "Sess0001AbCdEfGh" not in made.bodies()
    watched = Watched(made.path, tmp_path / "replay")
    await watched.open()
    again = (await watched.say("/sessions"))[-1]
    assert isinstance(again, Problem)
    assert again.message == refused.message
    watched.replay.step(-1)
    assert shown(await watched.say("/sessions")) == live
    await watched.close()


async def test_a_list_that_was_broken_off_is_not_recorded(tmp_path: Path) -> None:
    made = Recorded(tmp_path)
    await made.begin("lists=no")
    connection = made.world.session.hub.links["local"].connection

    async def read(broken: BaseException) -> None:
        with made.recorder.reading("license"):
            await connection.batch([ClassMethod("%SYSTEM.License", "LUConsumed")])
            raise broken

    for broken in (asyncio.CancelledError(), Unreachable("Gone.")):
        with pytest.raises(type(broken)):
            await read(broken)
    await made.poll()
    await made.end()
    recording = Recording(made.path)
    last = recording.last()
    assert last is not None
    assert recording.taken(last.at, last) is None
    recording.close()


async def test_no_list_is_read_for_it_if_it_must_not(tmp_path: Path) -> None:
    made = Recorded(tmp_path)
    await made.begin("lists=no")
    asked = made.world.instance.holders_asked
    for number in range(5):
        change(made, number)
        await made.poll(30)
    assert made.world.instance.holders_asked == asked
    await made.world.say("/license")  # what is looked at is recorded
    await made.poll()
    await made.end()
    recording = Recording(made.path)
    last = recording.last()
    assert last is not None
    taken = recording.taken(last.at, last)
    assert taken is not None
    assert taken.name == "license"
    recording.close()


async def test_lists_are_read_when_counts_move_and_no_card_has_read_them(tmp_path: Path) -> None:
    made = Recorded(tmp_path)
    await made.begin()
    await made.poll()
    asked = made.world.instance.holders_asked
    for _ in range(5):
        await made.poll(2)  # nothing has moved
    assert made.world.instance.holders_asked == asked
    made.world.instance.used = 7
    await made.poll(2)
    assert made.world.instance.holders_asked > asked
    await made.end()


async def test_it_ends_by_itself_and_says_so(tmp_path: Path) -> None:
    made = Recorded(tmp_path)
    await made.begin("for=1m")
    for _ in range(31):
        await made.poll(2)
    assert made.world.session.hub.links["local"].tape is None
    assert "complete" in made.world.notices[-1].message
    assert isinstance((await made.world.say("/record"))[0], Problem)
    assert not made.path.with_name("a.irec-wal").exists()
    await made.world.session.close()


async def test_a_recording_that_ended_before_its_first_poll_goes_on(tmp_path: Path) -> None:
    for begins, polls in (("Recording to", 0), ("Recording goes on", 0), ("Recording goes on", 2)):
        made = Recorded(tmp_path)
        (begun,) = await made.begin()
        assert isinstance(begun, Done), begun
        assert begun.message.startswith(begins)
        for _ in range(polls):
            await made.poll()
        if not polls:
            with pytest.raises(RecordingError, match="no poll yet"):
                Recording(made.path)
        await made.end()
    recording = Recording(made.path)
    first, last = recording.first(), recording.last()
    assert first is not None
    assert last is not None
    assert last.at - first.at == 2.0
    recording.close()


async def test_a_recording_goes_on_in_its_file_and_the_gap_is_marked(tmp_path: Path) -> None:
    for number in range(2):
        made = Recorded(tmp_path)
        made.world.clock.passed = 3600.0 * number
        await made.begin()
        await made.poll()
        if number:
            (plot,) = await made.world.say("/plot units 24h")
            assert isinstance(plot, Series)
            assert len(plot.times) == 2  # that of the file, too
        await made.end()
    recording = Recording(made.path)
    last = recording.last()
    assert last is not None
    assert (last.why, last.gap) == ("restarted", 3600.0)
    assert recording.gaps(0, 1e12) == [last]
    recording.close()


@pytest.mark.parametrize(
    ("wall", "monotonic", "why", "gap"),
    [(2, 2, "", 0), (600, 2, "asleep", 600), (60, 60, "silent", 60), (-300, 2, "clock", 0)],
)
async def test_gaps_are_told_by_both_clocks(
    tmp_path: Path, wall: float, monotonic: float, why: str, gap: float
) -> None:
    made = Recorded(tmp_path)
    await made.begin("lists=no")
    link = made.world.session.hub.links["local"]
    counts = await link.read_figures()
    writer = made.recorder.writer
    at = START.timestamp()
    writer.add(counts, at, 100.0)
    writer.add(counts, at + wall, 100.0 + monotonic)
    await made.end()
    recording = Recording(made.path)
    last = recording.last()
    assert last is not None
    assert (last.why, last.gap) == (why, gap)
    recording.close()


async def test_no_secret_gets_in_and_the_file_is_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = Recorded(tmp_path)
        await made.begin()
        change(made, 3)
        await made.poll()
        await made.world.say("/sessions")
        await made.world.say("/denied")
        await made.poll()
        modes = modes_of(tmp_path)
        await made.end()
    finally:
        os.umask(before)
    assert modes == {0o600}
    text = made.bodies()
    assert "jane" in text
    assert PASSWORD not in text
    assert "Sess0001AbCdEfGh" not in text  # the id of a session allows taking it over
    assert "Sess0001" in text
    assert "Security.Users" not in text  # /denied reads them, too
    assert "SELECT TOP 500 * FROM %SYS.Audit_List" in text


async def test_pseudonyms_are_stable_and_leave_no_name(tmp_path: Path) -> None:
    made = Recorded(tmp_path)
    await made.begin("pseudonyms=yes")
    for number in range(3):
        change(made, number)
        await made.poll(20)
    (table,) = [each for each in await made.world.say("/processes") if isinstance(each, Table)]
    names = {str(row["user"]) for row in table.rows} - {"", "_SYSTEM", "UnknownUser"}
    await made.poll()
    await made.end()
    text = made.bodies()
    for name in (*names, "jane", "10.0.0.9", "127.0.0.1", "local"):
        assert f'"{name}' not in text, name
    assert "user-" in text
    watched = Watched(made.path, tmp_path / "replay")
    await watched.open()
    (sessions,) = await watched.say("/sessions")
    assert isinstance(sessions, Table)
    assert len({row["user"] for row in sessions.rows}) == 1
    await watched.close()


def canary_process(number: int) -> Process:
    made = process_of(
        {
            "pid": 5000 + number,
            "username": f"CanaryUser{number}",
            "namespace": "USER",
            "routine": "Clinic.Ward.1",
            "state": "HANG",
            "currentdevice": f"/home/canaryhome{number}/out.txt",
            "clientipaddress": f"canaryaddress{number}",
            "clientnodename": f"CANARYNODE{number}",
            "clientexecutablename": f"canaryprogram{number}.exe",
            "osusername": f"canaryos{number}",
            "licenseuserid": f"CanaryHolder{number}@canaryhost{number}",
            "location": f"canaryplace{number}",
            "userinfo": f"canaryinfo{number}",
        }
    )
    assert made is not None
    return made


async def test_with_pseudonyms_no_name_is_in_the_file(tmp_path: Path) -> None:
    made = Recorded(
        tmp_path,
        profile=dataclasses.replace(LOCAL, name="canaryprofile", host="canaryserver", user="canarylogin"),
    )
    instance = made.world.instance
    instance.replaced = [canary_process(each) for each in range(5)]
    instance.audit = [
        AuditRecord(
            START,
            "LoginFailure",
            "canaryaudited",
            "canarytext",
            "canarydata",
            "canaryip",
            "canaryexe",
            "USER",
            "R",
            7,
            1,
        )
    ]
    await made.begin("pseudonyms=yes")
    for number in range(4):
        instance.used = 5 + number
        instance.replaced_sessions = [
            WebSession(
                f"Sess000{number}CanarySession", f"canaryweb{number}", "/csp/user", START + timedelta(seconds=900),
                f"canaryweb{number}@canaryclient", preserve=False, pid=None, allow_end=True,
            )
        ]  # fmt: skip
        if number == 2:
            instance.fail["holders"] = NotPermitted("canarymessage.", privilege="X:U", detail="canarydetail")
        await made.poll(20)
        for line in (*LINES, "/denied"):
            await made.world.say(line)
    await made.poll(20)
    written = made.bodies().lower()
    assert written.count("user-") >= 9  # there were names
    await made.end()
    raw = made.path.read_bytes().lower()
    for text in (written, made.bodies().lower(), raw.decode("latin-1")):
        assert [
            text[place : place + 40] for place in range(len(text)) if text.startswith("canary", place)
        ] == []


async def test_the_oldest_part_goes_when_the_file_is_full(tmp_path: Path) -> None:
    made = Recorded(tmp_path)
    await made.begin("most=2")
    link = made.world.session.hub.links["local"]
    counts = await link.read_figures()
    counts = counts._replace(notes=("x" * 2000,))
    writer = made.recorder.writer
    for number in range(1500):
        writer.add(counts, START.timestamp() + number, float(number))
    await made.end()
    assert made.path.stat().st_size <= 2 * 1024 * 1024
    recording = Recording(made.path)
    first, last = recording.first(), recording.last()
    assert first is not None
    assert last is not None
    assert last.at == START.timestamp() + 1499
    assert first.at > START.timestamp()
    recording.close()


async def test_two_may_read_while_one_writes(tmp_path: Path) -> None:
    made = Recorded(tmp_path)
    await made.begin()
    await made.poll()
    readers = [Watched(made.path, tmp_path / name) for name in ("one", "two")]
    for number in range(6):
        change(made, number)
        await made.poll(15)
        for reader in readers:
            if reader.session.overview().active is None or number == 0:
                await reader.open()
            reader.replay.stand(reader.replay.end)
            active = reader.session.overview().active
            assert active is not None
            assert active.units_used == made.world.instance.used
    for reader in readers:
        await reader.close()
    await made.end()


async def test_a_second_recorder_takes_the_file_over_and_the_first_says_so(tmp_path: Path) -> None:
    first, second = Recorded(tmp_path), Recorded(tmp_path)
    await first.begin()
    await first.poll()
    await second.begin()
    await first.poll()
    assert "Another irisops" in first.world.notices[-1].message
    await second.poll()
    await second.end()
    await first.world.session.close()


@pytest.mark.parametrize("options", ["most=1", "most=x", "for=1s", "for=never"])
async def test_wrong_options_are_one_sentence_and_make_no_file(tmp_path: Path, options: str) -> None:
    made = Recorded(tmp_path)
    (problem,) = await made.begin(options)
    assert isinstance(problem, Problem)
    assert not made.path.exists()
    await made.world.session.close()


async def test_a_file_that_is_no_recording_is_left_alone(tmp_path: Path) -> None:
    made = Recorded(tmp_path)
    made.path.write_text("mine")
    (problem,) = await made.begin()
    assert isinstance(problem, Problem)
    assert made.path.read_text() == "mine"
    await made.world.session.close()
    with pytest.raises(RecordingError, match="no recording"):
        Recording(made.path)
