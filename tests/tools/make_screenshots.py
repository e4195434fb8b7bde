"""Makes the pictures of the README: drives the demo's screens at both sizes and writes `screenshots/*.svg`.

    python -m tests.tools.make_screenshots [FOLDER] [--only SCENE …]
    python -m tests.tools.make_screenshots FOLDER --themes [THEME …] [--only SCENE …]

The second writes every main screen at both sizes in each theme to FOLDER/THEME, to look at; `nocolor` is one of them.
A scene that fails does not stop the others: it is named at the end, and the exit status is 1.
The real session talks over the real driver to a private simulator; only the terminal is Textual's own headless one.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from textual.pilot import Pilot

from irisops.agent_calls import AgentCall, AgentCalls
from irisops.app import IrisopsApp
from irisops.connections.open_shares import SharingSettings
from irisops.connections.recorder import Recorder
from irisops.contract.chat import Command
from irisops.contract.clock import Clock
from irisops.demo import Demo, running
from irisops.files import private_folder
from irisops.profiles.secrets import Secrets
from irisops.profiles.settings import SettingsStore
from irisops.recording.replayed import Replay
from irisops.replay_command import of_recording
from irisops.session import Session
from irisops.ui.themes import DEFAULT, theme_names

ROOT = Path(__file__).resolve().parent.parent.parent
SIZES = ((120, 36), (80, 24))
NO_COLOUR = "nocolor"
"""A look, no theme: the default one under NO_COLOR."""
NO_TOKEN = "none"
"""In place of ngrok's token: no share is opened, it is only looked at."""
DEADLINE = 20.0
"""Seconds to wait for anything that is to be seen."""

YES = "y"
"""A line that answers the question of the line before it."""

Driver = Pilot[int]


@dataclass(frozen=True)
class Scene:
    """A picture: lines to say, keys to press after them, words that must be seen before it is taken.

    `scenario` is that of the practice instance, "" for the usual one. `prepare` leaves files for the program before it
    starts; `recorded` shows a recording made of the instance.
    """

    name: str
    lines: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    seen: str = ""
    scenario: str = ""
    prepare: Callable[[Demo], None] | None = None
    recorded: bool = False


def calls_of_agents(demo: Demo) -> None:
    """What two agents asked for this morning."""
    now = Clock().now()
    calls = (
        (47, "claude-ai 0.1.0", "ask", "/license", "done", "", None),
        (45, "claude-ai 0.1.0", "explain", "/explain reader %DB_IRISSYS:W", "done", "", None),
        (44, "claude-ai 0.1.0", "plan", "/grant %Developer to reader", "done", "", None),
        (43, "claude-ai 0.1.0", "apply", "/grant %Developer to reader", "begun", "client", None),
        (43, "claude-ai 0.1.0", "apply", "/grant %Developer to reader", "done", "client", 1),
        (12, "Visual Studio Code 1.109", "plan", "/user delete maria", "done", "", None),
        (11, "Visual Studio Code 1.109", "apply", "/user delete maria", "Declined", "", None),
        (2, "Visual Studio Code 1.109", "ask", "why can maria not log in", "done", "", None),
    )
    kept = AgentCalls(demo.places.journals)
    for minutes, client, tool, line, outcome, approval, change in calls:
        at = now - timedelta(minutes=minutes)
        kept.add(AgentCall(at, client, tool, demo.profile.name, line, outcome, approval, change=change))


class _Model(BaseHTTPRequestHandler):
    """A model that chooses the same command for every sentence."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"choices": [{"message": {"content": "/license"}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def a_model(demo: Demo) -> None:
    """A server of a model that is set up to be asked. It lives as long as this process."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1"
    SettingsStore(demo.places.settings).change({"assistant_url": url, "assistant_model": "llama3"})


