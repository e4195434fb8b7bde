"""The first minute: an instance in a container is connected after one Enter; no keyring ever delays the first frame."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.store import ProfileStore
from tests.terminal import Terminal
from tests.test_session_simulator import Simulator

if sys.platform == "win32":
    pytest.skip("pseudo-terminals", allow_module_level=True)

ROOT = Path(__file__).resolve().parent.parent.parent
FIRST_FRAME = 5.0
"""Seconds; a tenth of that is usual, and a keyring that is waited for takes longer."""


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    made = Simulator()
    made.start()
    yield made
    made.kill()


def environment(tmp_path: Path, backend: str, **more: str) -> dict[str, str]:
    return {
        "IRISOPS_HOME": str(tmp_path / "home"),
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "PYTHON_KEYRING_BACKEND": backend,
        "SSH_CONNECTION": "",
        "SSH_TTY": "",
        **more,
    }


def test_one_enter_from_a_container_to_its_license(simulator: Simulator, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    docker = folder / "docker"
    docker.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = ps ]; then\n'
        f"printf 'iris-1\\tintersystems/iris-community\\t127.0.0.1:{simulator.port}->1972/tcp\\n'; exit; fi\n"
        f"printf 'IRIS_PASSWORD={simulator.password}\\n'\n"
    )
    docker.chmod(0o755)
    iris = folder / "iris"
    iris.write_text("#!/bin/sh\necho the flower classifier\n")
    iris.chmod(0o755)
    variables = environment(
        tmp_path, "keyring.backends.fail.Keyring", PATH=f"{folder}:{os.environ['PATH']}", IRIS_HOSTNAME="127.0.0.1",
        IRIS_PORT=str(simulator.port), IRIS_USERNAME=simulator.user,
    )  # fmt: skip
    with Terminal(
        [sys.executable, "-m", "irisops"], columns=140, rows=36, env=variables, cwd=tmp_path
    ) as terminal:
        terminal.wait_for("docker:iris-1 +127.0.0.1.* +Docker, environment")
        terminal.wait_for("› .*adopt docker:iris-1")
        terminal.press("enter")
        terminal.wait_for(f"Password of {simulator.user}")
        terminal.type_line(simulator.password)
        terminal.wait_for("● docker:iris-1")
        terminal.wait_for("is kept until you quit")
        terminal.wait_for("› Ask")
        terminal.type_line("/license")
        terminal.wait_for("this tool")
        assert simulator.password.encode() not in terminal.raw
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
    (profile,) = ProfileStore(Places.below(tmp_path / "home").profiles).load().profiles
    assert (profile.name, profile.port, profile.user) == ("docker:iris-1", simulator.port, simulator.user)
    for path in (tmp_path / "home").rglob("*"):
        assert not path.is_file() or simulator.password.encode() not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        ("keyring.backends.fail.Keyring", "there is no keyring here"),
        ("keyring.backends.null.Keyring", "configured does not"),
        ("tests.profiles.keyring_backends.Failing", "the keyring failed"),
        ("tests.profiles.keyring_backends.Hanging", "did not answer"),
        ("no.such.Backend", "the keyring's settings are wrong"),
    ],
)
def test_a_keyring_that_is_no_use_ends_in_one_sentence_and_no_delay(
    backend: str, said: str, simulator: Simulator, tmp_path: Path
) -> None:
    store = ProfileStore(Places.below(tmp_path / "home").profiles)
    store.add(Profile("local", "127.0.0.1", simulator.port, user=simulator.user))
    variables = environment(tmp_path, backend)
    with Terminal([sys.executable, "-m", "irisops"], columns=140, rows=30, env=variables) as terminal:
        assert terminal.wait_for("irisops +[◐○] local") < FIRST_FRAME
        terminal.wait_for(f"Password of {simulator.user}")
        terminal.type_line(simulator.password)
        terminal.wait_for("● local")
        terminal.wait_for(said)
        assert simulator.password.encode() not in terminal.raw
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
