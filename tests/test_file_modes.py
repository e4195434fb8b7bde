"""Everything that irisops writes is its owner's alone, whatever the umask."""

from __future__ import annotations

import ast
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")

BY_HAND = """
import asyncio, subprocess, sys
from datetime import UTC, datetime
from pathlib import Path
from irisops.journal import Intent, Journal
from irisops.profiles.places import Places
from irisops.profiles.remembered import RefusedStore
from irisops.profiles.remembered import RememberedStore
from irisops.profiles.vault import Vault
from irisops.sharing.agent_files import config_text, private_file, runtime_folder, write_launcher
from irisops.sharing.client import KeeperClient
from irisops.sharing.lease import Lease, LeaseStore, Where
from irisops.simulator.agent.launcher import write_launcher as stand_in
from irisops.ui.history import History

places = Places.find()
now = datetime.now(UTC)
journal = Journal.of_profile(places.journals, "there", lambda: now)
journal.outcome(journal.intend(Intent("t", "/c", "i", "u", [], {})), "done")
vault = Vault(places.secrets)
vault.create("canary-passphrase")
vault.put("a", "b")
LeaseStore(places.leases).save(Lease("1", Where("p", "h", 1, "u"), now, now))
assert RefusedStore(places.refused).add("a", "b")
assert RememberedStore(places.remembered).remember("there")
History(places.prompt_history).add("/license")
runtime = runtime_folder()
subprocess.run([write_launcher(runtime, Path("/bin/true"))], check=True)
private_file(runtime / "ngrok.yml", config_text(), 0o600)
stand_in(places.state / "stand-in" / "of" / "a" / "demo" / "ngrok")

async def keep() -> None:
    client = KeeperClient()
    await client.start(places.state / "keeper" / "keeper.log")
    await client.leave()
    await client.wait()

asyncio.run(keep())
"""


def private(folder: Path, *, among: set[str]) -> None:
    """Everything below `folder` is private, and the expected files are there."""
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in folder.rglob("*")}
    assert {path.name for path in modes} >= among
    assert {str(path): oct(mode) for path, mode in modes.items() if mode & 0o077} == {}


def run(home: Path, *arguments: str, typed: str = "") -> None:
    """Run something as the program would, under umask 0."""
    surroundings = {"IRISOPS_HOME": str(home), "XDG_RUNTIME_DIR": str(home.parent), "HOME": str(home.parent)}
    done = subprocess.run(
        [sys.executable, *arguments],
        input=typed,
        env={**os.environ, **surroundings},
        umask=0,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of irisops whose parent folder does not exist yet and holds nothing else."""
    (tmp_path / "person").mkdir(mode=0o700)
    return tmp_path / "person" / "not" / "yet" / "there"


@posix
def test_what_the_chat_writes_is_private_under_umask_0(home: Path) -> None:
    person = home.parents[2]
    typed = [
        "/profile add there host=127.0.0.1 port=1 user=someone",
        "/settings mouse=no",
        "yes",
        f"/save {person / 'transcript.md'}",
        f"/profiles export {person / 'team.toml'}",
        "/quit",
    ]
    run(home, "-m", "irisops", "--log-level", "debug", "--plain", typed="\n".join(typed) + "\n")
    private(person, among={"profiles.toml", "settings.toml", "irisops.log"})
    private(person, among={"transcript.md", "team.toml"})


@posix
def test_what_changes_shares_and_secrets_write_is_private_under_umask_0(home: Path) -> None:
    run(home, "-c", BY_HAND)
    private(
        home.parents[2],
        among={"secrets.json", "leases", "prompt-history.jsonl", "keeper.log", "ngrok-agent", "refused.json"}
        | {"agent.pid", "agent.err", "demo"},
    )
    assert list(home.glob("state/journal/*")), "a journal was written"


@posix
def test_the_log_stays_private_when_it_rotates_and_when_an_older_one_was_not(home: Path) -> None:
    older = home / "state" / "log" / "irisops.log"
    code = f"""
from pathlib import Path
from irisops import logs
older = Path({str(older)!r})
logs.start(older.parent, "info")
older.touch(0o666)
for _ in range(300):
    logs.LOG.info("x" * 4000)
"""
    run(home, "-c", code)
    private(home.parents[2], among={"irisops.log", "irisops.log.1", "irisops.log.2"})


# that no other place makes files

OF_ITS_OWN_KIND = {"files.py", "simulator"}
"""Modules that create files; and the simulator, which shares nothing with the product and has no personal data."""
MAKERS = {"write_text", "write_bytes", "touch", "mkdir", "makedirs", "copyfile", "copy2"}
MAKERS |= {"NamedTemporaryFile", "RotatingFileHandler", "FileHandler"}
MODES = {"0o600", "0o700", "384", "448", "PRIVATE_FILE", "mode"}


def makers(tree: ast.AST) -> list[str]:
    """Calls, by name, that create a file or a folder with the rights of the umask."""
    found: list[str] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        given = [ast.unparse(each) for each in (*node.args, *(word.value for word in node.keywords))]
        last = called.rpartition(".")[2]
        writes = any(re.fullmatch(r"['\"][rwaxbt+]*[wax+][rwaxbt+]*['\"]", each) for each in given[:2])
        if called == "os.open":
            if any("O_CREAT" in each for each in given) and given[-1] not in MODES:
                found.append(ast.unparse(node))
        elif last in MAKERS or (last == "open" and writes):
            found.append(ast.unparse(node))
    return found


def test_nothing_else_in_the_product_makes_files() -> None:
    offenders = {}
    for path in (ROOT / "irisops").rglob("*.py"):
        inside = path.relative_to(ROOT / "irisops")
        if inside.parts[0] not in OF_ITS_OWN_KIND and (found := makers(ast.parse(path.read_text()))):
            offenders[str(inside)] = found
    assert offenders == {}
    for line in (
        "path.open('a')",
        "open(p, 'wb')",
        "os.open(p, os.O_CREAT)",
        "os.open(p, os.O_WRONLY | os.O_CREAT, 0o644)",
        "path.mkdir(parents=True)",
        "p.write_text(x)",
        "RotatingFileHandler(p)",
    ):
        assert makers(ast.parse(line)), line
    assert not makers(ast.parse("path.open('rb'); os.open(p, os.O_RDONLY); os.open(p, os.O_CREAT, 0o600)"))
