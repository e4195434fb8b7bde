"""Methods with an array argument: the array does not cross the driver (facts: iris-security 6.1, 10.6).

For a client, `Get` fills nothing that it could see, and `Modify` changes nothing and says 1. Both are noted loudly, so
that a test finds a client that relies on them. For code on the instance they do what they are documented to do: they
reach the globals that are closed to the caller's own objects (facts: iris-security 4.4).

UNVERIFIED: that a dict or IRISReference arrives without subscripts (facts: iris-security 11, unknown 1).
Settle: Security.Users.Modify("x", IRISReference({"FullName": "y"})), then read the name back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from irisops.simulator.backend import ByRef, ThrownError, Value
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import Instance, new_list, open_object
from irisops.simulator.classes.values import comma_list
from irisops.simulator.objectscript.variables import Node


@dataclass(slots=True)
class LocalArray(ByRef):
    """A local variable of code that runs on the instance, passed by reference: its nodes are there, as `node`."""

    node: Node = field(default_factory=Node)


@dataclass(frozen=True, slots=True)
class Form:
    """How a property stands in the array: `shown` from the object's value, `taken` to it."""

    shown: Callable[[Any], Value]
    taken: Callable[[Value], Any]


COMMAS = Form(lambda items: ",".join(items.items), lambda value: new_list(comma_list(value)))
_AS_IT_IS = Form(lambda value: value, lambda value: value)


def _form(cls: ClassDef, name: str, forms: Mapping[str, Form]) -> Form:
    declared = cls.find_property(name)
    return forms.get(name, COMMAS if declared is not None and declared.collection else _AS_IT_IS)


def get(
    job: Job, cls: ClassDef, key: str, properties: ByRef, *, names: Iterable[str], forms: Mapping[str, Form]
) -> None:
    """`Get` of an object that is there: these properties, lists with commas unless `forms` says otherwise."""
    if not isinstance(properties, LocalArray):
        nothing_comes_back(job, f"{cls.name}.Get", properties)
        return
    values = _opened(job, cls, key).values
    for name in names:
        properties.node.make([name]).value = _form(cls, name, forms).shown(values[name])


def modify(
    job: Job,
    cls: ClassDef,
    key: str,
    properties: ByRef,
    forms: Mapping[str, Form],
    *,
    method: str = "Modify",
) -> None:
    """`Modify` of an object that is there: a subscript replaces the whole value (facts: iris-security 1).

    UNVERIFIED: that an unknown subscript, or one of a read-only property, is ignored. Settle: Modify a user with
    p("Nonsense")=1.
    """
    if not isinstance(properties, LocalArray):
        nothing_arrives(job, f"{cls.name}.{method}")
        return
    opened = _opened(job, cls, key)
    for name, value in properties.node.items():
        declared = cls.find_property(name)
        there = declared is not None and declared.since <= job.emulation.version
        if there and declared is not None and not declared.read_only:
            opened.values[name] = _form(cls, name, forms).taken(value)
    if cls.persistence is not None:
        cls.persistence.save(job, opened)


def _opened(job: Job, cls: ClassDef, key: str) -> Instance:
    found = open_object(job, cls, key)
    if found is None:
        raise KeyError(key)
    return found


def nothing_comes_back(job: Job, method: str, properties: ByRef) -> None:
    """`Get`: the array would be filled here; the client's reference stays what it was.

    One from code on the instance would be filled: better refused than lost, where that is not emulated.
    """
    if isinstance(properties, LocalArray):
        raise ThrownError(
            f"<UNIMPLEMENTED> the simulator's {method} takes no array from code on the instance"
        )
    job.emulation.warn(
        f"{method} fills an array, which does not cross the driver: {job.username} sees nothing of it"
    )


def nothing_arrives(job: Job, method: str) -> None:
    """`Modify`: no subscript arrived, so nothing is changed, successfully."""
    job.emulation.warn(f"{method} got an array without subscripts from {job.username} and changed nothing")
