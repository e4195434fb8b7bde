"""Which SQL privileges a user holds, and through whom: the portal's queries (facts: iris-security 3.8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from irisops.simulator.backend import Value
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import REGISTERED
from irisops.simulator.classes.sql_privileges import ObjectPrivilege
from irisops.simulator.classes.values import as_text, same
from irisops.simulator.doubts import GRANTED_VIA
from irisops.simulator.sql.statements import Action

SQL_CATALOG_PRIVILEGES = ClassDef("%Library.SQLCatalogPriv")
CATALOG_PRIVILEGES = ClassDef("%SQL.Manager.CatalogPriv", base=REGISTERED)

_ACTIONS = {action.value: action.name for action in Action}


def _via(job: Job, role: str) -> str:
    """GRANTED_VIA of what a role brings."""
    if job.world.doubts.says(GRANTED_VIA, "names"):
        return role
    return "SuperUser" if same(role, "%All") else "Role"


def _type_of(privilege: ObjectPrivilege) -> str:
    """UNVERIFIED: the words of TYPE in UserPrivs. Settle: run it for a user with grants on a table and a schema."""
    if not privilege.name:
        return "SCHEMA"
    return "PROCEDURE" if privilege.action == Action.EXECUTE.value else "TABLE"


@CATALOG_PRIVILEGES.query(
    "UserPrivs(user As %String, system As %Integer = 0)",
    ["TYPE", "NAME", "PRIVILEGE", "GRANTED_BY", "GRANT_OPTION", "GRANTED_VIA", "HAS_COLUMN_PRIV"],
    projection_unknown=True,
)
def _user_privileges(job: Job, username: Value, _system: Value) -> Iterable[Sequence[Value]]:
    """The grants in the job's namespace to the user and to the roles that the user holds."""
    name = as_text(username)
    if not same(name, job.username):
        job.require("%Admin_Secure:U")
    return [
        (
            _type_of(grant),
            f"{grant.schema}.{grant.name}" if grant.name else grant.schema,
            _ACTIONS[grant.action],
            grant.grantor,
            "YES" if grant.grantable else "NO",
            via,
            0,
        )
        for via, grant in (*_granted(job, name), *_owned(job, name))
    ]


def _named(grant: ObjectPrivilege) -> str:
    return f"{grant.schema}.{grant.name}" if grant.name else grant.schema


def _word_of(grant: ObjectPrivilege) -> str:
    """The words of the class reference (facts: iris-security 3.8).

    UNVERIFIED: SCHEMA, which it leaves out. Settle: run SQLUserPrivs for a user with a grant on a schema.
    """
    word = _type_of(grant)
    return "STORED PROCEDURE" if word == "PROCEDURE" else word


def _holders(job: Job, name: str) -> list[tuple[str, str]]:
    """(GRANTED_VIA, grantee) of a user or role (facts: iris-security 3.8)."""
    if job.world.users.get(name) is None:
        return [("Direct", name)]
    roles = job.world.effective_roles(name)
    return [("Direct", name), *((_via(job, role), role) for role in roles), ("_PUBLIC",) * 2]


def _granted(job: Job, name: str) -> Iterator[tuple[str, ObjectPrivilege]]:
    """GRANTED_VIA and grant of all that was granted to a user or role in the job's namespace, by whatever way."""
    for via, holder in _holders(job, name):
        for grant in job.emulation.sql_privileges.of(holder):
            if same(grant.namespace, job.namespace):
                yield via, grant


def _owned(job: Job, name: str) -> Iterator[tuple[str, ObjectPrivilege]]:
    """The same of what a user owns there; public code saw the word Owner in UserPrivs alone."""
    for table in job.emulation.databases.of(job.namespace).tables.values():
        if same(table.owner, name):
            for action in (Action.SELECT, Action.INSERT, Action.UPDATE, Action.DELETE):
                yield (
                    "Owner",
                    ObjectPrivilege(
                        job.namespace,
                        table.spec.schema,
                        table.spec.name,
                        action.value,
                        name,
                        name,
                        grantable=True,
                    ),
                )


def _asked(job: Job, holder: Value) -> str:
    name = as_text(holder)
    if not same(name, job.username):
        job.require("%Admin_Secure:U")
    return name


def _yes(flag: bool) -> str:
    return "Yes" if flag else "No"


@SQL_CATALOG_PRIVILEGES.query(
    'SQLUserPrivs(user As %String = "")',
    ["TYPE", "NAME", "PRIVILEGE", "GRANTED_BY", "GRANT_OPTION", "GRANTED_VIA"],
    projection_unknown=True,
)
def _sql_user_privileges(job: Job, user: Value) -> Iterable[Sequence[Value]]:
    """What was granted to a user on objects of the job's namespace, also through its roles and to everybody."""
    return [
        (_word_of(grant), _named(grant), _ACTIONS[grant.action], grant.grantor, _yes(grant.grantable), via)
        for via, grant in _granted(job, _asked(job, user))
    ]


@SQL_CATALOG_PRIVILEGES.query(
    'SQLRolePrivileges(role As %String = "")',
    ["TYPE", "NAME", "PRIVILEGE", "GRANTED_BY", "GRANT_OPTION"],
    projection_unknown=True,
)
def _sql_role_privileges(job: Job, role: Value) -> Iterable[Sequence[Value]]:
    """What was granted to a role itself on objects of the job's namespace."""
    return [
        (_word_of(grant), _named(grant), _ACTIONS[grant.action], grant.grantor, _yes(grant.grantable))
        for grant in job.emulation.sql_privileges.of(_asked(job, role))
        if same(grant.namespace, job.namespace)
    ]


@SQL_CATALOG_PRIVILEGES.query(
    'SQLUserSysPrivs(user As %Library.String = "")',
    ["PRIVILEGE", "ADMIN_OPTION", "GRANTED_VIA"],
    projection_unknown=True,
)
def _sql_system_privileges(job: Job, user: Value) -> Iterable[Sequence[Value]]:
    """The privileges on no object that a user or role has in the job's namespace."""
    via = {holder.lower(): how for how, holder in _holders(job, _asked(job, user))}
    return [
        (privilege.upper(), "No", via[grantee])
        for namespace, privilege, grantee in sorted(job.emulation.sql_privileges.admin_grants)
        if same(namespace, job.namespace) and grantee in via
    ]
