"""Tables of SQL privileges: `Security.SQLPrivileges`, `Security.SQLAdminPrivilegeSet` (facts: iris-security 3.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from irisops.simulator.classes.definition import ClassDef, TableProjection, column
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT
from irisops.simulator.classes.sql_access import require_security_table
from irisops.simulator.world.tables import words

PRIVILEGES = ClassDef("Security.SQLPrivileges", base=PERSISTENT, requires="%Admin_Secure:U")
ADMINS = ClassDef("Security.SQLAdminPrivilegeSet", base=PERSISTENT, requires="%Admin_Secure:U")
Record = dict[str, object]

# UNVERIFIED: the names of these columns but for the first and the last, and that they are the words of GRANT without
# their signs; the class reference counts 31. Settle: SELECT * FROM Security.SQLAdminPrivilegeSet.
_ADMIN = words(
    "CreateFunction CreateMethod CreateProcedure CreateQuery CreateTable CreateTrigger CreateView AlterTable AlterView "
    "DropTable DropView UseEmbedding"
)
_TABLE, _SCHEMA, _PROCEDURE = 1, 5, 9


def _objects(job: Job) -> Iterable[Record]:
    for at, each in enumerate(job.emulation.sql_privileges.all(), 1):
        kind = _SCHEMA if not each.name else _PROCEDURE if each.action == "e" else _TABLE
        yield {
            "ID": at,
            "Namespace": each.namespace,
            "SQLObject": f"{kind},{each.schema}.{each.name}" if each.name else f"{kind},{each.schema}",
            "Privilege": each.action,
            "Grantee": each.grantee,
            "Grantor": each.grantor,
            "Grantable": int(each.grantable),
        }


def _admins(job: Job) -> Iterable[Record]:
    held: dict[tuple[str, str], set[str]] = {}
    for namespace, privilege, grantee in job.emulation.sql_privileges.admin_grants:
        held.setdefault((namespace, grantee), set()).add(privilege.lstrip("%").replace("_", ""))
    for at, ((namespace, grantee), some) in enumerate(sorted(held.items()), 1):
        record: Record = {"ID": at, "Namespace": namespace.upper(), "Grantee": grantee}
        yield record | {name: int(name.lower() in some) for name in _ADMIN}


def _project(cls: ClassDef, names: Sequence[str], records: Callable[[Job], Iterable[Record]]) -> None:
    schema, _, short = cls.name.rpartition(".")

    def rows(job: Job, asked: Sequence[str]) -> Iterable[Sequence[object]]:
        return [tuple(each[name] for name in asked) for each in records(job)]

    for name in names:
        if name != "ID":
            cls.property(name)
    cls.table = TableProjection(
        tuple(column(each, exact=each == "ID", precision=255) for each in names),
        rows,
        lambda job: str(list(records(job))),
        lambda job, action: require_security_table(job, schema, short, action),
        refusal=f"{cls.name} cannot be changed by SQL; use GRANT and REVOKE",
    )


_project(PRIVILEGES, words("ID Namespace SQLObject Privilege Grantee Grantor Grantable"), _objects)
_project(ADMINS, ["ID", "Namespace", "Grantee", *_ADMIN], _admins)
