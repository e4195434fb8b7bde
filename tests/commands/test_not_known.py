"""Where a figure could not be read, no card claims one: it says "not known" (K13's siblings)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from irisops.contract.replies import Done, Facts, Table
from irisops.engine import reply_text
from irisops.instance.errors import NotPermitted
from irisops.instance.models import User
from irisops.instance.security.lists import user_of
from irisops.instance.usage.processes import process_of
from irisops.sharing import preflight
from irisops.sharing.snapshot import ApplicationFact, InstanceFacts, Intent, UserFact
from tests.commands.fakes import LOCAL, START, World, failed, settle

UNTOLD = (
    "KeyLicenseUnits",
    "KeyExpirationDate",
    "LUAvailable",
    "LUMaxConsumed",
    "LUMinAvailable",
    "MaxConnections",
    "holders",
    "sessions count",
)
"""What the instance refuses to tell: hardly a figure is left."""


@pytest.fixture
async def silent(tmp_path: Path) -> World:
    world = World(tmp_path, LOCAL, polling=False)
    world.instance.fail = dict.fromkeys(UNTOLD, NotPermitted("refused"))
    await world.say("/connect")
    await settle()
    return world


async def test_the_status_names_what_is_not_known(silent: World) -> None:
    silent.instance.fail["LUConsumed"] = silent.instance.fail.pop("KeyLicenseUnits")
    (facts,) = await silent.say("/status")
    assert isinstance(facts, Facts)
    assert "Not known: license units used and web sessions." in facts.notes
    assert facts.facts["sessions"] is None
    assert "Web sessions  0" not in reply_text.text(facts)


async def test_the_license_names_what_is_not_known(silent: World) -> None:
    facts, _ = await silent.say("/license")
    assert isinstance(facts, Facts)
    assert "Not known: units in the key and free units." in facts.notes
    assert not any("free" in note and "No unit" in note for note in facts.notes)


async def test_nothing_stands_out_only_where_everything_was_read(silent: World) -> None:
    for each in ("sessions", "processes", "applications"):
        silent.instance.fail[each] = NotPermitted("refused")
    (done,) = await silent.say("/license advice")
    assert isinstance(done, Done)
    assert done.message == "Nothing stands out, but not everything could be read."
    for part in ("Sessions", "Processes", "Settings of the applications", "Holders"):
        assert any(detail.startswith(f"{part} cannot be read") for detail in done.details)


async def test_a_forecast_without_the_rule_of_sharing_says_so(silent: World) -> None:
    del silent.instance.fail["KeyLicenseUnits"]
    facts, _ = await silent.say("/license forecast 2")
    assert isinstance(facts, Facts)
    assert "It is not known how many connections of one address share a unit" in facts.notes[0]
    assert "Up to 1 connections" not in " ".join(facts.notes)


async def test_refusals_without_a_word_on_auditing_are_no_promise(silent: World) -> None:
    silent.instance.audit = []
    silent.instance.fail["auditing"] = failed("refused")
    (table,) = await silent.say("/denied")
    assert isinstance(table, Table)
    assert table.notes[0] == "No refusal is in the audit database."
    assert any(
        note.startswith("It is not known whether all refusals are recorded: refused") for note in table.notes
    )
    assert not any("this list follows" in note for note in table.notes)


async def test_an_account_whose_logins_are_not_told_is_not_dormant(silent: World) -> None:
    silent.instance.fail["user times"] = failed("refused")
    silent.instance.all_users = [
        User("never", enabled=True, roles=(), last_login=None),
        User("busy", enabled=True, roles=(), last_login=START),
    ]
    silent.instance.created = {"never": START - timedelta(days=100)}
    (table,) = await silent.say("/users dormant 90d")
    assert isinstance(table, Table)
    assert [row["name"] for row in table.rows] == ["never"]
    silent.instance.tells_logins = False
    (table,) = await silent.say("/users dormant 90d")
    assert isinstance(table, Table)
    assert table.rows == []
    assert any(note.startswith("Age unknown") and "busy and never" in note for note in table.notes)
    assert not any(note.startswith("Every account") for note in table.notes)


def test_columns_that_an_instance_lacks_are_not_known() -> None:
    user = user_of({"name": "x", "enabled": 1, "roles": ""})
    assert user is not None
    assert not user.last_login_known
    told = user_of({"name": "x", "enabled": 1, "roles": "", "lastlogintime": None})
    assert told is not None
    assert told.last_login_known
    process = process_of({"pid": 7, "username": "x"})
    assert process is not None
    assert (process.commands, process.cpu_ms, process.global_refs) == (None, None, None)


INTENT = Intent(tcp=True, web=True, people=1)


def test_an_application_whose_login_was_not_read_is_not_called_safe() -> None:
    facts = InstanceFacts(applications=(ApplicationFact("/csp/x", enabled=True, authentication=None),))
    (finding,) = preflight.open_applications(facts, INTENT)
    assert (finding.level, "/csp/x" in finding.title) == ("amber", True)
    closed = InstanceFacts(applications=(ApplicationFact("/csp/x", enabled=False, authentication=None),))
    (finding,) = preflight.open_applications(closed, INTENT)
    assert finding.level == "green"


def test_an_account_whose_use_was_not_read_is_not_called_used() -> None:
    facts = InstanceFacts(users=(UserFact("x", enabled=True, roles=("%SQL",), used=None),))
    (finding,) = preflight.unused_accounts(facts, INTENT)
    assert (finding.level, "x" in finding.title) == ("amber", True)
