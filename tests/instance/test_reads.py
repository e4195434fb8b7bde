"""Reads and changes on an instance in memory: columns by name, odd cells, refusals, proof by reading back."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from irisops.instance import system
from irisops.instance.calls import Answer, Call, ClassMethod, Query
from irisops.instance.capabilities import Capabilities
from irisops.instance.errors import InstanceError, NotPermitted, Unreachable
from irisops.instance.security import lists
from irisops.instance.system import parse_version, read_at_connect
from irisops.instance.usage import license as licensing
from irisops.instance.usage import processes, sessions
from irisops.instance.usage.poll import LIMIT_EVERY, OWN_COUNTER, Poller
from tests.instance.fake_instance import FakeInstance, everything, rows, value

LINUX = "IRIS for UNIX (Ubuntu Server LTS for x86-64 Containers) 2024.1.6 (Build 825U) Tue Mar 24 2026 15:11:45 EDT"


def sql_error(code: int) -> InstanceError:
    text = f"<SQL ERROR>; Details: [SQLCODE: <{code}>:<x>]"
    return InstanceError(text, code=code, detail=text)


@pytest.mark.parametrize(
    ("zversion", "short", "build", "platform"),
    [
        (LINUX, "IRIS 2024.1.6", "825U", "Ubuntu Server LTS for x86-64 Containers"),
        (
            "IRIS for Windows (x86-64) 2022.1 (Build 209U) Tue May 31 2022 12:16:40 EDT",
            "IRIS 2022.1",
            "209U",
            "x86-64",
        ),
        ("Cache for Windows (x86-64) 2018.1 (Build 184U)", "Cache 2018.1", "184U", "x86-64"),
        ("IRIS for Health (whatever) 2026.2 (Build 1)", "IRIS for Health 2026.2", "1", "whatever"),
        (
            "IRIS for UNIX (Ubuntu Server LTS for x86-64) 2022.1 (Build 209U) Tue May 31 2022 EDT [Health:3.4.0]",
            "IRIS for Health 2022.1",
            "209U",
            "Ubuntu Server LTS for x86-64",
        ),
        (
            "IRIS for Windows (x86-64) 2020.1 (Build 215U) Mon Mar 30 2020 20:14:33 EDT [HealthConnect:2.1.0]",
            "Health Connect 2020.1",
            "215U",
            "x86-64",
        ),
        (
            "Cache for UNIX (Red Hat Linux for x86-64) 2017.2.2 (Build 865U) [HealthShare Modules:Core:15.03]",
            "Cache 2017.2.2",
            "865U",
            "Red Hat Linux for x86-64",
        ),
        ("IRIS for UNIX (x) 2024.1 (Build 1U) [Healthy:1] [Other]", "IRIS 2024.1", "1U", "x"),
        ("IRIS for UNIX (Ubuntu ARM64) 2026.2.0L (Build 123U) Mon", "IRIS 2026.2.0L", "123U", "Ubuntu ARM64"),
        ("IRIS for UNIX (x) 2026.2.0Lab (Build 1U)", "IRIS 2026.2.0", "1U", "x"),
        ("Cache for OpenVMS/IA64 V8.4 (Itanium) 2012.1.5 (Build 956)", "Cache 2012.1.5", "956", "Itanium"),
        ("IRIS for macOS (arm64) 2025.1 (Build 5U)", "IRIS 2025.1", "5U", "arm64"),
        ("nonsense", "IRIS", "", ""),
        ("", "IRIS", "", ""),
    ],
)
def test_versions(zversion: str, short: str, build: str, platform: str) -> None:
    version = parse_version(zversion)
    info = system.make_info(zversion, "%SYS", 1, None, None)
    assert (info.short, version.build, version.platform) == (short, build, platform)


async def test_connecting_survives_an_account_that_may_read_nothing() -> None:
    refused = NotPermitted("This account may not do that.")
    instance = FakeInstance({"": refused})
    info, capabilities = await read_at_connect(instance, "USER", 2)
    assert (info.zversion, info.pid, info.license_id) == ("", None, None)
    assert not capabilities.known
    assert capabilities.note == refused.message


async def test_connecting_never_asks_more_than_eight_times() -> None:
    found = rows("parent Name Projected", ("%SYS.System", "GetInstanceName", 0))
    script = {"%Dictionary": found, "GetVersion": value(LINUX), "": value("x")}
    for trips, instance_name in ((2, "x"), (3, None)):
        instance = FakeInstance(dict(script))
        info, _ = await read_at_connect(instance, "%SYS", trips)
        assert trips + len(instance.calls) <= 8
        assert info.instance_name == instance_name


async def test_users_are_taken_by_column_name_whatever_the_order() -> None:
    answer = rows(
        "Roles LastLoginTime Flags Name Enabled Surprise",
        ("%All,%SQL", "2026-11-24 10:00:00", 1, "bob", "Yes", "x"),
        ("", "", "LDAP user", "alice", "No", ""),
        (None, None, None, "", None, None),
    )
    alice, bob = await lists.list_users(FakeInstance({"Users_List": answer}))
    assert (bob.name, bob.enabled, bob.roles, bob.superuser, bob.type) == (
        "bob",
        True,
        ("%All", "%SQL"),
        True,
        "Password user",
    )
    assert bob.last_login == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert (alice.enabled, alice.roles, alice.last_login, alice.type) == (False, (), None, "LDAP user")


async def test_users_come_by_object_calls_where_sql_does_not_work() -> None:
    listed = rows("Name Enabled Roles LastLoginTime Flags", ("bob", 1, "", "", 1))
    instance = FakeInstance({"SELECT": sql_error(-99), "Security.Users:List": listed})
    assert [user.name for user in await lists.list_users(instance)] == ["bob"]


async def test_roles() -> None:
    answer = rows(
        "Name Description GrantedRoles Resources EscalationOnly",
        ("b", "words", "a,%SQL", "%DB_USER:RW,X:U", "No"),
        ("A", "", "", "", "Yes"),
    )
    first, second = await lists.list_roles(FakeInstance({"Roles_ListAll": answer}))
    assert (first.name, first.escalation_only) == ("A", True)
    assert (second.resources, second.granted_roles) == ((("%DB_USER", "RW"), ("X", "U")), ("a", "%SQL"))


async def test_sessions() -> None:
    columns = "ID Username Preserve Application Timeout LicenseId SesProcessId AllowEndSession"
    answer = rows(
        columns,
        ("AbC", "bob", 1, "/x/", "2026-11-24 15:00:00", "bob@1", 77, "0"),
        ("abC", "UnknownUser", 0, "/y/", "", "abC", "", 1),
    )
    kept, loose = await sessions.list_sessions(FakeInstance({"SessionInfo": answer}))
    assert (kept.pid, kept.preserve, kept.allow_end, kept.anonymous) == (77, True, False, False)
    assert kept.expires == datetime(2026, 11, 24, 15, tzinfo=UTC)
    assert (loose.pid, loose.expires, loose.anonymous, loose.allow_end) == (None, None, True, True)


async def test_processes_without_the_newer_columns() -> None:
    def listed(call: Call) -> Answer | Exception:
        assert isinstance(call, Query)
        if "CPUTime" in call.sql:
            return sql_error(-29)
        return rows(
            "Pid UserName InTransaction CanBeTerminated State",
            (5, "bob", 1024, "1", "SUSPW"),
            ("", "", 0, 0, ""),
        )

    instance = FakeInstance(
        {"ProcessID": value(5), "ProcessQuery": listed}, everything("%SYS.ProcessQuery.StartTimeUTC")
    )
    (process,) = await processes.list_processes(instance)
    assert (process.pid, process.own, process.in_transaction, process.transaction_offset) == (
        5,
        True,
        True,
        1024,
    )
    assert (process.can_be_terminated, process.can_be_suspended, process.suspended) == (True, False, True)
    asked = [call.sql for call in instance.calls if isinstance(call, Query)]
    assert len(asked) == 2
    assert all(sql.startswith("SELECT Pid, ") and "StartTimeUTC" not in sql for sql in asked)


async def test_some_processes_are_asked_for_by_their_pids() -> None:
    instance = FakeInstance({"ProcessID": value(5), "ProcessQuery": rows("Pid", (5,), (7,))}, everything())
    found = await processes.list_processes(instance, pids=(5, 7))
    assert [(process.pid, process.own) for process in found] == [(5, True), (7, False)]
    (query,) = (call for call in instance.calls if isinstance(call, Query))
    assert query.sql.endswith(" FROM %SYS.ProcessQuery WHERE Pid IN (?, ?)")
    assert query.params == (5, 7)
    assert not query.repeated


async def test_what_is_shown_of_one_process_alone_is_not_read_of_all() -> None:
    instance = FakeInstance({"ProcessID": value(5), "ProcessQuery": rows("Pid", (5,))}, everything())
    await processes.list_processes(instance)
    await processes.read_process(instance, 5)
    all_of_them, one = (call.sql for call in instance.calls if isinstance(call, Query))
    for column in processes.OF_ONE:
        assert column in one
        assert column not in all_of_them


async def test_the_start_time_is_asked_for_until_a_read_of_it_has_failed() -> None:
    def listed(call: Call) -> Answer | Exception:
        assert isinstance(call, Query)
        return sql_error(-29) if "StartTimeUTC" in call.sql else rows("Pid CPUTime", (5, 7))

    instance = FakeInstance({"ProcessID": value(5), "ProcessQuery": listed}, Capabilities(note="refused"))
    for _ in range(2):
        (process,) = await processes.list_processes(instance)
        assert (process.cpu_ms, process.started) == (7, None)
    asked = [call.sql for call in instance.calls if isinstance(call, Query)]
    assert ["StartTimeUTC" in sql for sql in asked] == [True, False, False]


async def test_processes_that_may_not_be_read_name_the_privilege() -> None:
    instance = FakeInstance({"ProcessID": value(5), "ProcessQuery": NotPermitted("no")})
    with pytest.raises(NotPermitted, match="%Admin_Manage:U"):
        await processes.list_processes(instance)


async def test_counts_of_which_some_cannot_be_read() -> None:
    instance = FakeInstance(
        {
            "MaxConnections": InstanceError("broken"),
            "KeyExpirationDate": value(67000),
            "KeyCustomerName": value("InterSystems IRIS Community"),
            "License.Key": value("Enterprise"),
            "License.": value(3),
        }
    )
    counts = await licensing.read_counts(instance)
    assert (counts.consumed, counts.max_connections, counts.expires) == (3, None, date(2024, 6, 9))
    assert counts.community
    assert counts.notes == ("%SYSTEM.License.MaxConnections: broken",)
    with pytest.raises(NotPermitted):
        await licensing.read_counts(FakeInstance({"LUConsumed": NotPermitted("no"), "": value(1)}))


async def test_a_board_of_which_half_cannot_be_read_still_adds_up() -> None:
    instance = FakeInstance(
        {
            "GetUserId": value("10.0.0.1"),
            "License_UserList": rows(
                "UserId Type Connects MaxCon CSPCon LU Active Grace", ("10.0.0.1", "User", 1, 1, 0, 1, 5, 0)
            ),
            "SessionInfo": NotPermitted("no"),
            "ProcessQuery": NotPermitted("no"),
            "License.": value(3),
        }
    )
    board = await licensing.read_board(instance)
    assert sum(holder.units for holder in board.holders) == board.counts.consumed == 3
    assert any("%Admin_Operate:U" in note for note in board.notes)
    assert len(board.notes) == 2


def polling(
    *, projected: bool, units: int | None = 8, **script: Answer | Exception
) -> tuple[Poller, FakeInstance]:
    capabilities = everything(projected=projected)
    capabilities.license_units = units
    answers: dict[str, Answer | Exception] = {
        "LUConsumed": script.get("used", value(5)),
        "KeyLicenseUnits": value(8),
        "ProcessQuery": script.get("processes", rows("Processes", (48,))),
        "SessionInfo": script.get("sessions", rows("Sessions", (12,))),
        "Dashboard": Answer(values=(12,), round_trips=2),
    }
    instance = FakeInstance(dict(answers), capabilities)
    return Poller(instance, now=lambda: datetime(2026, 1, 1, tzinfo=UTC)), instance


@pytest.mark.parametrize("projected", [True, False])
@pytest.mark.parametrize("units", [8, None])
async def test_every_poll_is_one_batch_of_four_round_trips_at_most(
    projected: bool, units: int | None
) -> None:
    poller, instance = polling(projected=projected, units=units)
    limit_readings = 0
    for number in range(2 * LIMIT_EVERY):
        counts = await poller.poll()
        assert counts.round_trips <= 4
        assert (counts.units_used, counts.units_limit, counts.processes) == (5, 8, 48)
        assert counts.postponed == (counts.sessions is None)
        if number:
            assert counts.sessions == 12
    limit_readings = sum(isinstance(c, ClassMethod) and c.method == "KeyLicenseUnits" for c in instance.calls)
    assert instance.batches == 2 * LIMIT_EVERY
    assert limit_readings == 2 + (units is None)


async def test_the_limit_that_the_login_read_is_not_read_again() -> None:
    poller, instance = polling(projected=False, units=None)
    instance.capabilities.license_units = 8  # the login comes after the poller was made
    counts = await poller.poll()
    assert (counts.units_limit, counts.sessions, counts.postponed) == (8, 12, False)
    assert not any(isinstance(c, ClassMethod) and c.method == "KeyLicenseUnits" for c in instance.calls)


async def test_a_figure_that_cannot_be_read_leaves_the_others() -> None:
    poller, _ = polling(projected=True, processes=NotPermitted("This account lacks %Admin_Manage:U."))
    counts = await poller.poll()
    assert (counts.units_used, counts.processes, counts.sessions) == (5, None, 12)
    assert counts.notes == ("processes: This account lacks %Admin_Manage:U.",)


async def test_a_route_to_the_sessions_that_is_not_there_is_given_up() -> None:
    poller, _ = polling(projected=True, sessions=sql_error(-428))
    assert (await poller.poll()).sessions is None
    assert (await poller.poll()).sessions == 12


async def test_a_poll_on_a_lost_connection_says_so() -> None:
    poller, _ = polling(projected=True, used=Unreachable("gone"))
    with pytest.raises(Unreachable):
        await poller.poll()


async def test_nothing_is_asked_of_classes_that_are_not_there() -> None:
    bare = Capabilities({("%SYSTEM.License", "LUConsumed"): False}, namespace="USER")
    instance = FakeInstance({"LUConsumed": value(2), "KeyLicenseUnits": value(8)}, bare)
    counts = await Poller(instance).poll()
    assert (counts.units_used, counts.sessions, counts.processes) == (2, None, None)
    assert len(instance.calls) == 2


def polling_community(**script: Answer | Exception) -> tuple[Poller, FakeInstance]:
    """Four programs, three web sessions and a reserved unit; its own counter says 2."""
    capabilities = everything()
    capabilities.license_units = 8
    answers: dict[str, Answer | Exception] = {
        "KeyCustomerName": value("InterSystems IRIS Community"),
        "KeyProduct": value("Server"),
        "KeyLicenseCapacity": script.get("capacity", value("InterSystems IRIS Community license")),
        "KeyLicenseUnits": value(8),
        "LUConsumed": script.get("used", value(2)),
        "ProcessQuery": script.get("processes", rows("Processes Clients", (48, 4))),
        "CSPUsers": script.get("sessions", value(3)),
        "CSPGrace": script.get("reserved", value(1)),
    }
    instance = FakeInstance(dict(answers), capabilities)
    return Poller(instance, now=lambda: datetime(2026, 1, 1, tzinfo=UTC)), instance


async def test_the_edition_is_asked_once_after_each_login() -> None:
    poller, instance = polling_community()
    for _ in range(3):
        await poller.know_edition()
    assert (instance.batches, instance.capabilities.community) == (1, True)
    instance.capabilities = everything()  # as a new login makes them
    instance.script["KeyCustomerName"] = instance.script["KeyLicenseCapacity"] = NotPermitted("no")
    await poller.know_edition()
    assert (instance.batches, instance.capabilities.community) == (2, False)


async def test_connections_are_counted_in_every_poll_of_a_community_edition() -> None:
    poller, instance = polling_community()
    await poller.know_edition()
    for _ in range(2 * LIMIT_EVERY):
        counts = await poller.poll()
        assert counts.round_trips <= 4
        assert (counts.units_used, counts.connections, counts.in_use, counts.free) == (2, 8, 8, 0)
        assert (counts.sessions, counts.processes, counts.postponed, counts.notes) == (3, 48, False, ())
    assert instance.batches == 1 + 2 * LIMIT_EVERY


async def test_a_counter_above_the_connections_counts() -> None:
    poller, _ = polling_community(used=value(9))
    await poller.know_edition()
    counts = await poller.poll()
    assert (counts.connections, counts.in_use, counts.free) == (8, 9, 0)


@pytest.mark.parametrize("part", ["processes", "sessions", "reserved"])
async def test_connections_of_which_a_part_cannot_be_read_are_not_known(part: str) -> None:
    poller, _ = polling_community(**{part: NotPermitted("It is not permitted.")})
    await poller.know_edition()
    counts = await poller.poll()
    assert (counts.connections, counts.in_use, counts.at_least) == (None, 2, True)
    assert counts.notes[-1] == OWN_COUNTER


async def test_without_the_limit_of_the_login_the_second_poll_completes_the_figures() -> None:
    poller, instance = polling_community()
    instance.capabilities.license_units = None
    await poller.know_edition()
    first, second = await poller.poll(), await poller.poll()
    assert (first.connections, first.postponed, first.notes, first.round_trips) == (None, True, (), 4)
    assert (second.connections, second.units_limit, second.postponed) == (8, 8, False)
