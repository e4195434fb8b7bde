"""Reads and changes of a share use routes, so that /doctor shows what this instance does not offer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from irisops.instance.calls import Rows
from irisops.instance.capabilities import Capabilities, wanted_members
from irisops.instance.connection import Connection
from irisops.instance.errors import NotAvailable
from irisops.instance.features import FEATURES
from irisops.sharing import facts, guests
from irisops.sharing.facts import gather
from tests.instance.served import PASSWORD, serve

NEEDED = {
    "users.list",
    "users.read",
    "users.create",
    "users.delete",
    "users.exists",
    "roles.names",
    "roles.create",
    "roles.delete",
    "roles.exists",
    "resources.list",
    "namespaces.list",
    "sql.schemas",
    "sql.grant_schema",
    "sessions.list",
    "processes.list",
    "audit.events",
    "security.settings",
    "license.counts",
    "license.customer",
    "system.mode",
}


def test_the_list_above_is_what_the_modules_name() -> None:
    source = "".join(Path(module.__file__ or "").read_text() for module in (facts, guests))
    named = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', source)) & set(FEATURES)
    made = {f"{noun}.{what}" for noun in ("users", "roles") for what in ("delete", "exists")}
    assert named | made | {"security.settings"} == NEEDED  # read through the helper's module


async def test_all_of_it_is_there_and_in_the_doctors_table() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        await connection.connect(PASSWORD)
        try:
            rows = {row.what: row for row in connection.capabilities.doctor()}
        finally:
            await connection.disconnect()
    assert {name for name in NEEDED if not rows[name].available} == set()


def lacking(*missing: tuple[str, str]) -> Capabilities:
    """An instance with everything the routes need, except these members."""
    there = [(*pair, 1) for pair in wanted_members() if pair not in missing]
    return Capabilities.from_rows(Rows(("parent", "Name", "Projected"), list(there)), "%SYS")


def test_what_is_missing_has_its_reason() -> None:
    rows = {row.what: row for row in lacking(("Security.Users", "Create")).doctor()}
    assert not rows["users.create"].available
    assert rows["users.create"].rejected == (("Security.Users.Create", "Security.Users has no Create"),)
    assert "%Admin_Secure:U" in rows["users.create"].note


class Lacking:
    """A connection to an instance that lacks some members; it is never asked for them."""

    def __init__(self, connection: Connection, capabilities: Capabilities) -> None:
        self.capabilities = capabilities
        self.call, self.batch = connection.call, connection.batch


async def test_a_preflight_says_what_it_could_not_read_and_why() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        await connection.connect(PASSWORD)
        try:
            without = lacking(("%SYSTEM.Version", "SystemMode"), ("Security.Events", "List"))
            found = await gather(Lacking(connection, without))
        finally:
            await connection.disconnect()
    assert found.users is not None
    assert found.system_mode is None
    assert "%SYSTEM.Version has no SystemMode" in found.why("system_mode")
    assert "Security.Events" in found.why("login_events")
    assert {fact for fact, _ in found.unread} == {"system_mode", "login_events"}


async def test_a_pass_cannot_be_made_without_the_method_that_makes_one() -> None:
    async with serve() as served:
        connection = Connection(served.target())
        await connection.connect(PASSWORD)
        try:
            limited = Lacking(connection, lacking(("Security.Roles", "Delete")))
            with pytest.raises(NotAvailable, match=r"Security\.Roles has no Delete"):
                await guests.delete_role(limited, "whoever")
        finally:
            await connection.disconnect()
