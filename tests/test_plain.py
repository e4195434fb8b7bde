from __future__ import annotations

import asyncio
import io
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from irisops.contract.replies import FormField
from irisops.plain import PlainChat, fault_of, parse_value, shown
from irisops.plain_terminal import Lines
from irisops.profiles.discovery.everywhere import Discovery
from irisops.profiles.discovery.found import Found
from irisops.profiles.model import Profile
from irisops.run_command import Output, run_line
from tests.commands.fakes import LOCAL, PASSWORD, World, lost
from tests.instance.served import until
from tests.terminal import Terminal


class Typed:
    """A terminal where a test has typed everything ahead; `secret` answers with the password."""

    def __init__(self, *lines: str | None) -> None:
        self.lines = list(lines)
        self.prompts: list[str] = []
        self.written: list[str] = []
        self.greeting: list[str] = []
        self.secrets: list[str] = []
        self.password: str | None = PASSWORD
        self.asks = True
        self.lost: OSError | None = None

    async def line(self, prompt: str, *, answer: bool = False) -> str | None:
        if not self.prompts:
            self.greeting, self.written = self.written, []
        self.prompts.append(prompt)
        if not self.lines:
            return None
        text = self.lines.pop(0)
        if text is None:
            raise KeyboardInterrupt
        return text

    async def secret(self, title: str, prompt: str) -> str | None:
        self.secrets.append(f"{title}. {prompt}")
        return self.password

    def write(self, text: str) -> None:
        self.written.append(text)

    @property
    def text(self) -> str:
        return "\n".join(self.written)


async def converse(home: Path, *lines: str | None, profile: Profile = LOCAL) -> tuple[World, Typed]:
    """Log in, then type the lines. `Typed.written` is what was written after the login."""
    world = World(home, profile, polling=False, connect_first=False)
    terminal = Typed(*lines)
    assert await PlainChat(world.session, terminal).run() == 0
    await world.session.close()
    return world, terminal


LINES = (
    "/license", "who holds my license", "/users", "/users role=%All sort=name", "/sessions", "/processes", "/roles",
    "/status", "/doctor", "/help", "/help grant", "/history", "/profiles", "colourless green ideas", "/grant x bob",
    "/grant %SQL to nobody", "/undo", "/connect nowhere", "/license why appuser", "/secrets",
)  # fmt: skip


@pytest.mark.parametrize("line", LINES)
async def test_says_what_run_says(tmp_path: Path, line: str) -> None:
    ran = World(tmp_path / "run", LOCAL, polling=False)
    await ran.connect()
    out = io.StringIO()
    await run_line(ran.session, line, Output(out, out, json=False), profile=LOCAL, password=PASSWORD)
    await ran.session.close()
    _, terminal = await converse(tmp_path / "plain", line)
    expected = out.getvalue().rstrip("\n").replace(str(tmp_path / "run"), str(tmp_path / "plain"))
    assert expected
    said = terminal.written
    if said and said[0].startswith("/") and said[0] != expected:
        said = said[1:]  # the slash form of plain words
    assert "\n".join(said) == expected


@pytest.mark.parametrize(
    ("answer", "held"), [("yes", ("%SQL",)), ("y", ("%SQL",)), ("no", ()), ("", ()), (None, ())]
)
async def test_a_plan_waits_for_yes(tmp_path: Path, answer: str | None, held: tuple[str, ...]) -> None:
    world, terminal = await converse(tmp_path, "/grant %SQL to bob", answer)
    assert world.instance.held("bob") == held
    assert "Do it? yes or no: " in terminal.prompts
    assert ("Nothing was changed." in terminal.text) == (not held)


async def test_where_nobody_can_be_asked_the_cure_is_another(tmp_path: Path) -> None:
    """K10: a pipe cannot be asked, so `/connect asks again` is no cure."""
    world = World(tmp_path, LOCAL, polling=False, connect_first=False)
    world.session.hub.ask = None
    terminal = Typed("/connect local")
    terminal.asks = False
    await PlainChat(world.session, terminal).run()
    assert "PasswordNeeded" in terminal.text
    assert "Run it in a terminal to be asked; or set IRISOPS_PASSWORD" in terminal.text
    assert "/connect asks" not in terminal.text
    assert terminal.secrets == []


async def test_the_end_of_the_input_is_no(tmp_path: Path) -> None:
    world, _ = await converse(tmp_path, "/grant %SQL to bob")
    assert world.instance.held("bob") == ()


