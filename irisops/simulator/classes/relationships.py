"""A role's resources as objects: `Security.Resource`, and the relationship to them (facts: iris-security 3.1)."""

from __future__ import annotations

from irisops.simulator.backend import ByRef, ObjectRef, ThrownError, Value
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT, REGISTERED, Instance
from irisops.simulator.classes.values import as_integer, as_text
from irisops.simulator.doubts import ROLE_RESOURCES

RELATIONSHIP = ClassDef("%Library.RelationshipObject", base=REGISTERED, supers=("%Library.SerialObject",))
RESOURCE_OF_ROLE = ClassDef("Security.Resource", base=PERSISTENT, requires="%Admin_Secure:U")
RESOURCE_OF_ROLE.property("Name", required=True, maximum_length=64)
RESOURCE_OF_ROLE.property("Permission", "Security.Datatype.Permission", required=True, initial=0)


@RESOURCE_OF_ROLE.class_method("%New(initvalue As %String) As Security.Resource")
def _new(_job: Job, _initial: Value) -> Instance:
    return Instance(RESOURCE_OF_ROLE)


def resource_object(name: str, permission: int) -> Instance:
    """One resource of a role, with its permission as a number."""
    instance = Instance(RESOURCE_OF_ROLE)
    instance.values = {"Name": name, "Permission": permission}
    return instance


def new_relationship(members: list[Instance]) -> Instance:
    """The relationship with the given members."""
    instance = Instance(RELATIONSHIP)
    instance.scratch = members
    return instance


def members(relationship: Instance) -> list[Instance]:
    """What the relationship holds, in its order."""
    held: list[Instance] = relationship.scratch
    return held


def _asked(job: Job, relationship: Instance) -> list[Instance]:
    """What it holds, for a client that calls its methods. Throws `<INVALID OREF>` where they may not."""
    if job.world.doubts.says(ROLE_RESOURCES, "refused"):
        raise ThrownError("<INVALID OREF>")
    return members(relationship)


@RELATIONSHIP.method("Count() As %Integer")
def _count(job: Job, this: Instance) -> int:
    return len(_asked(job, this))


@RELATIONSHIP.method("IsEmpty() As %Boolean")
def _is_empty(job: Job, this: Instance) -> int:
    return int(not _asked(job, this))


@RELATIONSHIP.method("GetAt(key As %String) As %ObjectHandle")
def _get_at(job: Job, this: Instance, key: Value) -> Instance | str:
    position = as_integer(key)
    held = _asked(job, this)
    return held[position - 1] if 1 <= position <= len(held) else ""


@RELATIONSHIP.method('Next(key As %String = "") As %String')
def _next(job: Job, this: Instance, key: Value) -> int | str:
    position = as_integer(key) + 1
    return position if position <= len(_asked(job, this)) else ""


@RELATIONSHIP.method('Previous(key As %String = "") As %String')
def _previous(job: Job, this: Instance, key: Value) -> int | str:
    position = as_integer(key) - 1 if as_text(key) else len(_asked(job, this))
    return position if position >= 1 else ""


@RELATIONSHIP.method("GetNext(ByRef key As %String) As %ObjectHandle")
def _get_next(job: Job, this: Instance, key: ByRef) -> Instance | str:
    key.value = _next(job, this, key.value)
    return _get_at(job, this, key.value)


@RELATIONSHIP.method("Insert(oref As %ObjectHandle) As %Status")
def _insert(job: Job, this: Instance, oref: Value) -> None:
    _asked(job, this).append(_argument(job, oref))


@RELATIONSHIP.method("RemoveAt(key As %String) As %ObjectIdentity")
def _remove_at(job: Job, this: Instance, key: Value) -> str:
    position = as_integer(key)
    held = _asked(job, this)
    if 1 <= position <= len(held):
        return as_text(held.pop(position - 1).values.get("Name"))
    return ""


@RELATIONSHIP.method("Clear() As %Status")
def _clear(job: Job, this: Instance) -> None:
    _asked(job, this).clear()


def _argument(job: Job, oref: Value) -> Instance:
    number = oref.number if isinstance(oref, ObjectRef) else as_integer(as_text(oref).partition("@")[0])
    instance = job.objects.get(number)
    if instance.cls is not RESOURCE_OF_ROLE:
        raise ThrownError("<CLASS PROPERTY>")
    return instance
