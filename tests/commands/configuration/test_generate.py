"""/export merge, manifest, objectscript, python: files that are whole, private and ours, with what they leave out."""

from __future__ import annotations

import ast
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from irisops.configuration.password_hash import verifies
from irisops.contract.replies import Done, Reply
from irisops.simulator.world.model import User
from tests.commands.editing import GOOD, Desk, desk
from tests.configuration.merge_parser import read
from tests.configuration.test_installer_manifest import checked, manifest_of

CANARY = "Canary-42"


@pytest.fixture
async def person(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path / "home") as made:
        made.served.world.add_user(User("jane", roles=["Clerk"], full_name='Jane "J" Doe'), GOOD)
        yield made


def done(replies: list[Reply]) -> Done:
    reply = replies[-1]
    assert isinstance(reply, Done), reply
    return reply


class Typing:
    """A person who types these secrets, one after the other."""

    def __init__(self, *secrets: str | None) -> None:
        self.secrets = list(secrets)
        self.asked: list[str] = []

    async def __call__(self, title: str, prompt: str) -> str | None:
        self.asked.append(f"{title}: {prompt}")
        return self.secrets.pop(0)


async def test_a_merge_file_is_written_with_what_it_leaves_out(person: Desk, tmp_path: Path) -> None:
    path = tmp_path / "merge.cpf"
    reply = done(await person.say(f"/export merge {path}"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = read(path.read_text(encoding="utf-8"))
    verbs = {each.verb for each in found}
    assert {"ModifySystem", "ModifyService", "CreateRole", "ModifyRole", "ModifyUser", "ModifyEvent"} <= verbs
    assert "CreateUser" not in verbs
    assert not any("PasswordHash" in each.values for each in found)
    assert f"iris merge INSTANCE {path}" in reply.details[0]
    said = "\n".join(reply.details)
    assert "passwords of bob and jane" in said
    assert "user jane: FullName: it holds a quotation mark" in said


async def test_the_password_of_a_user_is_asked_for_and_only_its_hash_written(
    person: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "merge.cpf"
    typing = Typing(CANARY, CANARY)
    person.session.ask_with(typing)
    reply = done(await person.say(f"/export merge {path} only users passwords=JANE"))
    assert typing.asked == [
        "Password of jane in the merge file: Password",
        "Password of jane in the merge file: The same once more",
    ]
    made = {
        each.verb: each.values
        for each in read(path.read_text(encoding="utf-8"))
        if each.values["Name"] == "jane"
    }
    assert set(made) == {"CreateUser", "ModifyUser"}
    assert verifies(made["CreateUser"]["PasswordHash"], CANARY)
    assert CANARY not in path.read_text(encoding="utf-8") + repr(reply)
    assert any("keep it secret" in each for each in reply.details)


@pytest.mark.parametrize(
    ("secrets", "error"),
    [((None,), "Declined"), (("pässword",), "BadPassword"), ((CANARY, "other"), "NotTheSame")],
)
async def test_a_password_that_is_not_given_writes_nothing(
    person: Desk, tmp_path: Path, secrets: tuple[str | None, ...], error: str
) -> None:
    path = tmp_path / "merge.cpf"
    assert (await person.problem(f"/export merge {path} passwords=jane")).error == "PasswordNeeded"
    person.session.ask_with(Typing(*secrets))
    problem = await person.problem(f"/export merge {path} passwords=jane")
    assert problem.error == error
    assert CANARY not in repr(problem)
    assert (await person.problem(f"/export merge {path} passwords=nobody")).error == "NoSuchUser"
    assert not path.exists()


async def test_a_target_version_leaves_out_what_it_lacks(person: Desk, tmp_path: Path) -> None:
    path = tmp_path / "merge.cpf"
    done(await person.say(f"/export merge {path} only roles target=2023.1"))
    assert not any("EscalationOnly" in each.values for each in read(path.read_text(encoding="utf-8")))
    assert (await person.problem(f"/export merge {path} target=new")).error == "BadVersion"


async def test_the_other_formats_are_written(person: Desk, tmp_path: Path) -> None:
    manifest, script, program = (tmp_path / name for name in ("Setup.cls", "setup.txt", "setup.py"))
    assert "Irisops.Installer" in done(await person.say(f"/export manifest {manifest}")).details[0]
    checked(manifest_of(manifest.read_text(encoding="utf-8")))
    assert "iris session" in done(await person.say(f"/export objectscript {script}")).details[0]
    assert '##class(Security.Users).Exists("jane")' in script.read_text(encoding="utf-8")
    assert "driver" not in done(await person.say(f"/export python {program}")).message
    ast.parse(program.read_text(encoding="utf-8"))


async def test_a_folder_of_an_export_is_turned_into_a_file_without_the_instance(
    person: Desk, tmp_path: Path
) -> None:
    folder, first, second = tmp_path / "live", tmp_path / "a.cpf", tmp_path / "b.cpf"
    done(await person.say(f"/export {folder}"))
    done(await person.say(f"/export merge {first}"))
    before = person.served.count_requests()
    done(await person.say(f"/export merge {second} from={folder}"))
    assert before.fired == 0
    assert first.read_text(encoding="utf-8").replace("a.cpf", "b.cpf") == second.read_text(encoding="utf-8")


async def test_only_a_file_of_its_own_is_replaced(person: Desk, tmp_path: Path) -> None:
    path = tmp_path / "x.cpf"
    done(await person.say(f"/export merge {path} only roles"))
    first = path.read_bytes()
    for line in ("merge", "objectscript", "python", "manifest"):
        before = path.read_bytes()
        plan = await person.plan(f"/export {line} {path} only roles")
        assert path.read_bytes() == before
        assert "by hand is lost" in plan.effects[0]
        assert isinstance((await person.yes(plan))[-1], Done)
    assert path.read_bytes() != first
    path.write_text("[Startup]\n")
    assert (await person.problem(f"/export merge {path}")).error == "FileExists"
    assert path.read_text() == "[Startup]\n"
    assert (await person.problem(f"/export merge {tmp_path}")).error == "NotWritten"


async def test_a_file_without_an_object_is_not_written(person: Desk, tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    assert (await person.problem(f"/export python {path} only resources")).error == "NothingToWrite"
    assert not path.exists()
