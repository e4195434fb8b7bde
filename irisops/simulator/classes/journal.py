"""`%SYS.Journal.System` and `%SYS.Journal.File` (facts: iris-operations 7.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from irisops.simulator.backend import ByRef, Value
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.doubts import JOURNAL_FREE
from irisops.simulator.world.operations import MEGABYTE
from irisops.simulator.world.tables import words

SYSTEM = ClassDef("%SYS.Journal.System", abstract=True, requires="%DB_IRISSYS:R")
"""UNVERIFIED: the privilege of these reads. Settle: call GetState() as a user without %DB_IRISSYS:R."""
FILE = ClassDef("%SYS.Journal.File", abstract=True, requires="%DB_IRISSYS:R")
STATES = ("Normal", "Disabled", "Suspended", "Frozen", "Paused")


@SYSTEM.class_method("GetState() As %Integer")
def _state(job: Job) -> int:
    return job.world.operations.journal.state


@SYSTEM.class_method("GetStateString() As %String")
def _state_string(job: Job) -> str:
    return STATES[job.world.operations.journal.state]


@SYSTEM.class_method("GetCurrentFileName() As %String")
def _name(job: Job) -> str:
    return job.world.operations.journal.files[-1].name


@SYSTEM.class_method("GetCurrentFileOffset() As %Integer")
def _offset(job: Job) -> int:
    return job.world.operations.journal.files[-1].size


@SYSTEM.class_method("GetPrimaryDirectory(ByRef sc As %Status) As %String")
def _primary(job: Job, _sc: ByRef) -> str:
    return job.world.operations.journal.directory


@SYSTEM.class_method("GetAlternateDirectory(ByRef sc As %Status) As %String")
def _alternate(job: Job, _sc: ByRef) -> str:
    return job.world.operations.journal.directory


@SYSTEM.class_method("GetFreeSpace() As %Integer")
def _free(job: Job) -> int:
    free = job.world.operations.journal.free
    return free // MEGABYTE if job.world.doubts.says(JOURNAL_FREE, "megabytes") else free


@FILE.query("ByTimeReverseOrder()", words("Name Size CreationTime Reason DataSize"), projection_unknown=True)
def _files(job: Job) -> Iterable[Sequence[Value]]:
    """UNVERIFIED: the columns, which are those of the admin API, and the form of the time. Settle: GetColumnName in a
    loop, then print a row.
    """
    return [
        (each.name, each.size, f"{each.created:%Y-%m-%d %H:%M:%S}", each.reason, each.size)
        for each in reversed(job.world.operations.journal.files)
    ]
