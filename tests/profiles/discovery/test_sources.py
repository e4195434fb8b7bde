from __future__ import annotations

import socket
from pathlib import Path

import pytest

from irisops.profiles.discovery.containers import docker, podman
from irisops.profiles.discovery.everywhere import ports
from irisops.profiles.discovery.found import Found, Report
from irisops.profiles.discovery.installed import installed
from irisops.profiles.discovery.variables import variables
from irisops.profiles.discovery.vscode import vscode
from tests.profiles.discovery.places import QLIST, Machine

CANARY = "canary-Secret-1"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def only(report: Report) -> Found:
    assert report.trouble == ""
    (found,) = report.found
    return found


async def test_installed_instances_with_their_ports_and_state(machine: Machine) -> None:
    machine.prints("iris", QLIST + "\n^^^\nnot a line\n")
    running, down = (await installed(machine.around())).found
    assert (running.name, running.port, running.web_port, running.state) == ("iris", 1972, 52773, "running")
    assert running.problem == ""
    assert (down.name, down.port, down.web_port) == ("old", 56772, None)
    assert down.problem == "OLD is down."
    assert "iris start OLD" in down.cure


@pytest.mark.parametrize(
    "script",
    [
        "echo 'Iris 1.2: the flower classifier'",
        "echo 'usage: iris [COMMAND]' >&2; exit 2",
        "echo 'a^b^c^d^e^f^g^h^i'",
        "exit 0",
        "head -c 3000000 /dev/zero",
    ],
)
async def test_another_program_called_iris_is_ignored(machine: Machine, script: str) -> None:
    machine.program("iris", script)
    assert await installed(machine.around()) == Report()


async def test_the_iris_command_gets_nothing_to_read_and_only_qlist(machine: Machine) -> None:
    machine.program("iris", f'echo "$@" > "{machine.bin}/argv"; cat > "{machine.bin}/stdin"')
    await installed(machine.around())
    assert (machine.bin / "argv").read_text() == "qlist\n"
    assert (machine.bin / "stdin").read_text() == ""


async def test_no_program_no_trouble(machine: Machine) -> None:
    for source in (installed, docker, podman):
        assert await source(machine.around()) == Report()


PS = (
    "iris-1\tcontainers.intersystems.com/intersystems/iris-community:latest-em\t"
    "0.0.0.0:32768->1972/tcp, [::]:32768->1972/tcp, 0.0.0.0:52774->52773/tcp, 2188/tcp\n"
    "postgres\tpostgres:16\t0.0.0.0:5432->5432/tcp\n"
    "mine\tregistry.example/app:3\t127.0.0.2:1999->1972/tcp\n"
    "hidden\tintersystemsdc/iris-community\t1972/tcp, 52773/tcp\n"
    "range\tintersystemsdc/irishealth-community:2025.1\t0.0.0.0:2970-2973->1970-1973/tcp\n"
    "eye\tcodercom/iris-viewer-of-photos-x/viewer\t\n"
)


async def test_containers_with_the_ports_they_publish(machine: Machine) -> None:
    machine.prints("docker", PS)
    found = {each.name: each for each in (await docker(machine.around())).found}
    assert list(found) == ["docker:iris-1", "docker:mine", "docker:hidden", "docker:range"]
    first = found["docker:iris-1"]
    assert (first.host, first.port, first.web_port) == ("127.0.0.1", 32768, 52774)
    assert (found["docker:mine"].host, found["docker:mine"].port) == ("127.0.0.2", 1999)
    assert found["docker:range"].port == 2972
    assert found["docker:hidden"].port is None
    assert "-p 1972:1972" in found["docker:hidden"].cure


async def test_a_remote_engine_publishes_on_its_own_host(machine: Machine) -> None:
    machine.prints("docker", PS)
    machine.environment["DOCKER_HOST"] = "ssh://me@box.example:2222"
    found = (await docker(machine.around())).found
    assert found[0].host == "box.example"
    assert found[1].problem == "It is published on box.example for that machine alone (127.0.0.2)."


async def test_an_engine_that_is_down_is_said_in_a_sentence(machine: Machine) -> None:
    machine.program("podman", "echo 'Cannot connect to Podman' >&2; exit 125")
    report = await podman(machine.around())
    assert report.found == ()
    assert report.trouble == "Podman failed: Cannot connect to Podman."


