from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from irisops.simulator.backend import LoginRefusedError, LoginRequest
from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.login import Refusal
from irisops.simulator.world.model import Process, Role, User
from irisops.simulator.world.world import UNCLEAN_HOLD_SECONDS, World

PASSWORD = "right-1"


def request(
    username: str = "ana", password: str = PASSWORD, namespace: str = "user", ip: str = "10.0.0.5"
) -> LoginRequest:
    return LoginRequest(namespace, username, password, "osana", "laptop", "python3", ip, 50001)


@pytest.fixture
def ana(world: World) -> User:
    return world.add_user(User("ana", roles=["%Developer"]), PASSWORD)


def refused(world: World, **how: str) -> str | None:
    with pytest.raises(LoginRefusedError) as caught:
        world.login(request(**how))
    return caught.value.text


def test_a_login_starts_a_process_and_takes_a_unit(world: World, ana: User) -> None:
    process = world.login(request("ANA", namespace="user"))
    assert (process.username, process.namespace, process.client_ip) == ("ana", "USER", "10.0.0.5")
    assert (process.executable, process.os_username, process.client_node) == ("python3", "osana", "laptop")
    assert process.license_user_id == "10.0.0.5"
    assert "%Developer" in process.roles.split(",")
    assert world.processes[process.pid] is process
    assert world.license_counts().consumed == 1
    assert ana.last_login == world.now()


def test_with_user_name_licensing_the_identity_is_user_at_address(world: World, ana: User) -> None:
    world.user_name_licensing = True
    assert world.login(request()).license_user_id == "ana@10.0.0.5"


def test_connections_of_one_address_share_a_unit(world: World, ana: User) -> None:
    for _ in range(5):
        world.login(request())
    assert world.license_counts().consumed == 1


def test_a_clean_logout_gives_the_unit_back_at_once(world: World, ana: User) -> None:
    process = world.login(request())
    world.logout(process, clean=True)
    assert process.pid not in world.processes
    assert world.license_counts().consumed == 0


def test_a_vanished_client_keeps_its_unit_for_a_while(world: World, ana: User, clock: ManualClock) -> None:
    process = world.login(request())
    world.logout(process, clean=False)
    clock.advance(UNCLEAN_HOLD_SECONDS - 0.1)
    world.tick()
    assert world.license_counts().consumed == 1
    clock.advance(0.1)
    world.tick()
    assert (process.pid in world.processes, world.license_counts().consumed) == (False, 0)


def test_a_wrong_password_is_refused_counted_and_audited(world: World, ana: User) -> None:
    assert refused(world, password="wrong") == "Access Denied"
    assert (ana.invalid_login_attempts, ana.invalid_login_service) == (1, "%Service_Bindings")
    record = world.audit_log.records[-1]
    assert (record.event, record.username, record.client_ip) == ("LoginFailure", "ana", "10.0.0.5")
    assert "wrong" not in repr(record)
    assert world.license_counts().consumed == 0
    world.login(request())
    assert ana.invalid_login_attempts == 0


def test_an_unknown_user_is_refused_in_the_same_words(world: World, ana: User) -> None:
    assert refused(world, username="nobody") == refused(world, password="wrong")


def test_a_user_without_a_password_cannot_log_in_with_an_empty_one(world: World) -> None:
    world.add_user(User("bare", roles=["%All"]), None)
    assert refused(world, username="bare", password="") == "Access Denied"
    assert refused(world, username="_PUBLIC", password="") == "Access Denied"


def _disable(world: World, user: User) -> None:
    user.enabled = False


def _expire(world: World, user: User) -> None:
    user.expiration_date = world.now().date() - timedelta(days=1)


def _sleep(world: World, user: User) -> None:
    user.last_login = world.now() - timedelta(days=91)


def _must_change(world: World, user: User) -> None:
    user.change_password = True


def _age_password(world: World, user: User) -> None:
    world.system.password_expiration_days = 30
    user.password_changed = world.now() - timedelta(days=31)


def _require_role(world: World, user: User) -> None:
    world.system.required_role = "%Operator"


def _stop_service(world: World, user: User) -> None:
    service = world.services.get("%service_bindings")
    assert service is not None
    service.enabled = False


def _forbid_passwords(world: World, user: User) -> None:
    service = world.services.get("%Service_Bindings")
    assert service is not None
    service.authe_enabled = 16


def _forbid_passwords_everywhere(world: World, user: User) -> None:
    world.system.authe_enabled = 64


