"""SQL privileges on tables, schemas and procedures: granted per namespace (facts: iris-security 3.8, 4.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class ObjectPrivilege:
    """One grant. `action` is the letter of `Security.SQLPrivileges`; `name` is empty for a whole schema."""

    namespace: str
    schema: str
    name: str
    action: str
    grantee: str
    grantor: str = ""
    grantable: bool = False

    def covers(self, namespace: str, schema: str, name: str, action: str) -> bool:
        """Whether this grant allows `action` on the object, directly or through its schema or `*`."""
        return (
            self.action == action
            and self.namespace.lower() == namespace.lower()
            and self.schema.lower() in ("*", schema.lower())
            and self.name.lower() in ("", name.lower())
        )


class SqlPrivileges:
    """All grants of one instance. Grantees are users, roles, or `_PUBLIC` for everybody."""

    def __init__(self) -> None:
        self._grants: dict[tuple[str, str, str, str, str], ObjectPrivilege] = {}
        self.admin_grants: set[tuple[str, str, str]] = set()
        """(namespace, privilege such as %CREATE_TABLE, grantee), all in lower case."""
        self.role_admins: set[tuple[str, str]] = set()
        """(role, grantee) granted WITH ADMIN OPTION, in lower case."""
        self.role_owners: dict[str, str] = {}
        """Role in lower case -> who created it by SQL."""
        self.revision = 0

    def grant(self, privilege: ObjectPrivilege) -> None:
        """Add a grant, or replace the same one."""
        self._grants[_key(privilege)] = privilege
        self.revision += 1

    def revoke(self, privilege: ObjectPrivilege) -> bool:
        """Take a grant back; False where there was none."""
        self.revision += 1
        return self._grants.pop(_key(privilege), None) is not None

    def revoke_passed_on(self, privilege: ObjectPrivilege) -> None:
        """Take back the same privilege where the grantee of this one had passed it on, and so on."""
        passed_on = [
            grant
            for grant in self._grants.values()
            if grant.grantor.lower() == privilege.grantee.lower()
            and _key(replace(grant, grantee="")) == _key(replace(privilege, grantee=""))
        ]
        for grant in passed_on:
            self.revoke(grant)
            self.revoke_passed_on(grant)

    def allows(
        self,
        grantees: Iterable[str],
        namespace: str,
        schema: str,
        name: str,
        action: str,
        *,
        grantable: bool = False,
    ) -> bool:
        """Whether any of `grantees` may do `action` on `schema.name` (with the right to pass it on)."""
        names = {grantee.lower() for grantee in grantees} | {"_public"}
        return any(
            grant.grantee.lower() in names
            and grant.covers(namespace, schema, name, action)
            and (grant.grantable or not grantable)
            for grant in self._grants.values()
        )

    def anything_in(self, grantees: Iterable[str], namespace: str) -> bool:
        """Whether any of `grantees` holds any SQL privilege in a namespace: then they may connect to it."""
        names = {grantee.lower() for grantee in grantees}
        return any(
            grant.grantee.lower() in names and grant.namespace.lower() == namespace.lower()
            for grant in self._grants.values()
        )

    def take_object(self, namespace: str, schema: str, name: str) -> list[ObjectPrivilege]:
        """A table or view was dropped: its grants go with it. Returns them, should it come back."""
        place = (namespace.lower(), schema.lower(), name.lower())
        taken = [
            grant
            for grant in self._grants.values()
            if (grant.namespace.lower(), grant.schema.lower(), grant.name.lower()) == place
        ]
        for grant in taken:
            self.revoke(grant)
        return taken

    def forget(self, grantee: str) -> None:
        """A user or role was deleted."""
        name = grantee.lower()
        self._grants = {key: grant for key, grant in self._grants.items() if grant.grantee.lower() != name}
        self.admin_grants = {each for each in self.admin_grants if each[2] != name}
        self.role_admins = {each for each in self.role_admins if name not in each}
        self.role_owners.pop(name, None)
        self.revision += 1

    def copy(self, source: str, target: str) -> None:
        """Give `target` what was granted to `source`."""
        for grant in self.of(source):
            self.grant(replace(grant, grantee=target))

    def all(self) -> list[ObjectPrivilege]:
        """Every grant, in the order in which they were made."""
        return list(self._grants.values())

    def of(self, grantee: str) -> list[ObjectPrivilege]:
        """What was granted to one user or role directly."""
        return [grant for grant in self._grants.values() if grant.grantee.lower() == grantee.lower()]


def _key(privilege: ObjectPrivilege) -> tuple[str, str, str, str, str]:
    return (
        privilege.namespace.lower(),
        privilege.schema.lower(),
        privilege.name.lower(),
        privilege.action,
        privilege.grantee.lower(),
    )
