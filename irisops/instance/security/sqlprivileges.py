"""SQL privileges: whether a user holds one, through whom, and granting one (facts: iris-security 3.8, 4.1).

They are granted per namespace, independent of privileges on resources. The check takes the namespace as an argument;
listing and granting work in the namespace of the process, which is changed for these calls and back in the same batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from irisops.instance.calls import Answer, Call, ClassMethod, ClassQuery
from irisops.instance.class_queries import by_route, judging
from irisops.instance.errors import InstanceError, InstanceProblem, NotPermitted
from irisops.instance.features import Route
from irisops.instance.outcome import changing, check_status
from irisops.instance.routes import Instance, first_route, for_reads
from irisops.instance.values import Row, answered, as_flag, as_int, as_text, in_portions

Action = Literal["alter", "select", "insert", "update", "delete", "references", "execute", "use"]
LETTERS: dict[Action, str] = {
    "alter": "a",
    "select": "s",
    "insert": "i",
    "update": "u",
    "delete": "d",
    "references": "r",
    "execute": "e",
    "use": "l",
}
"""The letters of `CheckPrivilege` (facts: iris-security 4.1)."""
Kind = Literal["table", "view", "schema", "procedure"]
TYPES: dict[Kind, int] = {"table": 1, "view": 3, "schema": 5, "procedure": 9}
GRANT_TYPES: dict[Kind, str] = {
    "table": "Table",
    "view": "View",
    "schema": "Schema",
    "procedure": "Stored Procedures",
}
"""The words that GrantPrivilege takes as Type (facts: iris-config-as-text 1.4)."""
Grantee = tuple[Literal["user", "role"], str]
"""Holder of SQL privileges: a user, including those through its roles, or a role alone."""
MOST_GRANTS = 1000
"""Most SQL privileges of one kind read per holder; each costs round trips."""
GRANT_COLUMNS = (
    "TYPE",
    "NAME",
    "PRIVILEGE",
    "GRANTED_BY",
    "GRANT_OPTION",
    "GRANTED_VIA",
)


ROLE_COLUMNS = ("TYPE", "NAME", "PRIVILEGE", "GRANTED_BY", "GRANT_OPTION")
ADMIN_COLUMNS = ("PRIVILEGE", "ADMIN_OPTION", "GRANTED_VIA")
CATALOG = "%Library.SQLCatalogPriv"
"""Its queries and their columns: (facts: iris-security 3.8). The dictionary check decides whether they are asked."""
DEADLINE = 20.0
"""Seconds for all SQL privileges of both sides of a comparison."""


@dataclass(frozen=True, slots=True)
class SqlObject:
    """A table, view, schema or procedure in a namespace. `name` is SCHEMA.NAME, or the schema alone."""

    kind: Kind
    name: str
    namespace: str


@dataclass(frozen=True, slots=True)
class SqlGrant:
    """One privilege that a user holds.

    `via` tells how, in the instance's words: Direct, SuperUser, Role, _PUBLIC (class reference of
    %Library.SQLCatalogPriv) or Owner (seen of %SQL.Manager.CatalogPriv).
    """

    type: str
    name: str
    privilege: str
    via: str
    granted_by: str = ""
    grantable: bool = False

    def covers(self, target: SqlObject, action: Action) -> bool:
        """True if this grant allows `action` on `target`: on the same object, or its whole schema."""
        schema = target.name.partition(".")[0]
        same = self.name.casefold() in (target.name.casefold(), schema.casefold())
        # Both are taken. UNVERIFIED: what PRIVILEGE holds, SELECT or its letter. Settle: evidence
        # %SQL.Manager.CatalogPriv:UserPrivs, own account.
        return same and self.privilege.casefold().lstrip("%") in (action, LETTERS[action])


@dataclass(frozen=True, slots=True)
class SqlHoldings:
    """SQL privileges of a user or a role in one namespace. `admin` are those on no object, e.g. %CREATE_TABLE.

    `complete` False: there are more than `MOST_GRANTS`.
    """

    objects: tuple[SqlGrant, ...] = ()
    admin: tuple[SqlGrant, ...] = ()
    complete: bool = True


async def check_sql(instance: Instance, user: str, target: SqlObject, action: Action) -> bool:
    """The instance's own check of an SQL privilege. Raises InstanceError, NotPermitted, NotAvailable."""

    async def attempt(_route: Route) -> bool:
        args = (user, TYPES[target.kind], target.name, LETTERS[action], target.namespace)
        answer = await instance.call(ClassMethod("%SYSTEM.SQL.Security", "CheckPrivilege", args))
        # 1 or 0, or the status of an error for bad input (facts: iris-security 4.1).
        if as_int(answer.value) == 0:
            return False
        await check_status(instance, answer.value, "CheckPrivilege")
        return True

    return await first_route(instance, "sql.check", attempt)


async def sql_grants(instance: Instance, user: str, namespace: str, home: str) -> list[SqlGrant]:
    """The privileges that a user holds in `namespace`, with their source. `home`: the connection's own namespace.

    Raises InstanceError, NotPermitted, NotAvailable.
    """

    async def attempt(_route: Route) -> list[SqlGrant]:
        # UNVERIFIED: that the second argument 0 leaves the system's own objects out. Settle: run UserPrivs
        # for one user with 0 and with 1.
        call = ClassQuery("%SQL.Manager.CatalogPriv:UserPrivs", (user, 0), GRANT_COLUMNS)
        answer = await _within(instance, namespace, home, call)
        return await in_portions(answer.rows, _grant_of)

    return await first_route(instance, "sql.grants", attempt)


