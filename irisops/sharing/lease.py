"""Leases: what a share has made, written down before it is made, so that any irisops can take it back.

A file per share in the state folder, private and atomic, without any secret. It goes when everything it names is gone.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from irisops.files import locked, sync_folder, write_atomically
from irisops.sharing import procs
from irisops.sharing.procs import ProcessId
from irisops.sharing.records import from_json, to_json

FORMAT = 1
BIGGEST = 256 * 1024
"""Bytes of a lease file; one of fifty passes has ten thousand."""

State = Literal["intended", "made"]
"""`intended` is written before the instance is asked, `made` after it was seen there."""


class LeaseError(Exception):
    """A lease file cannot be read or written; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Where:
    """The instance of a share, as the profile had it. Never a password."""

    profile: str
    host: str
    port: int
    user: str
    sslconfig: str = ""

    @property
    def text(self) -> str:
        """For people."""
        return f"{self.profile} ({self.user}@{self.host}:{self.port})"


@dataclass(frozen=True, slots=True)
class Item:
    """A role or a user of the share."""

    name: str
    state: State


@dataclass(frozen=True, slots=True)
class LeasedEndpoint:
    """A public address and what stands behind it."""

    name: str
    kind: str
    public_url: str
    upstream: str


@dataclass(frozen=True, slots=True)
class Lease:
    """One share. All times are UTC."""

    id: str
    where: Where
    created: datetime
    until: datetime
    namespace: str = ""
    template: str = ""
    keeper: ProcessId | None = None
    agent: ProcessId | None = None
    runtime: str = ""
    """The agent's folder, to be removed with it."""
    endpoints: tuple[LeasedEndpoint, ...] = ()
    role: Item | None = None
    accounts: tuple[Item, ...] = ()
    schemas: tuple[str, ...] = ()
    """Schemas on which the role was granted SQL privileges."""
    sql: tuple[str, ...] = ()
    """Those privileges."""
    outlive: bool = False
    """The person asked that it goes on when the chat is closed."""
    problem: str = ""
    """Why it could not be taken down the last time."""

    @property
    def on_instance(self) -> bool:
        """Whether something is left to be undone on the instance."""
        return self.role is not None or bool(self.accounts)

    @property
    def kept(self) -> bool:
        """Whether its keeper still looks after it."""
        return procs.is_running(self.keeper)

    def overdue(self, now: datetime) -> bool:
        """Whether its deadline has passed."""
        return now >= self.until

    def with_account(self, name: str, state: State) -> Lease:
        """With an account added or its state changed."""
        others = tuple(item for item in self.accounts if item.name != name)
        return replace(self, accounts=(*others, Item(name, state)))

    def without_account(self, name: str) -> Lease:
        """Without an account that is gone."""
        return replace(self, accounts=tuple(item for item in self.accounts if item.name != name))


def new_id() -> str:
    """Eight characters that no other share has."""
    return secrets.token_hex(4)


def encode(lease: Lease) -> str:
    """As JSON text."""
    return json.dumps({"format": FORMAT, **to_json(lease)}, indent=1) + "\n"


def decode(text: str) -> Lease:
    """From JSON text. Raises LeaseError: a lease that cannot be understood is never guessed at."""
    try:
        found = json.loads(text)
        if found.pop("format") != FORMAT:
            raise LeaseError("it was written by another version of irisops")
        return from_json(Lease, found)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise LeaseError(f"it is no lease of irisops ({type(error).__name__})") from error


