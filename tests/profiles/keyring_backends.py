"""Keyring backends as bad as real ones, for PYTHON_KEYRING_BACKEND of a program under test; never registered here."""

from __future__ import annotations

import time
from typing import Any

from keyring.backend import KeyringBackend
from keyring.compat import properties


class Hanging(KeyringBackend):
    """Waits for input that never comes."""

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805 - keyring's own way
        return 0.1

    def get_password(self, service: str, username: str) -> str | None:
        time.sleep(3600)
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        time.sleep(3600)

    def delete_password(self, service: str, username: str) -> None:
        time.sleep(3600)


class Forgetting(Hanging):
    """Takes everything and keeps nothing, without being the library's own null backend."""

    def get_password(self, service: str, username: str) -> str | None:
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        pass

    def delete_password(self, service: str, username: str) -> None:
        pass


class Leaving(Forgetting):
    """Ends the program, as a command line tool that was made into a backend does."""

    def get_password(self, service: str, username: str) -> str | None:
        raise SystemExit(3)


class Interrupting(Forgetting):
    """Raises KeyboardInterrupt, as if a person pressed Ctrl+C."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyboardInterrupt


class Answering(Forgetting):
    """Answers with something that is no text."""

    def get_password(self, service: str, username: str) -> str | None:
        answer: Any = b"bytes"
        return answer  # type: ignore[no-any-return]


class Failing(Hanging):
    """A bus that dies, with the secret in its message."""

    def get_password(self, service: str, username: str) -> str | None:
        raise OSError("broken pipe")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise OSError(f"broken pipe while sending {password}")
