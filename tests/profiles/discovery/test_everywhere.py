from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.profiles.discovery.everywhere import Source, discover
from irisops.profiles.discovery.found import Found, Report, StoredPassword, Surroundings, fit_name
from irisops.profiles.model import Profile
from tests.profiles.discovery.places import QLIST, Machine


async def test_finds_what_every_source_has_and_ignores_the_decoy(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.prints("docker", "iris-1\tintersystems/iris\t0.0.0.0:32768->1972/tcp\n")
    machine.prints("podman", "pod\tintersystems/iris\t0.0.0.0:32769->1972/tcp\n")
    machine.prints("iris", QLIST)
    machine.settings('{"intersystems.servers": {"code": {"webServer": {"host": "10.0.0.1", "port": 1,},},},}')
    machine.environment["IRIS_HOST"] = "10.0.0.2"
    found = await discover(machine.around())
    assert [each.name for each in found.found] == [
        "docker:iris-1", "podman:pod", "iris", "code", "env-10.0.0.2", "old",
    ]  # fmt: skip
    assert found.troubles == ()
    machine.prints("iris", "I am a decoy^^^^^^^^\n")
    names = [each.name for each in (await discover(machine.around())).found]
    assert "iris" not in names
    assert len(names) == 4


async def test_a_hanging_program_costs_its_deadline_and_leaves_no_process(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.prints("docker", "iris-1\tintersystems/iris\t0.0.0.0:32768->1972/tcp\n")
    pids = tmp_path / "pids"
    machine.program("iris", f'sleep 600 & echo $! >> "{pids}"; echo $$ >> "{pids}"; wait')
    # Two seconds, in which the other program answers on a busy machine too; all of it is given more.
    found = await discover(machine.around(deadline=2), deadline=60)
    assert [each.name for each in found.found] == ["docker:iris-1"]
    assert found.troubles == ("The command iris qlist did not answer within 2 seconds.",)
    for pid in map(int, pids.read_text().split()):
        await _gone(pid)


async def _gone(pid: int) -> None:
    """A killed child of a killed parent is init's to reap: a zombie counts as gone."""
    async with asyncio.timeout(60):
        while True:
            if _state(pid) in ("", "Z"):
                return
            await asyncio.sleep(0.01)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


async def test_late_and_failing_sources_are_named_and_the_others_stay(tmp_path: Path) -> None:
    async def late(_around: Surroundings) -> Report:
        await asyncio.Event().wait()
        raise AssertionError

    async def fails(_around: Surroundings) -> Report:
        raise LookupError("with a secret")

    async def good(_around: Surroundings) -> Report:
        return Report((Found("a", "good", port=1),))

    found = await discover(
        Machine(tmp_path).around(), sources={"late": late, "bad": fails, "good": good}, deadline=0.05
    )
    assert [each.name for each in found.found] == ["a"]
    assert found.troubles == ("Looking at late took too long.", "Looking at bad failed (LookupError).")


async def test_one_instance_found_thrice_is_one_entry(tmp_path: Path) -> None:
    async def first(_around: Surroundings) -> Report:
        return Report((Found("docker:i", "Docker", "127.0.0.1", 1972),))

    async def second(_around: Surroundings) -> Report:
        return Report(
            (Found("code", "VS Code", "localhost", 1972, user="dev", web_port=80, web_scheme="https"),)
        )

    async def other(_around: Surroundings) -> Report:
        return Report((Found("code", "VS Code", "elsewhere", 1972), Found("CODE", "VS Code", "third", 1972)))

    sources = {"1": first, "2": second, "3": other}
    found = (await discover(Machine(tmp_path).around(), sources=sources)).found
    assert [each.name for each in found] == ["docker:i", "code", "CODE-2"]
    assert (found[0].source, found[0].user, found[0].web_port) == ("Docker, VS Code", "dev", 80)
    assert found[0].web_scheme == "https"


def test_what_was_found_becomes_a_profile() -> None:
    profile = Found("docker:iris-1", "Docker", port=32768, web_port=52774).profile()
    assert profile == Profile(
        "docker:iris-1", "127.0.0.1", 32768, "%SYS", "_SYSTEM", web_port=52774, web_scheme="http"
    )
    assert fit_name("/ä b/") == "b"
    assert fit_name("***") == "instance"
    assert os.sep not in fit_name("a/b")


def servers(**entries: dict[str, object]) -> dict[str, object]:
    return {"intersystems.servers": entries}


def web(host: str, port: int, **more: object) -> dict[str, object]:
    return {"webServer": {"host": host, "port": port}, **more}


async def test_different_web_ports_are_different_instances(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    cache = web("localhost", 57772, username="_system")
    machine.settings(servers(loc1=web("127.0.0.1", 52773), loc2=web("127.0.0.1", 52774), cache=cache))
    found = (await discover(machine.around())).found
    assert [(each.name, each.web_port, each.user) for each in found] == [
        ("loc1", 52773, ""),
        ("loc2", 52774, ""),
        ("cache", 57772, "_system"),
    ]
    assert all(each.port_assumed for each in found)


async def test_different_path_prefixes_are_different_instances(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    both = {
        name: {"webServer": {"host": "web", "port": 443, "pathPrefix": f"/{name}"}} for name in ("one", "two")
    }
    machine.settings({"intersystems.servers": both})
    assert [each.path_prefix for each in (await discover(machine.around())).found] == ["/one", "/two"]


@pytest.mark.parametrize("superserver", [None, 1972])
async def test_user_and_password_come_from_one_and_the_same_entry(
    tmp_path: Path, superserver: int | None
) -> None:
    machine = Machine(tmp_path)
    more: dict[str, object] = {"superServer": {"port": superserver}} if superserver else {}
    machine.settings(
        servers(
            first=web("127.0.0.1", 52773, username="maria", **more),
            plain=web("127.0.0.1", 52773, **more),
            second=web("127.0.0.1", 52774, username="bob", password="B0b", **more),
        )
    )
    found = {each.name: each for each in (await discover(machine.around())).found}
    assert {name: each.user for name, each in found.items()} == {
        "first": "maria",
        "plain": "",
        "second": "bob",
    }
    assert [name for name, each in found.items() if each.password] == ["second"]


async def test_an_assumed_port_is_recognised_by_the_web_port_alone(tmp_path: Path) -> None:
    """An installed instance and the settings for its web server are one; the real port is then known."""
    machine = Machine(tmp_path)
    line = "A^/a^2025.2.0.227.0^running, since x^iris.cpf^51972^52773^0^ok^IRIS^^^\n"
    machine.prints("iris", line)
    machine.settings(servers(code=web("localhost", 52773, username="dev"), other=web("localhost", 52774)))
    one, other = (await discover(machine.around())).found
    assert (one.name, one.source, one.port, one.user) == ("a", "installed here, VS Code", 51972, "dev")
    assert (other.name, other.port, other.port_assumed) == ("other", 1972, True)


async def test_another_login_of_a_known_instance_learns_its_port(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.prints("docker", "i\tiris\t0.0.0.0:32768->1972/tcp, 0.0.0.0:52774->52773/tcp\n")
    machine.settings(
        servers(a=web("localhost", 52774, username="ana"), b=web("localhost", 52774, username="bob"))
    )
    found = (await discover(machine.around())).found
    assert [(each.name, each.port, each.user) for each in found] == [
        ("docker:i", 32768, "ana"),
        ("b", 32768, "bob"),
    ]
    assert found[0].password is None, "the container's password is not ana's"


async def test_an_assumed_port_joins_no_row_that_has_that_port(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.prints("docker", "i\tiris\t0.0.0.0:1972->1972/tcp, 0.0.0.0:52774->52773/tcp\n")
    machine.settings(servers(code=web("localhost", 52773, username="dev")))
    machine.environment |= {"IRIS_HOST": "localhost", "IRIS_USERNAME": "app", "IRIS_PASSWORD": "x"}
    found = (await discover(machine.around())).found
    assert [(each.name, each.user) for each in found] == [
        ("docker:i", ""),
        ("code", "dev"),
        ("env-localhost", "app"),
    ]


async def test_what_is_down_is_not_what_listens_there(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.prints("docker", "i\tiris\t0.0.0.0:56772->1972/tcp\n")
    machine.prints("iris", QLIST.splitlines()[1] + "\n")
    found = (await discover(machine.around())).found
    assert [(each.name, each.problem) for each in found] == [("docker:i", ""), ("old", "OLD is down.")]


NAMES = st.sampled_from(["", "ana", "bob"])


@st.composite
def entries(draw: st.DrawFn) -> Found:
    """An entry whose facts all bear its number, so that it shows where each came from."""
    number = draw(st.integers(0, 5))
    port = draw(st.sampled_from([None, 1972, 1973]))

    async def read() -> str | None:
        return f"password {number}"

    return Found(
        f"name{number}",
        draw(st.sampled_from(["Docker", "VS Code", "environment"])),
        draw(st.sampled_from(["localhost", "127.0.0.1", "h"])),
        port,
        port is not None and draw(st.booleans()),
        draw(NAMES),
        draw(st.sampled_from([None, 80, 443])),
        path_prefix=draw(st.sampled_from(["", "/a"])),
        password=StoredPassword(f"file {number}", read) if draw(st.booleans()) else None,
    )


def source_of(found: Sequence[Found]) -> Source:
    async def read(_around: Surroundings) -> Report:
        return Report(tuple(found))

    return read


@given(st.lists(entries(), max_size=6))
async def test_no_row_joins_facts_of_two_instances_or_logins(given_entries: list[Found]) -> None:
    around = Surroundings(Path("/h"), Path("/h"), {}, "linux", ())
    rows = (await discover(around, sources={"x": source_of(given_entries)}, deadline=10)).found
    logins = {(each.user, each.password.where if each.password else "") for each in given_entries}
    webs = {(each.web_port, each.web_scheme, each.path_prefix) for each in given_entries}
    for row in rows:
        assert (row.user, row.password.where if row.password else "") in logins
        assert (row.web_port, row.web_scheme, row.path_prefix) in webs
    for one in given_entries:
        for other in given_entries:
            if (
                one.name != other.name
                and one.web_port != other.web_port
                and (one.port_assumed or other.port_assumed)
            ):
                assert not one.same_instance(other)
    assert len(rows) <= len(given_entries)
