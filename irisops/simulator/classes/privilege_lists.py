"""Which SQL privileges a user holds, and through whom: the portal's queries (facts: iris-security 3.8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from irisops.simulator.backend import Value
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import REGISTERED
from irisops.simulator.classes.sql_privileges import ObjectPrivilege
from irisops.simulator.classes.values import as_text, same
from irisops.simulator.sql.catalog import Action

CATALOG_PRIVILEGES = ClassDef("%SQL.Manager.CatalogPriv", base=REGISTERED)

_ACTIONS = {action.value: action.name for action in Action}


def _type_of(privilege: ObjectPrivilege) -> str:
    """UNVERIFIED: the words of TYPE. Settle: run UserPrivs for a user with a grant on a table, and on a schema."""
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
    holders = (name, *job.world.effective_roles(name), "_PUBLIC")
    return [
        (
            _type_of(grant),
            f"{grant.schema}.{grant.name}" if grant.name else grant.schema,
            _ACTIONS[grant.action],
            grant.grantor,
            "YES" if grant.grantable else "NO",
            "Direct" if same(holder, name) else holder,
            0,
        )
        for holder in holders
        for grant in job.emulation.sql_privileges.of(holder)
        if same(grant.namespace, job.namespace)
    ]
