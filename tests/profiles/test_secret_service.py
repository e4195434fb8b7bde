"""The real Secret Service: gnome-keyring on a session bus of its own, unlocked, locked, hanging and absent."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.debian import need

ROOT = Path(__file__).resolve().parent.parent.parent
BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir={folder}</listen>
  {services}
  <policy context="default"><allow send_destination="*"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
"""

pytestmark = [pytest.mark.debian]
if sys.platform == "win32":
    pytest.skip("the Secret Service is of Linux desktops", allow_module_level=True)


class Desktop:
    """A home with a keyring that outlives the single session."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp = tmp_path
        self.runtime = tmp_path / "runtime"
        self.runtime.mkdir(mode=0o700)
        (tmp_path / "home").mkdir()

    def session(self, what: str, *, daemon: str = "", services: str = "") -> dict[str, Any]:
        """Run the child in a session bus; `daemon` starts the keyring, `services` is what the bus may start itself."""
        config = self.tmp / "bus.conf"
        config.write_text(BUS.format(folder=self.runtime, services=services))
        child = shlex.join([sys.executable, "-m", "tests.profiles.secret_service_child", what])
        wait = " --wait" if daemon else ""
        # The daemon stays in the foreground of the shell's session, so that it ends with it.
        script = f"{daemon}\n{child}{wait}\nstatus=$?\nkill $(jobs -p) 2>/dev/null\nwait\nexit $status"
        ran = subprocess.run(
            ["dbus-run-session", f"--config-file={config}", "--", "bash", "-c", script],
            env={
                "PATH": f"{os.environ['PATH']}:/usr/bin",
                "HOME": str(self.tmp / "home"),
                "XDG_RUNTIME_DIR": str(self.runtime),
                "PYTHONPATH": str(ROOT),
            },
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        said: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
        return said


UNLOCKED = (
    "(printf login | exec gnome-keyring-daemon --foreground --unlock --components=secrets) >/dev/null 2>&1 &"
)
LOCKED = "gnome-keyring-daemon --foreground --components=secrets </dev/null >/dev/null 2>&1 &"


@pytest.fixture
def desktop(tmp_path: Path) -> Desktop:
    need(dbus_run_session="dbus-daemon", gnome_keyring_daemon="gnome-keyring")
    return Desktop(tmp_path)


def test_keeps_finds_and_forgets_over_sessions(desktop: Desktop) -> None:
    kept = desktop.session("keep", daemon=UNLOCKED)
    assert (kept["place"], kept["again"], kept["describe"]) == ("keyring", True, "used for passwords")
    found = desktop.session("find", daemon=UNLOCKED)
    assert found["found"] is True
    assert found["after"] is None
    assert desktop.session("find", daemon=UNLOCKED)["found"] is False


def test_a_locked_keyring_is_told_at_once_and_never_raises_a_prompt(desktop: Desktop) -> None:
    desktop.session("keep", daemon=UNLOCKED)
    kept = desktop.session("keep", daemon=LOCKED)
    assert (kept["place"], kept["again"]) == ("memory", True)
    assert kept["reason"] == "the keyring is locked."
    assert desktop.session("find", daemon=UNLOCKED)["found"] is True, "the locked one was left as it was"


def test_a_keyring_that_was_never_made_is_not_made_behind_a_persons_back(desktop: Desktop) -> None:
    kept = desktop.session("keep", daemon=LOCKED)
    assert kept["place"] == "memory"
    assert kept["reason"] == "no keyring has been created yet."


def test_a_bus_without_the_service_and_no_bus_at_all(desktop: Desktop) -> None:
    kept = desktop.session("keep")
    assert kept["place"] == "memory"
    assert "no keyring" in kept["reason"]


def test_a_service_that_never_answers_costs_one_deadline(desktop: Desktop) -> None:
    services = desktop.tmp / "services"
    services.mkdir()
    hanging = services / "hanging"
    hanging.write_text(f'#!/bin/sh\necho $$ > "{services}/pid"\nexec sleep 60 >/dev/null 2>&1\n')
    hanging.chmod(0o755)
    (services / "org.freedesktop.secrets.service").write_text(
        f"[D-BUS Service]\nName=org.freedesktop.secrets\nExec={hanging}\n"
    )
    try:
        kept = desktop.session("keep", services=f"<servicedir>{services}</servicedir>")
    finally:
        os.kill(int((services / "pid").read_text()), signal.SIGKILL)  # the bus does not end what it started
    assert (kept["place"], kept["again"]) == ("memory", True)
    assert "did not answer within 5 seconds" in kept["reason"]
    assert kept["asked"] == 1