@pytest.mark.parametrize(("word", "held"), [("local", ("%SQL",)), ("yes", ()), ("y", ())])
async def test_a_guarded_profile_wants_its_name(tmp_path: Path, word: str, held: tuple[str, ...]) -> None:
    world, terminal = await converse(
        tmp_path, "/grant %SQL to bob", word, profile=replace(LOCAL, guarded=True)
    )
    assert world.instance.held("bob") == held
    assert terminal.prompts[0] == "local (guarded)> "
    assert "Type local to do it" in terminal.prompts[1]


async def test_a_form_is_asked_field_by_field_and_wrong_ones_again(tmp_path: Path) -> None:
    answers = ["", "mine", "h", "many", "70000", "", "bob", *[""] * 11]
    world, terminal = await converse(tmp_path, "/profile add", *answers[1:4], *answers[4:], "1973", "/quit")
    assert "That is not a number." in terminal.text
    assert "port: The port is a number from 1 to 65535." in terminal.text
    (profile,) = [each for each in world.session.hub.loaded.profiles if each.name == "mine"]
    assert (profile.host, profile.port, profile.user) == ("h", 1973, "bob")
    assert PASSWORD not in terminal.text
    assert PASSWORD in world.keyring.kept.values()


async def test_a_form_can_be_left(tmp_path: Path) -> None:
    for leaving in (".", None):
        world, terminal = await converse(tmp_path, "/profile add", "mine", leaving)
        assert "Left. Nothing was changed." in terminal.text
        assert world.session.hub.loaded.profiles == ()


async def test_the_prompt_says_where_a_change_would_go(tmp_path: Path) -> None:
    world = World(tmp_path, replace(LOCAL, read_only=True), polling=False, connect_first=False)
    terminal = Typed("/disconnect", "/users")
    await PlainChat(world.session, terminal).run()
    assert terminal.prompts == ["local (read-only)> ", "local (off, read-only)> ", "local (off, read-only)> "]
    await world.session.close()


async def test_the_first_login_happens_in_the_foreground(tmp_path: Path) -> None:
    world = World(tmp_path, LOCAL, connect_first=False, polling=False)
    terminal = Typed("/status")
    await PlainChat(world.session, terminal).run()
    assert terminal.secrets == ["Log in to local. Password of _SYSTEM on 127.0.0.1:1972/%SYS"]
    assert terminal.prompts[0] == "local> "
    assert "License units used" in terminal.text
    await world.session.close()


async def test_an_empty_line_takes_the_offer(tmp_path: Path) -> None:
    async def look() -> Discovery:
        return Discovery((Found("here", "Docker", port=1),), ())

    world = World(tmp_path, look=look)
    terminal = Typed("", "", "/quit")
    await PlainChat(world.session, terminal).run()
    assert "An empty line does: /profile adopt here" in "\n".join(terminal.greeting)
    assert [profile.name for profile in world.session.hub.profiles()] == ["here"]
    await world.session.close()


async def test_saves_what_was_said(tmp_path: Path) -> None:
    file = tmp_path / "said.txt"
    await converse(tmp_path / "home", "/status", f"/save {file}")
    text = file.read_text()
    assert "> /status" in text
    assert "License units used" in text


async def test_cancelling_ends_the_line_and_not_the_program(tmp_path: Path) -> None:
    world = World(tmp_path, LOCAL, polling=False, connect_first=False)
    world.instance.poll_waits = asyncio.Event()
    terminal = Typed("/status", "/users")
    chat = PlainChat(world.session, terminal)
    running = asyncio.ensure_future(chat.run())
    await until(lambda: bool(world.instance.polls))
    assert chat.cancel()
    assert await running == 0
    assert "Cancelled." in terminal.text
    assert "SuperUser" in terminal.text
    assert not chat.cancel()
    await world.session.close()


async def test_a_problem_of_the_instance_is_said(tmp_path: Path) -> None:
    world = World(tmp_path, LOCAL, polling=False, connect_first=False)
    world.instance.fail["users"] = lost()
    terminal = Typed("/users")
    await PlainChat(world.session, terminal).run()
    assert "Unreachable: The connection was lost." in terminal.text
    await world.session.close()


