"""The instance as a member of a mirror, or of none: scalars alone (facts: iris-operations 9)."""

from __future__ import annotations

from dataclasses import dataclass

from irisops.instance.calls import ClassMethod
from irisops.instance.features import Route
from irisops.instance.routes import Instance, first_route
from irisops.instance.values import answered, as_flag, as_text, text_of

_CLASS = "%SYSTEM.Mirror"
WELL = frozenset({"PRIMARY", "BACKUP", "CONNECTED"})
"""What GetStatus says of a member that does its part."""
SEVERAL = "MULTIASYNC^"
"""Begins what it says of an async member of several mirrors (facts: iris-operations 9)."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """The mirror and this member's part in it; `member` False: the instance is in no mirror."""

    member: bool
    name: str = ""
    kind: str = ""
    role: str = ""
    status: str = ""

    @property
    def well(self) -> bool | None:
        """True if it does its part, or has none; None of one of several mirrors, whose status is not judged."""
        if self.member and self.status.upper().startswith(SEVERAL):
            return None
        return not self.member or self.status.upper() in WELL


async def read_mirror(instance: Instance) -> Mirror:
    """The state now. One batch, two in a mirror. Raises NotPermitted, NotAvailable."""

    async def attempt(_route: Route) -> Mirror:
        member, primary, backup, asynchronous, name, kind = await instance.batch(
            [
                ClassMethod(_CLASS, method)
                for method in (
                    "IsMember",
                    "IsPrimary",
                    "IsBackup",
                    "IsAsyncMember",
                    "MirrorName",
                    "GetMemberType",
                )
            ]
        )
        if not as_flag(answered(member).value):
            return Mirror(member=False, kind=text_of(kind))
        roles = ((primary, "primary"), (backup, "backup"), (asynchronous, "async"))
        role = next((word for answer, word in roles if text_of(answer) == "1"), "")
        (status,) = await instance.batch([ClassMethod(_CLASS, "GetStatus", (text_of(name),))])
        return Mirror(
            member=True,
            name=text_of(name),
            kind=text_of(kind),
            role=role,
            status=as_text(answered(status).value),
        )

    return await first_route(instance, "mirror.state", attempt)