async def sql_holdings(
    instance: Instance, holders: Sequence[Grantee], namespace: str, home: str
) -> list[SqlHoldings]:
    """The SQL privileges of each holder in `namespace`, in one batch. `home`: the connection's own namespace.

    By the queries that the vendor documents in the class reference of %Library.SQLCatalogPriv, with their columns.
    Raises InstanceError, NotPermitted, NotAvailable.
    """

    async def attempt(route: Route) -> list[SqlHoldings]:
        queries: list[ClassQuery] = []
        for kind, name in holders:
            # UNVERIFIED: that SQLRolePrivileges gives what was granted to this role and nothing of the roles granted
            # to it; then what it gives twice counts once. Settle: run it for a role with a granted role.
            query = "SQLUserPrivs" if kind == "user" else "SQLRolePrivileges"
            columns = GRANT_COLUMNS if kind == "user" else ROLE_COLUMNS
            queries += [
                ClassQuery(f"{CATALOG}:{query}", (name,), columns, MOST_GRANTS + 1),
                ClassQuery(f"{CATALOG}:SQLUserSysPrivs", (name,), ADMIN_COLUMNS, MOST_GRANTS + 1),
            ]
        calls = [by_route(route, each, DEADLINE / len(queries)) for each in queries]
        with judging(instance, route):
            answers = await all_within(instance, namespace, home, calls, DEADLINE)
        found = []
        for objects, admin in zip(answers[::2], answers[1::2], strict=True):
            held = [await in_portions(each.rows, _grant_of) for each in (objects, admin)]
            complete = all(len(each) <= MOST_GRANTS for each in held)
            found.append(SqlHoldings(tuple(held[0]), tuple(held[1]), complete))
        return found

    return await first_route(instance, "sql.holdings", attempt, again=for_reads)


def _grant_of(row: Row) -> SqlGrant | None:
    privilege = as_text(row.get("privilege"))
    if not privilege:
        return None
    return SqlGrant(
        as_text(row.get("type")),
        as_text(row.get("name")),
        privilege,
        as_text(row.get("granted_via")),
        as_text(row.get("granted_by")),
        as_flag(row.get("grant_option", row.get("admin_option"))),
    )


async def change_sql(
    instance: Instance, user: str, target: SqlObject, action: Action, home: str, *, grant: bool
) -> bool:
    """Grant or revoke a privilege; returns whether the user holds it afterwards.

    Raises InstanceError, NotPermitted, NotAvailable; Unreachable with the outcome unknown.
    """
    method = "GrantPrivilege" if grant else "RevokePrivilege"

    async def attempt(_route: Route) -> None:
        # Check the namespace first: if switching to it failed, the grant would be made in the wrong one.
        # The first column of this query is the name (facts: license-sessions 5.2).
        listed = await instance.call(ClassQuery("Config.Namespaces:List", ("*",)))
        names = [as_text(row[0]).casefold() for row in listed.rows.rows] if listed.rows else []
        if target.namespace.casefold() not in names:
            raise InstanceError(f"There is no namespace {target.namespace}.", "Nothing was changed.")
        args = (action.upper(), target.name, GRANT_TYPES[target.kind], user)
        answer = await _within(
            instance, target.namespace, home, ClassMethod("%SYSTEM.SQL.Security", method, args)
        )
        await check_status(instance, answer.value, f"%SYSTEM.SQL.Security.{method}")

    await changing(first_route(instance, "sql.grant", attempt))
    return await changing(check_sql(instance, user, target, action))


async def enter(instance: Instance, namespace: str, home: str) -> bool:
    """True: the account may enter the namespace, as a change there has to; `home` is that of the connection.

    Raises NotPermitted if it may not, and any other named problem of entering it.
    """
    await all_within(instance, namespace, home, [])
    return True


async def _within(instance: Instance, namespace: str, home: str, call: Call) -> Answer:
    """One call made in another namespace."""
    (answer,) = await all_within(instance, namespace, home, [call])
    return answer


async def all_within(
    instance: Instance, namespace: str, home: str, calls: Sequence[Call], deadline: float | None = None
) -> list[Answer]:
    """Calls made in another namespace, in one batch with the switch there and back. Raises the first failure.

    `deadline` in seconds for all of them.
    """
    if namespace.casefold() == home.casefold():
        return [answered(each) for each in await instance.batch(calls, deadline=deadline)]
    there = ClassMethod("%SYSTEM.Process", "SetNamespace", (namespace,))
    back = ClassMethod("%SYSTEM.Process", "SetNamespace", (home,))
    # A failed call does not stop the batch, so the switch back always runs. If the switch there fails, the calls run
    # in the wrong namespace and their answers are discarded.
    arrived, *outcomes, returned = await instance.batch([there, *calls, back], deadline=deadline)
    if isinstance(returned, Exception):
        raise InstanceError(
            f"The connection could not go back from namespace {namespace} to {home}.",
            "/disconnect, then /connect: until then reads may fail.",
            detail=str(returned),
        )
    if isinstance(arrived, NotPermitted):
        reading = f"read on the default database of {namespace}"
        raise NotPermitted(
            f"This account may not enter namespace {namespace}: it lacks {reading}.",
            "Ask an administrator for it, or connect as another user.",
            privilege=reading,
            detail=arrived.detail,
        )
    if isinstance(arrived, InstanceProblem):
        raise arrived
    return [answered(each) for each in outcomes]
