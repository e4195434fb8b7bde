"""Watching over leases without a chat."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from irisops import leases_watch
from irisops.connections.open_shares import SharingSettings
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.profiles.store import ProfileStore
from irisops.sharing import leases
from irisops.sharing.lease import Item, Lease, LeaseError, LeaseStore, Where, new_id
from tests.sharing.fake_instance import PASSWORD, FakeConnector

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


async def password_of(_where: Where) -> str | None:
    return PASSWORD


def left_behind(store: LeaseStore, instance: FakeConnector) -> Lease:
    """State after a crash between the account and the next step."""
    share = new_id()
    role = f"irisops_share_{share}"
    state = instance.state()
    instance.edit(
        users=state["users"] | {"guest-fox-1": [role]}, roles=[*state["roles"], role], created={role: "x"}
    )
    lease = Lease(
        share,
        Where("local", "127.0.0.1", 1972, "_SYSTEM"),
        NOW,
        NOW + timedelta(hours=1),
        "USER",
        "sql",
        role=Item(role, "made"),
        accounts=(Item("guest-fox-1", "intended"),),
    )
    store.save(lease)
    return lease


async def test_watching_ends_when_nothing_is_left(store: LeaseStore, instance: FakeConnector) -> None:
    before = instance.state()
    left_behind(store, instance)
    instance.edit(up=False)
    pauses: list[float] = []
    said: list[str] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            instance.edit(up=True)

    await leases.watch(store, password_of, connector=instance, now=lambda: NOW, sleep=sleep, say=said.append)
    assert instance.state() == before
    assert len(pauses) == 3
    assert "Nothing listens" in said[0]
    assert "guest-fox-1 is deleted" in " ".join(said)


async def test_a_broken_lease_is_not_passed_over(store: LeaseStore, instance: FakeConnector) -> None:
    store.folder.mkdir()
    (store.folder / "bad.json").write_text("{")
    with pytest.raises(LeaseError, match=r"bad\.json"):
        await leases.watch(store, password_of, connector=instance)


async def test_an_unknown_password_keeps_the_lease(store: LeaseStore, instance: FakeConnector) -> None:
    lease = left_behind(store, instance)

    async def nobody_knows(_where: Where) -> str | None:
        return None

    (cleared,) = await leases.clear(store, nobody_knows, connector=instance)
    assert "password" in cleared.report.problems[0]
    kept = store.read(lease.id)
    assert kept is not None
    assert "password" in kept.problem
    assert "guest-fox-1" in instance.state()["users"]
    assert instance.state()["open"] == 0


async def test_clearing_twice_is_as_good_as_once(store: LeaseStore, instance: FakeConnector) -> None:
    before = instance.state()
    lease = left_behind(store, instance)
    await leases.clear(store, password_of, connector=instance)
    store.save(lease)
    (cleared,) = await leases.clear(store, password_of, only=lease.id, connector=instance)
    assert cleared.report.clean
    assert instance.state() == before


async def test_a_refused_password_is_sent_once_and_the_others_are_cleared(
    store: LeaseStore, instance: FakeConnector
) -> None:
    lease = left_behind(store, instance)
    asked: list[Where] = []
    refused: list[Where] = []
    said: list[str] = []

    async def outdated(where: Where) -> str | None:
        asked.append(where)
        return "outdated" if len(asked) == 1 else PASSWORD

    async def sleep(_seconds: float) -> None:
        if store.all().leases[0].problem.endswith("is not known"):
            store.delete(lease.id)

    await leases.watch(
        store,
        outdated,
        connector=instance,
        now=lambda: NOW,
        sleep=sleep,
        say=said.append,
        refused=refused.append,
    )
    assert asked == refused == [lease.where]
    assert any("was refused; it is not tried again in this run" in line for line in said)


async def test_the_command_line_takes_the_password_from_the_profiles_own_command(
    tmp_path: Path, instance: FakeConnector, capsys: pytest.CaptureFixture[str]
) -> None:
    places = Places.below(tmp_path / "home")
    before = instance.state()
    left_behind(LeaseStore(places.leases), instance)
    (tmp_path / "gives").write_text(PASSWORD)
    command = f'{sys.executable} -c "print(open({str(tmp_path / "gives")!r}).read())"'
    ProfileStore(places.profiles).add(
        Profile("local", "127.0.0.1", 1972, user="_SYSTEM", password_command=command)
    )
    lease = LeaseStore(places.leases).all().leases[0]
    LeaseStore(places.leases).save(replace(lease, where=replace(lease.where, port=1972)))
    status = await leases_watch.watch(places, Secrets(None), SharingSettings(connector=instance))
    assert (status, instance.state()) == (0, before)
    assert "guest-fox-1 is deleted" in capsys.readouterr().out
