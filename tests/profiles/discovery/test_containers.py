"""Containers in every state, and engines that run elsewhere."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from irisops.profiles.discovery.containers import docker, podman
from irisops.profiles.discovery.found import Found
from tests.profiles.discovery.places import Machine

VENDOR = "containers.intersystems.com/intersystems"
IMAGE = f"{VENDOR}/iris-community:2025.1"
CANARY = "canary-Secret-1"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


async def one(
    machine: Machine, ports: str, status: str = "", networks: str = "", image: str = IMAGE
) -> Found:
    machine.prints("docker", "\t".join(["i", image, ports, status, networks]).rstrip("\t") + "\n")
    (found,) = (await docker(machine.around())).found
    return found


@pytest.mark.parametrize(
    "image",
    [
        f"{VENDOR}/webgateway:2024.1", f"{VENDOR}/webgateway-nginx:2024.1", f"{VENDOR}/iam:3.4", f"{VENDOR}/icm:1",
        f"{VENDOR}/arbiter:2024.1", f"{VENDOR}/iris-operator-amd64:3.7", f"{VENDOR}/passwordhash:1.1",
        "intersystemsdc/zpm-registry:1", "iriscam/viewer", "postgres:16",
    ],
)  # fmt: skip
async def test_what_is_no_iris_is_not_listed(machine: Machine, image: str) -> None:
    machine.prints("docker", f"wg\t{image}\t80/tcp, 0.0.0.0:8080->80/tcp\n")
    assert (await docker(machine.around())).found == ()


@pytest.mark.parametrize(
    "image",
    [
        IMAGE, f"{VENDOR}/iris:2024.1@sha256:ab", f"{VENDOR}/irishealth-community:1", f"{VENDOR}/healthconnect:1",
        f"{VENDOR}/iris-arm64:1", "intersystemsdc/iris-ml-community", "iris", "irisdemo-base", "localhost:5000/iris:1",
    ],
)  # fmt: skip
async def test_images_of_iris_are_known_by_their_own_name(machine: Machine, image: str) -> None:
    found = await one(machine, "0.0.0.0:1980->1972/tcp", image=image)
    assert (found.port, found.problem) == (1980, "")


async def test_no_ports_is_perhaps_the_hosts_network(machine: Machine) -> None:
    found = await one(machine, "")
    assert "lists no ports" in found.problem
    assert "/profile add i host=127.0.0.1 port=1972" in found.cure
    assert "Create" not in found.cure


async def test_the_hosts_network_is_tried_with_the_usual_port(machine: Machine) -> None:
    found = await one(machine, "", "Up 2 hours (healthy)", "host")
    assert (found.host, found.port, found.port_assumed, found.problem) == ("127.0.0.1", 1972, True, "")


async def test_creating_a_container_again_comes_with_its_price(machine: Machine) -> None:
    found = await one(machine, "1972/tcp, 52773/tcp", "Up 2 hours", "bridge")
    assert "does not publish" in found.problem
    assert found.cure.startswith("Reach it by its own address")
    assert "that loses what is in no volume" in found.cure


@pytest.mark.parametrize(
    ("status", "state", "cure"),
    [
        ("Exited (0) 3 days ago", "exited", "docker start i"),
        ("Created", "created", "docker start i"),
        ("Up 2 hours (Paused)", "paused", "docker unpause i"),
        ("Restarting (1) 5 seconds ago", "restarting", "docker logs i"),
        ("Dead", "dead", "docker logs i"),
        ("Removal In Progress", "being removed", "Nothing can be done"),
    ],
)
async def test_a_container_that_is_not_up_comes_with_its_cure(
    machine: Machine, status: str, state: str, cure: str
) -> None:
    found = await one(machine, "", status, "bridge")
    assert (found.state, found.problem, found.down) == (
        state,
        f"The container i is not running: {state}.",
        True,
    )
    assert cure in found.cure


@pytest.mark.parametrize(
    ("status", "state", "aside"),
    [
        ("Up 2 hours (unhealthy)", "running, unhealthy", True),
        ("Up 3 seconds (health: starting)", "running, starting up", True),
        ("Up 2 hours (healthy)", "running", False),
        ("Up 2 hours", "running", False),
        ("", "running", False),
    ],
)
async def test_the_health_of_a_container(machine: Machine, status: str, state: str, aside: bool) -> None:
    found = await one(machine, "0.0.0.0:1980->1972/tcp", status, "bridge")
    assert (found.state, found.aside, found.problem) == (state, aside, "")


async def test_stopped_containers_are_asked_for(machine: Machine) -> None:
    machine.program("docker", f'echo "$@" > "{machine.bin}/argv"')
    await docker(machine.around())
    assert (machine.bin / "argv").read_text().startswith("ps --all --format ")


async def test_cache_is_not_offered(machine: Machine) -> None:
    found = await one(machine, "0.0.0.0:1972->1972/tcp", image="store/intersystems/cache:2018.1")
    assert "no IRIS" in found.problem


@pytest.mark.parametrize("ports", ["0.0.0.0:1-9999999999->1-9999999999/tcp", "²->²/tcp", "99999->1972/tcp"])
async def test_absurd_ports_are_passed_over(machine: Machine, ports: str) -> None:
    found = await one(machine, ports)
    assert found.port is None


# --- where the engine runs ---------------------------------------------------------------------------------------


def context(machine: Machine, name: str, host: str) -> None:
    folder = machine.home / ".docker" / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    content = {"Name": name, "Endpoints": {"docker": {"Host": host}}}
    (folder / "meta.json").write_text(json.dumps(content))


def current(machine: Machine, name: str) -> None:
    (machine.home / ".docker").mkdir(exist_ok=True)
    (machine.home / ".docker" / "config.json").write_text(json.dumps({"currentContext": name}))


EVERYWHERE = "0.0.0.0:2972->1972/tcp, [::]:2972->1972/tcp, 0.0.0.0:2773->52773/tcp"


@pytest.mark.parametrize(
    "host", ["ssh://ops@box.example", "tcp://box.example:2376", "ssh://ops:a/b@box.example:22"]
)
@pytest.mark.parametrize("way", ["current", "DOCKER_CONTEXT", "DOCKER_HOST"])
async def test_a_remote_engines_ports_are_on_its_host(machine: Machine, way: str, host: str) -> None:
    if way == "DOCKER_HOST":
        machine.environment[way] = host
    else:
        context(machine, "box", host)
        current(machine, "box" if way == "current" else "desktop-linux")
    if way == "DOCKER_CONTEXT":
        machine.environment[way] = "box"
    found = await one(machine, EVERYWHERE)
    assert (found.host, found.port, found.web_port, found.problem) == ("box.example", 2972, 2773, "")


@pytest.mark.parametrize(
    "host", ["unix:///run/user/1000/docker.sock", "npipe:////./pipe/docker", "tcp://127.0.0.1:2375"]
)
async def test_a_local_engine_by_another_socket(machine: Machine, host: str) -> None:
    context(machine, "rootless", host)
    current(machine, "rootless")
    assert (await one(machine, EVERYWHERE)).host == "127.0.0.1"


async def test_the_default_context_is_this_machine(machine: Machine) -> None:
    current(machine, "box")
    machine.environment["DOCKER_CONTEXT"] = "default"
    assert (await one(machine, EVERYWHERE)).host == "127.0.0.1"


@pytest.mark.parametrize(
    "environment",
    [
        {"DOCKER_CONTEXT": "gone"},
        {"DOCKER_HOST": "box.example"},
        {"DOCKER_HOST": f"ssh://ops:12@34?{CANARY}@box"},
        {"DOCKER_HOST": f"ssh://ops:{CANARY}#1@"},
        {"DOCKER_HOST": "tcp://other:2375", "DOCKER_CONTEXT": "box"},
    ],
)
async def test_an_engine_that_cannot_be_placed_is_told_and_not_offered(
    machine: Machine, environment: dict[str, str]
) -> None:
    context(machine, "box", "ssh://box.example")
    machine.environment |= environment
    for ports in (EVERYWHERE, "127.0.0.1:2972->1972/tcp"):
        found = await one(machine, ports)
        assert "Where its engine runs is not known" in found.problem
        assert (found.host, found.address) == ("", "port 2972")
        assert CANARY not in repr(found)


@pytest.mark.parametrize("meta", ["", "[]", "{}", '{"Endpoints": 1}', "\xff", "[" * 100_000])
async def test_a_broken_context_is_an_engine_that_cannot_be_placed(machine: Machine, meta: str) -> None:
    context(machine, "box", "x")
    next((machine.home / ".docker" / "contexts" / "meta").glob("*/meta.json")).write_text(meta, "latin-1")
    machine.environment["DOCKER_CONTEXT"] = "box"
    assert (await one(machine, EVERYWHERE)).host == ""


@pytest.mark.parametrize("loopback", ["127.0.0.1", "127.0.0.2", "[::1]"])
async def test_what_a_remote_engine_publishes_for_itself_needs_a_tunnel(
    machine: Machine, loopback: str
) -> None:
    machine.environment["DOCKER_HOST"] = "ssh://ops@box.example"
    found = await one(machine, f"{loopback}:1972->1972/tcp")
    assert found.problem.startswith("It is published on box.example for that machine alone")
    assert f"ssh -L 1972:{loopback.strip('[]')}:1972 box.example" in found.cure


async def test_an_address_of_a_remote_engine_stays(machine: Machine) -> None:
    machine.environment["DOCKER_HOST"] = "ssh://ops@box.example"
    found = await one(machine, "10.0.0.7:1972->1972/tcp")
    assert (found.host, found.problem) == ("10.0.0.7", "")


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        ({}, "127.0.0.1"),
        ({"CONTAINER_HOST": "ssh://core@box.example:22/run/podman/podman.sock"}, "box.example"),
        ({"CONTAINER_HOST": "unix:///run/podman/podman.sock"}, "127.0.0.1"),
        ({"CONTAINER_CONNECTION": "box"}, "box.example"),
        ({"CONTAINER_CONNECTION": "gone"}, ""),
        ({"CONTAINER_CONNECTION": "box", "CONTAINER_HOST": "ssh://other"}, ""),
        ({"DOCKER_HOST": "ssh://box.example"}, "127.0.0.1"),
    ],
)
async def test_podmans_engine(machine: Machine, environment: dict[str, str], host: str) -> None:
    known = {
        "Connection": {"Default": "box", "Connections": {"box": {"URI": "ssh://core@box.example/x/y.sock"}}}
    }
    file = machine.home / ".config" / "containers" / "podman-connections.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(known))
    machine.environment |= environment
    machine.prints("podman", f"i\t{IMAGE}\t{EVERYWHERE}\n")
    (found,) = (await podman(machine.around())).found
    assert found.host == host


async def test_an_engines_complaint_shows_no_password(machine: Machine) -> None:
    machine.program("docker", f"echo 'Cannot connect to tcp://u:{CANARY}@box:2375' >&2; exit 1")
    assert (await docker(machine.around())).trouble == "Docker ended with status 1."
