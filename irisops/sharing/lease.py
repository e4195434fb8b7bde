"""Leases: records of what a share creates, written before it is created, so that any irisops can remove it.

One file per share in the state folder, private, atomic and without secrets. It is deleted when nothing is left.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from irisops.files import locked, read_file, sync_folder, write_atomically
from irisops.sharing import procs
from irisops.sharing.procs import ProcessId
from irisops.sharing.records import from_json, to_json

FORMAT = 1
BIGGEST = 256 * 1024
CLEARING_SECONDS = 120.0
"""Longest wait for another irisops that takes leftovers down: it logs in and ends sessions."""
"""Most bytes of a lease file; one with fifty passes has ten thousand."""

State = Literal["intended", "made"]
"""`intended` is written before the call, `made` after it was read back."""


class LeaseError(Exception):
    """A lease file cannot be read or written; the text names it and the reason."""


@dataclass(frozen=True, slots=True)
class Where:
    """The instance of a share, from its profile, without a password."""

    profile: str
    host: str
    port: int
    user: str
    sslconfig: str = ""
    web: str = field(default="", metadata={"later": True})
    """Address of the web port, as http://host:port/prefix; "" if none is known, as in a lease of an earlier version."""

    @property
    def text(self) -> str:
        """The instance in words."""
        return f"{self.profile} ({self.user}@{self.host}:{self.port})"


@dataclass(frozen=True, slots=True)
class Item:
    """A role or a user of the share."""

    name: str
    state: State


@dataclass(frozen=True, slots=True)
class LeasedEndpoint:
    """A public address and its local target."""

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
    """The agent's folder, removed with it."""
    endpoints: tuple[LeasedEndpoint, ...] = ()
    role: Item | None = None
    accounts: tuple[Item, ...] = ()
    schemas: tuple[str, ...] = ()
    """Schemas on which the role was granted SQL privileges."""
    sql: tuple[str, ...] = ()
    """The privileges granted on them."""
    outlive: bool = False
    """The share goes on when the chat is closed."""
    problem: str = ""
    """Why the last attempt to take it down failed."""

    @property
    def on_instance(self) -> bool:
        """True if something is left on the instance."""
        return self.role is not None or bool(self.accounts)

    @property
    def kept(self) -> bool:
        """True if its keeper runs."""
        return procs.is_running(self.keeper)

    def overdue(self, now: datetime) -> bool:
        """True if its deadline has passed."""
        return now >= self.until

    def with_account(self, name: str, state: State) -> Lease:
        """The lease with an account added or its state changed."""
        others = tuple(item for item in self.accounts if item.name != name)
        return replace(self, accounts=(*others, Item(name, state)))

    def without_account(self, name: str) -> Lease:
        """The lease without a removed account."""
        return replace(self, accounts=tuple(item for item in self.accounts if item.name != name))


def new_id() -> str:
    """Eight random characters."""
    return secrets.token_hex(4)


def encode(lease: Lease) -> str:
    """As JSON text."""
    return json.dumps({"format": FORMAT, **to_json(lease)}, indent=1) + "\n"


def decode(text: str) -> Lease:
    """From JSON text. Raises LeaseError for anything invalid, rather than guess."""
    try:
        found = json.loads(text)
        if found.pop("format") != FORMAT:
            raise LeaseError("it was written by another version of irisops")
        return from_json(Lease, found)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise LeaseError(f"it is not a lease of irisops ({type(error).__name__})") from error


def _load(file: Path) -> Lease:
    """A lease from its file. Raises FileNotFoundError, or LeaseError for any other fault."""
    try:
        data = read_file(file, BIGGEST + 1)
        if len(data) > BIGGEST:
            raise LeaseError(f"it is larger than {BIGGEST // 1024} KiB")
        lease = decode(data.decode())
    except FileNotFoundError:
        raise
    except UnicodeDecodeError as error:
        raise LeaseError("it is not UTF-8 text") from error
    except OSError as error:
        raise LeaseError(error.strerror or type(error).__name__) from error
    if lease.id != file.stem:
        raise LeaseError("it is not named after the share in it")
    return lease


@dataclass(slots=True)
class Leases:
    """All leases. `broken`: unreadable files with the reason; they stay in place for a person to look at.

    Another version of irisops may be able to read them.
    """

    leases: list[Lease] = field(default_factory=list)
    broken: list[tuple[Path, str]] = field(default_factory=list)

    def unreadable(self) -> list[str]:
        """A sentence for each broken file."""
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
        """Write a lease atomically. Raises LeaseError."""
        try:
            write_atomically(self.path(lease.id), encode(lease))
        except OSError as error:
            raise LeaseError(
                f"The lease {self.path(lease.id)} cannot be written: {error.strerror or error}."
            ) from error

    def read(self, lease_id: str) -> Lease | None:
        """One lease, None if it does not exist. Raises LeaseError."""
        try:
            return _load(self.path(lease_id))
        except FileNotFoundError:
            return None
        except LeaseError as error:
            raise LeaseError(f"The lease {self.path(lease_id)} cannot be read: {error}.") from error

    def all(self) -> Leases:
        """All leases, oldest first. Never raises: what cannot be read, even the whole folder, is listed as broken."""
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
                continue  # just deleted by its keeper
            except LeaseError as error:
                found.broken.append((file, str(error)))
        found.leases.sort(key=lambda lease: lease.created)
        return found

    def delete(self, lease_id: str) -> None:
        """Delete a lease; a missing one is no error. Raises LeaseError."""
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
        """Lock the folder while leases are cleared. Blocks while another irisops holds it, for `CLEARING_SECONDS`.

        After that, on a full disk or in a read-only folder the clearing goes on without a lock: each step may be
        repeated.
        """
        with contextlib.ExitStack() as held:
            with contextlib.suppress(OSError):
                held.enter_context(locked(self.folder / "clearing", CLEARING_SECONDS))
            yield


def summary(leases: Iterable[Lease], now: datetime) -> list[str]:
    """A sentence for each lease, for the start of the chat and for `irisops leases`."""
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
            lines.append(f"{what} was left behind and will be taken down.")
    return lines
