"""Methods with an array argument: the array does not cross the driver (facts: iris-security 6.1, 10.6).

`Get` fills nothing that a client could see; `Modify` changes nothing and says 1. Both are noted loudly, so that a test
finds a client that relies on them.

UNVERIFIED: that a dict or IRISReference arrives without subscripts (facts: iris-security 11, unknown 1).
Settle: Security.Users.Modify("x", IRISReference({"FullName": "y"})), then read the name back.
"""

from __future__ import annotations

from irisops.simulator.backend import ByRef
from irisops.simulator.classes.job import Job


def nothing_comes_back(job: Job, method: str, properties: ByRef) -> None:
    """`Get`: the array would be filled here; the client's reference stays what it was."""
    del properties
    job.emulation.warn(
        f"{method} fills an array, which does not cross the driver: {job.username} sees nothing of it"
    )


def nothing_arrives(job: Job, method: str, properties: ByRef) -> None:
    """`Modify`: no subscript arrived, so nothing is changed, successfully."""
    del properties
    job.emulation.warn(f"{method} got an array without subscripts from {job.username} and changed nothing")