def test_values_are_typed_as_they_are_shown() -> None:
    flag = FormField("f", "F", "flag")
    roles = FormField("r", "R", "roles", required=True)
    for field, text, value in (
        (flag, "yes", True), (flag, "NO", False), (roles, "a, b", ["a", "b"]),
        (FormField("n", "N", "number"), "12", 12), (FormField("n", "N", "number"), "", None),
        (FormField("t", "T"), "x y", "x y"),
    ):  # fmt: skip
        assert parse_value(field, text) == value
        assert fault_of(field, value) == ""
        assert parse_value(field, shown(value)) == value
    assert fault_of(flag, "perhaps")
    assert fault_of(roles, [])
    assert fault_of(FormField("c", "C", "choice", choices=("a",)), "b")
    assert fault_of(FormField("n", "N", "number"), "x")


async def test_a_pipe_is_never_asked_for_a_secret() -> None:
    out = io.StringIO()
    lines = Lines(io.StringIO("first\n\nlast"), out)
    assert [await lines.line("> ") for _ in range(4)] == ["first", "", "last", None]
    assert await lines.secret("t", "p") is None
    assert out.getvalue() == ""


def plain_demo() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "irisops", "demo", "--plain"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_program_answers_a_pipe() -> None:
    with plain_demo() as child:
        out, err = child.communicate("/license\n/quit\n", timeout=60)
    assert child.returncode == 0
    assert err == ""
    assert "Connected to demo." in out
    assert "Connections allowed" in out
    assert "\x1b" not in out


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_signal_ends_it_logged_out() -> None:
    with plain_demo() as child:
        assert child.stdout is not None
        while "Connected to demo." not in child.stdout.readline():
            pass
        child.send_signal(signal.SIGHUP)
        # Not `communicate` yet: it closes the input, which ends the program, too, and with another status.
        assert child.wait(30) == 128 + signal.SIGHUP
        _, err = child.communicate()
    assert "Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_a_person_at_a_terminal_has_completion_history_and_no_drawing(tmp_path: Path) -> None:
    with Terminal(
        [sys.executable, "-m", "irisops", "demo", "--plain"],
        columns=80,
        rows=24,
        env={"IRISOPS_HOME": str(tmp_path)},
    ) as terminal:
        terminal.wait_for(r"demo>\s*\Z")
        terminal.send("/statu\t")
        terminal.wait_for("demo> /status")
        terminal.press("enter")
        terminal.wait_for("Connections in use")
        terminal.wait_for(r"demo>\s*\Z")
        terminal.press("up")
        terminal.wait_for(r"demo> /status\s*\Z")
        terminal.press("ctrl+c")
        terminal.wait_for(r"demo>\s*\Z")
        terminal.type_line("/secrets file")
        terminal.wait_for("Passphrase: ")
        terminal.type_line("canary-Passphrase")
        terminal.wait_for("once more: ")
        terminal.press("up")  # no history of what was hidden
        terminal.type_line("other")
        terminal.wait_for("not the same")
        terminal.press("up")
        terminal.wait_for(r"demo> /secrets file\s*\Z")
        terminal.press("ctrl+c")
        assert b"canary" not in terminal.raw
        terminal.type_line("/quit")
        assert terminal.wait_exit() == 0
        assert "WARNING" not in terminal.text
        assert b"\x1b[?1049h" not in terminal.raw, "no full-screen drawing"
        assert b"\x1b[3" not in terminal.raw.replace(b"\x1b[39m", b""), "no colours"


async def test_what_an_answer_offers_is_picked_by_its_number_or_letter(tmp_path: Path) -> None:
    world, terminal = await converse(tmp_path, "/explain bop %DB_USER:W", "1", "f", "yes")
    assert "1  /explain bob %DB_USER:W" in terminal.text
    assert "f: fix it" in terminal.text
    assert terminal.prompts.count("Do it? yes or no: ") == 1, "the question itself asked for no yes"
    assert world.instance.held("bob")


async def test_a_pick_that_lacks_something_is_shown_and_not_run(tmp_path: Path) -> None:
    world, terminal = await converse(tmp_path, "/grant x bob", "1")
    assert "This lacks ROLE: /grant ROLE to USER" in terminal.text
    assert world.instance.held("bob") == ()


async def test_a_line_refers_to_the_last_answer(tmp_path: Path) -> None:
    _, terminal = await converse(
        tmp_path, "/users name~bob", "disable the first", "no", "again", "no", "and reader?", "end them"
    )
    assert terminal.written.count("/disable bob") == 2, "said once, and once more after “again”"
    assert terminal.prompts.count("Do it? yes or no: ") == 2
    assert "NoSuchSession" in terminal.text, "bob has no session to be ended"
    assert "/disable reader" in terminal.written
