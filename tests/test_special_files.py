"""A pipe, socket, device, folder or circle of links in place of a file: refused at once by name, and left there."""

from __future__ import annotations

import ast
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from irisops import files, logs
from irisops.contract.replies import Problem
from irisops.files import CURE_OF_OTHER, NotAFileError
from irisops.instance.connection import Connection
from irisops.instance.errors import Unreachable
from irisops.journal import Intent, Journal, JournalError
from irisops.profiles.discovery.engines import engine_of
from irisops.profiles.discovery.found import Surroundings
from irisops.profiles.discovery.vscode import vscode
from irisops.profiles.model import Profile
from irisops.profiles.remembered import RefusedStore, RememberedStore
from irisops.profiles.settings import Settings, SettingsStore
from irisops.profiles.store import ProfilesFileError, ProfileStore
from irisops.profiles.vault import Vault, VaultError
from irisops.sharing.client import KeeperClient
from irisops.sharing.errors import KeeperLost
from irisops.sharing.installer import KnownAgents
from irisops.sharing.lease import Lease, LeaseError, LeaseStore, Where
from irisops.ui.history import History
from irisops.ui.saving import save
from tests.commands.fakes import LOCAL, World
from tests.instance.served import PASSWORD, Pauses, serve
from tests.special_files import SPECIAL, within

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 24, 14, 43, tzinfo=UTC)
INTENT = Intent("t", "/c", "i", "u", [], {})


@pytest.fixture(params=SPECIAL)
def special(request: pytest.FixtureRequest) -> tuple[Callable[[Path], None], str]:
    """A function that puts one special thing at a path, and what is said of it."""
    return SPECIAL[request.param]


Special = tuple[Callable[[Path], None], str]


def test_the_journal(tmp_path: Path, special: Special) -> None:
    make, said = special
    journal = Journal(tmp_path / "j.jsonl", lambda: NOW)
    make(journal.path)
    for work in (journal.read, lambda: journal.intend(INTENT)):
        with pytest.raises(JournalError, match=f"j.jsonl {said}") as raised:
            within(work)
        assert raised.value.cure == CURE_OF_OTHER
    assert not journal.path.is_file()


@pytest.mark.parametrize("beside", [".j.jsonl.last", ".j.jsonl.lock"])
def test_the_files_beside_the_journal(tmp_path: Path, special: Special, beside: str) -> None:
    make, said = special
    journal = Journal(tmp_path / "j.jsonl", lambda: NOW)
    make(tmp_path / beside)
    with pytest.raises(JournalError, match=f"{beside} {said}") as raised:
        within(lambda: journal.intend(INTENT))
    assert raised.value.cure == CURE_OF_OTHER


def test_a_lease(tmp_path: Path, special: Special) -> None:
    make, said = special
    store = LeaseStore(tmp_path)
    lease = Lease("bad", Where("p", "h", 1, "u"), NOW, NOW + timedelta(hours=1))
    store.save(replace(lease, id="good"))
    make(store.path("bad"))
    found = within(store.all)
    assert [each.id for each in found.leases] == ["good"]
    assert [(path.name, why) for path, why in found.broken] == [("bad.json", f"bad.json {said}")]
    for work in (lambda: store.read("bad"), lambda: store.save(lease)):
        with pytest.raises(LeaseError, match=said):
            within(work)


def test_the_profiles(tmp_path: Path, special: Special) -> None:
    make, said = special
    store = ProfileStore(tmp_path / "profiles.toml")
    make(store.path)
    loaded = within(store.load)
    assert loaded.problem is not None
    assert str(loaded.problem) == f"{store.path}: profiles.toml {said}"
    assert loaded.problem.cure == CURE_OF_OTHER
    with pytest.raises(ProfilesFileError, match=said):
        within(lambda: store.add(Profile("new", user="u")))


def test_the_settings(tmp_path: Path, special: Special) -> None:
    make, said = special
    store = SettingsStore(tmp_path / "settings.toml")
    make(store.path)
    loaded = within(store.load)
    assert loaded.settings == Settings()
    assert loaded.problems == (
        f"The settings cannot be read. {store.path}: settings.toml {said}. {CURE_OF_OTHER}",
    )
    with pytest.raises(NotAFileError):
        within(lambda: store.change({"mouse": False}))


async def test_the_settings_as_changed_by_command(tmp_path: Path, special: Special) -> None:
    make, said = special
    world = World(tmp_path, LOCAL)
    world.session.places.config.mkdir(parents=True, exist_ok=True)
    make(world.session.places.settings)
    (problem,) = await world.say("/settings mouse=no")
    await world.session.close()
    assert isinstance(problem, Problem)
    assert said in problem.message
    assert problem.cure == CURE_OF_OTHER


def test_what_is_remembered(tmp_path: Path, special: Special) -> None:
    make, said = special
    remembered, refused = RememberedStore(tmp_path / "r.toml"), RefusedStore(tmp_path / "refused.json")
    make(tmp_path / "r.toml")
    make(tmp_path / "refused.json")
    assert within(remembered.load) == ""
    assert f"r.toml {said}" in within(remembered.trouble)
    assert f"refused.json {said}" in within(refused.trouble)
    assert within(remembered.trouble).endswith(CURE_OF_OTHER)
    assert not within(lambda: remembered.remember("local"))
    assert not within(lambda: refused.add("a", "b"))