def _load(file: Path) -> Lease:
    """A lease from its file. Raises FileNotFoundError, or LeaseError for whatever else is wrong with it."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):  # reading a pipe or a device might never end
            raise LeaseError("it is no file")
        with file.open("rb") as lines:
            data = lines.read(BIGGEST + 1)
        if len(data) > BIGGEST:
            raise LeaseError(f"it is larger than {BIGGEST // 1024} KiB")
        lease = decode(data.decode())
    except FileNotFoundError:
        raise
    except UnicodeDecodeError as error:
        raise LeaseError("it is no text in UTF-8") from error
    except OSError as error:
        raise LeaseError(error.strerror or type(error).__name__) from error
    if lease.id != file.stem:
        raise LeaseError("it is not named after the share in it")
    return lease


@dataclass(slots=True)
class Leases:
    """All that were found. `broken` are files that cannot be read, with the reason: left where they are, for a person.

    Another version of irisops may still read them, and nothing else remembers what they name.
    """

    leases: list[Lease] = field(default_factory=list)
    broken: list[tuple[Path, str]] = field(default_factory=list)

    def unreadable(self) -> list[str]:
        """A plain sentence for each broken one."""
        return [f"The lease {file} cannot be read: {why}." for file, why in self.broken]


UNREADABLE_CURE = (
    "It may name accounts and an address that are still there: look into it, then delete it by hand."
)


class LeaseStore:
    """The folder of the lease files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, lease_id: str) -> Path:
        """The file of one lease."""
        return self.folder / f"{lease_id}.json"

    def save(self, lease: Lease) -> None:
        """Write it so that a power cut leaves the old or the new one. Raises LeaseError."""
        try:
            write_atomically(self.path(lease.id), encode(lease))
        except OSError as error:
            raise LeaseError(
                f"The lease {self.path(lease.id)} cannot be written: {error.strerror or error}."
            ) from error

    def read(self, lease_id: str) -> Lease | None:
        """One lease, None if it is gone. Raises LeaseError."""
        try:
            return _load(self.path(lease_id))
        except FileNotFoundError:
            return None
        except LeaseError as error:
            raise LeaseError(f"The lease {self.path(lease_id)} cannot be read: {error}.") from error

    def all(self) -> Leases:
        """Every lease, oldest first. Never raises: what cannot be read is listed as such, be it the whole folder."""
        found = Leases()
        try:
            files = sorted(file for file in self.folder.iterdir() if file.suffix == ".json")
        except FileNotFoundError:
            return found
        except OSError as error:
            found.broken.append((self.folder, error.strerror or type(error).__name__))
            return found
        for file in files:
            try:
                found.leases.append(_load(file))
            except FileNotFoundError:
                continue  # its keeper has just finished
            except LeaseError as error:
                found.broken.append((file, str(error)))
        found.leases.sort(key=lambda lease: lease.created)
        return found

    def delete(self, lease_id: str) -> None:
        """Everything is undone. Fine if it is gone already. Raises LeaseError."""
        try:
            self.path(lease_id).unlink(missing_ok=True)
            if self.folder.is_dir():
                sync_folder(self.folder)
        except OSError as error:
            raise LeaseError(
                f"The lease {self.path(lease_id)} cannot be removed: {error.strerror or error}."
            ) from error

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder while leases are cleared. Blocks while another irisops does the same.

        On a full disk or in a read-only folder there is no lock, and the clearing goes on: each step may be repeated.
        """
        with contextlib.ExitStack() as held:
            with contextlib.suppress(OSError):
                held.enter_context(locked(self.folder / "clearing"))
            yield


def summary(leases: Iterable[Lease], now: datetime) -> list[str]:
    """A plain sentence for each lease, for the start of the chat and for `irisops leases`."""
    lines = []
    for lease in leases:
        what = f"Share {lease.id} of {lease.where.text}"
        if lease.kept and lease.problem:
            lines.append(f"{what} is not yet taken down; its keeper goes on trying: {lease.problem}")
        elif lease.kept:
            minutes = max(0, round((lease.until - now).total_seconds() / 60))
            lines.append(f"{what} is open for another {minutes} min.")
        elif lease.problem:
            lines.append(f"{what} is not yet taken down: {lease.problem}")
        else:
            lines.append(f"{what} was left behind and is to be taken down.")
    return lines
