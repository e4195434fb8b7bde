"""Output of other programs of this machine: `iris qlist`, Docker and Podman, VS Code's settings, the environment."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from irisops.profiles.discovery.containers import docker, podman
from irisops.profiles.discovery.found import Report, Surroundings
from irisops.profiles.discovery.installed import installed
from irisops.profiles.discovery.variables import variables
from irisops.profiles.discovery.vscode import loads, vscode
from irisops.profiles.model import ProfileInvalidError
from tests.fuzz.conftest import Fuzz
from tests.fuzz.mutation import SECRET, as_json, json_texts, texts, trees
from tests.profiles.discovery.places import QLIST, Machine

Source = Callable[[Surroundings], Coroutine[Any, Any, Report]]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def ask() -> Iterator[Callable[[Source, Machine], Report]]:
    """Ask a source, and make a profile of all that it found."""
    with asyncio.Runner() as runner:

        def asked(source: Source, machine: Machine) -> Report:
            report = runner.run(source(machine.around()))
            for found in report.found:
                _ = (found.place, repr(found))
                try:
                    found.profile()
                except ProfileInvalidError:
                    continue
            return report

        yield asked


Ask = Callable[[Source, Machine], Report]


def trouble(report: object) -> str:
    return report.trouble if isinstance(report, Report) else ""


def prints(machine: Machine, program: str, text: str) -> None:
    machine.prints(program, "")
    (machine.bin / f"{program}.out").write_bytes(text.encode("utf-8", "surrogatepass"))


def test_qlist(fuzz: Fuzz, machine: Machine, ask: Ask) -> None:
    def read(text: str) -> Report:
        prints(machine, "iris", text)
        return ask(installed, machine)

    fuzz.run(texts([QLIST, *QLIST.splitlines()]), read, told=trouble)


PS = (
    "iris\tintersystemsdc/iris-community:latest\t0.0.0.0:1972->1972/tcp, :::52773->52773/tcp, 2188/tcp\n"
    "two\tcontainers.intersystems.com/intersystems/iris:2025.2\t127.0.0.1:9000-9002->1970-1972/tcp\n"
    "db\tpostgres:16\t5432/tcp\n"
)


@pytest.mark.parametrize("source", [docker, podman])
def test_containers(fuzz: Fuzz, machine: Machine, ask: Ask, source: Source) -> None:
    def read(made: tuple[str, str]) -> Report:
        text, machine.environment["DOCKER_HOST"] = made
        prints(machine, source.__name__, text)
        return ask(source, machine)

    hosts = texts(
        ["tcp://10.0.0.5:2376", "ssh://me@host", f"tcp://u:{SECRET}@[::1]:1", "unix:///var/run/docker.sock"]
    )
    fuzz.run(
        st.tuples(texts([PS, *PS.splitlines()]), hosts.map(lambda text: text.replace("\0", ""))),
        read,
        told=trouble,
    )


SETTINGS = {
    "intersystems.servers": {
        "local": {
            "webServer": {"scheme": "https", "host": "127.0.0.1", "port": 52773, "pathPrefix": "/x"},
            "superServer": {"host": "h", "port": 1972},
            "username": "_SYSTEM",
            "password": SECRET,
            "description": "mine",
        },
        "/default": "local",
    },
    "objectscript.conn": {
        "active": True, "host": "h", "port": 1, "ns": "USER", "username": "u", "password": SECRET,
        "docker-compose": {"service": "iris", "internalPort": 52773},
    },
}  # fmt: skip
COMMENTED = f"// mine\n{json.dumps(SETTINGS, indent=1)[:-1]}, /* end */ }}\n"


def test_vscode_settings(fuzz: Fuzz, machine: Machine, ask: Ask) -> None:
    file = machine.settings("{}")

    def read(text: str) -> Report:
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        return ask(vscode, machine)

    fuzz.run(
        st.one_of(trees([SETTINGS]).map(as_json), texts([COMMENTED, json.dumps(SETTINGS)])),
        read,
        told=trouble,
    )


def test_json_with_comments(fuzz: Fuzz) -> None:
    # The settings' reader, one level up, tells only the line of such an error: the text around may be a password.
    fuzz.run(
        st.one_of(texts([COMMENTED, "{,}", "[1,]//x"]), json_texts([SETTINGS])),
        loads,
        ValueError,
        RecursionError,
    )


NAMES = (
    "IRIS_HOSTNAME",
    "IRIS_HOST",
    "IRIS_PORT",
    "IRIS_USERNAME",
    "IRIS_PASSWORD",
    "DATABASE_URL",
    "IRIS_URL",
)
SAMPLES = [
    "127.0.0.1", "1972", "_SYSTEM", SECRET, f"iris://u:{SECRET}@db:1972/USER", f"iris+intersystems://u:{SECRET}@[::1]/X",
    f"iris+emb:///USER?x={SECRET}",
]  # fmt: skip


def test_environment(fuzz: Fuzz, machine: Machine, ask: Ask) -> None:
    own = dict(machine.environment)

    def read(around: dict[str, str]) -> Report:
        machine.environment = {**own, **around}
        return ask(variables, machine)

    values = texts(SAMPLES).map(lambda text: text.replace("\0", ""))
    fuzz.run(st.dictionaries(st.sampled_from(NAMES), values, max_size=5), read, told=trouble)
