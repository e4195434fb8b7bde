"""What must not be done to users and roles: no self-harm, and somebody who can administer stays."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.changes.objects import FieldRefusal
from irisops.commands.accounts.effects import model_after
from irisops.connections.connection import Link
from irisops.contract.wording import harmless
from irisops.instance.security.access import Access
from irisops.instance.security.object_state import ObjectChange


def guard(link: Link, access: Access, changes: Sequence[ObjectChange]) -> None:
    """No self-harm. Raises `FieldRefusal`."""
    for change in changes:
        if change.kind == "user" and change.name.casefold() == link.profile.user.casefold():
            _guard_own(change)
    after = model_after(access, changes)
    if access.model.superusers() and not after.superusers():
        disabled = any(
            change.after is not None and change.before is not None and "enabled" in change.fields()
            for change in changes
        )
        raise FieldRefusal(
            "enabled" if disabled else "roles",
            "LastSuperuser",
            "This would leave no enabled user with %All: nobody could administer the instance.",
            "Give %All to another enabled user first.",
        )


def _guard_own(change: ObjectChange) -> None:
    name = harmless(change.name)
    before, after = change.before, change.after
    if before is None:
        return
    cure = "Connect as another administrator to do this."
    if after is None:
        raise FieldRefusal("name", "OwnAccount", f"{name} is the account you are using: it stays.", cure)
    if before.flag("enabled") and not after.flag("enabled"):
        raise FieldRefusal(
            "enabled", "OwnAccount", f"{name} is the account you are using: disabling it locks you out.", cure
        )
    if {each.casefold() for each in before.names("roles")} - {
        each.casefold() for each in after.names("roles")
    }:
        raise FieldRefusal(
            "roles",
            "OwnAccount",
            f"{name} is the account you are using: taking roles from it could lock you out.",
            cure,
        )
    if after.flag("must_change_password") and not before.flag("must_change_password"):
        raise FieldRefusal(
            "must_change_password",
            "OwnAccount",
            f"{name} is the account you are using: the driver is refused while its password must be changed.",
            cure,
        )
