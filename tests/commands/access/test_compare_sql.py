"""The SQL half of /compare: on a simulator through the real driver, and where it cannot be read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from irisops.commands.access.compare import MOST_ROLES
from irisops.contract.replies import Cell, Table
from irisops.instance.errors import NotPermitted
from irisops.instance.security.sqlprivileges import MOST_GRANTS, SqlGrant, SqlHoldings, sql_holdings
from irisops.simulator.classes.sql_privileges import ObjectPrivilege
from irisops.simulator.world.model import User
from tests.commands.editing import GOOD, Desk, add_role, desk
from tests.commands.fakes import World


def grant(at: Desk, grantee: str, action: str, name: str = "Person", *, grantable: bool = False) -> None:
    privilege = ObjectPrivilege("USER", "HR", name, action, grantee, "_SYSTEM", grantable)
    at.served.runtime.emulation.sql_privileges.grant(privilege)


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as made:
        made.served.world.add_user(User("ann", roles=["%SQL"]), GOOD)
        yield made


async def compared(at: Desk, line: str) -> tuple[dict[str, tuple[Cell, Cell, Cell]], list[str]]:
    """The SQL rows by name, and the notes."""
    (table,) = await at.say(line)
    assert isinstance(table, Table)
    rows = {
        str(row["name"]): (row["first"], row["second"], row["how"])
        for row in table.rows
        if str(row["kind"]).startswith("sql")
    }
    return rows, list(table.notes)


async def test_what_differs_is_side_by_side_and_what_does_not_is_counted(at: Desk) -> None:
    grant(at, "bob", "s", grantable=True)
    grant(at, "bob", "i")
    grant(at, "ann", "s")
    grant(at, "bob", "e", "PayAll")
    for who in ("ann", "bob"):
        grant(at, who, "s", "Room")
    grant(at, "bob", "u", "")
    at.served.runtime.emulation.sql_privileges.admin_grants.add(("user", "%create_table", "bob"))
    rows, notes = await compared(at, "/compare bob ann")
    assert rows == {
        "table HR.Person": ("INSERT, SELECT*", "SELECT", ""),
        "stored procedure HR.PayAll": ("EXECUTE", "–", ""),
        "schema HR": ("UPDATE", "–", ""),
        "%CREATE_TABLE": ("yes", "–", ""),
    }
    assert "SQL privileges are those in USER; namespace=NAME compares another." in notes
    assert "1 SQL object or privilege with no difference." in notes
    assert not any("No difference" in note for note in notes)


async def test_what_comes_through_a_role_says_so(at: Desk) -> None:
    add_role(at.served, "Payroll")
    at.user("ann").roles.append("Payroll")
    at.served.world.users.touch()
    grant(at, "Payroll", "s")
    rows, _ = await compared(at, "/compare bob ann")
    assert rows == {"table HR.Person": ("–", "SELECT", "Payroll")}


async def test_a_role_counts_the_roles_that_it_brings(at: Desk) -> None:
    add_role(at.served, "Payroll")
    add_role(at.served, "Chief", "Payroll")
    grant(at, "Payroll", "s")
    rows, _ = await compared(at, "/compare Chief Clerk")
    assert rows == {"table HR.Person": ("SELECT", "–", "")}


async def test_another_namespace_is_compared_when_it_is_named(at: Desk) -> None:
    grant(at, "bob", "s")
    rows, notes = await compared(at, "/compare bob ann namespace=%SYS")
    assert rows == {}
    assert "SQL privileges are those in %SYS; namespace=NAME compares another." in notes
    assert (await at.say("/status"))[0], "the connection is where it was"


async def test_a_superuser_needs_none(at: Desk) -> None:
    grant(at, "bob", "s")
    rows, notes = await compared(at, "/compare bob _SYSTEM")
    assert rows == {}
    assert "By SQL, bob holds 1 SQL privilege in USER; a superuser needs none." in notes


async def test_a_namespace_that_is_not_there_is_a_reason_and_not_an_error(at: Desk) -> None:
    _, notes = await compared(at, "/compare bob ann namespace=NOWHERE")
    assert any(note.startswith("SQL privileges in NOWHERE are not compared: ") for note in notes)


async def test_the_round_trips_do_not_grow_with_the_grants(at: Desk) -> None:
    link = at.session.hub.require()
    counted = at.served.count_requests()

    async def trips() -> int:
        before = counted.fired
        await sql_holdings(link.connection, [("user", "bob"), ("user", "ann")], "USER", "%SYS")
        return counted.fired - before

    grant(at, "bob", "s")
    assert await trips() <= 40, "the columns' names are asked for once"
    few = await trips()
    for number in range(60):
        grant(at, "bob", "s", f"Table{number}")
    assert await trips() == few <= 26


async def test_where_whole_rows_cannot_be_had_the_cells_are_read(at: Desk) -> None:
    link = at.session.hub.require()
    rows, cells = link.connection.capabilities.routes("sql.holdings")
    assert (rows.kind, cells.kind) == ("rows", "result set")
    link.connection.capabilities.learn(rows, "not believed")
    grant(at, "bob", "s")
    shown, _ = await compared(at, "/compare bob ann")
    assert shown == {"table HR.Person": ("SELECT", "–", "")}


# With a faked instance: what cannot be read


async def test_a_missing_privilege_is_the_reason_and_the_rest_is_compared(connected: World) -> None:
    connected.instance.fail["sql holdings"] = NotPermitted("This account lacks %Admin_Secure:U.")
    (table,) = await connected.say("/compare appuser bob")
    assert isinstance(table, Table)
    assert "SQL privileges in USER are not compared: This account lacks %Admin_Secure:U." in table.notes
    assert any(row["kind"] == "role" for row in table.rows)


async def test_too_many_are_not_compared_by_halves(connected: World) -> None:
    connected.instance.holdings["bob"] = SqlHoldings(
        (SqlGrant("TABLE", "A.B", "SELECT", "Direct"),) * (MOST_GRANTS + 1)
    )
    (table,) = await connected.say("/compare appuser bob")
    assert isinstance(table, Table)
    assert "SQL privileges in USER are not compared: there are too many to read." in table.notes
    assert not any(row["kind"] == "sql" for row in table.rows)


async def test_a_role_is_asked_for_with_those_it_brings_and_no_more_than_a_few(connected: World) -> None:
    await connected.say("/compare %Developer %SQL")
    assert connected.instance.holdings_asked == [("role", "%developer", "USER"), ("role", "%sql", "USER")]
    assert connected.instance.namespace == "%SYS"
    assert MOST_ROLES >= 10