SCENES = (
    Scene("welcome", seen="license"),
    Scene("license", ("who holds my license",), seen="HOLDER"),
    Scene("story", ("who holds my license", "free a unit"), seen="yes"),
    Scene("users", ("show users",), ("alt+up", "down", "down"), seen="LAST LOGIN"),
    Scene("plan", ("give reader %Developer",), seen="yes"),
    Scene("calls", ("give reader %Developer",), ("question_mark",), seen="ObjectScript"),
    Scene("explain", ("can reader write the database IRISSYS",), seen="Smallest"),
    Scene("page", ("why 404 on /csp/shop",), seen="First broken"),
    Scene("app", ("/app /csp/user",), seen="Description"),
    Scene("free", ("free a unit",), seen="yes"),
    Scene("user", ("/user reader",), seen="Full name"),
    Scene("role", ("/role %Developer",), seen="Privileges"),
    Scene("processes", ("show processes",), ("alt+up", "right"), seen="PID"),
    Scene("commands", keys=("slash", "s", "down"), seen="/sessions"),
    Scene("unknown", ("free the printer",), seen="/help"),
    Scene("search", ("show users", "show processes"), ("ctrl+f", *"maria"), seen=" of "),
    Scene("copy", ("show users",), ("ctrl+y",), seen="Markdown"),
    Scene("keys", ("/status",), ("f1",), seen="Keys that work now"),
    Scene("diff", ("/export ./live", "give reader %Developer", YES, "/diff ./live"), seen="%Developer"),
    Scene("report", ("validate the indexes of ^Ens.Util.LogD", YES), seen="broken", scenario="broken"),
    Scene("health", ("/status",), seen="alerts:", scenario="broken"),
    Scene("replay", ("/at -20s", "/license"), seen="HOLDER", recorded=True),
    Scene("agents", ("/history agents",), seen="ASKED FOR", prepare=calls_of_agents),
)
MORE = (
    Scene("why", ("/license why",), seen="SESSION"),
    Scene("advice", ("/license advice",), seen="SAVES"),
    Scene("sessions", ("/sessions",), ("alt+up", "down"), seen="EXPIRES"),
    Scene("filter", ("/users",), ("alt+up", "slash", "r", "e"), seen="with"),
    Scene("roles", ("/roles",), seen="DESCRIPTION"),
    Scene("apps", ("/apps",), seen="LOGIN"),
    Scene("app_test", ("/app test /csp/user as",), seen="STATUS"),
    Scene("denied", ("/denied",), seen="WHY"),
    Scene("doctor", ("/doctor",), seen="ROUTE"),
    Scene("status", ("/status",), seen="Version"),
    Scene("dashboard", ("/dashboard",), seen="INSTANCE"),
    Scene("settings", ("/settings list",), seen="MEANING"),
    Scene("profile", ("/profile add",), seen="Host"),
    Scene("help", ("/help",), seen="COMMAND"),
    Scene("term", ("what is a license unit",), seen="Meaning"),
    Scene("problem", ("/user nobodyhere",), seen="/users"),
    Scene("name", ("maria",), seen="What about it"),
    Scene("warned", ("give reader %All",), seen="yes"),
    Scene("plot", ("/plot units",), seen="now"),
    Scene("watch", ("/watch license", "/processes"), seen="PID"),
    *(
        Scene(name, (line,), seen=seen, scenario="broken")
        for name, line, seen in (
            ("databases", "/databases", "WAREHOUSE"),
            ("database", "/database warehouse", "Directory"),
            ("tasks", "/tasks", "NEXT"),
            ("locks", "/locks", "WAITING"),
            ("lock_delete", "/lock delete ^Ship.OrderD(4711)", "yes"),
            ("journal", "/journal", "Days left"),
            ("log", "/log", "SEVERITY"),
            ("productions", "/productions", "QUEUED"),
            ("production", "/production ship", "COMPONENT"),
            ("namespaces", "/namespaces", "DATA IN"),
            ("sql_running", "/sql running", "RUNS FOR"),
            ("mirror", "/mirror", "Member"),
        )
    ),
    Scene("palette", keys=("ctrl+p", *"license"), seen="License units:"),
    Scene("left", ("/disconnect",), seen="Logged out"),
    Scene("indexes", ("/indexes ^Ens.Util.LogD",), seen="MAP STATUS", scenario="broken"),
    Scene("index_plan", ("validate the indexes of ^Ens.Util.LogD",), seen="yes", scenario="broken"),
    Scene("index_build", ("rebuild the indexes of Ens.Util.Log",), seen="Enter", scenario="broken"),
    Scene("apply", ("/export ./live", "give reader %Developer", YES, "/apply ./live"), seen="yes"),
    Scene("oauth", ("/oauth",)),
    Scene("container", ("/container",)),
    Scene("gateway", ("/gateway",)),
    Scene("assistant", ("/assistant",)),
    Scene("model", ("the queue of people is long",), seen="what was sent", prepare=a_model),
    Scene("record", ("/record ./today.irec", "/record"), seen="Polls"),
    Scene("moments", ("/diff start end",), recorded=True),
    Scene("history", ("give reader %Developer", YES, "/history"), seen="WHEN"),
    Scene("undo", ("give reader %Developer", YES, "undo that"), seen="yes"),
    Scene("user_delete", ("/user delete maria",), seen="yes"),
    Scene("resources", ("/resources",), seen="PUBLIC"),
    Scene("services", ("/services",), seen="LOGIN"),
    Scene("vague", ("delete everything",), seen="/help"),
    Scene("missing", ("/grant",), seen="needs"),
)
"""Further main screens, for `--themes` alone: the repository keeps what its pages show."""
RICH = next(scene for scene in SCENES if scene.name == "story")
"""The scene that is shown in every theme."""


