"""The command line as a person starts it: a process of its own, with its own home."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pexpect
import pytest

from irisops import __version__
from irisops.profiles.places import Places
from irisops.profiles.store import ProfileStore
from tests.commands.fakes import LOCAL

CANARY = "canary-Secret-1"


def irisops(
    home: Path,
    *arguments: str,
    password: str = "",
    stdin: str = "",
    keyring: str = "keyring.backends.fail.Keyring",
) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "IRISOPS_HOME": str(home),
        "PYTHON_KEYRING_BACKEND": keyring,
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "COLUMNS": "100",
    }
    environment.pop("IRISOPS_PASSWORD", None)
    if password:
        environment["IRISOPS_PASSWORD"] = password
    return subprocess.run(
        [sys.executable, "-m", "irisops", *arguments],
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port without a listener: bound, so no other program can take it, but not listening."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def test_version_and_help_are_for_people(tmp_path: Path) -> None:
    assert irisops(tmp_path, "--version").stdout == f"irisops {__version__}\n"
    text = irisops(tmp_path, "--help").stdout
    for part in (
        "irisops demo",
        "irisops run",
        "irisops simulator",
        "IRISOPS_PASSWORD",
        "IRISOPS_HOME",
        "4 cannot",
    ):
        assert part in text
    assert "--yes" in irisops(tmp_path, "run", "--help").stdout


def test_what_is_not_understood_is_status_2(tmp_path: Path) -> None:
    ran = irisops(tmp_path, "run", "--json", "colourless green ideas")
    assert ran.returncode == 2
    (reply,) = map(json.loads, ran.stdout.splitlines())
    assert (reply["reply"], reply["error"]) == ("error", "NotUnderstood")


@pytest.mark.parametrize("line", ["/connect sima", "/profile test sima", "/on sima /license"])
def test_a_password_for_another_profile_is_named_with_the_option(line: str, tmp_path: Path) -> None:
    """K10: the cure was to set IRISOPS_PASSWORD, which was set."""
    store = ProfileStore(Places.below(tmp_path).profiles)
    with socket.create_server(("127.0.0.1", 0)) as held:
        store.add(replace(LOCAL, name="other", port=held.getsockname()[1]))
        store.add(replace(LOCAL, name="sima", host="localhost", port=held.getsockname()[1]))
        ran = irisops(tmp_path, "run", "--profile", "other", "--json", line, password=CANARY)
    assert ran.returncode == 4
    assert "named by --profile sima" in ran.stdout
    assert CANARY not in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        (
            "keyring.backends.null.Keyring",
            "not used: the keyring that is configured does not keep what it is given.",
        ),
        ("tests.profiles.keyring_backends.Leaving", "not used: the keyring failed (SystemExit)."),
        ("tests.profiles.keyring_backends.Interrupting", "not used: the keyring failed (KeyboardInterrupt)."),
        ("tests.profiles.keyring_backends.Failing", "not used: the keyring failed (OSError)."),
        ("tests.profiles.keyring_backends.Answering", "not used: the keyring failed (TypeError)."),
        ("keyring.backends.fail.Keyring", "not used: there is no keyring here"),
        ("no.such.Backend", "not used: the keyring's settings are wrong"),
    ],
)
def test_every_keyring_is_told_as_it_is(backend: str, said: str, tmp_path: Path) -> None:
    """K15: /secrets and the login report the same; a backend that exits does not end the program."""
    ProfileStore(Places.below(tmp_path).profiles).add(LOCAL)
    ran = irisops(tmp_path, "run", "/secrets", keyring=backend)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert f"Keyring: {said}" in ran.stdout


@pytest.mark.parametrize("backend", ["Leaving", "Interrupting", "Failing", "Forgetting", "Answering"])
def test_a_keyring_that_ends_programs_does_not_end_this_one(backend: str, tmp_path: Path) -> None:
    """K15: status 3 means that a yes is needed, and nothing was said."""
    ProfileStore(Places.below(tmp_path).profiles).add(LOCAL)
    ran = irisops(tmp_path, "run", "--json", "/license", keyring=f"tests.profiles.keyring_backends.{backend}")
    assert ran.returncode == 4
    assert json.loads(ran.stdout)["error"] == "PasswordNeeded"


@pytest.mark.parametrize(
    "command", [(), ("run", "/status"), ("demo",), ("leases",), ("simulator",), ("completion", "zsh")]
)
def test_an_option_that_is_not_known_is_quoted_without_harm_and_without_a_secret(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    acting = "\x1b]52;c;SEFDSw==\x07\x1b]0;title\x07\u202e\x9b2J"
    ended = irisops(tmp_path, *command, f"--no-{acting}", f"--password={CANARY}")
    assert ended.returncode == 2
    assert "unrecognized arguments" in ended.stderr
    assert "␛]52;c" in ended.stderr
    assert not set(acting) & {"\x1b", "\x07", "\x9b", "\u202e"} & set(ended.stderr)
    assert CANARY not in ended.stderr


def test_words_need_no_quotes(tmp_path: Path) -> None:
    ran = irisops(tmp_path, "run", "--json", "show", "profiles")
    assert ran.returncode == 0
    assert json.loads(ran.stdout)["name"] == "profiles"


def test_a_profile_made_by_run_is_there_for_the_next(tmp_path: Path) -> None:
    assert irisops(tmp_path, "run", "/profile add clinic host=10.0.0.7 user=admin").returncode == 0
    assert "clinic" in irisops(tmp_path, "run", "/profiles").stdout
    assert irisops(tmp_path, "run", "/profile remove clinic").returncode == 3
    assert irisops(tmp_path, "run", "--yes", "/profile remove clinic").returncode == 0
    assert "clinic" not in irisops(tmp_path, "run", "/profiles").stdout


def test_a_password_in_the_address_is_refused(tmp_path: Path) -> None:
    ran = irisops(tmp_path, "run", "--json", "--url", f"iris://bob:{CANARY}@localhost/USER", "/license")
    assert ran.returncode == 4
    assert json.loads(ran.stdout)["error"] == "BadAddress"
    assert CANARY not in ran.stdout + ran.stderr


def test_an_unknown_profile_is_status_4(tmp_path: Path) -> None:
    ran = irisops(tmp_path, "run", "--profile", "nobody", "/license")
    assert ran.returncode == 4
    assert "NoSuchProfile" in ran.stderr


def test_without_password_or_terminal_it_says_what_to_set(tmp_path: Path) -> None:
    ProfileStore(Places.below(tmp_path).profiles).add(LOCAL)
    ran = irisops(tmp_path, "run", "/license")
    assert ran.returncode == 4
    assert "IRISOPS_PASSWORD" in ran.stderr


def test_a_dead_port_is_status_4_with_one_clear_error(tmp_path: Path, dead_port: int) -> None:
    ran = irisops(
        tmp_path,
        "run",
        "--json",
        "--url",
        f"iris://bob@127.0.0.1:{dead_port}/USER",
        "/license",
        password=CANARY,
    )
    assert ran.returncode == 4
    (reply,) = map(json.loads, ran.stdout.splitlines())
    assert reply["error"] == "Unreachable"
    assert reply["cure"]
    assert CANARY not in ran.stdout + ran.stderr
    assert not list(tmp_path.rglob("*.toml")), "an address is kept in no file"


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_ends_a_login_that_hangs_and_its_driver(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    environment = {**os.environ, "IRISOPS_HOME": str(tmp_path), "IRISOPS_PASSWORD": CANARY}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        url = f"iris://bob@127.0.0.1:{listening.getsockname()[1]}/USER"
        with subprocess.Popen(
            [sys.executable, "-m", "irisops", "run", "--url", url, "/license"],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        ) as ran:
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(30)
                assert connection.recv(1), "the driver has begun to log in"
                ran.send_signal(number)
                assert ran.wait(30) == status
                while connection.recv(4096):
                    pass
                assert ran.stderr is not None
                assert "Traceback" not in ran.stderr.read()


def on_terminal(home: Path, port: int) -> pexpect.spawn[str]:
    """A run that asks for a password, then the terminal's settings."""
    environment = {**os.environ, "IRISOPS_HOME": str(home)}
    environment.pop("IRISOPS_PASSWORD", None)
    run = f"{sys.executable} -m irisops run --url iris://bob@127.0.0.1:{port}/USER /license"
    return pexpect.spawn(
        "/bin/sh",
        ["-c", f"trap : INT; {run}; status=$?; stty -a; exit $status"],
        env=environment,
        encoding="utf-8",
        timeout=60,
        dimensions=(24, 80),
    )


