"""`%SYSTEM.Mirror`: the instance as the member of a mirror, or of none (facts: iris-operations 9)."""

from __future__ import annotations

from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job

MIRROR = ClassDef("%SYSTEM.Mirror", supers=("%SYSTEM.Help",))


def _scalar(name: str, member: str | int, other: str | int) -> None:
    returns = "%Integer" if isinstance(other, int) else "%String"

    def answer(job: Job) -> str | int:
        return member if job.world.operations.mirror else other

    MIRROR.class_method(f"{name}() As {returns}")(answer)


for _name, _member, _other in (
    ("IsMember", 1, 0),
    ("IsPrimary", 1, 0),
    ("IsBackup", 0, 0),
    ("IsAsyncMember", 0, 0),
    ("GetMemberType", "Failover", "Not Member"),
):
    _scalar(_name, _member, _other)


@MIRROR.class_method("MirrorName() As %String")
def _mirror_name(job: Job) -> str:
    return job.world.operations.mirror


@MIRROR.class_method("GetStatus(MirrorName As %String) As %String")
def _status(job: Job, _name: object) -> str:
    return "PRIMARY" if job.world.operations.mirror else "NOTINIT"
