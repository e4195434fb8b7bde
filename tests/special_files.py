"""Things that may lie where a file is expected: each is made at a path by a function."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
DEADLINE = 20.0
"""Seconds after which a call counts as hanging."""


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket has room for some hundred characters
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def _circle(path: Path) -> None:
    other = path.with_name(f"{path.name}.other")
    path.symlink_to(other)
    other.symlink_to(path)


def _linked_pipe(path: Path) -> None:
    pipe = path.with_name(f"{path.name}.pipe")
    os.mkfifo(pipe)
    path.symlink_to(pipe)


SPECIAL: dict[str, tuple[Callable[[Path], None], str]] = {
    "pipe": (os.mkfifo, "is a named pipe, not a file"),
    "linked pipe": (_linked_pipe, "is a named pipe, not a file"),
    "socket": (_socket, "is a socket, not a file"),
    "endless device": (lambda path: path.symlink_to("/dev/zero"), "is a device, not a file"),
    "folder": (lambda path: path.mkdir(), "is a folder, not a file"),
    "circle of links": (_circle, "is a link that leads back to itself, not a file"),
}
"""What is made, and how it is named on the screen."""
if sys.platform == "win32":
    SPECIAL = {"folder": SPECIAL["folder"]}


def within(work: Callable[[], T]) -> T:
    """The result of `work`, called in a thread. Fails if that does not end."""
    results: list[T] = []
    failures: list[BaseException] = []

    def call() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised below, in the test's own thread
            failures.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(DEADLINE)
    if failures:
        raise failures[0]
    assert results, "it hangs"
    return results[0]
