"""Records cross the pipe unchanged."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from irisops.sharing.guests import Activity, GuestProcess, GuestSession
from irisops.sharing.messages import (
    Endpoint,
    EndpointFigures,
    LogLine,
    ShareActivity,
    ShareClosed,
    ShareOpened,
    ShareRequest,
    ShareStatus,
)
from irisops.sharing.passes import TeamPass
from irisops.sharing.policy import Restrictions, policy_for
from irisops.sharing.records import from_json, to_json
from tests.sharing.conftest import MakeRequest

NOW = datetime(2026, 5, 1, 12, 0, 1, 5, tzinfo=UTC)

RECORDS = [
    ShareOpened(
        "a", NOW, (Endpoint("n", "tcp", "tcp://x:1", "127.0.0.1:1"),), (TeamPass("g", "p"),), "3.39.1"
    ),
    ShareStatus(
        NOW, "online", (EndpointFigures("n", "u", None, 3),), (LogLine(NOW, "INFO", "t"),), outlive=True
    ),
    ShareClosed("r", ("a",), ()),
    ShareActivity(
        Activity((GuestProcess(1, "g", None, "USER", "r", 2),), (GuestSession("i", "g", "/csp"),), ("note",))
    ),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_there_and_back(record: object) -> None:
    assert from_json(type(record), json.loads(json.dumps(to_json(record)))) == record


def test_a_request_with_a_policy(request_for: MakeRequest) -> None:
    request = request_for()
    policy = policy_for("tcp", Restrictions(allow=("10.0.0.1",)))
    endpoint = type(request.endpoints[0])("n", "tcp", "127.0.0.1:1", policy)
    request = request_for(endpoints=(endpoint,))
    back = from_json(ShareRequest, json.loads(json.dumps(to_json(request))))
    assert back == request
    assert request.password not in repr(back)
    assert request.token not in repr(back)


@pytest.mark.parametrize("value", [None, [], {}, {"reason": 1, "done": [], "problems": []}])
def test_what_does_not_fit_is_refused(value: object) -> None:
    with pytest.raises((TypeError, KeyError)):
        from_json(ShareClosed, value)
    with pytest.raises(TypeError):
        to_json({1, 2})
