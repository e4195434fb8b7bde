"""CREATE/ALTER/DROP USER and ROLE, GRANT, REVOKE as the SQL engine asks for them (facts: iris-security 4.1).

UNVERIFIED: -112 for a GRANT of a role by a user without %Admin_Secure and without ADMIN OPTION comes only after the
privilege to administer users was checked; ADMIN OPTION itself is kept and honoured here. Settle: GRANT as such a user.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from irisops.simulator.backend import SqlFailure
from irisops.simulator.classes import role_operations, user_operations
from irisops.simulator.classes.job import Job, closest
from irisops.simulator.classes.sql_access import has_sql_privilege, privilege_violation
from irisops.simulator.classes.sql_privileges import ObjectPrivilege
from irisops.simulator.classes.status import StatusError, error_text
from irisops.simulator.classes.values import same
from irisops.simulator.sql.statements import Action, SqlObject
from irisops.simulator.world.model import Role, User

NO_DATA = 100
UNKNOWN_USER_OR_ROLE = -118
NOT_GRANTABLE = -112
FATAL = -400

SECURE = "%Admin_Secure:U"
USER_EDIT = "%Admin_UserEdit:U"
ROLE_EDIT = "%Admin_RoleEdit:U"


class JobSecurityStatements:
    """Implements `irisops.simulator.sql.catalog.SecurityStatements` for one job."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def create_user(self, name: str, password: str) -> None:
        """Raises -99, -118 for a name that is taken, -400 for a refused name or password."""
        self._need(SECURE, USER_EDIT)
        if self._job.world.users.get(name) is not None:
            raise SqlFailure(UNKNOWN_USER_OR_ROLE, f"User named '{name}' already exists")
        try:
            user_operations.create(self._job, User(name=name), password)
        except StatusError as refused:
            raise _fatal(refused) from refused

    def alter_user(self, name: str, password: str) -> None:
        """Change a password; one's own without a privilege. Raises -99, -400."""
        if not same(name, self._job.username):
            self._need(SECURE, USER_EDIT)
        try:
            user = user_operations.find(self._job, name)
            if not same(name, self._job.username) and not self._job.holds(SECURE):
                self._created_by_me(user.created_by)
            user_operations.set_password(self._job, user, password)
        except StatusError as refused:
            raise _fatal(refused) from refused

    def drop_user(self, name: str, *, if_exists: bool) -> None:
        """Raises -99, -118 for an unknown user, -400."""
        self._need(SECURE, USER_EDIT)
        user = self._job.world.users.get(name)
        if user is None:
            if if_exists:
                return
            raise SqlFailure(UNKNOWN_USER_OR_ROLE, f"User named '{name}' does not exist")
        if not self._job.holds(SECURE):
            self._created_by_me(user.created_by)
        try:
            user_operations.delete(self._job, name)
        except StatusError as refused:
            raise _fatal(refused) from refused

    def create_role(self, name: str) -> None:
        """Raises -99, -118 for a name that is taken, -400 for a refused one."""
        self._need(SECURE, ROLE_EDIT)
        if self._job.world.roles.get(name) is not None:
            raise SqlFailure(UNKNOWN_USER_OR_ROLE, f"Role named '{name}' already exists")
        try:
            role_operations.create(self._job, Role(name))
        except StatusError as refused:
            raise _fatal(refused) from refused
        self._job.emulation.sql_privileges.role_owners[name.lower()] = self._job.username

    def drop_role(self, name: str, *, if_exists: bool) -> None:
        """Its owner or who holds it with ADMIN OPTION may drop it. Raises -99, -118, -400."""
        if self._job.world.roles.get(name) is None:
            if if_exists:
                return
            self._need(SECURE, ROLE_EDIT)
            raise SqlFailure(UNKNOWN_USER_OR_ROLE, f"Role named '{name}' does not exist")
        if not self._may_pass_on(name):
            self._need(SECURE)
        try:
            role_operations.delete(self._job, name)
        except StatusError as refused:
            raise _fatal(refused) from refused

    def grant_roles(self, roles: Sequence[str], grantees: Sequence[str], *, admin_option: bool) -> None:
        """Raises 100 for an unknown role, -112, -118 for an unknown grantee, -400; nothing is granted then."""
        for role in roles:
            if self._job.world.roles.get(role) is None:
                raise SqlFailure(NO_DATA, f"Role '{role}' does not exist")
            self._check_may_grant(role)
        for grantee in grantees:
            self._check_grantee(grantee)
        for grantee in grantees:
            try:
                if self._job.world.users.get(grantee) is not None:
                    user_operations.add_roles(self._job, grantee, roles)
                else:
                    role_operations.add_roles(self._job, grantee, roles)
            except StatusError as refused:
                raise _fatal(refused) from refused
            if admin_option:
                self._job.emulation.sql_privileges.role_admins |= {
                    (role.lower(), grantee.lower()) for role in roles
                }

    def revoke_roles(self, roles: Sequence[str], grantees: Sequence[str], *, admin_option_only: bool) -> None:
        """Raises -112, -118, -400."""
        for role in roles:
            if role != "*":
                self._check_may_grant(role)
        for grantee in self._all_grantees(grantees):
            self._check_grantee(grantee)
            held = self._held(grantee)
            wanted = held if "*" in roles else [role for role in roles if closest(held, role) is not None]
            self._job.emulation.sql_privileges.role_admins -= {
                (role.lower(), grantee.lower()) for role in wanted
            }
            if admin_option_only or not wanted:
                continue
            try:
                if self._job.world.users.get(grantee) is not None:
                    user_operations.remove_roles(self._job, grantee, wanted)
                else:
                    role_operations.remove_roles(self._job, grantee, wanted)
            except StatusError as refused:
                raise _fatal(refused) from refused

    def grant_privileges(
        self,
        actions: Collection[Action],
        objects: Sequence[SqlObject],
        grantees: Sequence[str],
        *,
        grant_option: bool,
    ) -> None:
        """Raises -99, -118 for an unknown grantee."""
        self._check_object_grant(actions, objects, grantees)
        for privilege in self._privileges(actions, objects, grantees, grant_option=grant_option):
            self._job.emulation.sql_privileges.grant(privilege)

    def revoke_privileges(
        self,
        actions: Collection[Action],
        objects: Sequence[SqlObject],
        grantees: Sequence[str],
        *,
        cascade: bool,
    ) -> None:
        """Raises -99, -118."""
        # CASCADE takes back what the grantee passed on; grants here remember their grantor for it.
        self._check_object_grant(actions, objects, grantees)
        for privilege in self._privileges(actions, objects, grantees, grant_option=False):
            self._job.emulation.sql_privileges.revoke(privilege)
            if cascade:
                self._job.emulation.sql_privileges.revoke_passed_on(privilege)

    def grant_admin_privileges(
        self, privileges: Sequence[str], grantees: Sequence[str], *, admin_option: bool
    ) -> None:
        """Raises -99, -118."""
        self._need(SECURE)
        del admin_option  # who may pass an administrative privilege on is not asked anywhere here
        for grantee in grantees:
            self._check_grantee(grantee)
        self._job.emulation.sql_privileges.admin_grants |= self._admin(privileges, grantees)

    def revoke_admin_privileges(self, privileges: Sequence[str], grantees: Sequence[str]) -> None:
        """Raises -99, -118."""
        self._need(SECURE)
        for grantee in grantees:
            self._check_grantee(grantee)
        self._job.emulation.sql_privileges.admin_grants -= self._admin(privileges, grantees)

    def holds(self, action: Action, target: SqlObject) -> bool:
        """Whether the job holds an SQL privilege."""
        return has_sql_privilege(self._job, target.schema, target.name, action.value)

    def holds_admin(self, privilege: str) -> bool:
        """Whether the job holds an administrative privilege or role."""
        job = self._job
        if job.holds_all_role():
            return True
        roles = job.world.tables.role_closure(job.roles)
        if closest(roles, privilege) is not None:
            return True
        held = job.emulation.sql_privileges.admin_grants
        return any(
            (job.namespace.lower(), privilege.lower(), name.lower()) in held
            for name in (job.username, *roles)
        )

    def _need(self, *any_of: str) -> None:
        """Raise -99 unless one of the privileges is held."""
        if not any(self._job.holds(privilege) for privilege in any_of):
            raise privilege_violation(self._job)

    def _created_by_me(self, creator: str) -> None:
        """With %Admin_UserEdit alone one may change the users that one created (facts: 4.1, ALTER USER)."""
        if not same(creator, self._job.username):
            raise privilege_violation(self._job)

    def _check_grantee(self, name: str) -> None:
        if self._job.world.users.get(name) is None and self._job.world.roles.get(name) is None:
            raise SqlFailure(UNKNOWN_USER_OR_ROLE, f"User or role '{name}' does not exist")

    def _may_pass_on(self, role: str) -> bool:
        privileges = self._job.emulation.sql_privileges
        if same(privileges.role_owners.get(role.lower(), ""), self._job.username):
            return True
        names = (self._job.username, *self._job.world.tables.role_closure(self._job.roles))
        return any((role.lower(), name.lower()) in privileges.role_admins for name in names)

    def _check_may_grant(self, role: str) -> None:
        if not self._job.holds(SECURE) and not self._may_pass_on(role):
            raise SqlFailure(
                NOT_GRANTABLE, f"User {self._job.username} may not grant or revoke role '{role}'"
            )

    def _held(self, grantee: str) -> list[str]:
        user = self._job.world.users.get(grantee)
        if user is not None:
            return list(user.roles)
        role = self._job.world.roles.get(grantee)
        return [] if role is None else list(role.granted_roles)

    def _all_grantees(self, grantees: Sequence[str]) -> list[str]:
        if "*" not in grantees:
            return list(grantees)
        editable = [role.name for role in self._job.world.roles if role.editable]
        return [*self._job.world.users.names(), *editable]

    def _check_object_grant(
        self, actions: Collection[Action], objects: Sequence[SqlObject], grantees: Sequence[str]
    ) -> None:
        for grantee in grantees:
            if grantee != "*" and not same(grantee, "_PUBLIC"):
                self._check_grantee(grantee)
        if self._job.holds_all_role() or self._job.holds(SECURE):
            return
        names = (self._job.username, *self._job.world.tables.role_closure(self._job.roles))
        for target in objects:
            for action in actions:
                if not self._job.emulation.sql_privileges.allows(
                    names, self._job.namespace, target.schema, target.name, action.value, grantable=True
                ):
                    raise privilege_violation(self._job)

    def _privileges(
        self,
        actions: Collection[Action],
        objects: Sequence[SqlObject],
        grantees: Sequence[str],
        *,
        grant_option: bool,
    ) -> list[ObjectPrivilege]:
        return [
            ObjectPrivilege(
                self._job.namespace,
                target.schema,
                target.name,
                action.value,
                "_PUBLIC" if grantee == "*" else grantee,
                self._job.username,
                grant_option,
            )
            for target in objects
            for action in actions
            for grantee in grantees
        ]

    def _admin(self, privileges: Sequence[str], grantees: Sequence[str]) -> set[tuple[str, str, str]]:
        namespace = self._job.namespace.lower()
        return {
            (namespace, privilege.lower(), grantee.lower())
            for privilege in privileges
            for grantee in grantees
        }


def _fatal(refused: StatusError) -> SqlFailure:
    """-400 with the status text in %msg (facts: 4.1, CREATE USER)."""
    return SqlFailure(FATAL, error_text(refused.status))