def test_the_prompt_history(tmp_path: Path, special: Special) -> None:
    make, said = special
    history = History(tmp_path / "h.jsonl")
    make(tmp_path / "h.jsonl")
    within(lambda: history.add("/users"))
    assert history.trouble is not None
    assert history.trouble.strerror == f"h.jsonl {said}"
    assert history.lines == ["/users"]


def test_the_vault(tmp_path: Path, special: Special) -> None:
    make, said = special
    vault = Vault(tmp_path / "secrets.json", cost=2)
    make(vault.path)
    for work in (vault.check, lambda: vault.unlock("correct horse"), lambda: vault.create("correct horse")):
        with pytest.raises(VaultError, match=f"{said}|There is an encrypted file already"):
            within(work)


def log_three() -> bool:
    for _ in range(3):
        logs.LOG.error("lost")
    return True


def test_the_log(tmp_path: Path, special: Special, capsys: pytest.CaptureFixture[str]) -> None:
    make, said = special
    try:
        assert logs.start(tmp_path / "log", "info") == ""
        make(tmp_path / "log" / logs.FILE)
        within(log_three)
        told = capsys.readouterr().err
        path = tmp_path / "log" / logs.FILE
        assert told == f"irisops: The log {path} cannot be written: irisops.log {said}. {CURE_OF_OTHER}\n"
        assert within(lambda: logs.start(tmp_path / "log", "info")) in told
    finally:
        logs.stop()


async def test_the_keepers_log(tmp_path: Path, special: Special) -> None:
    make, said = special
    make(tmp_path / "keeper.log")
    with pytest.raises(KeeperLost, match=said) as raised:
        await KeeperClient().start(tmp_path / "keeper.log")
    assert raised.value.cure == f"Nothing was opened. {CURE_OF_OTHER}"


def test_the_sums_of_fetched_agents(tmp_path: Path, special: Special) -> None:
    make, said = special
    agents, agent = KnownAgents(tmp_path / "agents.json"), tmp_path / "ngrok"
    agent.write_text("x")
    make(tmp_path / "agents.json")
    facts, warnings = within(lambda: agents.look_at(agent))
    assert facts == ()
    assert said in "".join(warnings)
    with pytest.raises(NotAFileError):
        within(lambda: agents.remember(agent))


async def test_the_settings_of_other_programs(tmp_path: Path, special: Special) -> None:
    make, said = special
    user = tmp_path / ".config" / "Code" / "User"
    user.mkdir(parents=True)
    make(user / "settings.json")
    other = tmp_path / ".config" / "Codium" / "User"
    other.mkdir(parents=True)
    (other / "settings.json").write_text('{"objectscript.conn": {"host": "h1", "port": 52773}}')
    (tmp_path / ".docker").mkdir()
    make(tmp_path / ".docker" / "config.json")
    around = Surroundings(environment={}, home=tmp_path, folder=tmp_path, platform="linux", deadline=20)
    report = await vscode(around)
    assert [each.host for each in report.found] == ["h1"]
    told = f"VS Code's {user / 'settings.json'} cannot be read: settings.json {said}."
    assert report.trouble == ("" if "folder" in said else told)
    assert within(lambda: engine_of("docker", around)).host == "127.0.0.1"


