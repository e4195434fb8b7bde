"""/container on a made-up `docker`: what it tells, what is wrong, and that nothing runs in it without a yes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from irisops.contract.replies import Done, Facts, Plan, Problem, Reply, Table
from irisops.profiles.container import IRISOWNER
from irisops.profiles.model import Profile
from tests.commands.fakes import World
from tests.profiles.discovery.places import Machine

IMAGE = "containers.intersystems.com/intersystems/iris:2025.1"
SECRET = "canary-Secret-1"


class Engine:
    """A `docker` with one container, which notes what it is told to do."""

    def __init__(self, root: Path) -> None:
        self.machine = Machine(root)
        self.world = World(root / "state")
        self.description: dict[str, Any] = {
            "State": {"Status": "running", "ExitCode": 0, "Health": {"Status": "healthy"}},
            "Config": {
                "Image": IMAGE,
                "Env": [f"IRIS_PASSWORD={SECRET}", "ISC_DATA_DIRECTORY=/durable/iris"],
            },
            "Args": ["--key", "/durable/iris.key"],
            "Mounts": [],
            "RestartCount": 0,
        }
        self.log = "[INFO] Starting InterSystems IRIS instance IRIS...\n"
        self.status = "Up 2 hours (healthy)"
        self.world.session.context.environment = self.machine.environment

    def mount(self, folder: Path, *, owner: int | None = None) -> Path:
        """A folder of this machine as /durable; its owner as told to the code under test."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "iris.key").touch()
        self.description["Mounts"] = [
            {"Type": "bind", "Source": str(folder), "Destination": "/durable", "RW": True}
        ]
        folder.chmod(0o777 if owner == IRISOWNER else 0o755)
        return folder

    def write(self) -> None:
        files = self.machine.bin
        line = "\t".join(["iris-1", IMAGE, "0.0.0.0:1980->1972/tcp", self.status, "bridge"])
        (files / "ps").write_text(line + "\n")
        (files / "inspect").write_text(json.dumps([self.description]))
        (files / "logs").write_text(self.log)
        self.machine.program(
            "docker",
            f'echo "$@" >> "{files}/told"\ncase "$1" in ps|inspect|logs) cat "{files}/$1" ;; *) echo done ;; esac',
        )

    @property
    def told(self) -> list[str]:
        """What it was told to do, beside being asked."""
        lines = (self.machine.bin / "told").read_text().splitlines()
        return [line for line in lines if line.split()[0] not in ("ps", "inspect", "logs")]

    async def say(self, line: str) -> list[Reply]:
        self.write()
        return await self.world.say(line)

    async def failures(self) -> dict[str, str]:
        """Failure -> its command."""
        replies = await self.say("/container")
        tables = [each for each in replies if isinstance(each, Table) and each.name == "container_failures"]
        return {str(row["failure"]): str(row["command"]) for row in tables[0].rows} if tables else {}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)


async def test_a_sound_container_is_told_with_its_folder_and_its_log(engine: Engine, tmp_path: Path) -> None:
    engine.mount(tmp_path / "data", owner=IRISOWNER)
    replies = await engine.say("is my container up")
    (card,) = [each for each in replies if isinstance(each, Facts)]
    assert card.title == "iris-1 (docker): running, healthy"
    assert card.facts["password"] == "given at its start by IRIS_PASSWORD"
    assert card.facts["key"] == "/durable/iris.key"
    assert str(tmp_path / "data") in str(card.facts["data_folder"])
    assert "GiB" in str(card.facts["disk_free"])
    assert "Nothing known is wrong." in card.notes
    (log,) = [each for each in replies if isinstance(each, Table)]
    assert log.rows == [{"line": "[INFO] Starting InterSystems IRIS instance IRIS..."}]
    assert SECRET not in str(replies)
    assert engine.told == []


@pytest.mark.parametrize(
    ("log", "failure", "command"),
    [
        ("Error: Invalid Community Edition license, may have exceeded core limit.", "license", "newer tag"),
        ("write: no space left on device", "space", "docker system prune"),
        ("mkdir /durable/iris: Permission denied", "durable", f"chown -R {IRISOWNER}:{IRISOWNER}"),
        ("Password change required.", "login", "UnExpireUserPasswords"),
    ],
)
async def test_a_line_of_the_log_leads_to_the_command(
    engine: Engine, tmp_path: Path, log: str, failure: str, command: str
) -> None:
    engine.mount(tmp_path / "data", owner=IRISOWNER)
    engine.log = f"{log}\n"
    found = await engine.failures()
    assert command in found[failure]
    assert engine.told == []


