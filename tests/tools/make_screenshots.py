"""Makes the pictures of the README: drives the demo's screens at both sizes and writes `screenshots/*.svg`.

    python -m tests.tools.make_screenshots [FOLDER]
    python -m tests.tools.make_screenshots FOLDER --themes [THEME …]

The second writes every main screen at both sizes in each theme to FOLDER/THEME, to look at; `nocolor` is one of them.
The real session talks over the real driver to a private simulator; only the terminal is Textual's own headless one.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual.pilot import Pilot

from irisops.app import IrisopsApp
from irisops.connections.open_shares import SharingSettings
from irisops.connections.recorder import Recorder
from irisops.contract.chat import Command
from irisops.demo import Demo, running
from irisops.files import private_folder
from irisops.profiles.secrets import Secrets
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

Driver = Pilot[int]


@dataclass(frozen=True)
class Scene:
    """A picture: lines to say, keys to press after them, words that must be seen before it is taken.

    `scenario` is that of the practice instance, "" for the usual one.
    """

    name: str
    lines: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    seen: str = ""
    scenario: str = ""


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
    Scene("term", ("what is a license unit",), seen="Term"),
    Scene("problem", ("/user nobodyhere",), seen="/users"),
    Scene("name", ("maria",), seen="What about it"),
    Scene("warned", ("give reader %All",), seen="yes"),
    Scene("word", ("/share superserver for 2h people 3",), seen="Enter"),
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
            ("health", "/status", "alerts:"),
        )
    ),
    Scene("palette", keys=("ctrl+p", *"license"), seen="/license"),
    Scene("left", ("/disconnect",), seen="Logged out"),
    Scene("indexes", ("/indexes ^Ens.Util.LogD",), seen="MAP STATUS", scenario="broken"),
    Scene("index_plan", ("validate the indexes of ^Ens.Util.LogD",), seen="yes", scenario="broken"),
    Scene("index_build", ("rebuild the indexes of Ens.Util.Log",), seen="Enter", scenario="broken"),
)
"""Further main screens, for `--themes` alone: the repository keeps what its pages show."""
REPLAY = Scene("replay", ("/at full", "/license"), seen="HOLDER")
"""On a recording that is made for it."""
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


def _has_figures(app: IrisopsApp) -> bool:
    active = app.chat.overview().active
    return active is not None and active.units_used is not None and active.sessions is not None


async def play(pilot: Driver, scene: Scene) -> None:
    """Bring the screen to where the picture is taken."""
    app = _app(pilot)
    conversation = app.conversation
    await until(pilot, lambda: _has_figures(app), "a connection with figures")
    for line in scene.lines:
        conversation.send(line)
        await until(
            pilot,
            lambda: conversation.running is None or conversation.questions.shown is not None,
            f"an answer to {line}",
        )
    if scene.keys:
        await pilot.press(*scene.keys)
    if scene.seen:
        await until(pilot, lambda: scene.seen in screen_words(app), scene.seen)


def tidy(svg: str) -> str:
    """Keep blanks as they are and load no font from the net: the viewer's own monospaced one will do."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return svg.replace("<text ", '<text xml:space="preserve" ')


def _session_on(demo: Demo) -> Session:
    secrets = Secrets(None)
    secrets.remember(demo.profile, demo.password)
    return Session(
        demo.places,
        secrets=secrets,
        extra=[demo.profile],
        first=demo.profile.name,
        sharing=lambda: SharingSettings(agent="ngrok", token=NO_TOKEN, loopback=True),
    )


async def recording_of(demo: Demo) -> Replay:
    """A recording of some polls of the demo, opened."""
    private_folder(demo.places.state)
    path = demo.places.state / "a.irec"
    session = _session_on(demo)
    assert await session.connect(demo.profile) is None
    command = session.parse(f"/record {path}")
    assert isinstance(command, Command)
    async for _ in session.run(command):
        pass
    link = session.hub.choose(demo.profile)
    assert isinstance(link.tape, Recorder)
    for _ in range(4):
        await link.tape.polled(await link.read_figures())
        await link.tape.settled()
    await session.close()
    return Replay(path)


async def picture(
    demo: Demo,
    size: tuple[int, int],
    theme: str,
    act: Callable[[Driver], Awaitable[None]],
    *,
    recorded: bool = False,
) -> str:
    """Run the app on the demo, act, and return its screen as SVG."""
    session = of_recording(demo.places, await recording_of(demo)) if recorded else _session_on(demo)
    bare = theme == NO_COLOUR
    app = IrisopsApp(session, theme=DEFAULT if bare else theme, environment={"NO_COLOR": "1"} if bare else {})
    try:
        async with app.run_test(size=size) as pilot:
            await act(pilot)
            return tidy(app.export_screenshot(title=f"irisops {size[0]}x{size[1]}"))
    finally:
        await session.close()


ENDABLE = ("--doubt", "function=allowed")
"""For the pictures of ending sessions: what a real instance lets a client do is not known."""


Wanted = tuple[str, Scene, tuple[int, int], str]
"""Name of the file, scene, size, theme."""


def shown() -> list[Wanted]:
    """What the repository keeps: the scenes at both sizes, and one in every theme."""
    return [
        *at_both_sizes(SCENES, DEFAULT),
        *((f"theme-{theme}", RICH, SIZES[0], theme) for theme in theme_names()),
    ]


def at_both_sizes(scenes: Sequence[Scene], theme: str, folder: str = "") -> list[Wanted]:
    """Each scene, first on the large screen."""
    return [
        (f"{folder}{scene.name}-{columns}x{rows}", scene, (columns, rows), theme)
        for columns, rows in SIZES
        for scene in scenes
    ]


def in_themes(themes: Sequence[str]) -> list[Wanted]:
    """Every main screen in these themes, in a folder each."""
    return [each for theme in themes for each in at_both_sizes((*SCENES, *MORE, REPLAY), theme, f"{theme}/")]


def main(folder: Path, all_wanted: Sequence[Wanted]) -> None:
    """Take the pictures, each on an instance of its own."""
    for name, scene, size, theme in all_wanted:
        scenario = ("--scenario", scene.scenario) if scene.scenario else ()
        with running((*ENDABLE, *scenario)) as demo:
            act = partial(play, scene=scene)
            svg = asyncio.run(picture(demo, size, theme, act, recorded=scene is REPLAY))
        path = folder / f"{name}.svg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(svg, encoding="utf-8")


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "screenshots")
    parser.add_argument("--themes", nargs="*", metavar="THEME", choices=[*theme_names(), NO_COLOUR])
    return parser.parse_args()


if __name__ == "__main__":
    chosen = options()
    every = [*theme_names(), NO_COLOUR]
    main(chosen.folder, shown() if chosen.themes is None else in_themes(chosen.themes or every))