def screen_words(app: IrisopsApp) -> str:
    """The characters on the screen, from the picture itself."""
    text = re.sub(r"<[^>]+>", " ", app.export_screenshot())
    return text.replace("&#160;", " ")


async def until(pilot: Driver, condition: Callable[[], bool], what: str) -> None:
    """Wait for something to be seen. Raises TimeoutError naming it."""
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"never seen: {what}\n{screen_words(_app(pilot))}")
        await pilot.pause(0.05)
    await pilot.pause()


def _app(pilot: Driver) -> IrisopsApp:
    app = pilot.app
    if not isinstance(app, IrisopsApp):
        raise TypeError("not the app of this script")
    return app


def _is_ready(session: Session, *, names: bool) -> bool:
    """True once the figures are there, and the names that a sentence may speak of."""
    active, link = session.overview().active, session.hub.active
    figures = active is not None and active.units_used is not None and active.sessions is not None
    return figures and (not names or (link is not None and bool(link.names.users)))


async def say(pilot: Driver, line: str) -> None:
    """Send a line, or answer the open question, and wait for what comes of it."""
    conversation = _app(pilot).conversation
    if line == YES:
        await until(pilot, lambda: conversation.questions.shown is not None, "a question")
        await pilot.press(YES)
        await until(pilot, lambda: conversation.questions.shown is None, "the end of a question")
    else:
        conversation.send(line)
    await until(
        pilot,
        lambda: not conversation.busy or conversation.questions.shown is not None,
        f"an answer to {line}",
    )


async def play(pilot: Driver, scene: Scene) -> None:
    """Bring the screen to where the picture is taken."""
    app = _app(pilot)
    for line in scene.lines:
        await say(pilot, line)
    if scene.keys:
        await pilot.press(*scene.keys)
    if scene.seen:
        await until(pilot, lambda: scene.seen in screen_words(app), scene.seen)


def tidy(svg: str) -> str:
    """Keep blanks as they are and load no font from the net: the viewer's own monospaced one will do."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return svg.replace("<text ", '<text xml:space="preserve" ')


class Ahead(Clock):
    """A clock that can be set: a minute is recorded in a moment."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        """The time of the recording."""
        return super().now() + self.ahead


def _session_on(demo: Demo, clock: Clock | None = None) -> Session:
    secrets = Secrets(None)
    secrets.remember(demo.profile, demo.password)
    return Session(
        demo.places,
        secrets=secrets,
        clock=clock,
        extra=[demo.profile],
        first=demo.profile.name,
        sharing=lambda: SharingSettings(agent="ngrok", token=NO_TOKEN, loopback=True),
    )


POLLS = 25
"""Polls of the recording that is shown."""
APART = timedelta(seconds=2)
"""Between two of them, as usual."""


async def recording_of(demo: Demo) -> Replay:
    """A recording of the demo's last minute, opened."""
    private_folder(demo.places.state)
    path = demo.places.state / "a.irec"
    clock = Ahead()
    clock.ahead = -POLLS * APART
    session = _session_on(demo, clock)
    assert await session.connect(demo.profile) is None
    command = session.parse(f"/record {path}")
    assert isinstance(command, Command)
    async for _ in session.run(command):
        pass
    link = session.hub.choose(demo.profile)
    assert isinstance(link.tape, Recorder)
    for _ in range(POLLS):
        clock.ahead += APART
        await link.tape.polled(await link.read_figures())
        await link.tape.settled()
    await session.close()
    return Replay(path)


