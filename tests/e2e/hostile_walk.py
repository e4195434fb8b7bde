"""Walks the program on an instance that is full of hostile text; run by `test_hostile_text` in a terminal of its own.

    python -m tests.e2e.hostile_walk WHAT HOME REPORT

The real screen on the terminal that this process has, the real brain, the real driver. `REPORT` is written at the end:
what was walked, and how many painted cards showed the hostile text by its signs, so that a walk that saw nothing fails.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from irisops.app import IrisopsApp
from irisops.commands.catalogue import ALL
from irisops.contract.quoting import quote
from irisops.engine.spec import Arg, CommandSpec, Keyword
from irisops.plain import run_plain
from irisops.plain_terminal import Lines
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.run_command import Output, run_line
from irisops.session import Session
from irisops.simulator.main import Options, serve
from irisops.simulator.world.login import Refusal
from irisops.simulator.world.tables import NameTable, T
from irisops.simulator.world.world import World
from irisops.ui.ask import Confirm
from irisops.ui.editor import EditorScreen
from irisops.ui.grid import Grid
from tests.hostile import HOSTILE, MARK, NAME, SHORT, poison
from tests.ui.driving import Hand, at_rest, text_of

PARTS = 4
QUOTED = r"\u{1b}]52;c;"
"""The mark of hostile text in a value that a person may edit, or in a word of a line."""
LEAVES = {"quit", "share", "disconnect"}
"""They end what the walk needs, or leave the machine."""
VALUES = {
    "user": f"u{NAME}",
    "holder": f"u{NAME}",
    "role": f"r{NAME}",
    "resource": f"R{NAME}",
    "service": "%Service_Login",
    "profile": "local",
    "command": "users",
    "number": "3",
    "filter": "canary",
}
"""By the kind of an argument; whatever else there is, now or later, is hostile text."""
ARGUMENTS = {
    ("watch", "what"): "users",
    ("license timeout", "application"): "/csp/hostile",
    ("app", "applications"): "/csp/hostile",
    ("on", "where"): "local",
    ("license forecast", "kind"): "pages",
    ("connect", "profile"): "refused",
}
LINES = {"line": "/users"}


@dataclass
class Report:
    """What was done and seen."""

    walked: list[str] = field(default_factory=list)
    showed: list[str] = field(default_factory=list)

    def write(self, file: Path) -> None:
        """For the test that started this."""
        file.write_text(json.dumps({"walked": self.walked, "showed": self.showed}))

    def saw(self, what: str, text: str) -> None:
        """Something was on the screen."""
        self.walked.append(what)
        if MARK in text or QUOTED in text:
            self.showed.append(what)


def line_of(spec: CommandSpec, world: World, home: Path) -> str:
    """The command as a person writes it, with hostile names where it takes any."""
    words = [f"/{spec.name}"]
    for part in spec.grammar:
        if isinstance(part, Keyword):
            words.append(part.word)
        elif part.required or spec.name in ("users dormant", "connect"):
            words.append(_value(spec, part, world, home))
    return " ".join(words)


def _value(spec: CommandSpec, part: Arg, world: World, home: Path) -> str:
    if part.kind in LINES:
        return LINES[part.kind]
    if part.name == "pid":
        return str(next(pid for pid, row in world.process_table.rows.items() if row.username == f"u{NAME}"))
    if part.kind == "file":
        return quote(str(home / f"{spec.name.replace(' ', '-')}.txt"))
    return quote(ARGUMENTS.get((spec.name, part.name)) or VALUES.get(part.kind, NAME))


@asynccontextmanager
async def chat(home: Path) -> AsyncIterator[tuple[Session, World]]:
    """The brain on a poisoned instance. The profile `refused` is one whose password is wrong."""
    async with AsyncExitStack() as stack:
        simulator = await serve(Options(scenario="broken"))
        stack.push_async_callback(simulator.stop)
        poison(simulator.world)
        simulator.world.refusal_texts = dict.fromkeys(Refusal, f"Access Denied {HOSTILE}")
        web = simulator.web.port if simulator.web is not None else None
        user = simulator.account.username
        profiles = [
            Profile(name, "127.0.0.1", simulator.port, "%SYS", login, web_port=web)
            for name, login in (("local", user), ("refused", f"u{NAME}"))
        ]
        secrets = Secrets(None)
        secrets.remember(profiles[0], simulator.account.password)
        secrets.remember(profiles[1], "wrong")
        session = Session(Places.below(home), secrets=secrets, extra=profiles, first="local", polling=False)
        stack.push_async_callback(session.close)
        yield session, simulator.world


class Person:
    """Hands on the keyboard, eyes on the screen."""

    def __init__(self, app: IrisopsApp, report: Report, world: World, home: Path) -> None:
        self.app, self.report, self.world, self.home = app, report, world, home
        self.pilot = Hand(app)

    async def until(self, holds: Callable[[], object]) -> None:
        """Let everything else work; the test's time limit ends a wait in vain."""
        while not holds():
            await self.pilot.pause(0.01)
        await at_rest(self.app)

    @property
    def shown(self) -> str:
        """What the screen on top shows."""
        return text_of(self.app.screen)

    def at_rest(self) -> bool:
        """Whether the last line is answered, or asks something."""
        question = self.app.conversation.questions.shown
        if question is not None:
            return question.armed
        return isinstance(self.app.screen, EditorScreen) or not self.app.conversation.busy

    async def say(self, line: str) -> None:
        """Send a line and wait for what it leads to."""
        cards = self.app.conversation.transcript.cards
        before = cards[-1] if cards else None
        self.app.conversation.prompt.put("")
        self.app.conversation.send(line)
        await self.until(
            lambda: (
                (self.app.conversation.transcript.cards[-1:] != [before] or line == "/clear")
                and self.at_rest()
            )
        )

    async def look(self, what: str) -> None:
        """See all of the last answer, then leave whatever it asks."""
        if isinstance(self.app.screen, EditorScreen):
            await self.edit(what)
        question = self.app.conversation.questions.shown
        if isinstance(question, Confirm):
            await self.pilot.press("question_mark")
        cards = self.app.conversation.transcript.cards
        if cards:  # on a busy machine the rows of a card come some frames after its lines
            await self.until(lambda: all(_arranged(grid) for grid in cards[-1].query(Grid)))
        text = self.shown
        if cards:
            cards[-1].toggle_expanded()
            await self.until(lambda: all(_arranged(grid) for grid in cards[-1].query(Grid)))
            for grid in list(cards[-1].query(Grid))[:2]:
                if grid.view.count and question is None:
                    grid.action_edge(1)
                    grid.action_detail(wanted=True)
                    await at_rest(self.app)
                    grid.action_edge(-1)
                    grid.action_detail(wanted=True)
            await at_rest(self.app)
            text += text_of(cards[-1])
        self.report.saw(what, text)
        if question is not None:
            await self.pilot.press("escape")
            await self.until(lambda: self.app.conversation.questions.shown is None)
        self.app.conversation.focus_prompt()

    async def edit(self, what: str) -> None:
        """Go through all fields of an editor, then leave it."""
        editor = self.app.screen
        assert isinstance(editor, EditorScreen)
        await self.pilot.press(*["tab"] * len(editor.form.fields))
        self.report.saw(f"form of {what}", self.shown)
        await self.pilot.press("escape", "escape")
        await self.until(lambda: not isinstance(self.app.screen, EditorScreen))


