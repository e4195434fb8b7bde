"""Ways to a fact or an action, in order of preference. See `capabilities` for how one is picked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from irisops.instance.calls import Caller

if TYPE_CHECKING:
    from irisops.instance.capabilities import Capabilities


class Instance(Caller, Protocol):
    """What every read and change takes: a caller that knows what the instance offers. `Connection` is one."""

    @property
    def capabilities(self) -> Capabilities:
        """What the class-dictionary check found at the last connect."""
        ...
