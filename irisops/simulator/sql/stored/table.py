"""One table: its columns, its rows, and the look-up maps of its keys.

Rows are tuples with a value per column of `layout`, including the RowID. A row is never changed in place, so a
reference to one is a snapshot.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from irisops.simulator.backend import SqlFailure, Value
from irisops.simulator.sql.catalog import Collation
from irisops.simulator.sql.definitions import ColumnSpec, ForeignKeySpec, IndexSpec, TableSpec
from irisops.simulator.sql.failures import failure
from irisops.simulator.sql.functions import sqlupper
from irisops.simulator.sql.stored.types import BIGINT
from irisops.simulator.world.user_tables import IndexFault

Row = tuple[Value, ...]
Key = tuple[Value, ...]

REMEMBERED_CHANGES = 5_000
"""Number of changes remembered for readers; a reader further behind reads all rows again."""

MAXIMUM_ROWS = 100_000
"""Maximum rows of one table; so many can be altered or truncated in a second or two."""

_ROW_OVERHEAD = 96
_CELL_OVERHEAD = 24


@dataclass(slots=True)
class Quota:
    """Approximate bytes of all tables of an instance, with a limit, as in a full database."""

    limit: int
    used: int = 0

    def take(self, size: int) -> None:
        """Raises `SqlFailure` -400 if the limit would be exceeded."""
        if size > 0 and self.used + size > self.limit:
            megabytes = self.limit // 2**20
            raise SqlFailure(
                -400,
                f"Fatal error occurred: <FILEFULL> the tables of this simulator hold at most {megabytes} MB; "
                "delete rows or drop a table",
            )
        self.used += size


@dataclass(slots=True)
class Lock:
    """A row changed by an open transaction: its job, and the row before, None if it did not exist."""

    job: int
    before: Row | None


@dataclass(slots=True)
class UniqueKey:
    """A UNIQUE or PRIMARY KEY constraint, or a unique index: RowIDs by key.

    `freed` are keys freed by uncommitted changes; a rollback needs them again.
    """

    name: str
    positions: tuple[int, ...]
    primary: bool = False
    from_index: bool = False
    rows: dict[Key, int] = field(default_factory=dict)
    freed: dict[Key, int] = field(default_factory=dict)


@dataclass(slots=True)
class Reference:
    """A FOREIGN KEY constraint: `children` are the RowIDs here by the key that they refer to."""

    spec: ForeignKeySpec
    positions: tuple[int, ...]
    key_name: str
    referenced: tuple[str, ...]
    children: dict[Key, set[int]] = field(default_factory=dict)


class StoredTable:
    """A table of one namespace. It enforces only the size limits; `filing` checks the constraints."""

    def __init__(self, number: int, spec: TableSpec, owner: str, quota: Quota) -> None:
        self.number = number
        """Unique in the instance."""
        self.spec = spec
        self.owner = owner
        self._quota = quota
        self.layout, self.rowid_position = _layout(spec)
        self.keys: dict[str, UniqueKey] = {}
        self.references: dict[str, Reference] = {}
        self.indexes: dict[str, IndexSpec] = {}
        self.unselectable: set[str] = set()
        """Names of indexes that queries must not use."""
        self.faults: dict[str, IndexFault] = {}
        """What is wrong with indexes, by their name."""
        self.stored = ""
        """The global without D and I, where the world says it."""
        self.mapped = ""
        self.columnar = ""
        """The globals of its SQL map and of columns stored as such, where the world says it."""
        self.rows: dict[int, Row] = {}
        self.locks: dict[int, Lock] = {}
        self.defined_by: int | None = None
        """The job whose open transaction created or altered the table: no other job may change its rows."""
        self.next_rowid = 1
        self.counters = dict.fromkeys(
            (position for position, column in enumerate(self.layout) if column.type.counts), 0
        )
        self.revision = 0
        self._changes: deque[int] = deque(maxlen=REMEMBERED_CHANGES)
        self._positions = {column.name.upper(): position for position, column in enumerate(self.layout)}

    @property
    def qualified_name(self) -> str:
        """`Schema.Table`."""
        return f"{self.spec.schema}.{self.spec.name}"

    @property
    def rowid_is_hidden(self) -> bool:
        """True if `SELECT *` omits the RowID: unless an IDENTITY column or %PUBLICROWID shows it."""
        return not self.layout[self.rowid_position].identity and not self.spec.public_rowid

    @property
    def primary_key(self) -> UniqueKey | None:
        """The PRIMARY KEY constraint."""
        return next((key for key in self.keys.values() if key.primary), None)

    def position(self, name: str) -> int | None:
        """Position of a column in a row, ignoring case."""
        return self._positions.get(name.upper())

    def positions(self, names: Iterable[str], missing: int = -29) -> tuple[int, ...]:
        """Positions of columns. Raises `SqlFailure` with the code `missing` for an unknown one."""
        found: list[int] = []
        for name in names:
            position = self.position(name)
            if position is None:
                raise failure(missing, f"'{name}' in {self.qualified_name}")
            found.append(position)
        return tuple(found)

    def names(self, positions: Iterable[int]) -> tuple[str, ...]:
        """The names of the columns at these positions."""
        return tuple(self.layout[position].name for position in positions)

    # Keys ------------------------------------------------------------------------------------------------------

    def key_of(self, row: Row, positions: Sequence[int]) -> Key | None:
        """The collated values of some columns; None if one is NULL.

        UNVERIFIED: rows with NULL in a unique key never collide. Settle: insert two rows with NULL in a UNIQUE column.
        """
        key = tuple(self._collated(row[position], position) for position in positions)
        return None if None in key else key

    def collated_key(self, values: Sequence[Value], positions: Sequence[int]) -> Key | None:
        """The collated key of `values`, which may come from another table, for columns here; None if one is NULL."""
        key = tuple(
            self._collated(value, position) for value, position in zip(values, positions, strict=True)
        )
        return None if None in key else key

    def _collated(self, value: Value, position: int) -> Value:
        if isinstance(value, str) and self.layout[position].collation is Collation.SQLUPPER:
            return sqlupper(value)
        return value

    def add_key(self, key: UniqueKey) -> None:
        """Raises `SqlFailure` -125 if rows have equal keys."""
        for rowid, row in self.rows.items():
            values = self.key_of(row, key.positions)
            if values is None:
                continue
            if key.rows.setdefault(values, rowid) != rowid:
                raise failure(
                    -125, f"{self.qualified_name} has rows of equal {', '.join(self.names(key.positions))}"
                )
        self.keys[key.name.upper()] = key

    def add_reference(self, reference: Reference) -> None:
        """Map the rows by the key they refer to; does not check that the key exists."""
        for rowid, row in self.rows.items():
            values = self.key_of(row, reference.positions)
            if values is not None:
                reference.children.setdefault(values, set()).add(rowid)
        self.references[reference.spec.name.upper()] = reference

    # Rows ------------------------------------------------------------------------------------------------------

    def put(self, rowid: int, row: Row | None, *, restoring: bool = False) -> None:
        """Set a row; None deletes it. Raises `SqlFailure` -400 if a limit would be exceeded.

        `restoring` an earlier row never fails.
        """
        old = self.rows.get(rowid)
        grown = _size(row) - _size(old)
        if restoring:
            self._quota.used += grown
        else:
            if old is None and len(self.rows) >= MAXIMUM_ROWS:
                raise SqlFailure(
                    -400,
                    f"Fatal error occurred: <FILEFULL> a table of this simulator holds at most {MAXIMUM_ROWS} rows",
                )
            self._quota.take(grown)
        if old is not None:
            self._unmap(rowid, old)
        if row is None:
            self.rows.pop(rowid, None)
        else:
            self.rows[rowid] = row
            self._map(rowid, row)
        self.revision += 1
        self._changes.append(rowid)

    def _map(self, rowid: int, row: Row) -> None:
        for key in self.keys.values():
            values = self.key_of(row, key.positions)
            if values is not None:
                key.rows[values] = rowid
        for reference in self.references.values():
            values = self.key_of(row, reference.positions)
            if values is not None:
                reference.children.setdefault(values, set()).add(rowid)

    def _unmap(self, rowid: int, row: Row) -> None:
        for key in self.keys.values():
            values = self.key_of(row, key.positions)
            if values is not None and key.rows.get(values) == rowid:
                del key.rows[values]
        for reference in self.references.values():
            values = self.key_of(row, reference.positions)
            children = reference.children.get(values) if values is not None else None
            if values is not None and children is not None:
                children.discard(rowid)
                if not children:
                    del reference.children[values]

    def lock(self, rowid: int, job: int) -> bool:
        """Lock a row for a job; False if it had the lock. Raises `SqlFailure` -110 if another job has it."""
        self.check_lock(rowid, job)
        if rowid in self.locks:
            return False
        before = self.rows.get(rowid)
        self.locks[rowid] = Lock(job, before)
        if before is not None:
            for key in self.keys.values():
                values = self.key_of(before, key.positions)
                if values is not None:
                    key.freed[values] = rowid
        return True

    def check_lock(self, rowid: int, job: int) -> None:
        """Raises `SqlFailure` -110 if another job's transaction changed or deleted the row."""
        self.check_definition(job)
        held = self.locks.get(rowid)
        if held is not None and held.job != job:
            raise failure(-110, f"row {rowid} of {self.qualified_name} is changed by another transaction")

    def unlock(self, rowid: int) -> None:
        """Release the lock at the end of the transaction."""
        held = self.locks.pop(rowid, None)
        if held is not None and held.before is not None:
            for key in self.keys.values():
                values = self.key_of(held.before, key.positions)
                if values is not None and key.freed.get(values) == rowid:
                    del key.freed[values]

    def check_definition(self, job: int) -> None:
        """Raises `SqlFailure` -110 while an open transaction of another job has created or altered the table."""
        if self.defined_by not in {None, job}:
            raise failure(-110, f"{self.qualified_name} is being defined by another transaction")

    def locked_by_others(self, job: int) -> bool:
        """True if the table has uncommitted changes of another job."""
        return any(lock.job != job for lock in self.locks.values())

    def changed_since(self, revision: int) -> Collection[int] | None:
        """RowIDs of the rows changed or deleted since `revision`; None if no longer known."""
        behind = self.revision - revision
        if not 0 <= behind <= len(self._changes):
            return None
        return {self._changes[-count] for count in range(1, behind + 1)}

    def committed(self, job: int) -> list[tuple[int, Row]]:
        """The rows as a job sees them, without uncommitted changes of other jobs."""
        rows = dict(self.rows)
        for rowid, lock in self.locks.items():
            if lock.job == job:
                continue
            if lock.before is None:
                rows.pop(rowid, None)
            else:
                rows[rowid] = lock.before
        return sorted(rows.items())

    def clear(self) -> Callable[[], None]:
        """Delete all rows; returns a function that restores them. No row may be locked or referred to."""
        kept = (self.rows, self.next_rowid, self.counters)
        self._quota.take(-sum(map(_size, self.rows.values())))
        self._begin_anew({}, 1, dict.fromkeys(self.counters, 0))

        def restore() -> None:
            self._begin_anew(*kept)
            self.recover()

        return restore

    def _begin_anew(self, rows: dict[int, Row], next_rowid: int, counters: dict[int, int]) -> None:
        self.rows, self.next_rowid, self.counters = rows, next_rowid, counters
        for key in self.keys.values():
            key.rows.clear()
        for reference in self.references.values():
            reference.children.clear()
        for rowid, row in rows.items():
            self._map(rowid, row)
        self.revision += 1
        self._changes.clear()

    def drop(self) -> None:
        """Give back the space of a dropped table."""
        self._quota.take(-sum(map(_size, self.rows.values())))

    def recover(self) -> None:
        """Take the space of a restored table again, even beyond the limit."""
        self._quota.used += sum(map(_size, self.rows.values()))


def _layout(spec: TableSpec) -> tuple[tuple[ColumnSpec, ...], int]:
    """The columns of a row and the position of the RowID: the IDENTITY column, or a first column ID, ID1 ..."""
    for position, column in enumerate(spec.columns):
        if column.identity:
            return spec.columns, position
    taken = {column.name.upper() for column in spec.columns}
    name, number = "ID", 0
    while name in taken:
        number += 1
        name = f"ID{number}"
    return (ColumnSpec(name, BIGINT, nullable=False), *spec.columns), 0


def _size(row: Row | None) -> int:
    """Approximate bytes of a row."""
    if row is None:
        return 0
    texts = sum(len(cell) for cell in row if isinstance(cell, str | bytes))
    return _ROW_OVERHEAD + _CELL_OVERHEAD * len(row) + texts
