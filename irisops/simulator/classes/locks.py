"""`%SYS.LockQuery` and `SYS.Lock`: the lock table (facts: iris-license-sessions 5.1, iris-operations 9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from irisops.simulator.backend import Value
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.values import as_text
from irisops.simulator.world.operations import Lock
from irisops.simulator.world.tables import words

OPERATE = "%Admin_Operate:U"
LOCK_QUERY = ClassDef("%SYS.LockQuery", abstract=True, requires=OPERATE)
"""UNVERIFIED: the privilege of its queries, which the guide names for the portal's page. Settle: run List as a user
without %Admin_Operate:U."""
LOCK = ClassDef("SYS.Lock", abstract=True, requires=OPERATE)
_LIST = words("DelKey Owner Mode Flags Counts Sfn LockString FullReference")


def _row(each: Lock) -> tuple[Value, ...]:
    """UNVERIFIED: the form of FullReference. Settle: take a lock, then print the list."""
    owner = f"|{each.owner}|{each.mode}||{each.count}"
    whole = f'^["{each.directory}"]{each.reference.removeprefix("^")}'
    return (each.key, owner, each.mode, "", each.count, 3, each.reference, whole)


def _chosen(job: Job, only: Value) -> list[Lock]:
    """All, or those of the process whose id follows a P."""
    pid = as_text(only).removeprefix("P")
    return [each for each in job.world.operations.locks if pid in ("", "*", str(each.owner))]


@LOCK_QUERY.query('List(id As %String = "")', _LIST, projection_unknown=True)
def _list(job: Job, only: Value) -> Iterable[Sequence[Value]]:
    return [_row(each) for each in _chosen(job, only)]


@LOCK_QUERY.query(
    'Detail(id As %String = "")',
    [*_LIST, *words("WaiterPID WaiterMode WaiterType RemoteOwner EscalateInfo")],
    projection_unknown=True,
)
def _detail(job: Job, only: Value) -> Iterable[Sequence[Value]]:
    """UNVERIFIED: a row for each waiter, with the lock's own cells again. Settle: let two processes wait for one."""
    for each in _chosen(job, only):
        for pid, mode in each.waiters:
            yield (*_row(each), pid, mode, "", "", "")
        if not each.waiters:
            yield (*_row(each), "", "", "", "", "")


@LOCK_QUERY.query(
    'WebList(id As %String = "", NoLineRoutine As %Integer = 0)',
    words("ProcessClient ModeCount Reference Directory System Removable DeleteID CanBeExamined"),
    projection_unknown=True,
)
def _web_list(job: Job, only: Value, _without: Value) -> Iterable[Sequence[Value]]:
    """UNVERIFIED: that DeleteID is the DelKey of the other lists. Settle: take a lock, then print both."""
    for each in _chosen(job, only):
        mode = f"{each.mode}({each.count})" if each.count > 1 else each.mode
        yield (each.owner, mode, each.reference, each.directory, "", each.removable, each.key, 1)


@LOCK.class_method(
    'DeleteOneLock(LockRef As %String, id As %String = "", LockRefType As %Integer = 0) As %Integer'
)
def _delete(job: Job, reference: Value, _id: Value, _kind: Value) -> int:
    locks = job.world.operations.locks
    found = next((each for each in locks if each.key == as_text(reference)), None)
    if found is None:
        return 0
    locks.remove(found)
    return 1


@LOCK.class_method("GetLockSpaceInfo() As %String")
def _space(job: Job) -> str:
    used = 200 * len(job.world.operations.locks)
    return f"{16_777_216 - used},{16_777_216 - used},{used}"
