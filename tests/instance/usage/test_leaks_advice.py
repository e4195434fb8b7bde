"""Detection of leaks, and the proposed cures."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from irisops.instance.models import Holder, LicenseBoard, LicenseCounts, Process, WebSession
from irisops.instance.usage.advice import SHORTER_TIMEOUT, Cure, advise
from irisops.instance.usage.leaks import LEAK_FROM, find_crowds, find_leaks
from irisops.instance.usage.sessions_timeout import AppTimeout, app_timeout_of, same_application

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


def session(number: int, holder: str = "", application: str = "/csp/user/", left: float = 100) -> WebSession:
    return WebSession(
        f"Id{number:08}",
        holder.partition("@")[0] or "UnknownUser",
        application,
        NOW + timedelta(seconds=left),
        holder or f"Id{number:08}",
        preserve=False,
        pid=None,
        allow_end=True,
    )


def board(*holders: Holder, customer: str = "ACME", expires: date | None = None) -> LicenseBoard:
    return LicenseBoard(
        LicenseCounts(40, 10, 30, 12, 28, 25, customer=customer, expires=expires), holders, (), NOW
    )


def kinds(cures: list[Cure]) -> list[str]:
    return [cure.kind for cure in cures]


def test_many_sessions_of_one_user_and_address_on_one_application_leak() -> None:
    leaking = [session(n, "bot@10.0.0.20", "/api/hack/") for n in range(LEAK_FROM)]
    innocent = [
        *(session(100 + n, "ana@10.0.0.11", "/api/hack/") for n in range(LEAK_FROM - 1)),
        *(session(200 + n, "bot@10.0.0.21", "/api/hack/") for n in range(LEAK_FROM - 1)),
        *(session(300 + n, "bot@10.0.0.20", "/csp/hack/") for n in range(LEAK_FROM - 1)),
        *(session(400 + n) for n in range(3 * LEAK_FROM)),
    ]
    (leak,) = find_leaks([*innocent, *leaking])
    assert (leak.license_id, leak.username, leak.application) == ("bot@10.0.0.20", "bot", "/api/hack/")
    assert set(leak.sessions) == set(leaking)
    assert find_leaks(innocent) == []


def test_the_largest_leak_comes_first() -> None:
    small = [session(n, "a@1", "/x/") for n in range(5)]
    large = [session(50 + n, "b@2", "/x/") for n in range(9)]
    assert [leak.number for leak in find_leaks([*small, *large])] == [9, 5]


def test_sessions_without_a_login_are_a_crowd_and_no_leak() -> None:
    crowd = [session(n) for n in range(7)]
    assert find_leaks(crowd) == []
    assert [(each.application, each.number) for each in find_crowds(crowd)] == [("/csp/user/", 7)]


def test_a_long_timeout_of_closed_tabs_is_shortened_with_its_present_value_named() -> None:
    sessions = [session(1, left=890), session(2, left=500), session(3, left=100)]
    cures = advise(board(), sessions, [], [AppTimeout("/csp/user", 900, "Unauthenticated,Password")])
    timeout = next(cure for cure in cures if cure.kind == "timeout")
    assert timeout.present == "900 seconds"
    assert (timeout.application, timeout.seconds) == ("/csp/user", SHORTER_TIMEOUT)
    assert timeout.units == 2, "two of the three have been idle for longer than five minutes"
    assert "login" in kinds(cures)


def test_a_short_timeout_is_left_alone_and_an_unknown_one_is_said_to_be() -> None:
    short = advise(board(), [session(1)], [], [AppTimeout("/csp/user", 240)])
    assert "timeout" not in kinds(short)
    unknown = advise(board(), [session(1)], [], None)
    assert next(cure for cure in unknown if cure.kind == "timeout").present.startswith("unknown")
    never = advise(board(), [session(1)], [], [AppTimeout("/csp/user", 0)])
    assert next(cure for cure in never if cure.kind == "timeout").present == "never"


def test_a_leak_is_cured_in_the_client_and_what_is_left_can_be_swept() -> None:
    holder = Holder("bot@10.0.0.20", "web", "", 30, 30, max_connections_seen=30)
    cures = advise(board(holder), [session(n, "bot@10.0.0.20", "/api/hack/") for n in range(30)], [], [])
    assert cures[0].kind in ("cookies", "flip")
    cookies = next(cure for cure in cures if cure.kind == "cookies")
    assert (cookies.units, cookies.license_id) == (29, "bot@10.0.0.20")
    assert "IRISLogout=end" in cookies.proposed


def test_an_editor_is_told_to_log_out() -> None:
    cures = advise(
        board(), [session(1, "ana@10.0.0.11", "/api/atelier/")], [], [AppTimeout("/api/atelier", 3600)]
    )
    assert kinds(cures) == ["logout"]
    assert "3600 seconds" in cures[0].present


def a_process(pid: int, state: str = "READ", *, in_transaction: bool = False) -> Process:
    return Process(
        {
            "pid": pid,
            "jobnumber": pid,
            "username": "notebook",
            "namespace": "USER",
            "state": state,
            "clientipaddress": "10.0.0.9",
            "clientexecutablename": "python3",
            "licenseuserid": "10.0.0.9",
            "intransaction": int(in_transaction),
            "canbeexamined": True,
            "canbesuspended": True,
            "canbeterminated": True,
        }
    )


def test_a_client_that_waits_for_hours_is_asked_about_but_not_one_at_work() -> None:
    holder = Holder("10.0.0.9", "client", "", 1, 1, active_seconds=3 * 3600, pids=(7,))
    (cure,) = advise(board(holder), [], [a_process(7)], [])
    assert (cure.kind, cure.pids, cure.units) == ("close", (7,), 1)
    assert "3 hours" in cure.title
    for busy in (a_process(7, "RUN"), a_process(7, in_transaction=True)):
        assert advise(board(holder), [], [busy], []) == []
    assert advise(board(holder._replace(own=True)), [], [a_process(7)], []) == []
    assert advise(board(holder._replace(active_seconds=600)), [], [a_process(7)], []) == []


def test_the_flip_is_told_before_and_after_but_not_on_community_edition() -> None:
    flipped = Holder("10.0.0.5", "client", "", 30, 30, max_connections_seen=30)
    near = Holder("10.0.0.6", "client", "", 1, 24, max_connections_seen=24)
    far = Holder("10.0.0.7", "client", "", 1, 3, max_connections_seen=3)
    cures = advise(board(flipped, near, far), [], [], [])
    assert [(cure.kind, cure.license_id) for cure in cures] == [("flip", "10.0.0.5"), ("flip", "10.0.0.6")]
    assert cures[0].units == 29
    community = board(flipped, near, customer="InterSystems IRIS Community")
    assert advise(community, [], [], []) == []


def test_an_expiring_key() -> None:
    soon = advise(board(expires=date(2026, 12, 4)), [], [], [])
    assert kinds(soon) == ["key"]
    assert "2026-12-04" in soon[0].present
    assert advise(board(expires=date(2027, 12, 4)), [], [], []) == []


def test_no_cure_pools_people_on_one_identity() -> None:
    everything = advise(
        board(Holder("10.0.0.5", "client", "", 30, 30, max_connections_seen=30)),
        [*(session(n) for n in range(9)), *(session(50 + n, "bot@1", "/x/") for n in range(9))],
        [],
        None,
    )
    words = " ".join(f"{cure.title} {cure.proposed} {cure.consequence}" for cure in everything).casefold()
    for trick in ("share one account", "same user", "one shared login", "proxy", "nat"):
        assert f" {trick} " not in f" {words} "


def test_applications_are_one_in_any_spelling() -> None:
    assert same_application("/csp/User/", "/csp/user")
    assert not same_application("/csp/user", "/csp/users")
    assert app_timeout_of({"name": "/csp/x", "timeout": "900", "autheenabled": "64"}) == AppTimeout(
        "/csp/x", 900, "64"
    )
    assert app_timeout_of({"name": "", "timeout": 900}) is None