async def test_the_file_of_tls_configurations(
    tmp_path: Path, special: Special, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, said = special
    make(tmp_path / "defs.ini")
    monkeypatch.setenv("ISC_SSLconfigurations", str(tmp_path / "defs.ini"))
    async with serve() as served:
        connection = Connection(served.target()._replace(sslconfig="client"), sleep=Pauses())
        with pytest.raises(Unreachable, match=f"{said}|Is a directory"):
            await connection.connect(PASSWORD)
        await connection.disconnect()


# files that a person names

UNUSABLE = {"an unknown home": "~nobody-9/x", "NUL": "a\0b", "too long": "x" * 5_000}


@pytest.mark.parametrize("name", UNUSABLE.values(), ids=UNUSABLE.keys())
async def test_a_name_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    saved = save("text", name)
    assert isinstance(saved, Problem)
    assert "cannot be written: " in saved.message
    assert ("home folder ~nobody-9 is not known" in saved.message) == name.startswith("~")
    world = World(tmp_path, replace(LOCAL, namespace="%SYS"))
    await world.connect()
    lines = [f"/profiles import {name}", f"/profiles export {name}", f"/evidence compare {name}"]
    for line in lines if "\0" not in name else [*lines, f"/evidence {name}"]:
        (problem,) = await world.say(line)
        assert isinstance(problem, Problem)
    await world.session.close()


async def test_a_special_file_that_a_person_names(tmp_path: Path, special: Special) -> None:
    make, said = special
    make(tmp_path / "named")
    world = World(tmp_path / "home", LOCAL)
    for line in ("/profiles import", "/profiles export", "/evidence compare"):
        (problem,) = await world.say(f"{line} {tmp_path}/named")
        assert isinstance(problem, Problem)
        assert said in problem.message
        assert problem.cure.startswith("Name a file")
    await world.session.close()
    saved = within(lambda: save("text", str(tmp_path / "named")))
    assert isinstance(saved, Problem)
    assert saved.error == "FileExists" or said in saved.message


# the program

PIPE = "is a named pipe, not a file"
FOLDER = "is not a folder"
PLACES = {
    "config/settings.toml": f"settings.toml {PIPE}",
    "config/profiles.toml": f"profiles.toml {PIPE}",
    "config/secrets.json": "",  # nobody asks for a password
    "state/remembered.toml": f"remembered.toml {PIPE}",
    "state/refused.json": f"refused.json {PIPE}",
    "state/prompt-history.jsonl": "",  # not of lines from a pipe
    "state/log/irisops.log": f"irisops.log {PIPE}",
    "state/journal/local.jsonl": f"local.jsonl {PIPE}",
    "state/leases/x.json": f"x.json {PIPE}",
    "config": f"config {FOLDER}",
    "state": f"state {FOLDER}",
    "state/journal": f"journal {FOLDER}",
    "state/leases": "leases cannot be read: Not a directory",
    "state/log": f"log {FOLDER}",
    "": f"home {FOLDER}",
}
"""Where a pipe lies, below the home of irisops; and what is said."""
TYPED = (
    "/profiles",
    "/history",
    "/leases",
    "/settings mouse=no",
    "yes",
    "/secrets",
    "/profile add b host=h user=u",
)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
@pytest.mark.parametrize("place", PLACES)
def test_the_program_starts_says_it_and_ends(tmp_path: Path, place: str) -> None:
    home = tmp_path / "home"
    path = home / place
    path.parent.mkdir(parents=True, exist_ok=True)
    profiles = home / "config" / "profiles.toml"
    if place.startswith("state"):
        profiles.parent.mkdir()
        profiles.write_text('[profiles.local]\nhost = "127.0.0.1"\nport = 1\nuser = "u"\n')
    os.mkfifo(path)
    ran = subprocess.run(
        [sys.executable, "-m", "irisops", "--log-level", "debug", "--plain"],
        input="\n".join([*TYPED, "/quit"]) + "\n",
        env={**os.environ, "IRISOPS_HOME": str(home), "HOME": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = ran.stdout + ran.stderr
    assert PLACES[place] in told
    assert "Traceback" not in told
    assert "Please report it" not in told
    assert ran.returncode == 0, told
    assert stat.S_ISFIFO(path.stat().st_mode), "it is left there"


# that no other place opens files

MAY = {
    "files.py": "it is the place",
    "record_command.py": "the null device",
    "streams.py": "the null device, and its own streams",
    "ui/terminal.py": "the terminal, and the null device",
    "ui/themes.py": "part of the program",
    "instance/driver_process/driver.py": "the null device",
    "instance/helper/__init__.py": "part of the program",
    "sharing/keeper.py": "the null device, and its own pipes",
    "sharing/procs.py": "/proc",
    "sharing/agent_files.py": "new files, with O_EXCL",
}
OPENERS = {"open", "read_text", "read_bytes", "write_text", "write_bytes"}
OURS = {"client.open", "desk.open", "share.open", "self.session_table.open"}
"""Functions of ours that open something else."""


def openers(tree: ast.AST) -> list[str]:
    """Calls that open a file, as far as names tell."""
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in OPENERS
        and ast.unparse(node.func) not in OURS
    ]


def test_nothing_else_in_the_product_opens_files() -> None:
    offenders = {}
    for path in (ROOT / "irisops").rglob("*.py"):
        inside = path.relative_to(ROOT / "irisops")
        if inside.parts[0] == "simulator" or inside.as_posix() in MAY:
            continue
        if found := openers(ast.parse(path.read_text())):
            offenders[inside.as_posix()] = found
    assert offenders == {}
    for line in ("open(p)", "os.open(p, 0)", "path.open('rb')", "p.read_text()", "Path(x).read_bytes()"):
        assert openers(ast.parse(line)), line
    assert not openers(ast.parse("read_file(p); open_private(p, 0); share.open()"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_a_file_that_is_replaced_between_the_look_and_the_opening_is_refused(tmp_path: Path) -> None:
    path, pipe, file = tmp_path / "f", tmp_path / "pipe", tmp_path / "file"
    os.mkfifo(pipe)
    file.write_bytes(b"good")
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            for target in (file, pipe):
                link = tmp_path / "link"
                link.symlink_to(target)
                link.replace(path)

    def read() -> set[str]:
        found = set()
        for _ in range(5_000):
            try:
                found.add(files.read_file(path).decode())
            except FileNotFoundError:
                continue  # not there yet
            except NotAFileError as error:
                found.add(error.strerror or "")
        return found

    swapping = threading.Thread(target=swap, daemon=True)
    swapping.start()
    try:
        assert within(read) == {"good", f"f {PIPE}"}
    finally:
        over.set()
        swapping.join()
