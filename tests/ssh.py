"""A real sshd on loopback for one test: own keys, own port, nothing of the person's."""

from __future__ import annotations

import getpass
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from tests.debian import which
from tests.terminal import Terminal

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 20.0
CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
PidFile none
AuthorizedKeysFile {folder}/user.pub
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PermitRootLogin yes
PermitUserEnvironment no
PrintMotd no
PrintLastLog no
LogLevel ERROR
"""


class Sshd:
    """A context manager. `terminal` opens an interactive login that runs a command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Sshd:
        keygen = which("ssh_keygen")
        server = which("sshd")
        assert keygen is not None
        assert server is not None
        for name in ("host", "user"):
            subprocess.run(
                [keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)],
                check=True,
                timeout=30,
            )
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where a root sshd confines its children
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        config = self.folder / "sshd_config"
        config.write_text(CONFIG.format(port=self.port, folder=self.folder))
        self._server = subprocess.Popen([server, "-D", "-e", "-f", str(config)], stderr=subprocess.PIPE)
        self._wait_until_it_listens()
        return self

    def _wait_until_it_listens(self) -> None:
        assert self._server is not None
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self._server.poll() is not None:
                assert self._server.stderr is not None
                raise AssertionError(f"sshd ended: {self._server.stderr.read().decode()}")
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
        raise AssertionError("sshd does not listen")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.communicate(timeout=PATIENCE)

    def terminal(self, *arguments: str, term: str, environment: Mapping[str, str] | None = None) -> Terminal:
        """`irisops ARGUMENTS` over SSH, in a terminal of the kind `term`."""
        remote = {"PYTHONPATH": str(ROOT), **(environment or {})}
        command = (
            shlex.join(["cd", str(ROOT)])
            + " && exec "
            + shlex.join(
                [
                    "env",
                    *(f"{name}={value}" for name, value in remote.items()),
                    sys.executable,
                    "-m",
                    "irisops",
                    *arguments,
                ]
            )
        )
        argv = [
            "ssh", "-tt", "-q", "-F", "none", "-p", str(self.port), "-i", str(self.folder / "user"),
            "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            f"{getpass.getuser()}@127.0.0.1", command,
        ]  # fmt: skip
        return Terminal(argv, columns=80, rows=24, env={"TERM": term})
