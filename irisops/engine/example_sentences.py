"""The example sentences of `sentences.txt`, and the values with which they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from irisops.engine.filling import PLACE
from irisops.engine.spec import CommandSpec, Registry
from irisops.files import read_file

FOLDER = Path(__file__).parent

EXAMPLES: Mapping[str, str] = {
    "age": "90d", "span": "10m", "seconds": "5m", "time": "1h", "pid": "4711", "number": "4",
    "port": "1973", "id": "7", "percent": "80%", "position": "last", "holder": "10.0.0.5", "file": "notes.md",
    "application": "/csp/user", "resource": "%DB_USER", "service": "%Service_Telnet", "guest": "guest-fox-1",
    "table": "HR.Person", "user": "xxanna", "role": "xxclerk", "profile": "xxlocal", "command": "grant",
    "found": "docker:iris-1", "theme": "xxdark", "new": "xxnew_1", "word": "xxanna", "namespace": "XXNS",
    "host": "db.example.org", "line": "xxline_1", "people": "4", "email": "anna@example.org", "pair": "free<2",
    "address": "iris://anna@db.example.org:1972/USER",
    "shared": "web", "pass": "sql", "perm": "R", "reads": "R", "writes": "R", "path": "/csp/new",
    "folder": "./live", "clock": "14:02", "database": "%DB_USER", "place": "keyring",
    "colour": "red", "text": '"xx one"', "date": "2026-12-31", "column": "units",
    "words": "idle", "component": "From_Lab", "task": "Nightly_1", "index": "By_Name", "failure": "login",
}  # fmt: skip
"""Values with which the example sentences are read."""


def example_names(kind: str) -> Sequence[tuple[str, str]]:
    """The names in `EXAMPLES`, as a `Known`."""
    value = EXAMPLES.get(kind, "")
    return [(value, kind)] if value.startswith("xx") else []


def with_examples(sentence: str) -> str:
    """An example sentence with its places filled from `EXAMPLES`."""
    return PLACE.sub(lambda place: EXAMPLES[place[1]], sentence)


def example_sentences() -> dict[str, list[str]]:
    """Slash line -> its sentences."""
    found: dict[str, list[str]] = {}
    line = ""
    for each in read_file(FOLDER / "sentences.txt").decode().splitlines():
        if each.startswith("/"):
            line = each
            found[line] = []
        elif each.startswith("  "):
            found[line].append(each.strip())
    return found


def command_of(line: str, registry: Registry) -> CommandSpec | None:
    """The command of a slash line."""
    words = line[1:].split()
    return registry.get(" ".join(words[:2])) or registry.get(words[0])