def _take_roles(world: World, user: User) -> None:
    user.roles = ["%SQL"]


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (_disable, "User ana account is disabled"),
        (_expire, "User ana account has expired"),
        (_sleep, "User ana account is inactive"),
        (_must_change, "Password change required."),
        (_age_password, "Password has expired"),
        (_require_role, "Access Denied"),
        (_stop_service, "Logins for Service %Service_Bindings are disabled"),
        (_forbid_passwords, "Access Denied"),
        (_forbid_passwords_everywhere, "Access Denied"),
        (_take_roles, "Access Denied: Cannot access USER"),
    ],
)
def test_each_obstacle_has_its_text_and_takes_no_unit(
    world: World, ana: User, spoil: Callable[[World, User], None], text: str
) -> None:
    spoil(world, ana)
    processes = len(world.processes)
    assert refused(world) == text
    assert (len(world.processes), world.license_counts().consumed) == (processes, 0)


@pytest.mark.parametrize("spoil", [_expire, _sleep])
def test_an_account_that_never_expires_does_not(
    world: World, ana: User, spoil: Callable[[World, User], None]
) -> None:
    spoil(world, ana)
    ana.account_never_expires = True
    assert world.login(request()).username == "ana"


def test_standing_is_told_only_after_the_right_password(world: World, ana: User) -> None:
    ana.change_password = True
    assert refused(world, password="wrong") == "Access Denied"


def test_an_unknown_namespace_is_refused(world: World, ana: User) -> None:
    assert refused(world, namespace="nowhere") == "Access Denied: Cannot access nowhere"


def test_sql_privileges_admit_to_a_namespace(world: World) -> None:
    world.roles.add(Role("Plain"))
    world.add_user(User("ana", roles=["Plain"]), PASSWORD)
    world.namespace_access = lambda user, namespace: (user, namespace) == ("ana", "USER")
    assert world.login(request()).namespace == "USER"


def test_the_account_is_disabled_at_the_limit_if_the_action_says_so(world: World, ana: User) -> None:
    world.system.invalid_login_action = 1
    for _ in range(5):
        refused(world, password="wrong")
    assert not ana.enabled
    assert refused(world) == "User ana account is disabled"


def test_without_the_action_the_account_stays_enabled(world: World, ana: User) -> None:
    for _ in range(9):
        refused(world, password="wrong")
    assert ana.enabled


def test_no_unit_is_a_refusal_in_the_kernels_words_and_an_alert(world: World, ana: User) -> None:
    for number in range(8):
        world.login(request(ip=f"10.0.1.{number}"))
    assert refused(world) == "<LICENSE LIMIT EXCEEDED>"
    refused(world)
    assert [alert.severity for alert in world.alerts.records] == [2]  # once a minute at most


def test_a_refusal_can_be_made_silent(world: World, ana: User) -> None:
    world.refusal_texts[Refusal.BAD_PASSWORD] = None
    assert refused(world, password="wrong") is None


def test_terminating_tells_the_watcher_and_frees_the_unit(world: World, ana: User) -> None:
    process = world.login(request())
    told: list[str] = []
    world.watch_process(process.pid, lambda: told.append("ended"))
    assert world.terminate_process(process.pid)
    assert (told, world.license_counts().consumed) == (["ended"], 0)
    world.logout(process, clean=True)  # the connection notices later
    assert told == ["ended"]
    assert not world.terminate_process(process.pid)


def _daemon(world: World) -> Process:
    return next(process for process in world.processes.values() if process.location == "WRTDMN")


def test_system_processes_cannot_be_terminated_or_suspended(world: World) -> None:
    daemon = _daemon(world)
    assert not world.terminate_process(daemon.pid)
    assert not world.suspend_process(daemon.pid)
    assert daemon.pid in world.processes
    assert daemon.license_user_id == ""


def test_suspending_and_resuming_shows_in_the_state(world: World, ana: User, clock: ManualClock) -> None:
    process = world.login(request())
    state = process.state
    assert world.suspend_process(process.pid)
    assert process.state == "SUSP"
    assert not world.suspend_process(process.pid)
    for _ in range(20):
        clock.advance(1)
        world.tick()
    assert (process.state, process.commands) == ("SUSP", 0)  # it does no work
    assert world.resume_process(process.pid)
    assert process.state == state
    assert not world.resume_process(process.pid)


def test_passwords_are_in_no_repr(world: World, ana: User) -> None:
    assert PASSWORD not in repr(ana) + repr(request()) + repr(world.users.get("ana"))
    assert ana.password_hash.hex() not in repr(ana)
