"""The instance's clock: expiry times are in its time, which may differ from this machine's."""

from __future__ import annotations

from datetime import datetime

from irisops.instance.calls import Answer, ClassMethod
from irisops.instance.routes import Instance
from irisops.instance.values import as_utc

TIME = ClassMethod("%SYSTEM.SYS", "TimeStamp")
"""The time in UTC as `days,seconds` (facts: iris-license-sessions 4.4)."""

FARTHEST = 14 * 24 * 3600.0
"""Seconds: a difference of over two weeks means that the answer was misread."""


def instance_time(answer: Answer | Exception, now: datetime) -> datetime:
    """The instance's time (UTC); `now`, this machine's, if the answer makes no sense."""
    told = as_utc(answer.value) if isinstance(answer, Answer) else None
    if told is None or abs((told - now).total_seconds()) > FARTHEST:
        return now
    return told


async def clock_offset(instance: Instance, now: datetime) -> float:
    """Seconds by which the instance's clock is ahead of `now`, this machine's; 0 where it does not tell its time."""
    (told,) = await instance.batch([TIME])
    return (instance_time(told, now) - now).total_seconds()
