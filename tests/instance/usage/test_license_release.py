"""Release of units: each documented rule, by one row of the instance's list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from irisops.instance.calls import Answer
from irisops.instance.errors import InstanceError
from irisops.instance.models import LicenseRow, WebSession
from irisops.instance.usage.holders import release_of
from irisops.instance.usage.license_clock import instance_time

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


def row(
    kind: str, connections: int = 1, *, csp: int = 0, units: int = 1, active: int = 60, grace: int = 0
) -> LicenseRow:
    return LicenseRow("x", kind, connections, connections, csp, units, active, grace)


def session(seconds: float | None) -> WebSession:
    expires = None if seconds is None else NOW + timedelta(seconds=seconds)
    return WebSession(
        "AbCdEfGhIj", "maria", "/csp/user/", expires, "x", preserve=False, pid=None, allow_end=True
    )


@pytest.mark.parametrize(
    ("what", "sessions", "after", "words"),
    [
        (row("Grace", connections=0, grace=425), [], 425, "reservation"),
        (row("User"), [], None, "when it disconnects"),
        (row("Mixed", 2, csp=1), [session(90)], None, "when it disconnects and its sessions end"),
        (row("CSP", csp=1), [session(90)], 90, "when its session times out"),
        (row("CSP", 2, csp=2), [session(90), session(200)], 200, "when its sessions time out"),
        (row("CSP", 2, csp=2, units=2), [session(90), session(200)], 200, "one by one"),
        (row("CSP", csp=1, grace=600), [session(90)], 690, "grace of a one-page visit"),
        (row("CSP", 2, csp=2, grace=600), [session(90), session(200)], 800, "at the latest"),
        (row("CSP", 2, csp=2), [session(90), session(None)], None, "never expires"),
        (row("CSP", csp=1, active=4), [], 6, "10 seconds after its call"),
        (row("CSP", csp=1, active=300), [], None, "10 seconds after the last"),
        (row("CSP", 3, csp=3, active=4), [], None, "10 seconds after the last"),
    ],
)
def test_each_rule(what: LicenseRow, sessions: list[WebSession], after: float | None, words: str) -> None:
    release = release_of(what, sessions, NOW, own=False)
    assert release.at == (None if after is None else NOW + timedelta(seconds=after))
    assert words in release.when


def test_a_list_that_could_not_be_read_predicts_nothing() -> None:
    release = release_of(row("CSP", csp=1, active=4), [], NOW, own=False, sessions_known=False)
    assert (release.at, release.when) == (None, "when its session ends")


def test_this_tool_leaves_when_you_quit() -> None:
    assert release_of(row("User"), [], NOW, own=True).when == "when you quit"
    assert release_of(row("User", 3), [], NOW, own=True).when == "when it disconnects"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2026-11-24 14:03:10", NOW + timedelta(minutes=3, seconds=10)),
        ("67898,50400.25", NOW + timedelta(seconds=0.25)),
        ("nonsense", NOW),
        (None, NOW),
        ("1999-01-01 00:00:00", NOW),
    ],
)
def test_the_instance_tells_its_own_time(told: str | None, expected: datetime) -> None:
    assert instance_time(Answer(value=told), NOW) == expected


def test_no_time_is_this_machines_time() -> None:
    assert instance_time(InstanceError("no such method"), NOW) == NOW
