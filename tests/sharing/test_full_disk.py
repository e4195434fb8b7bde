"""R6: a state folder that cannot be written while a share is open. The share goes first, its lease comes after."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from irisops.instance.connection import Target
from irisops.instance.errors import LoginRefused
from irisops.instance.models import SystemInfo
from irisops.sharing import leases
from irisops.sharing.client import KeeperClient
from irisops.sharing.errors import LeaseStays, SharingProblem
from irisops.sharing.lease import LeaseError, LeaseStore, Where
from irisops.sharing.share import Share
from irisops.sharing.teardown import Connector, InstanceLogin
from tests.sharing.conftest import MakeRequest
from tests.sharing.fake_instance import PASSWORD, FakeConnector, FakeInstance
from tests.sharing.test_agent import refused

pytestmark = pytest.mark.timeout(120)


async def password_of(_where: Where) -> str | None:
    return PASSWORD


class Disk:
    """A state folder whose files can be neither written nor removed while it is `broken`: a file in its place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._aside = folder.with_name("aside")

    def break_it(self) -> None:
        self.folder.rename(self._aside)
        self.folder.write_text("")

    def mend_it(self) -> None:
        self.folder.unlink()
        self._aside.rename(self.folder)


@pytest.fixture
def disk(store: LeaseStore) -> Disk:
    return Disk(store.folder)


async def test_a_share_is_taken_down_whatever_becomes_of_its_lease(
    request_for: MakeRequest, instance: FakeConnector, store: LeaseStore, disk: Disk
) -> None:
    before = instance.state()
    share = Share(request_for(), connector=instance)
    opened = await share.open()
    disk.break_it()
    closed = await share.close("test")
    assert refused(opened.endpoints[0].public_url)
    assert instance.state() == before
    assert "its lease stays" in closed.problems[0]
    assert str(store.folder) in closed.problems[0]

    disk.mend_it()
    assert (await share.close("test")).problems == ()
    assert store.all().leases == []


async def test_a_lease_that_stayed_is_cleared_by_the_next_start(
    request_for: MakeRequest, instance: FakeConnector, store: LeaseStore, disk: Disk
) -> None:
    before = instance.state()
    share = Share(request_for(), connector=instance)
    await share.open()
    disk.break_it()
    await share.close("test")
    disk.mend_it()
    (lease,) = store.all().leases
    store.save(replace(lease, keeper=None))
    (cleared,) = await leases.clear(store, password_of, connector=instance)
    assert cleared.report.clean
    assert instance.state() == before
    assert store.all().leases == []


async def test_what_cannot_be_noted_is_not_done(
    request_for: MakeRequest, instance: FakeConnector, disk: Disk
) -> None:
    request = request_for(people=1)
    share = Share(request, connector=instance)
    opened = await share.open()
    disk.break_it()
    with pytest.raises(LeaseError, match="cannot be written"):
        share.extend(request.until + timedelta(hours=1))
    with pytest.raises(LeaseError):
        share.set_outlive(outlive=True)
    assert share.lease.until == request.until
    assert not share.outlive
    report = await share.kick(opened.passes[0].name)
    assert "is deleted" in report.done[0]
    assert "still names it" in report.problems[0]
    disk.mend_it()
    assert (await share.close("test")).problems == ()


@pytest.mark.parametrize("step", ["Starting the ngrok agent", "Making the role", "Making guest"])
async def test_a_disk_that_fills_while_a_share_opens(
    request_for: MakeRequest, instance: FakeConnector, store: LeaseStore, disk: Disk, step: str
) -> None:
    before = instance.state()
    broken = False

    def progress(text: str) -> None:
        nonlocal broken
        if text.startswith(step) and not broken:
            broken = True
            disk.break_it()

    share = Share(request_for(), connector=instance, progress=progress)
    with pytest.raises((LeaseError, LeaseStays)):
        await share.open()
    assert instance.state() == before
    assert not share.agent_running
    disk.mend_it()
    assert (await share.close("test")).problems == ()
    assert store.all().leases == []


async def test_the_keeper_without_its_folder_takes_all_down_and_says_the_right_thing(
    tmp_path: Path, request_for: MakeRequest, instance: FakeConnector, disk: Disk
) -> None:
    """As a chat sees it, with the keeper in a process of its own."""
    before = instance.state()
    client = KeeperClient()
    await client.start(
        tmp_path / "log", (sys.executable, "-m", "tests.sharing.keeper_on_fake", str(instance.path))
    )
    try:
        request = request_for()
        opened = await client.open(request)
        disk.break_it()
        with pytest.raises(SharingProblem, match="cannot be written") as caught:
            await client.extend(request.until + timedelta(hours=1))
        assert "goes on as it was" in caught.value.cure
        closed = await client.close()
        assert refused(opened.endpoints[0].public_url)
        assert instance.state() == before
        assert "its lease stays" in closed.problems[0]
        disk.mend_it()
    finally:
        await client.leave()
        await client.kill()


class Changed(FakeInstance):
    """An instance on which the password was changed."""

    tried: ClassVar[list[str]] = []

    async def connect(self, password: str) -> SystemInfo:
        self.tried.append(password)
        raise LoginRefused("The instance refused user or password.")


async def test_a_refused_password_is_sent_once(
    request_for: MakeRequest, instance: FakeConnector, store: LeaseStore
) -> None:
    """Somebody changed it while the share was open: each further try would count against the account."""
    connectors: list[Connector] = [instance]

    def connector(target: Target) -> InstanceLogin:
        return connectors[-1](target)

    share = Share(request_for(), connector=connector)
    await share.open()
    connectors.append(lambda _target: Changed(instance.path, _target))
    for _ in range(3):
        closed = await share.close("test")
    assert len(Changed.tried) == 1
    assert "refused" in closed.problems[0]
    assert store.all().leases[0].problem == closed.problems[0]