async def test_a_folder_that_the_image_may_not_write_to(engine: Engine, tmp_path: Path) -> None:
    folder = engine.mount(tmp_path / "my data")
    assert (await engine.failures())["durable"] == f"sudo chown -R {IRISOWNER}:{IRISOWNER} '{folder}'"
    engine.description["Mounts"][0]["RW"] = False
    assert "without :ro" in (await engine.failures())["durable"]
    engine.description["Mounts"] = []
    assert "-v FOLDER:/durable" in (await engine.failures())["durable"]
    engine.description["Config"]["Env"] = []
    found = await engine.failures()
    assert "ISC_DATA_DIRECTORY=/durable/iris" in found["durable"]
    assert "UnExpireUserPasswords" in found["login"], "no password was given at its start"
    engine.description["Args"] = ["--password-file=/x"]
    assert "login" not in await engine.failures()


async def test_a_key_that_is_not_there(engine: Engine, tmp_path: Path) -> None:
    folder = engine.mount(tmp_path / "data", owner=IRISOWNER)
    (folder / "iris.key").unlink()
    assert (await engine.failures())["key"] == f"cp iris.key {folder / 'iris.key'}"
    engine.description["Args"] = ["--key=/external/iris.key"]
    assert "-v FOLDER:/external" in (await engine.failures())["key"]
    engine.description["Args"] = []
    assert "--key" in (await engine.failures())["key"]


async def test_only_after_a_yes_is_anything_run(engine: Engine, tmp_path: Path) -> None:
    engine.mount(tmp_path / "data", owner=IRISOWNER)
    engine.status = "Exited (1) 3 days ago"
    engine.description["State"] = {"Status": "exited", "ExitCode": 1, "OOMKilled": True}
    assert (await engine.failures()) == {
        "start": "docker start iris-1",
        "memory": "give it more memory: --memory",
    }
    (plan,) = await engine.say("/container fix docker:iris-1 start")
    assert isinstance(plan, Plan)
    assert plan.calls == {"Shell": ["docker start iris-1"]}
    assert engine.told == []
    (done,) = await engine.world.yes(plan.id)
    assert isinstance(done, Done)
    assert engine.told == ["start iris-1"]
    assert "It is in no history: no profile leads to this container." in done.details
    (refused,) = await engine.say("/container fix iris-1 memory")
    assert isinstance(refused, Problem)
    assert refused.cure == "→ give it more memory: --memory"
    (refused,) = await engine.say("/container fix iris-1 login")
    assert isinstance(refused, Problem)
    assert refused.error == "NothingToFix"


async def test_the_command_is_written_in_the_history_of_the_profile_that_leads_there(
    engine: Engine, tmp_path: Path
) -> None:
    hub = engine.world.session.hub
    hub.add_temporary(Profile("shop", "127.0.0.1", 1980, "%SYS", "_SYSTEM"))
    hub.add_temporary(Profile("docker:iris-1", "127.0.0.1", 1981, "%SYS", "_SYSTEM"))
    engine.mount(tmp_path / "data", owner=IRISOWNER)
    engine.log = "Password change required.\n"
    (plan,) = await engine.say("/container fix docker:iris-1 login")
    assert isinstance(plan, Plan)
    (done,) = await engine.world.yes(plan.id)
    assert isinstance(done, Done)
    assert "It is change 1 of the history of shop." in done.details
    engine.status = "Exited (1) 3 days ago"
    engine.description["State"] = {"Status": "exited", "ExitCode": 1}
    (plan,) = await engine.say("/container fix docker:iris-1 start")
    assert isinstance(plan, Plan)
    await engine.world.yes(plan.id)
    (entry,) = engine.world.session.context.journal("docker:iris-1").read().entries
    assert (entry.status, entry.intent.calls, entry.can_be_undone) == (
        "done",
        {"Shell": ["docker start iris-1"]},
        False,
    )


async def test_the_password_is_unexpired_by_a_session_in_the_container(
    engine: Engine, tmp_path: Path
) -> None:
    engine.mount(tmp_path / "data", owner=IRISOWNER)
    engine.log = "Password change required.\n"
    (plan,) = await engine.say("fix the login of the container docker:iris-1")
    assert isinstance(plan, Plan)
    assert "keeps the password" in " ".join(plan.effects)
    engine.write()
    assert [type(each) for each in await engine.world.yes(plan.id)] == [Done]
    assert engine.told == [
        'exec iris-1 iris session IRIS -U %SYS ##class(Security.Users).UnExpireUserPasswords("*")'
    ]


async def test_without_a_container_and_with_odd_answers(engine: Engine) -> None:
    (_, refused) = await engine.world.say("/container")
    assert isinstance(refused, Problem)
    assert refused.error == "NoContainer"
    engine.write()
    (engine.machine.bin / "inspect").write_text("no json")
    (_, refused) = await engine.world.say("/container")
    assert isinstance(refused, Problem)
    assert refused.error == "EngineRefused"
    (_, refused) = await engine.say("/container iris-2")
    assert isinstance(refused, Problem)
    assert refused.error == "NoSuchContainer"
    (engine.machine.bin / "inspect").write_text(
        json.dumps([{"State": None, "Mounts": [1], "Config": {"Env": None}}])
    )
    replies = await engine.world.say("/container iris-1")
    assert any(isinstance(each, Facts) for each in replies)
