from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from irisops.instance.errors import InstanceProblem, LicenseExhausted, LoginRefused, NotPermitted, Unreachable
from irisops.profiles.model import Profile
from irisops.run_command import Exit, Output, run_line
from tests.commands.fakes import LOCAL, PASSWORD, World


class Ran:
    """One headless run."""

    def __init__(self, home: Path, *profiles: Profile, json_lines: bool = True) -> None:
        self.world = World(home, *profiles, polling=False)
        self.out, self.err = io.StringIO(), io.StringIO()
        self.output = Output(self.out, self.err, json_lines)

    async def line(
        self, line: str, *, yes: bool = False, word: str = "", password: str | None = PASSWORD
    ) -> Exit:
        try:
            return await run_line(
                self.world.session,
                line,
                self.output,
                profile=next(iter(self.world.session.hub.profiles()), None),
                password=password,
                yes=yes,
                word=word,
            )
        finally:
            await self.world.session.close()

    def replies(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.getvalue().splitlines()]


def everything_in(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.rglob("*") if path.is_file())


async def test_reads_in_json(tmp_path: Path) -> None:
    ran = Ran(tmp_path, LOCAL)
    assert await ran.line("who holds my license") is Exit.DONE
    assert [(reply["reply"], reply["name"]) for reply in ran.replies()] == [
        ("facts", "license"),
        ("table", "holders"),
    ]
    assert ran.world.asked == []
    assert ran.world.connection.closed == 1


async def test_a_change_without_yes_is_status_3_and_changes_nothing(tmp_path: Path) -> None:
    ran = Ran(tmp_path, LOCAL)
    assert await ran.line("/grant %SQL to bob") is Exit.NEEDS_YES
    assert [reply["reply"] for reply in ran.replies()] == ["plan"]
    assert ran.world.instance.done == []


async def test_a_change_with_yes_is_carried_out(tmp_path: Path) -> None:
    ran = Ran(tmp_path, LOCAL)
    assert await ran.line("/grant %SQL to bob", yes=True) is Exit.DONE
    assert [reply["reply"] for reply in ran.replies()] == ["plan", "done"]
    assert ran.replies()[1]["undo"] == 1
    assert ran.world.instance.held("bob") == ("%SQL",)


async def test_a_guarded_profile_wants_its_name_beside_yes(tmp_path: Path) -> None:
    guarded = replace(LOCAL, guarded=True)
    ran = Ran(tmp_path, guarded)
    assert await ran.line("/grant %SQL to bob", yes=True) is Exit.NEEDS_YES
    assert "--confirm local" in ran.replies()[-1]["cure"]
    ran = Ran(tmp_path, guarded)
    assert await ran.line("/grant %SQL to bob", yes=True, word="local") is Exit.DONE


async def test_what_is_not_understood_never_connects(tmp_path: Path) -> None:
    ran = Ran(tmp_path, LOCAL)
    assert await ran.line("colourless green ideas") is Exit.NOT_UNDERSTOOD
    (reply,) = ran.replies()
    assert (reply["reply"], reply["error"]) == ("error", "NotUnderstood")
    assert len(reply["suggestions"]) == 3
    assert ran.world.connections == []


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (Unreachable("dead port"), Exit.CANNOT_REACH),
        (LoginRefused("refused"), Exit.CANNOT_REACH),
        (LicenseExhausted("full"), Exit.CANNOT_REACH),
        (NotPermitted("no"), Exit.FAILED),
    ],
)
async def test_problems_of_login_have_their_status(
    tmp_path: Path, refusal: InstanceProblem, status: Exit
) -> None:
    ran = Ran(tmp_path, LOCAL)
    ran.world.instance.refuse = refusal
    assert await ran.line("/license") is status
    assert [reply["error"] for reply in ran.replies()] == [refusal.name]


async def test_a_refusal_by_the_instance_is_status_1(tmp_path: Path) -> None:
    ran = Ran(tmp_path, LOCAL)
    ran.world.instance.fail["users"] = NotPermitted("no")
    assert await ran.line("/users") is Exit.FAILED
    assert await Ran(tmp_path, LOCAL).line("/grant %SQL to nobody", yes=True) is Exit.FAILED