async def pictures(demo: Demo, scene: Scene, size: tuple[int, int], themes: Sequence[str]) -> list[str]:
    """Run the app on the demo, play the scene, and return its screen in each theme as SVG."""
    if scene.prepare is not None:
        scene.prepare(demo)
    session = of_recording(demo.places, await recording_of(demo)) if scene.recorded else _session_on(demo)
    bare = list(themes) == [NO_COLOUR]
    app = IrisopsApp(
        session, theme=DEFAULT if bare else themes[0], environment={"NO_COLOR": "1"} if bare else {}
    )
    found: list[str] = []
    try:
        async with app.run_test(size=size) as pilot:
            await until(
                pilot,
                lambda: _is_ready(session, names=not scene.recorded),
                "a connection with figures and names",
            )
            await play(pilot, scene)
            for theme in themes:
                if not bare and theme != app.theme:
                    app.switch_theme(theme)
                    await pilot.pause()
                found.append(tidy(app.export_screenshot(title=f"irisops {size[0]}x{size[1]}")))
    finally:
        await session.close()
    return found


ENDABLE = ("--doubt", "function=allowed")
"""For the pictures of ending sessions: what a real instance lets a client do is not known."""


@dataclass(frozen=True)
class Wanted:
    """Names of files, a theme for each of them, and the scene that they show at one size."""

    names: tuple[str, ...]
    themes: tuple[str, ...]
    scene: Scene
    size: tuple[int, int]

    @property
    def alone(self) -> bool:
        """True if the scene leaves its instance changed, or shows all that was done on it."""
        return YES in self.scene.lines or self.scene.prepare is not None or self.scene.recorded


def named(scene: Scene, size: tuple[int, int]) -> str:
    """Name of a picture."""
    return f"{scene.name}-{size[0]}x{size[1]}"


def shown() -> list[Wanted]:
    """What the repository keeps: the scenes at both sizes, and one in every theme."""
    names = tuple(theme_names())
    each = [
        Wanted((named(scene, size),), (DEFAULT,), scene, size)
        for size, scene in itertools.product(SIZES, SCENES)
    ]
    return [*each, Wanted(tuple(f"theme-{theme}" for theme in names), names, RICH, SIZES[0])]


def in_themes(themes: Sequence[str]) -> list[Wanted]:
    """Every main screen in these themes, in a folder each: played once, then shown in one theme after the other."""
    coloured = tuple(theme for theme in themes if theme != NO_COLOUR)
    return [
        Wanted(tuple(f"{theme}/{named(scene, size)}" for theme in look), look, scene, size)
        for look in (coloured, (NO_COLOUR,) if NO_COLOUR in themes else ())
        if look
        for size, scene in itertools.product(SIZES, (*SCENES, *MORE))
    ]


@contextlib.contextmanager
def instances() -> Iterator[Callable[[Wanted], Demo]]:
    """A function that gives each picture its instance: one of its own, or the one that others only looked at."""
    kept: dict[str, Demo] = {}
    with contextlib.ExitStack() as all_of_them, contextlib.ExitStack() as last:

        def of(wanted: Wanted) -> Demo:
            scenario = wanted.scene.scenario
            options = (*ENDABLE, *(("--scenario", scenario) if scenario else ()))
            last.close()
            if wanted.alone:
                return last.enter_context(running(options))
            if scenario not in kept:
                kept[scenario] = all_of_them.enter_context(running(options))
            return kept[scenario]

        yield of


def main(folder: Path, all_wanted: Sequence[Wanted]) -> list[str]:
    """Take the pictures; returns what failed. Files of the scenes go to a temporary folder."""
    failed = []
    with instances() as instance_of:
        for wanted in all_wanted:
            with tempfile.TemporaryDirectory() as beside, contextlib.chdir(beside):
                try:
                    made = asyncio.run(
                        pictures(instance_of(wanted), wanted.scene, wanted.size, wanted.themes)
                    )
                except TimeoutError as error:
                    failed.append(f"{wanted.names[0]}: {error}")
                    continue
            for name, svg in zip(wanted.names, made, strict=True):
                path = folder / f"{name}.svg"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(svg, encoding="utf-8")
    return failed


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "screenshots")
    parser.add_argument("--themes", nargs="*", metavar="THEME", choices=[*theme_names(), NO_COLOUR])
    parser.add_argument("--only", nargs="+", metavar="SCENE")
    return parser.parse_args()


if __name__ == "__main__":
    chosen = options()
    every = [*theme_names(), NO_COLOUR]
    asked = shown() if chosen.themes is None else in_themes(chosen.themes or every)
    if chosen.only:
        asked = [each for each in asked if each.scene.name in chosen.only]
    if trouble := main(chosen.folder.resolve(), asked):
        sys.exit("\n".join(trouble))
