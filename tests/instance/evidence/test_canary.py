"""No name, password, address or license number of an instance is in the file, whatever stands in its tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from irisops.instance.evidence.report import text_of
from irisops.simulator.doubts import DOUBTS, Doubts
from irisops.simulator.main import RunningSimulator
from irisops.simulator.world.model import Application, Permission, Resource, Role, User
from tests.instance.evidence.collecting import ADMINISTRATOR, collect, collect_as, simulated

COLUMN = "SuperUser"
"""A predefined account, and a column of Users:Detail (facts: iris-security 2.2)."""
LAST = Doubts().choose(*(f"{each.name}={each.behaviours[-1].value}" for each in DOUBTS))


def texts(record: Any) -> Iterator[str]:
    """All texts of a record of the world, and its numbers of three digits and more."""
    for each in fields(record):
        value = getattr(record, each.name)
        parts = value if isinstance(value, list | tuple) else [value]
        if isinstance(value, dict):
            parts = [*value, *(item for items in value.values() if isinstance(items, list) for item in items)]
        for part in parts:
            if isinstance(part, str) or (type(part) is int and part > 99):
                yield str(part)


def told_by(running: RunningSimulator) -> set[str]:
    """Whatever the instance could tell of itself and of people."""
    world = running.world
    records = [
        *world.users.values(), *world.roles.values(), *world.resources.values(), *world.applications.values(),
        *world.processes.values(), *world.sessions.values(), *world.audit_log.records, *world.namespaces.values(),
        *world.accounts, world.key,
    ]  # fmt: skip
    held = [holder.user_id for holder in world.license.holders()]
    return {each.strip() for each in (*held, *(text for record in records for text in texts(record)))} - {""}


def found_in(text: str, words: set[str]) -> list[str]:
    """The words that stand in the text as words of their own. Names that IRIS gives itself begin with %."""
    told = {word for word in words if word != COLUMN and not word.startswith("%")}
    return sorted(
        word for word in told if word in text and re.search(rf"(?<![\w%]){re.escape(word)}(?!\w)", text)
    )


def of_people(text: str) -> str:
    """The file without how long reads took, where any number may stand, and without the platform's own words."""
    return re.sub(r'"(?:seconds": [\d.]+|platform": "[^"]*")', "", text)


@pytest.mark.parametrize("scenario", ["home", "hackathon", "quiet"])
@pytest.mark.parametrize("doubts", [Doubts(), LAST], ids=["first", "last"])
async def test_nothing_of_a_scenario_is_in_the_file(scenario: str, doubts: Doubts) -> None:
    async with simulated(doubts, scenario=scenario) as running:
        collected = await collect_as(running, ADMINISTRATOR)
        words = told_by(running)
    assert len(words) > 60
    assert {"admin1", "Practice-1!", "127.0.0.1"} <= words
    text = text_of(collected.evidence)
    assert found_in(of_people(text), words) == []
    assert "admin1" not in text
    assert "127.0.0.1" not in text


async def test_canaries_in_every_table_stay_there() -> None:
    """The account itself, and what it can read, have names that stand nowhere else."""
    number = iter(range(1000, 2000))

    def canary() -> str:
        return f"Kanari{next(number)}"

    password = "canary-Secret-9"
    async with simulated(LAST) as running:
        world = running.world
        name = canary()
        world.roles.add(Role(canary(), canary(), {canary(): Permission.USE}, ["%All"]))
        role = next(each.name for each in world.roles.values() if each.name.startswith("Kanari"))
        world.resources.add(Resource(canary(), canary()))
        world.applications.add(Application(f"/csp/{canary()}", canary(), canary(), dispatch_class=canary()))
        user = User(
            name, canary(), canary(), roles=["%All", role, "%SQL"], namespace="%SYS", routine=canary()
        )
        user.email_address, user.phone_number = f"{canary()}@example.org", canary()
        user.password_never_expires = user.account_never_expires = True
        world.add_user(user, password)
        running.runtime.grant_select("%SYS", "Audit", role)
        world.key.customer = f"{canary()} Community"
        collected = await collect(running, name, password)
    text = text_of(collected.evidence)
    assert not re.search("kanari", json.dumps(json.loads(text), ensure_ascii=False), re.IGNORECASE)
    assert password not in text
    assert collected.findings.all is True
    assert collected.evidence["account"]["%All"] == "yes"
    assert collected.evidence["version"]["community"] == "yes"
