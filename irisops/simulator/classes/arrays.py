"""Methods with an array argument: the array does not cross the driver (facts: iris-security 6.1, 10.6).

`Get` fills nothing that a client could see; `Modify` changes nothing and says 1. Both are noted loudly, so that a test
finds a client that relies on them.

UNVERIFIED: that a dict or IRISReference arrives without subscripts (facts: iris-security 11, unknown 1).
Settle: Security.Users.Modify("x", IRISReference({"FullName": "y"})), then read the name back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from irisops.simulator.backend import ByRef, ThrownError
from irisops.simulator.classes.job import Job
from irisops.simulator.objectscript.variables import Node


@dataclass(slots=True)
class LocalArray(ByRef):
    """A local variable of code that runs on the instance, passed by reference: its nodes are there, as `node`."""

    node: Node = field(default_factory=Node)


def nothing_comes_back(job: Job, method: str, properties: ByRef) -> None:
    """`Get`: the array would be filled here; the client's reference stays what it was."""
    _refuse_local(method, properties)
    job.emulation.warn(
        f"{method} fills an array, which does not cross the driver: {job.username} sees nothing of it"
    )


def nothing_arrives(job: Job, method: str, properties: ByRef) -> None:
    """`Modify`: no subscript arrived, so nothing is changed, successfully."""
    _refuse_local(method, properties)
    job.emulation.warn(f"{method} got an array without subscripts from {job.username} and changed nothing")


def _refuse_local(method: str, properties: ByRef) -> None:
    """An array from code on the instance does arrive: better refused than lost, where it is not emulated."""
    if isinstance(properties, LocalArray):
        raise ThrownError(
            f"<UNIMPLEMENTED> the simulator's {method} takes no array from code on the instance"
        )
