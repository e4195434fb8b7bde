"""One share in this process: what it creates, and that nothing is left."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from datetime import timedelta
from http.server import ThreadingHTTPServer
from threading import Thread

import pytest

from irisops.instance.calls import Answer, Call
from irisops.instance.connection import Target
from irisops.instance.errors import LoginRefused, NotPermitted, Unreachable
from irisops.sharing import procs
from irisops.sharing.errors import CardNeeded, LeaseStays, LocalPortDead, SharingProblem
from irisops.sharing.lease import LeaseStore
from irisops.sharing.messages import EndpointSpec
from irisops.sharing.share import PORT_DEADLINE, Share, check_upstream
from irisops.simulator.agent.switches import Switches
from tests.sharing.conftest import MakeRequest
from tests.sharing.fake_instance import OWN_PID, FakeConnector, FakeInstance
from tests.sharing.test_agent import Page
from tests.silent_web import KINDS, odd_server


async def test_opens_and_leaves_the_instance_as_it_was(
    request_for: MakeRequest, instance: FakeConnector, store: LeaseStore
) -> None:
    before = instance.state()
    request = request_for()
    steps: list[str] = []
    share = Share(request, connector=instance, progress=steps.append)
    opened = await share.open()

    names = [each.name for each in opened.passes]
    role = f"irisops_share_{request.id}"
    made = instance.state()
    assert len(set(names)) == 2
    assert all(made["users"][name] == [role] for name in names)
    assert made["created"][role] == "%DB_USER:R,%Service_SQL:U"
    assert made["grants"] == [f'SELECT "SQLUser" "{role}" @USER']
    assert made["open"] == 0, "no license unit is held while nothing is to be done"
    lease = store.read(request.id)
    assert lease is not None
    assert [item.state for item in lease.accounts] == ["made", "made"]
    assert lease.agent is not None
    assert lease.endpoints[0].public_url == opened.endpoints[0].public_url

    instance.edit(
        processes=[{"pid": 1, "user": names[0]}, {"pid": OWN_PID, "user": "_SYSTEM"}],
        sessions=[{"id": "aB", "user": names[1].upper()}, {"id": "cD", "user": "appuser"}],
    )
    seen = await share.activity()
    assert [process.pid for process in seen.processes] == [1]
    assert [session.user for session in seen.sessions] == [names[1].upper()]

    closed = await share.close("test")
    assert closed.problems == ()
    after = instance.state()
    assert after["processes"] == [{"pid": OWN_PID, "user": "_SYSTEM"}]
    assert after["sessions"] == [{"id": "cD", "user": "appuser"}]
    assert after | {"processes": [], "sessions": []} == before
    assert store.all().leases == []
    assert not procs.is_running(lease.agent)
    assert any("guest-" in step for step in steps)


@pytest.mark.parametrize("step", ["Security.Roles.Create", "Security.Users.Create"])
async def test_a_failure_half_way_takes_back_what_was_made(
    request_for: MakeRequest, instance: FakeConnector, store: LeaseStore, step: str
) -> None:
    before = instance.state()
    instance.edit(fail=step)
    share = Share(request_for(), connector=instance)
    with pytest.raises(NotPermitted, match="%Admin_Secure"):
        await share.open()
    instance.edit(fail="")
    assert instance.state() == before
    assert store.all().leases == []
    assert not share.agent_running


async def test_a_refused_tunnel_makes_no_accounts(
    request_for: MakeRequest, instance: FakeConnector, store: LeaseStore
) -> None:
    before = instance.state()
    with pytest.raises(CardNeeded):
        await Share(request_for(Switches(fail="nocard")), connector=instance).open()
    assert instance.state() == before
    assert store.all().leases == []


async def test_a_wrong_password_is_tried_once(request_for: MakeRequest, instance: FakeConnector) -> None:
    with pytest.raises(LoginRefused):
        await Share(request_for(password="wrong"), connector=instance).open()


async def test_an_unreachable_instance_keeps_the_lease_until_it_is_back(
    request_for: MakeRequest, instance: FakeConnector, store: LeaseStore
) -> None:
    before = instance.state()
    request = request_for()
    share = Share(request, connector=instance)
    await share.open()
    instance.edit(up=False)
    closed = await share.close("test")
    assert "Nothing listens" in closed.problems[0]
    lease = store.read(request.id)
    assert lease is not None
    assert "Nothing listens" in lease.problem
    assert lease.endpoints == ()
    assert not share.agent_running
    instance.edit(up=True)
    assert (await share.close("test")).problems == ()
    assert instance.state() == before
    assert store.read(request.id) is None


async def test_failing_to_take_back_is_said(
    request_for: MakeRequest, instance: FakeConnector, store: LeaseStore
) -> None:
    instance.edit(fail="Security.Users")
    share = Share(request_for(people=1), connector=BreaksAtTheEnd(instance))
    with pytest.raises(LeaseStays, match="not all could be taken back") as caught:
        await share.open()
    assert not caught.value.message.endswith("..")
    assert caught.value.cure
    assert store.all().leases[0].problem


class BreaksAtTheEnd:
    """Reachable until an account could not be made."""

    def __init__(self, connector: FakeConnector) -> None:
        self._connector = connector
        self._logins = 0

    def __call__(self, target: Target) -> FakeInstance:
        self._logins += 1
        if self._logins > 3:
            self._connector.edit(up=False)
        return self._connector(target)


async def test_kick_ends_one_and_leaves_the_other(request_for: MakeRequest, instance: FakeConnector) -> None:
    share = Share(request_for(), connector=instance)
    opened = await share.open()
    first, second = (each.name for each in opened.passes)
    instance.edit(processes=[{"pid": 1, "user": first}, {"pid": 2, "user": second}])
    report = await share.kick(first.upper())
    assert report.clean
    state = instance.state()
    assert first not in state["users"]
    assert second in state["users"]
    assert state["processes"] == [{"pid": 2, "user": second}]
    with pytest.raises(SharingProblem, match="not a pass"):
        await share.kick("appuser")
    assert "appuser" in instance.state()["users"]
    await share.close("test")


class SeesNoSessions(FakeInstance):
    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        if "SessionInfo" in str(call):
            raise NotPermitted("This account lacks %Admin_Operate:U.", privilege="%Admin_Operate:U")
        return await super().call(call, deadline=deadline)


async def test_what_cannot_be_read_is_not_told_to_be_gone(
    request_for: MakeRequest, instance: FakeConnector
) -> None:
    share = Share(request_for(), connector=lambda target: SeesNoSessions(instance.path, target))
    opened = await share.open()
    kicked = await share.kick(opened.passes[0].name)
    unread = "Their web sessions cannot be read: This account lacks %Admin_Operate:U."
    assert kicked.done == [f"{opened.passes[0].name} is deleted", unread]
    closed = await share.close("test")
    assert (closed.problems, closed.unread) == ((), (unread,))
    assert closed.left == "what could not be read may be left"


async def test_a_namesake_of_somebody_else_is_left_alone(
    request_for: MakeRequest, instance: FakeConnector, store: LeaseStore
) -> None:
    """The lease records intentions; a crash may have prevented them."""
    share = Share(request_for(people=0), connector=instance)
    await share.open()
    lease = store.read(share.lease.id)
    assert lease is not None
    store.save(lease.with_account("appuser", "intended"))
    await share.close("test")
    assert instance.state()["users"]["appuser"] == ["%SQL"]


async def test_a_clock_that_is_set_back_makes_no_share_longer(
    request_for: MakeRequest, instance: FakeConnector
) -> None:
    request = request_for(people=0)
    start = request.until - timedelta(minutes=10)

    def overdue(wall: timedelta, passed: float) -> bool:
        """True if overdue after `wall` seconds of the wall clock and `passed` of the other."""
        walls, others = iter([start, start, start + wall, start + wall]), iter([100.0, 100.0 + passed])
        share = Share(
            request, connector=instance, now=lambda: next(walls), monotonic=lambda: next(others, 100.0)
        )
        return share.overdue

    assert not overdue(timedelta(days=-1), 599.0)
    assert overdue(timedelta(days=-1), 600.0)
    assert not overdue(timedelta(minutes=9), 540.0)
    assert overdue(timedelta(minutes=10), 5.0), "the machine slept, and its other clock with it"


async def test_extending(request_for: MakeRequest, instance: FakeConnector, store: LeaseStore) -> None:
    request = request_for(people=0)
    share = Share(request, connector=instance)
    await share.open()
    share.extend(request.until + timedelta(hours=2))
    lease = store.read(request.id)
    assert lease is not None
    assert lease.until == request.until + timedelta(hours=2)
    with pytest.raises(SharingProblem, match="cannot go on"):
        share.extend(request.until + timedelta(days=3))
    with pytest.raises(SharingProblem, match="passed"):
        share.extend(request.until - timedelta(days=1))
    await share.close("test")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


async def test_a_dead_port_is_not_shared(request_for: MakeRequest, instance: FakeConnector) -> None:
    request = request_for()
    dead = replace(request.endpoints[0], upstream=f"127.0.0.1:{free_port()}")
    with pytest.raises(LocalPortDead):
        await Share(replace(request, endpoints=(dead,)), connector=instance).open()


async def test_the_web_port_must_speak_http(port: int) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        await check_upstream(EndpointSpec("w", "http", f"http://127.0.0.1:{server.server_address[1]}"))
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(LocalPortDead):
        await check_upstream(EndpointSpec("w", "http", f"http://127.0.0.1:{server.server_address[1]}"))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "never ends"])
async def test_a_web_port_that_is_none_is_named_in_time_before_anything_is_opened(
    request_for: MakeRequest, instance: FakeConnector, store: LeaseStore, kind: str
) -> None:
    async with odd_server(kind) as port:
        web = EndpointSpec("iris-web", "http", f"http://127.0.0.1:{port}")
        share = Share(replace(request_for(), endpoints=(web,)), connector=instance)
        began = asyncio.get_running_loop().time()
        with pytest.raises(LocalPortDead) as raised:
            await share.open()
        assert asyncio.get_running_loop().time() - began < 10 * PORT_DEADLINE
    assert f"he web port {port} of 127.0.0.1" in raised.value.message
    assert "Check web_port of the profile" in raised.value.cure
    assert store.all().leases == []


async def test_unreachable_from_the_start_makes_nothing(
    request_for: MakeRequest, instance: FakeConnector, store: LeaseStore
) -> None:
    instance.edit(up=False)
    with pytest.raises(Unreachable):
        await Share(request_for(), connector=instance).open()
    assert store.all().leases == []


async def test_the_instance_restarted_mid_share(
    request_for: MakeRequest, instance: FakeConnector, store: LeaseStore
) -> None:
    """Every login is a fresh one, so a restart in between is not even noticed; a restored backup lacks the accounts."""
    before = instance.state()
    share = Share(request_for(), connector=instance)
    await share.open()
    instance.edit(up=False)
    with pytest.raises(Unreachable):
        await share.activity()
    instance.edit(**before)
    assert (await share.activity()).processes == ()
    closed = await share.close("test")
    assert closed.problems == ()
    assert instance.state() == before
    assert store.all().leases == []
