from __future__ import annotations

from irisops.simulator.world.audit import KEPT
from irisops.simulator.world.world import World


def test_a_record_says_who_what_and_when(world: World) -> None:
    record = world.audit("%System", "%Security", "userchange", event_data="Modify user ana", username="root")
    assert record is not None
    assert (record.event, record.username, record.time, record.index) == (
        "UserChange",
        "root",
        world.now(),
        1,
    )
    event = world.events.get("%system/%security/USERCHANGE")
    assert event is not None
    assert (event.total, event.written) == (1, 1)


def test_a_disabled_event_is_counted_but_not_written(world: World) -> None:
    event = world.events.get("%System/%Security/UserChange")
    assert event is not None
    event.enabled = False
    assert world.audit("%System", "%Security", "UserChange") is None
    assert (event.total, event.written, len(world.audit_log.records)) == (1, 0, 0)


def test_nothing_is_written_while_auditing_is_off(world: World) -> None:
    world.system.audit_enabled = False
    assert world.audit("%System", "%Security", "UserChange") is None
    assert world.revision("audit") == 0


def test_an_unknown_event_is_not_written(world: World) -> None:
    assert world.audit("Mine", "Own", "Thing") is None


def test_the_log_is_bounded_and_keeps_the_newest(world: World) -> None:
    for number in range(KEPT + 5):
        world.audit("%System", "%Security", "UserChange", event_data=str(number))
    assert len(world.audit_log.records) == KEPT
    assert world.audit_log.records[-1].event_data == str(KEPT + 4)
