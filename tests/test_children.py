"""Every child is started in one way: nothing of the working folder runs, and no secret is handed on."""

from __future__ import annotations

import ast
import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from irisops import children, demo
from irisops.instance.driver_process.child import DriverProcess, child_environment
from irisops.instance.driver_process.driver import OPEN_FILES
from irisops.profiles.discovery.containers import docker
from irisops.profiles.discovery.found import Surroundings
from irisops.profiles.discovery.installed import installed
from irisops.profiles.password_command import PasswordCommandError, password_from
from irisops.profiles.places import Places
from irisops.sharing.client import KeeperClient
from irisops.sharing.errors import AgentMissing
from irisops.sharing.finder import find_agent, read_version
from irisops.sharing.installer import install_agent
from irisops.simulator.agent.launcher import write_launcher
from irisops.ui.terminal import send_to_tmux

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ("docker", "podman", "iris", "ngrok", "tmux", "ps", "setpriv", "sh", "sleep", "pass")
MODULES = sys.stdlib_module_names | {
    "irisops",
    "iris",
    "textual",
    "pyngrok",
    "yaml",
    "keyring",
    "cryptography",
}
MODULES |= {"sitecustomize", "usercustomize"}

posix = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")


class Traps:
    """A working folder full of files named like modules and programs; each writes its name when it runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir()
        self._sprung = folder.parent / "sprung"
        for name in MODULES:
            write = f"open({str(self._sprung)!r}, 'a').write({name + chr(10)!r})"
            (folder / f"{name}.py").write_text(f"{write}\nraise SystemExit(9)\n")
        for name in PROGRAMS:
            path = folder / name
            path.write_text(f"#!/bin/sh\necho program {name} >>{self._sprung}\nexit 9\n")
            path.chmod(0o755)

    @property
    def sprung(self) -> str:
        return self._sprung.read_text() if self._sprung.exists() else ""


@pytest.fixture
def traps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Traps:
    """Run this process in such a folder, with careless entries in PATH and PYTHONPATH."""
    made = Traps(tmp_path / "traps")
    monkeypatch.chdir(made.folder)
    monkeypatch.setenv("PATH", os.pathsep.join((".", "", os.environ["PATH"])))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((".", "")))
    monkeypatch.setenv("PYTHONSTARTUP", "json.py")
    monkeypatch.setenv("IRISOPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nothing is fetched from anywhere
    return made


async def driver(_folder: Path) -> None:
    process = await DriverProcess.start()
    await process.close()


async def keeper(folder: Path) -> None:
    client = KeeperClient()
    await client.start(folder / "log" / "keeper.log")
    await client.leave()
    await client.wait()


async def simulator_of_the_demo(_folder: Path) -> None:
    with demo.running() as running:
        assert running.profile.port


async def stand_in_agent(folder: Path) -> None:
    path = write_launcher(folder / "bin" / "stand-in")
    assert read_version(path) >= (3, 30, 0)
    # By whatever starts it, not only by us.
    process = await asyncio.create_subprocess_exec(path, "--version", stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert said.startswith(b"ngrok version")


async def installer(folder: Path) -> None:
    with pytest.raises(AgentMissing, match="could not be fetched"):
        [step async for step in install_agent(folder / "ngrok")]


async def password_command(_folder: Path) -> None:
    text = "import json, secrets; print(json.dumps(1))"
    assert await password_from(f"{sys.executable} -c '{text}'") == "1"
    with pytest.raises(PasswordCommandError, match=r"no full path"):
        await password_from("./pass show iris")


async def programs_on_the_path(folder: Path) -> None:
    around = Surroundings(folder, Path.cwd(), dict(os.environ), sys.platform)
    await docker(around)
    await installed(around)
    for name in PROGRAMS:
        found = children.locate(name, os.environ)
        assert found is None or Path(found).parent != Path.cwd()
    await send_to_tmux("text", {"TMUX": "x"})
    with pytest.raises(AgentMissing):
        find_agent(environment={"PATH": os.pathsep.join((".", ""))}, default=folder / "none")


KINDS: list[Callable[[Path], Awaitable[None]]] = [
    driver,
    keeper,
    simulator_of_the_demo,
    stand_in_agent,
    installer,
    password_command,
    programs_on_the_path,
]


@posix
@pytest.mark.parametrize("start", KINDS)
async def test_nothing_of_the_working_folder_runs(
    start: Callable[[Path], Awaitable[None]], traps: Traps, tmp_path: Path
) -> None:
    await start(tmp_path / "own")
    assert traps.sprung == ""


@posix
def test_a_whole_share_in_a_folder_of_traps(traps: Traps, tmp_path: Path) -> None:
    """The program as a person starts it, with all its children, including those not listed here."""
    line = "from irisops.cli import main; raise SystemExit(main(['demo', '--plain']))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", line],
        input="/share superserver for 1h people 1\ndemo\n/tunnels\n/unshare\nyes\n/discover\n/quit\n",
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
    )
    assert traps.sprung == ""
    assert done.returncode == 0, done.stderr
    assert "guest-" in done.stdout
    assert "nothing is left" in done.stdout


@posix
def test_a_library_of_ours_runs_no_program_of_the_working_folder(traps: Traps, tmp_path: Path) -> None:
    """`keyring` looks through its backends for all platforms, and for macOS asks a compiler that it finds on PATH."""
    for name in ("gcc", "cc", "ld", "objdump", "ldconfig"):
        path = traps.folder / name
        path.write_text((traps.folder / "docker").read_text().replace("docker", name))
        path.chmod(0o755)
    code = "from irisops.cli import main; raise SystemExit(main(['run', '/secrets']))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={
            **{name: value for name, value in os.environ.items() if name != "PYTHON_KEYRING_BACKEND"},
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path),
        },
    )
    assert traps.sprung == ""
    assert done.returncode == 0, done.stderr


STARTERS = {
    "os": ("exec", "spawn", "fork", "posix_spawn", "system", "popen", "startfile"),
    "asyncio": ("create_subprocess",),
    "loop": ("subprocess_",),
}
ALL_STARTERS = (*STARTERS["os"], *STARTERS["asyncio"], *STARTERS["loop"], "ProcessPoolExecutor")
MODULES_THAT_START = {"subprocess", "multiprocessing", "pty", "webbrowser", "concurrent.futures.process"}


def starts(tree: ast.AST) -> list[str]:
    """Imports and calls in a module that may start a program."""
    found: list[str] = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found += [each.name for each in names if each.name in MODULES_THAT_START]
            case ast.ImportFrom(module=str(module), names=names):
                found += [module] if module in MODULES_THAT_START else []
                found += [
                    each.name for each in names if each.name.startswith(("create_subprocess", "ProcessPool"))
                ]
                found += [
                    each.name for each in names if module == "os" and each.name.startswith(STARTERS["os"])
                ]
            case ast.Attribute(value=value, attr=name) if name.startswith(ALL_STARTERS):
                owner = (
                    ast.unparse(value).split(".")[-1].removesuffix("()").replace("get_running_loop", "loop")
                )
                if name.startswith(STARTERS.get(owner, ("ProcessPoolExecutor",))):
                    found.append(f"{owner}.{name}")
            case _:
                pass
    return found


def sources(*words: str) -> dict[str, ast.Module]:
    """The modules of the product that contain one of these words."""
    package = ROOT / "irisops"
    texts = {str(path.relative_to(package)): path.read_text() for path in package.rglob("*.py")}
    return {name: ast.parse(text) for name, text in texts.items() if any(word in text for word in words)}


def test_one_module_starts_all_children() -> None:
    words = [f"{owner}.{name}" for owner in ("os", "asyncio") for name in STARTERS[owner]]
    read = sources(*words, *STARTERS["asyncio"], *STARTERS["loop"], *MODULES_THAT_START, "from os import")
    offenders = {
        name: found for name, tree in read.items() if name != "children.py" and (found := starts(tree))
    }
    assert offenders == {}
    # The check itself finds what it is meant to find.
    for line in (
        "import subprocess",
        "from multiprocessing import Process",
        "from asyncio import create_subprocess_exec",
        "from os import execv",
        "os.execv('x', [])",
        "os.system('x')",
        "start = os.posix_spawn",
        "asyncio.create_subprocess_shell('x')",
        "asyncio.get_running_loop().subprocess_exec(p, 'x')",
        "futures.ProcessPoolExecutor()",
    ):
        assert starts(ast.parse(line)), line
    assert starts(read["children.py"])


def test_our_python_is_named_in_two_places_and_isolated_in_both() -> None:
    """A new `sys.executable` is a new kind of child: it goes through `children`."""
    named = {
        name
        for name, tree in sources("executable").items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "executable"
        and ast.unparse(node) == "sys.executable"
    }
    assert named == {"children.py", "simulator/agent/launcher.py"}
    assert children.python("json", "x") == (sys.executable, "-P", "-m", "json", "x")
    assert children.isolated("json", ["/x"])[:4] == (sys.executable, "-I", "-S", "-P")


def test_what_is_handed_on_in_the_environment() -> None:
    given = {
        "IRISOPS_PASSWORD": "canary-1",
        "NGROK_AUTHTOKEN": "canary-2",
        "NGROK_API_KEY": "canary-3",
        "AWS_SECRET_ACCESS_KEY": "other-4",
        "PATH": os.pathsep.join(("/usr/bin", ".", "", "relative/bin", "/bin")),
        "PYTHONPATH": os.pathsep.join((".", "/home/me/lib", "")),
        "PYTHONSTARTUP": "/x.py",
        "PYTHONINSPECT": "1",
        "PYTHONWARNINGS": "error::evil.Category",
        "PYTHONUTF8": "1",
        "ISC_SSLconfigurations": "ssl.ini",
        "LC_ALL": "C",
        "HOME": "/home/me",
    }
    foreign = children.program_environment(given)
    assert foreign["PATH"] == os.pathsep.join(("/usr/bin", "/bin"))
    assert foreign["AWS_SECRET_ACCESS_KEY"] == "other-4", "a program of the person's own may need it"
    ours = children.python_environment(given)
    assert ours["PYTHONPATH"] in {
        "/home/me/lib",
        f"{ROOT}{os.pathsep}/home/me/lib",
    }  # a checkout's own folder
    assert {name for name in ours if name.startswith("PYTHON")} == {"PYTHONPATH", "PYTHONUTF8"}
    for handed_on in (foreign, ours, child_environment(given)):
        assert not [value for value in handed_on.values() if "canary" in value]
    of_driver = child_environment(given)
    assert "AWS_SECRET_ACCESS_KEY" not in of_driver
    assert of_driver["ISC_SSLconfigurations"] == str(Path.cwd() / "ssl.ini")
    assert of_driver["HOME"] == "/home/me"
    assert not [name for name in of_driver if name.startswith("PYTHON")], "it would not look at them"


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="needs /proc")
async def test_a_driver_process_has_what_it_needs_and_no_more(tmp_path: Path) -> None:
    held = os.open(tmp_path / "secret", os.O_RDWR | os.O_CREAT, 0o600)
    os.dup2(held, held, inheritable=True)  # as a library might
    process = await DriverProcess.start()
    try:
        assert await process.connect(
            {"host": "127.0.0.1", "port": 1, "namespace": "X", "user": "u", "timeout": 1, "sslconfig": ""},
            "p",
        )
        folder = Path(f"/proc/{process.pid}")
        limits = {
            line[:25].strip(): line[26:].split()[0]
            for line in folder.joinpath("limits").read_text().splitlines()
        }
        # 1 byte keeps a handler such as systemd-coredump from being run; where 0 is the hard limit, it stays.
        import resource  # noqa: PLC0415 - not on Windows

        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        assert limits["Max core file size"] == ("0" if hard == 0 else "1")
        assert limits["Max address space"] == str(1 << 30)
        assert (limits["Max processes"], limits["Max file size"]) == ("0", "0")
        assert int(limits["Max open files"]) <= OPEN_FILES
        assert "NoNewPrivs:\t1" in folder.joinpath("status").read_text()
        assert folder.joinpath("cwd").readlink() == Path("/")
        targets = [each.readlink() for each in folder.joinpath("fd").iterdir()]
        assert tmp_path / "secret" not in targets
        assert len(targets) == len(("nowhere",) * 3 + ("input", "output"))
    finally:
        os.close(held)
        await process.close()


@posix
async def test_a_program_that_prints_without_end_costs_no_memory(tmp_path: Path) -> None:
    endless = tmp_path / "endless"
    endless.write_text("#!/bin/sh\nexec yes ngrok version 3.39.0\n")
    endless.chmod(0o755)
    loud = tmp_path / "loud"
    loud.write_text(f"#!/bin/sh\nexec {endless} >&2\n")
    loud.chmod(0o755)
    for program in (endless, loud):
        with pytest.raises(PasswordCommandError, match="more than 1 MB"):
            await password_from(str(program))
    assert read_version(endless) == (3, 39, 0)
    said = children.ask_and_wait([str(endless)], dict(os.environ), 30.0)
    assert len(said) == children.MOST_SAID
    with pytest.raises(children.TimeoutExpired):
        children.ask_and_wait([sys.executable, "-c", "import time; time.sleep(600)"], dict(os.environ), 0.2)


def test_what_a_child_in_another_folder_is_told_are_full_paths(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    places = Places.find({"IRISOPS_HOME": "home"})
    assert places.leases == tmp_path / "home" / "state" / "leases"
    ngrok = tmp_path / "ngrok"
    ngrok.write_text("#!/bin/sh\necho ngrok version 3.39.0\n")
    ngrok.chmod(0o755)
    assert find_agent(Path("ngrok"), environment={}).path == ngrok


async def test_a_program_is_never_looked_up_by_the_system() -> None:
    with pytest.raises(ValueError, match="full path"):
        await children.start(["docker", "ps"], {})
    with pytest.raises(ValueError, match="full path"):
        children.start_apart(["./docker"], {})
    with pytest.raises(ValueError, match="full path"):
        children.ask_and_wait([], {}, 1.0)
