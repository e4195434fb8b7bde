"""Lines of `iris qlist` in every state."""

from __future__ import annotations

from pathlib import Path

import pytest

from irisops.profiles.discovery.found import Found
from irisops.profiles.discovery.installed import installed
from tests.profiles.discovery.places import Machine


async def one(root: Path, line: str) -> Found:
    machine = Machine(root)
    machine.prints("iris", f"{line}\n")
    (found,) = (await installed(machine.around())).found
    return found


RUNNING = "S^/usr/s^2024.1.0.262.0^running, since x^iris.cpf^1973^52773^0^{health}^IRIS^^^/usr/s"


@pytest.mark.parametrize(
    ("status", "cure", "never"),
    [
        ("down, last used x", "iris start S", ""),
        ("sign-on inhibited, last used x", "iris session S -B", "iris start"),
        ("sign-on inhibited, last used x", "messages.log in /usr/s/mgr", "iris start"),
        ("starting, since x", "Wait until it runs", "iris start"),
        ("stopping, since x", "Wait until it is down", ""),
        ("incomplete, since x", "iris list S", "iris start"),
        ("Sign-On Inhibited", "iris session S -B", "iris start"),
    ],
)
async def test_each_state_has_its_own_cure(tmp_path: Path, status: str, cure: str, never: str) -> None:
    found = await one(tmp_path, f"S^/usr/s^2024.1.0.262.0^{status}^iris.cpf^1973^0^0^alert^IRIS^^^/usr/s")
    assert found.problem.casefold() == f"s is {status.split(',', maxsplit=1)[0].casefold()}."
    assert cure in found.cure
    assert not never or never not in found.cure
    assert found.down == status.startswith("down")


@pytest.mark.parametrize(
    ("health", "state", "aside"),
    [
        ("hung", "running, hung", True),
        ("alert", "running, alert", False),
        ("warn", "running, warn", False),
        ("ok", "running", False),
        ("", "running", False),
    ],
)
async def test_the_health_is_shown(tmp_path: Path, health: str, state: str, aside: bool) -> None:
    found = await one(tmp_path, RUNNING.format(health=health))
    assert (found.state, found.aside, found.problem) == (state, aside, "")


@pytest.mark.parametrize(
    ("line", "product"),
    [
        ("D^/e/d/^2018.1.2.309.0^running, since x^cache.cpf^56772^57772^62972^ok^Ensemble", "Ensemble"),
        ("C^/c^2015.1.0.429.0^running, since x^cache.cpf^1972^57772^62972^warn^", "Caché"),
        ("C^/c^2015.1.0.429.0^down, last used x^cache.cpf^1972^57772^62972", "Caché"),
        (r"C^c:\c^2015.1.0.429.0^running, since x^c:\c\cache.cpf^1972^57772^62972^^", "Caché"),
        ("E^/e^2018.1.2.309.0^running, since x^ensemble.cpf^1972^57772^62972^ok^Ensemble", "Ensemble"),
    ],
)
async def test_what_the_driver_cannot_reach_is_not_offered(tmp_path: Path, line: str, product: str) -> None:
    found = await one(tmp_path, line)
    assert product in found.problem
    assert "driver" in found.problem
    assert "iris start" not in found.cure


@pytest.mark.parametrize("port", ["", "0"])
async def test_an_instance_without_a_port_is_still_a_row(tmp_path: Path, port: str) -> None:
    found = await one(
        tmp_path, f"N^/usr/n^2024.1.0.262.0^down, last used never^iris.cpf^{port}^^^^IRIS^^^/usr/n"
    )
    assert (found.problem, found.port, found.down) == ("N is down.", None, True)


async def test_one_that_runs_without_a_port_says_so(tmp_path: Path) -> None:
    found = await one(tmp_path, "N^/usr/n^2024.1.0.262.0^running, since x^iris.cpf^^^^^IRIS^^^/usr/n")
    assert "port is not known" in found.problem


@pytest.mark.parametrize("port", ["²", pytest.param("9" * 5000, id="long"), "x", "-1", "٣"])
async def test_a_port_in_other_digits_is_no_line_of_qlist(tmp_path: Path, port: str) -> None:
    machine = Machine(tmp_path)
    machine.prints("iris", f"N^/usr/n^2024.1.0.262.0^running, since x^iris.cpf^{port}^0^0^ok^IRIS^^^\n")
    found = (await installed(machine.around())).found
    assert [each.port for each in found] in ([], [None])


async def test_a_name_is_quoted_in_what_is_to_be_typed(tmp_path: Path) -> None:
    found = await one(tmp_path, "A B;C^/usr/n^2024.1.0.262.0^down, x^iris.cpf^1^0^0")
    assert found.cure == "Start it with: iris start 'A B;C'"
