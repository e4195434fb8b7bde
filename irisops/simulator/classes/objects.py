"""Objects that a client holds by reference, and the base classes that they share.

A list property is an object of its own (`%Collection.ListOfDT`), reached by getting the property; its methods are those
of the class reference. Reference numbers belong to one connection (facts: wire-protocol 5).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from irisops.simulator.backend import ByRef, ObjectRef, ThrownError, Value
from irisops.simulator.classes import status
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.values import as_integer, as_text
from irisops.simulator.doubts import SECURITY_OBJECTS

if TYPE_CHECKING:
    from irisops.simulator.classes.job import Job


class Instance:
    """One object: its class and the values of its properties. A list property holds an `Instance` of a list."""

    def __init__(self, cls: ClassDef, key: str = "") -> None:
        self.cls = cls
        self.key = key
        """The row id that it was opened by; "" while it was never saved."""
        self.values: dict[str, Any] = {}
        self.items: list[str] = []
        """The elements, where this is a list."""
        self.scratch: Any = None
        """What the class's own methods keep with the object (a result set's rows)."""


class Persistence(Protocol):
    """What a persistent class does with its records. Ids are compared as they are given: in lower case."""

    def exists(self, job: Job, row_id: str) -> bool:
        """Whether the id, in lower case, is that of a record."""
        ...

    def load(self, job: Job, instance: Instance) -> None:
        """Fill the values of an instance whose key exists."""
        ...

    def save(self, job: Job, instance: Instance) -> None:
        """Check and store; sets the key of a new one. Raises `StatusError`."""
        ...

    def delete(self, job: Job, row_id: str) -> None:
        """Remove the record. Raises `StatusError`."""
        ...


class ObjectTable:
    """The references of one connection."""

    def __init__(self) -> None:
        self._by_number: dict[int, Instance] = {}
        self._numbers: dict[int, int] = {}
        self._next = 1

    def __len__(self) -> int:
        return len(self._by_number)

    def refer(self, instance: Instance) -> ObjectRef:
        """The reference of an instance: the same one while the client holds it."""
        number = self._numbers.get(id(instance))
        if number is None:
            number = self._next
            self._next += 1
            self._by_number[number] = instance
            self._numbers[id(instance)] = number
        return ObjectRef(number, instance.cls.name)

    def get(self, number: int) -> Instance:
        """The instance of a reference. Throws `<INVALID OREF>` for one that is unknown or was released."""
        instance = self._by_number.get(number)
        if instance is None:
            raise ThrownError("<INVALID OREF>")
        return instance

    def release(self, numbers: Iterable[int]) -> None:
        """Forget references; unknown numbers are ignored, as releasing twice does no harm."""
        for number in numbers:
            instance = self._by_number.pop(number, None)
            if instance is not None:
                del self._numbers[id(instance)]


REGISTERED = ClassDef("%Library.RegisteredObject", abstract=False)
PERSISTENT = ClassDef("%Library.Persistent", base=REGISTERED, class_type="persistent")
LIST = ClassDef(
    "%Collection.ListOfDT", base=REGISTERED, supers=("%Collection.AbstractListOfDT", "%Collection.Super")
)
LIST.property("Size", "%Integer", read_only=True)


def new_list(items: Iterable[str] = ()) -> Instance:
    """A list object with the given elements."""
    instance = Instance(LIST)
    instance.items = list(items)
    return instance


def _guard(job: Job, cls: ClassDef) -> None:
    """Throw `<PROTECT>` where the generated code of a class of Security.* or OAuth2.* may not reach its globals.

    The classes' own methods reach them in a frame with a role of its own (facts: iris-security 4.4).
    """
    if (
        job.emulation.security_moved
        and cls.name.startswith(("Security.", "OAuth2."))
        and not job.holds_all_role()
        and job.world.doubts.says(SECURITY_OBJECTS, "protected")
    ):
        raise ThrownError("<PROTECT>")


@PERSISTENT.class_method("%ExistsId(id As %String) As %Boolean")
def _exists_id(job: Job, row_id: Value) -> int:
    cls = job.current_class
    _guard(job, cls)
    return int(cls.persistence is not None and cls.persistence.exists(job, as_text(row_id)))


@PERSISTENT.class_method(
    '%OpenId(id As %String = "", concurrency As %Integer = -1, ByRef sc As %Status) As %ObjectHandle'
)
def _open_id(job: Job, row_id: Value, _concurrency: Value, sc: ByRef) -> Instance | str:
    cls = job.current_class
    _guard(job, cls)
    key = as_text(row_id)
    instance = open_object(job, cls, key)
    if instance is None:
        sc.value = status.error(5809, cls.name, key)
        return ""
    sc.value = status.OK
    return instance


def open_object(job: Job, cls: ClassDef, key: str) -> Instance | None:
    """The object of a stored record, or None where there is no such id."""
    if cls.persistence is None or not cls.persistence.exists(job, key):
        return None
    instance = Instance(cls, key)
    cls.persistence.load(job, instance)
    return instance


def reference_to(job: Job, cls: ClassDef, key: str) -> ObjectRef | str:
    """A reference to the object of a stored record for the client; "" where there is no such id."""
    instance = open_object(job, cls, key)
    return "" if instance is None else job.objects.refer(instance)


@PERSISTENT.class_method("%DeleteId(id As %String, concurrency As %Integer = -1) As %Status")
def _delete_id(job: Job, row_id: Value, _concurrency: Value) -> None:
    # UNVERIFIED: whether %DeleteId runs the checks and cascades of Delete (facts: iris-security 6.6). Here it does.
    # Settle: %DeleteId a role that a throwaway user holds, and look at the user's roles.
    cls = job.current_class
    _guard(job, cls)
    key = as_text(row_id)
    if cls.persistence is None or not cls.persistence.exists(job, key):
        raise status.StatusError(5809, cls.name, key)
    cls.persistence.delete(job, key)


@PERSISTENT.method("%Save(related As %Integer = 1) As %Status")
def _save(job: Job, instance: Instance, _related: Value) -> None:
    if instance.cls.persistence is None:
        raise ThrownError(f"<METHOD DOES NOT EXIST> *%Save,{instance.cls.name}")
    _guard(job, instance.cls)
    instance.cls.persistence.save(job, instance)


@PERSISTENT.method("%Id() As %String")
def _id(_job: Job, instance: Instance) -> str:
    return instance.key


@REGISTERED.class_method("%ClassName(fullname As %Boolean = 0) As %String")
def _class_name(job: Job, full: Value) -> str:
    name = job.current_class.name
    return name if as_integer(full) else name.rpartition(".")[2]


@LIST.method("Count() As %Integer")
def _count(_job: Job, this: Instance) -> int:
    return len(this.items)


@LIST.method("GetAt(key As %Integer = 0) As %String")
def _get_at(_job: Job, this: Instance, key: Value) -> str:
    position = as_integer(key)
    return this.items[position - 1] if 1 <= position <= len(this.items) else ""


@LIST.method("IsDefined(key As %Integer) As %Boolean")
def _is_defined(_job: Job, this: Instance, key: Value) -> int:
    return int(1 <= as_integer(key) <= len(this.items))


@LIST.method("Find(element As %String, key As %Integer) As %String")
def _find(_job: Job, this: Instance, element: Value, key: Value) -> int | str:
    wanted = as_text(element)
    after = as_integer(key)
    return next((n for n, item in enumerate(this.items, 1) if n > after and item == wanted), "")


@LIST.method("Insert(element As %String) As %Status")
def _insert(_job: Job, this: Instance, element: Value) -> None:
    this.items.append(as_text(element))


@LIST.method("InsertAt(element As %String, key As %Integer) As %Status")
def _insert_at(_job: Job, this: Instance, element: Value, key: Value) -> None:
    position = as_integer(key)
    if not 1 <= position <= len(this.items) + 1:
        raise status.StatusError(5001, f"Subscript {position} out of range")
    this.items.insert(position - 1, as_text(element))


@LIST.method("InsertOrdered(element As %String) As %Status")
def _insert_ordered(_job: Job, this: Instance, element: Value) -> None:
    text = as_text(element)
    position = next((n for n, item in enumerate(this.items) if item > text), len(this.items))
    this.items.insert(position, text)


@LIST.method("SetAt(element As %String, key As %Integer) As %Status")
def _set_at(_job: Job, this: Instance, element: Value, key: Value) -> None:
    position = as_integer(key)
    if not 1 <= position <= len(this.items):
        raise status.StatusError(5001, f"Subscript {position} out of range")
    this.items[position - 1] = as_text(element)


@LIST.method("RemoveAt(key As %Integer) As %String")
def _remove_at(_job: Job, this: Instance, key: Value) -> str:
    position = as_integer(key)
    return this.items.pop(position - 1) if 1 <= position <= len(this.items) else ""


@LIST.method("Clear() As %Status")
def _clear(_job: Job, this: Instance) -> None:
    this.items.clear()


@LIST.method("Next(key As %Integer = 0) As %Integer")
def _next(_job: Job, this: Instance, key: Value) -> int | str:
    position = as_integer(key) + 1
    return position if 1 <= position <= len(this.items) else ""


@LIST.method("Previous(key As %Integer = 0) As %Integer")
def _previous(_job: Job, this: Instance, key: Value) -> int | str:
    position = as_integer(key) - 1 if as_integer(key) else len(this.items)
    return position if 1 <= position <= len(this.items) else ""


@LIST.method("GetNext(ByRef key As %Integer) As %String")
def _get_next(job: Job, this: Instance, key: ByRef) -> str:
    key.value = _next(job, this, key.value)
    return _get_at(job, this, key.value)


@LIST.method("GetPrevious(ByRef key As %Integer) As %String")
def _get_previous(job: Job, this: Instance, key: ByRef) -> str:
    key.value = _previous(job, this, key.value)
    return _get_at(job, this, key.value)