def _arranged(grid: Grid) -> bool:
    return grid.view.count > 0 or not grid.view.table.rows


async def every_command(person: Person, part: int) -> None:
    """Every command of the catalogue, new ones included, some at a time."""
    for spec in ALL[part::PARTS]:
        if spec.name in LEAVES:
            person.report.walked.append(spec.name)
            continue
        await person.say(line_of(spec, person.world, person.home))
        await person.look(spec.name)
        if not person.app.chat.overview().active:
            await person.say("/connect local")
        await person.say("/clear")


async def changes(person: Person) -> None:
    """Editors that are filled in and saved: plans, their calls, results, the journal, taking back.

    What was typed is added to the value, and nothing else of it or of another field changes by a byte.
    """
    comment = _of(person.world.users, "h0").comment
    for name, line in (("user", "/user h0"), ("role", "/role hrole")):
        await person.say(line)
        await person.until(lambda: isinstance(person.app.screen, EditorScreen))
        editor = person.app.screen
        assert isinstance(editor, EditorScreen)
        person.report.saw(f"{name} editor", "".join(each.value for each in editor.query(Input)))
        await person.pilot.press("end", *"edited", "ctrl+s")
        await person.until(lambda: person.app.conversation.questions.shown)
        await person.pilot.press("question_mark")
        person.report.saw(f"{name} plan", person.shown)
        await person.pilot.press("y")
        await person.until(lambda: person.at_rest() and not isinstance(person.app.screen, EditorScreen))
        person.report.saw(f"{name} result", person.shown)
    user, role = _of(person.world.users, "h0"), _of(person.world.roles, "hrole")
    assert (user.full_name, user.comment, role.description) == (f"{SHORT}edited", comment, f"{SHORT}edited")
    for line in ("/history", "/undo", "/history"):
        await person.say(line)
        if isinstance(person.app.conversation.questions.shown, Confirm):
            await person.pilot.press("y")
            await person.until(person.at_rest)
        await person.look(line)
    assert _of(person.world.roles, "hrole").description == SHORT


def _of(table: NameTable[T], name: str) -> T:
    found = table.get(name)
    assert found is not None
    return found


