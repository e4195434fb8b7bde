"""`SYS.Database`: the database files of an instance, mounted or not (facts: iris-operations 7.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from irisops.simulator.backend import ByRef, Value
from irisops.simulator.classes import status
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT, Instance
from irisops.simulator.classes.values import as_boolean, as_integer, as_text
from irisops.simulator.doubts import FREE_ROWS
from irisops.simulator.world.model import Database
from irisops.simulator.world.tables import words

MANAGE, OPERATE = "%Admin_Manage:U", "%Admin_Operate:U"
DATABASE = ClassDef("SYS.Database", base=PERSISTENT, requires=MANAGE)
"""UNVERIFIED: its privileges; %Admin_Manage:U for the list and %Admin_Operate:U for sizes were measured for the admin
API alone (facts: iris-operations 7.1). Settle: run List and FreeSpace as a user without them."""
_PROPERTIES: dict[str, Callable[[Database], Value]] = {
    "Directory": lambda each: each.directory,
    "Size": lambda each: each.size,
    "MaxSize": lambda each: each.most,
    "ExpansionSize": lambda each: each.expansion,
    "Mounted": lambda each: int(each.mounted),
    "ReadOnly": lambda each: int(each.read_only),
    "ReadOnlyMounted": lambda each: int(each.read_only),
    "ROReasonText": lambda _each: "",
    "Full": lambda each: int(each.mounted and bool(each.most) and each.size >= each.most and not each.free),
    "Expanding": lambda _each: 0,
    "LastExpansionTime": lambda _each: "",
    "EncryptedDB": lambda each: int(each.encrypted),
    "GlobalJournalState": lambda each: 3 if each.journaled else 2,
    "Mirrored": lambda _each: 0,
    "MirrorDBName": lambda _each: "",
    "ResourceName": lambda each: each.resource,
    "BlockSize": lambda _each: 8192,
    "EncryptionKeyID": lambda _each: "",
    "NewGlobalCollation": lambda _each: 5,
    "NewGlobalIsKeep": lambda _each: 0,
    "NewGlobalGrowthBlock": lambda _each: 50,
    "NewVolumeDirectory": lambda _each: "",
    "NewVolumeThreshold": lambda _each: 0,
    "MirrorSetName": lambda _each: "",
}
"""UNVERIFIED: the numbers of GlobalJournalState. Settle: %OpenId a journaled database and one that is not."""
for _name in _PROPERTIES:
    DATABASE.property(_name)


class _Persistence:
    """Opens databases by their directory; `%Save` keeps MaxSize and ExpansionSize."""

    def exists(self, job: Job, row_id: str) -> bool:
        """Whether a database lies there."""
        return _at(job, row_id) is not None

    def load(self, job: Job, instance: Instance) -> None:
        """Fill an object with the record's values."""
        found = _at(job, instance.key)
        if found is not None:
            instance.values = {name: get(found) for name, get in _PROPERTIES.items()}

    def save(self, job: Job, instance: Instance) -> None:
        """Keep the limits (facts: iris-operations 7.1)."""
        found = _found(job, instance.key)
        found.most = as_integer(instance.values["MaxSize"])
        found.expansion = as_integer(instance.values["ExpansionSize"])
        job.world.databases.touch()

    def delete(self, _job: Job, row_id: str) -> None:
        """Refuse: what deleting does is not emulated."""
        raise status.StatusError(5001, f"Database {row_id} cannot be deleted here")


DATABASE.persistence = _Persistence()


def _at(job: Job, directory: str) -> Database | None:
    wanted = directory.rstrip("/\\").lower()
    return next((each for each in job.world.databases if each.directory.rstrip("/").lower() == wanted), None)


def size_text(megabytes: float) -> str:
    """A size as the lists show it: 80MB, 9.2MB, 337.28GB."""
    if megabytes >= 1024:
        return f"{megabytes / 1024:.2f}".rstrip("0").rstrip(".") + "GB"
    return f"{megabytes:.1f}".rstrip("0").rstrip(".") + "MB"


def _status(each: Database) -> str:
    return ("Mounted/R" if each.read_only else "Mounted/RW") if each.mounted else "Dismounted"


def _most(each: Database) -> str:
    return size_text(each.most) if each.most else "Unlimited"


@DATABASE.query(
    'List(Mask As %String = "*")',
    words(
        "Directory MaxSize Size Status Resource Encrypted StateInt Mirrored SFN EncryptionKeyID EncryptionVersion"
    ),
    projection_unknown=True,
)
def _list(job: Job, _mask: Value) -> Iterable[Sequence[Value]]:
    return [
        (
            each.directory, _most(each), size_text(each.size), _status(each), each.resource,
            "Yes" if each.encrypted else "No", int(each.mounted), "No", number, "", 0,
        )
        for number, each in enumerate(job.world.databases)
    ]  # fmt: skip


@DATABASE.query(
    'FreeSpace(Mask As %String = "*")',
    words(
        "DatabaseName Directory MaxSize Size ExpansionSize Available Free DiskFreeSpace Status SizeInt AvailableNum "
        "DiskFreeSpaceNum ReadOnly"
    ),
    requires=OPERATE,
    projection_unknown=True,
)
def _free_space(job: Job, _mask: Value) -> Iterable[Sequence[Value]]:
    rows: list[Sequence[Value]] = []
    for each in job.world.databases:
        if each.mounted:
            rows.append((
                each.name, each.directory, _most(each), size_text(each.size), "System Default", size_text(each.free),
                round(100 * each.free / each.size), size_text(each.disk_free), _status(each), each.size, each.free,
                each.disk_free, int(each.read_only),
            ))  # fmt: skip
        elif job.world.doubts.says(FREE_ROWS, "text"):
            rows.append(
                (each.name, each.directory, "", "", "", "Dismounted", "", "", _status(each), "", "", "", 0)
            )
    return rows


def _found(job: Job, directory: Value) -> Database:
    found = _at(job, as_text(directory))
    if found is None:
        raise status.StatusError(5001, f"Database {as_text(directory)} does not exist")
    return found


@DATABASE.class_method(
    "MountDatabase(Directory As %String, ReadOnly As %Boolean = 0) As %Status", requires=OPERATE
)
def _mount(job: Job, directory: Value, read_only: Value) -> None:
    found = _found(job, directory)
    found.mounted, found.read_only = True, as_boolean(read_only)
    job.world.databases.touch()


@DATABASE.class_method("DismountDatabase(Directory As %String) As %Status", requires=OPERATE)
def _dismount(job: Job, directory: Value) -> None:
    _found(job, directory).mounted = False
    job.world.databases.touch()


@DATABASE.class_method(
    "GetDatabaseFreeSpace(Directory As %String, ByRef FreeSpace As %Numeric) As %Status", requires=OPERATE
)
def _get_free(job: Job, directory: Value, free: ByRef) -> None:
    free.value = _found(job, directory).free
