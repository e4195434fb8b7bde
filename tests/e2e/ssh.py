"""An OpenSSH server for one test: on loopback, a free port, with keys of its own, for the user who runs the tests."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
"""sshd insists on being started by its full path."""

needs_ssh = pytest.mark.skipif(
    not (SSHD and shutil.which("ssh") and shutil.which("ssh-keygen")) and os.environ.get("CI") != "true",
    reason="needs OpenSSH: apt-get install openssh-server openssh-client",
)


@dataclass(frozen=True)
class SshServer:
    """A running server and the way in."""

    port: int
    folder: Path

    def login(self, command: str) -> list[str]:
        """The arguments of a client that runs `command` on a terminal of its own."""
        options = (
            f"UserKnownHostsFile={self.folder / 'known_hosts'}",
            "StrictHostKeyChecking=accept-new",
            "IdentitiesOnly=yes",
            "LogLevel=ERROR",
        )
        return [
            "ssh", "-F", "none", "-tt", "-p", str(self.port), "-i", str(self.folder / "user"),
            *(part for option in options for part in ("-o", option)),
            f"{getpass.getuser()}@127.0.0.1", command,
        ]  # fmt: skip


@contextmanager
def ssh_server(folder: Path) -> Iterator[SshServer]:
    """Serve until the end of the block. sshd takes no free port itself: one is started per connection, as by inetd."""
    assert SSHD, "sshd is not installed: apt-get install openssh-server"
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    shutil.copy(folder / "user.pub", folder / "authorized_keys")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # the package's own service makes it
    config = folder / "sshd_config"
    config.write_text(
        f"HostKey {folder / 'host'}\n"
        f"AuthorizedKeysFile {folder / 'authorized_keys'}\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\n"
        "StrictModes no\nPermitRootLogin yes\nPidFile none\n"
    )
    children: list[subprocess.Popen[bytes]] = []
    with socket.create_server(("127.0.0.1", 0)) as listener, (folder / "sshd.log").open("wb") as log:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:  # the block ended
                    return
                with connection:
                    children.append(
                        subprocess.Popen(
                            [SSHD or "", "-i", "-e", "-f", str(config)],
                            stdin=connection.fileno(),
                            stdout=connection.fileno(),
                            stderr=log,
                        )
                    )

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield SshServer(listener.getsockname()[1], folder)
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            for child in children:
                child.terminate()
                child.wait(10)
