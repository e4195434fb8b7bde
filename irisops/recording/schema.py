"""The file of a recording: one SQLite database, a row for each poll, known by its id and version."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from irisops.files import refuse_other
from irisops.recording.readings import RecordingError

APPLICATION = 0x49724F70
"""`application_id` of the database: "IrOp"."""
VERSION = 1
"""`user_version`; another one is refused."""

TABLES = {
    "about": "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "polls": (
        "CREATE TABLE polls (id INTEGER PRIMARY KEY, at REAL NOT NULL, gap REAL NOT NULL, why TEXT NOT NULL, "
        "units INTEGER, capacity INTEGER, sessions INTEGER, processes INTEGER, connections INTEGER, "
        "community INTEGER NOT NULL, notes TEXT NOT NULL)"
    ),
    "calls": "CREATE TABLE calls (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE)",
    "readings": (
        "CREATE TABLE readings (id INTEGER PRIMARY KEY, poll INTEGER NOT NULL, at REAL NOT NULL, name TEXT NOT NULL)"
    ),
    "answers": (
        "CREATE TABLE answers (call INTEGER NOT NULL, reading INTEGER NOT NULL, base INTEGER, whole INTEGER NOT NULL, "
        "body BLOB, PRIMARY KEY (call, reading)) WITHOUT ROWID"
    ),
}
INDEXES = {
    "polls_at": "CREATE INDEX polls_at ON polls (at)",
    "readings_name": "CREATE INDEX readings_name ON readings (name, id)",
    "answers_reading": "CREATE INDEX answers_reading ON answers (reading)",
}


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `RecordingError` unless this is a recording of this version, with these tables and no code of its own."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        raise RecordingError(f"{path.name} is a database, but no recording of irisops.")
    if version != VERSION:
        raise RecordingError(
            f"{path.name} is a recording of version {version}; this irisops reads version {VERSION}.",
            "Replay it with the irisops that made it, or record anew.",
        )
    # A view or a trigger in place of a table would run the SQL of whoever made the file.
    found = {(kind, name): sql for kind, name, sql in connection.execute(_SCHEMA)}
    wanted = {("table", name): sql for name, sql in TABLES.items()}
    wanted |= {("index", name): sql for name, sql in INDEXES.items()}
    if found != wanted:
        raise RecordingError(f"{path.name} is no recording: its tables are others.")


_SCHEMA = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"


def opened(path: Path, *, mode: str) -> sqlite3.Connection:
    """A connection to a file that exists, `mode` is `ro` or `rw`. Raises `RecordingError`."""
    try:
        refuse_other(path)
        if not path.exists():
            raise RecordingError(f"There is no file {path}.")
        # A file that is being written has two more beside it; without the right to write there it is read as it is.
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=5.0,
        )
    except OSError as error:
        raise RecordingError(f"{path} cannot be opened: {error.strerror or error}.") from None
    except sqlite3.Error as error:
        raise RecordingError(f"{path.name} cannot be opened: {error}.") from None
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        check(connection, path)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        connection.close()
        raise RecordingError(f"{path.name} is no recording of irisops: {error}.") from None
    except BaseException:
        connection.close()
        raise
    return connection