async def test_no_password_and_nobody_to_ask_is_status_4(tmp_path: Path) -> None:
    ran = Ran(tmp_path, LOCAL)
    ran.world.session.hub.ask = None
    assert await ran.line("/license", password=None) is Exit.CANNOT_REACH
    assert "IRISOPS_PASSWORD" in ran.replies()[0]["cure"]


async def test_without_a_profile_it_says_what_to_do(tmp_path: Path) -> None:
    ran = Ran(tmp_path)
    assert await ran.line("/license") is Exit.CANNOT_REACH
    assert "/profile add" in ran.replies()[0]["cure"]


async def test_commands_of_this_tool_need_no_instance(tmp_path: Path) -> None:
    for line in ("/help", "/profiles", "/history", "/quit"):
        ran = Ran(tmp_path, LOCAL)
        assert await ran.line(line) is Exit.DONE, line
        assert all(not each.instance.logins for each in ran.world.connections)


async def test_doctor_connects_and_speaks_even_when_it_cannot(tmp_path: Path) -> None:
    ran = Ran(tmp_path, LOCAL)
    assert await ran.line("/doctor") is Exit.DONE
    assert [reply["name"] for reply in ran.replies()] == ["doctor", "routes"]
    ran = Ran(tmp_path, LOCAL)
    ran.world.instance.refuse = Unreachable("dead port")
    assert await ran.line("/doctor") is Exit.CANNOT_REACH
    assert [reply["name"] for reply in ran.replies()] == ["Unreachable", "doctor"]


async def test_what_needs_a_screen_says_so(tmp_path: Path) -> None:
    ran = Ran(tmp_path, LOCAL)
    assert await ran.line("/clear") is Exit.FAILED
    ran = Ran(tmp_path, LOCAL)
    assert await ran.line("/profile add") is Exit.NOT_UNDERSTOOD
    assert "host=" in ran.replies()[0]["cure"]


async def test_text_goes_to_out_and_trouble_to_err(tmp_path: Path) -> None:
    ran = Ran(tmp_path, LOCAL, json_lines=False)
    assert await ran.line("/users") is Exit.DONE
    assert "appuser" in ran.out.getvalue()
    assert ran.err.getvalue() == ""
    ran = Ran(tmp_path, LOCAL, json_lines=False)
    assert await ran.line("/grant %SQL to bob") is Exit.NEEDS_YES
    assert "--yes" in ran.err.getvalue()
    ran = Ran(tmp_path, LOCAL, json_lines=False)
    assert await ran.line("colourless") is Exit.NOT_UNDERSTOOD
    assert ran.out.getvalue() == ""
    assert "NotUnderstood" in ran.err.getvalue()


async def test_no_secret_in_what_is_printed_or_written(tmp_path: Path) -> None:
    ran = Ran(tmp_path, LOCAL)
    await ran.line("/grant %SQL to bob", yes=True)
    written = everything_in(tmp_path)
    assert "AddRoles" in written
    assert PASSWORD not in written + ran.out.getvalue() + ran.err.getvalue()


async def test_a_share_that_would_end_at_once_is_refused(tmp_path: Path) -> None:
    ran = Ran(tmp_path, LOCAL)
    assert await ran.line("/share superserver for 1h people 1", yes=True) is Exit.FAILED
    (problem,) = ran.replies()
    assert problem["error"] == "NeedsChat"
    assert "outlive=yes" in problem["cure"]
    assert ran.world.connections == []


async def test_a_share_that_goes_on_is_not(tmp_path: Path) -> None:
    ran = Ran(tmp_path, LOCAL)
    await ran.line("/share superserver for 1h people 0 outlive=yes agent=/no/such/agent", yes=True)
    (problem,) = ran.replies()
    assert problem["error"] == "AgentMissing"
    assert ran.world.connection.closed == 1