def test_leaving_the_password_prompt_gives_the_terminal_back(tmp_path: Path, dead_port: int) -> None:
    child = on_terminal(tmp_path, dead_port)
    child.expect("Password of bob on 127.0.0.1:[0-9]+/USER: ")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert re.search(r"[^-]echo ", child.before)
    assert "Traceback" not in child.before
    assert child.exitstatus == 130


def test_on_a_terminal_the_password_is_asked_for_and_not_shown(tmp_path: Path, dead_port: int) -> None:
    child = on_terminal(tmp_path, dead_port)
    child.expect("Password of bob on 127.0.0.1:[0-9]+/USER: ")
    child.sendline(CANARY)
    child.expect(pexpect.EOF)
    child.close()
    assert "Unreachable" in child.before
    assert CANARY not in child.before
    assert child.exitstatus == 4


def test_evidence_is_written_after_a_yes_and_compared(tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    ran = irisops(tmp_path, "evidence", "--demo", str(file))
    assert (ran.returncode, file.exists()) == (3, False)
    assert '"irisops_evidence": 1' in ran.stdout
    assert "add --yes" in ran.stderr
    child = pexpect.spawn(
        sys.executable,
        ["-m", "irisops", "evidence", "--demo", str(file)],
        env={**os.environ, "IRISOPS_HOME": str(tmp_path)},
        encoding="utf-8",
        timeout=60,
    )
    child.expect("Write the evidence.*Type y for yes: ")
    assert not file.exists()
    child.sendline("y")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    compared = irisops(tmp_path, "evidence", "--compare", str(file))
    assert compared.returncode == 0
    assert re.search(r"last-login +(as expected|otherwise)", compared.stdout)
    assert irisops(tmp_path, "evidence", "--demo", "--yes", str(file)).returncode == 1
    file.write_text("{", encoding="utf-8")
    damaged = irisops(tmp_path, "evidence", "--compare", str(file))
    assert (damaged.returncode, damaged.stderr.splitlines()[0][:12]) == (1, "NotEvidence:")


def test_a_folder_is_applied_after_a_yes_on_the_terminal(tmp_path: Path) -> None:
    live = tmp_path / "live"
    assert irisops(tmp_path, "export", "--demo", "--only", "roles", str(live)).returncode == 0
    (live / "roles" / "new.toml").write_text('Name = "New"\nEscalationOnly = false\n', encoding="utf-8")
    child = pexpect.spawn(
        sys.executable,
        ["-m", "irisops", "apply", "--demo", "--only", "roles", str(live)],
        env={**os.environ, "IRISOPS_HOME": str(tmp_path)},
        encoding="utf-8",
        timeout=60,
    )
    child.expect("1 object.*Type y for yes: ")
    child.sendline("y")
    child.expect("Role New is made")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_a_reader_that_leaves_is_no_traceback(tmp_path: Path) -> None:
    environment = {**os.environ, "IRISOPS_HOME": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-m", "irisops", "run", "/help"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as ran:
        assert ran.stdout is not None
        assert ran.stderr is not None
        ran.stdout.close()
        assert "Traceback" not in ran.stderr.read()


def test_imports_are_not_searched_for_garbage() -> None:
    """A collection looks at every object made so far: all that were imported, none of which is garbage."""
    code = (
        "import gc, sys; from irisops.cli import main; main(['completion', 'bash']);"
        "print(gc.isenabled(), gc.get_freeze_count() > 1000, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr.split() == ["True", "True"]