async def typing(person: Person) -> None:
    """Completion, the palette, the history and its search, pastes, messages, what the program itself fails at."""
    app, pilot = person.app, person.pilot
    prompt = app.conversation.prompt
    for line in ("/users", "/roles", "/explain h0"):  # brings the names
        await person.say(line)
    for line in ("/user u", "/role r", "/resource R", "/explain u", "/on l"):
        prompt.put(line)
        app.conversation.focus_prompt()
        await person.until(lambda: person.app.focused is prompt.input)
        await pilot.press("tab")
        await pilot.pause()
        person.report.saw(f"list of {line}", text_of(prompt.popup))
        prompt.put("")
    for line in ("/user uh", "/role rh"):
        prompt.put(line)
        await pilot.press("tab")
        await pilot.pause()
        person.report.saw(f"completed {line}", prompt.text)
        prompt.put("")
    await pilot.press("up")
    person.report.saw("history", prompt.text)
    prompt.put("")
    await pilot.press("ctrl+r")
    await pilot.pause()
    person.report.saw("search", text_of(prompt.popup))
    await pilot.press("tab")
    person.report.saw("taken from the search", prompt.text)
    prompt.put("")
    await pilot.press("ctrl+p")
    await pilot.pause()
    app.screen.post_message(events.Paste(HOSTILE))
    await pilot.pause()
    await pilot.press("escape")
    app.conversation.focus_prompt()
    prompt.input.post_message(events.Paste(" ".join(HOSTILE.splitlines())))
    await person.until(lambda: prompt.text)
    person.report.saw("paste", prompt.text)
    prompt.put("")
    prompt.input.post_message(events.Paste(f"{HOSTILE}\n{HOSTILE}"))  # several lines are refused
    await at_rest(app)
    await person.say("/user add")
    await person.until(lambda: isinstance(app.screen, EditorScreen))
    assert isinstance(app.focused, Input)
    app.focused.post_message(events.Paste(HOSTILE))
    await person.until(lambda: isinstance(app.focused, Input) and app.focused.value)
    person.report.saw("paste into a field", app.focused.value)
    await pilot.press("ctrl+s")
    await person.until(lambda: app.conversation.questions.shown)
    await person.look("plan of what was pasted")
    app.notify(HOSTILE, title=HOSTILE, markup=False, timeout=60)
    app.conversation.transcript.tooltip = HOSTILE
    await pilot.hover(type(app.conversation.transcript))
    await pilot.pause()
    person.report.saw("message", MARK)


async def on_screen(home: Path, report: Report, walk: Callable[[Person], Awaitable[None]]) -> int:
    """Run the app on this terminal and walk through it."""
    (home / "state").mkdir(parents=True, exist_ok=True)
    history = home / "history.jsonl"
    history.write_text(json.dumps({"at": "2026-01-01T00:00:00+00:00", "text": f"/users {HOSTILE}"}) + "\n")
    async with chat(home) as (session, world):
        app = IrisopsApp(session, history=history, poll_interval=3600.0, environment={})

        async def pilot_it(_pilot: Pilot[object]) -> None:
            person = Person(app, report, world, home)
            await person.until(lambda: (active := session.overview().active) and active.state == "connected")
            await person.until(person.at_rest)
            await walk(person)
            app.exit(0)

        await app.run_async(auto_pilot=pilot_it)
        return app.return_code or 0


async def as_lines(home: Path, report: Report) -> int:
    """Every command in plain mode, on the lines of a pipe, and by `irisops run`, as text and as JSON."""
    async with chat(home) as (session, world):
        lines = [line_of(spec, world, home) for spec in ALL if spec.name not in LEAVES]
        for json_too in (False, True):
            profile = session.hub.find("local")
            output = Output(sys.stdout, sys.stderr, json_too)
            session.subscribe(lambda: None, output.notice)
            for line in lines:
                await run_line(session, line, output, profile=profile)
        report.walked = list(lines)
        script = home / "script.txt"
        script.write_text("".join(f"{line}\n" for line in _plain(lines)), encoding="utf-8")
        with script.open(encoding="utf-8") as source:
            await run_plain(session, Lines(source, sys.stdout), width=100)
    return 0


def _plain(lines: Iterable[str]) -> Iterable[str]:
    """Each line, and what says no to a plan or leaves a form; where nothing asks, it is not understood."""
    for line in lines:
        yield line
        yield "."


async def main(what: str, home: Path, report_file: Path) -> int:
    """Returns the exit status."""
    report = Report()
    try:
        if what == "lines":
            return await as_lines(home, report)
        walks: dict[str, Callable[[Person], Awaitable[None]]] = {"changes": changes, "typing": typing}
        for part in range(PARTS):
            walks[f"commands {part}"] = lambda person, part=part: every_command(person, part)  # type: ignore[misc]
        return await on_screen(home, report, walks[what])
    finally:
        report.write(report_file)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