async def test_a_containers_password_is_read_only_when_asked_for(machine: Machine) -> None:
    listing = machine.bin / "ps"
    listing.write_text(PS)
    asked = machine.bin / "asked"
    machine.program(
        "docker",
        f'echo "$1" >> "{asked}"\n[ "$1" = ps ] && cat "{listing}" || printf "PATH=/bin\\nIRIS_PASSWORD={CANARY}\\n"',
    )
    found = (await docker(machine.around())).found[0]
    assert asked.read_text() == "ps\n"
    assert CANARY not in repr(found)
    assert found.password is not None
    assert await found.password.read() == CANARY


SETTINGS = """\
{
  // my servers
  "intersystems.servers": {
    "local": { "webServer": {"scheme": "https", "host": "10.1.1.1", "port": 52773, },
               "superServer": {"port": 51972}, "username": "dev", "password": "%s", },
    "plain": { "webServer": {"host": "10.1.1.2", "port": 80} },
    "/default": "local", /* no server */
  },
  "objectscript.conn": { "host": "10.1.1.3", "port": 52773, "ns": "USER", "username": "_SYSTEM", "active": true, },
}
"""


async def test_servers_of_the_persons_settings(machine: Machine) -> None:
    file = machine.settings(SETTINGS % CANARY)
    report = await vscode(machine.around())
    local, plain, inline = report.found
    assert (local.name, local.host, local.port, local.user) == ("local", "10.1.1.1", 51972, "dev")
    assert (local.web_scheme, local.web_port) == ("https", 52773)
    assert (plain.host, plain.port, plain.password) == ("10.1.1.2", 1972, None)
    assert (inline.host, inline.port, inline.web_port, inline.user) == ("10.1.1.3", 1972, 52773, "_SYSTEM")
    assert CANARY not in repr(report)
    assert local.password is not None
    assert local.password.where == str(file)
    assert await local.password.read() == CANARY


async def test_settings_of_the_workspace_and_the_folders_above(machine: Machine) -> None:
    server = {"webServer": {"host": "h", "port": 1}}
    machine.settings({"intersystems.servers": {"a": server}}, machine.work / ".vscode" / "settings.json")
    machine.settings(
        {"settings": {"intersystems.servers": {"b": server}}}, machine.work.parent / "x.code-workspace"
    )
    machine.settings(
        {"intersystems.servers": {"c": server}}, machine.home.parent / ".vscode" / "settings.json"
    )
    assert [each.name for each in (await vscode(machine.around())).found] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [(f'{{"a": "{CANARY}" "b"', "not JSON"), ("[" * 100_000, "not JSON"), ("\xff", "not JSON"), ("[1]", "")],
)
async def test_broken_settings_are_said_without_their_words(machine: Machine, text: str, said: str) -> None:
    machine.settings("").write_text(text, encoding="latin-1")
    report = await vscode(machine.around())
    assert report.found == ()
    assert said in report.trouble
    assert CANARY not in report.trouble


async def test_variables_in_common_use(machine: Machine) -> None:
    machine.environment |= {
        "IRIS_HOSTNAME": "db.example",
        "IRIS_PORT": "1973",
        "IRIS_USERNAME": "app",
        "IRIS_PASSWORD": CANARY,
        "IRIS_NAMESPACE": "USER",
    }
    found = only(await variables(machine.around()))
    assert (found.host, found.port, found.user) == ("db.example", 1973, "app")
    assert CANARY not in repr(found)
    assert CANARY not in repr(machine.around())
    assert found.password is not None
    assert await found.password.read() == CANARY


async def test_addresses_in_variables(machine: Machine) -> None:
    machine.environment |= {"DATABASE_URL": f"iris://app:{CANARY}@db:1980/USER", "BAD": "iris://u:p@h:xx/"}
    report = await variables(machine.around())
    (found,) = report.found
    assert (found.host, found.port, found.user) == ("db", 1980, "app")
    assert "BAD" in report.trouble
    assert CANARY not in repr(report)


async def test_a_wrong_port_in_a_variable_is_said(machine: Machine) -> None:
    machine.environment["IRIS_PORT"] = "many"
    assert "IRIS_PORT" in (await variables(machine.around())).trouble


async def test_only_ports_that_listen(machine: Machine) -> None:
    with socket.socket() as listening, socket.socket() as silent:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        silent.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        found = only(await ports(machine.around(ports=(silent.getsockname()[1], port))))
    assert (found.name, found.port) == (f"localhost:{port}", port)
