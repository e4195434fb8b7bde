"""/record FILE: write what is read of the instance to a file, to look back at it; /record off ends it."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from irisops.connections.connection import Link
from irisops.connections.recorder import APART, Recorder
from irisops.connections.replaying import earlier_samples
from irisops.contract.chat import Command, Notice
from irisops.contract.durations import span
from irisops.contract.quoting import quote
from irisops.contract.replies import Done, Facts, Refusal
from irisops.contract.wording import counted, duration, harmless
from irisops.engine import cards
from irisops.engine.availability import refused_of_recording
from irisops.engine.context import Context
from irisops.engine.file_argument import file_of
from irisops.engine.spec import Replies
from irisops.instance.models import SystemInfo
from irisops.recording.reader import Recording
from irisops.recording.readings import EmptyRecordingError
from irisops.recording.writer import Writer, begun_at

MEGABYTE = 1024 * 1024
USUAL_SIZE = 200
"""Megabytes that a recording keeps to if nothing else is said."""
SIZES = range(2, 10_001)


async def record(context: Context, command: Command) -> Replies:
    """Begin a recording, or say how the one that runs stands."""
    link = context.link()
    if link.recorded:
        raise refused_of_recording(link)
    if not command.args.get("file"):
        yield _standing(link, context.clock.now())
        return
    running = _running(link)
    if running is not None:
        raise Refusal(
            "AlreadySo",
            f"{link.name} is already recorded, to {harmless(running.writer.path)}.",
            "/record off ends that recording.",
        )
    path = file_of(command, "Name another file.").absolute()
    length = span(str(command.args["for"])) if command.args.get("for") else None
    pseudonyms = command.args.get("pseudonyms") == "yes"
    most = _size(str(command.args.get("most", USUAL_SIZE)))
    begun, interval = context.clock.now(), context.hub.interval(link)

    def make() -> tuple[Writer, bool]:
        there = path.exists()
        if there:
            _precede(link, path, begun)
        about = _about(link, begun, pseudonyms=pseudonyms)
        return Writer(path, about, interval=interval, most=most * MEGABYTE, pseudonyms=pseudonyms), there

    writer, there = await asyncio.to_thread(make)

    def over(why: str, cure: str) -> None:
        if why:
            context.notify(Notice("error", f"The recording of {link.name} has ended: {why}", cure, link.name))
        else:
            ended = f"The recording of {link.name} is complete: {harmless(path)}"
            context.notify(Notice("info", ended, f"irisops replay {quote(str(path))}", link.name))

    lists = command.args.get("lists") != "no"
    recorder = Recorder(
        link, writer, lists=lists, until=begun + length if length is not None else None, over=over
    )
    context.on_close.append(recorder.close)
    context.hub.on_change()
    yield Done(
        "record",
        f"{'Recording goes on in' if there else 'Recording to'} {harmless(path)}.",
        details=[
            _what(lists=lists),
            f"It keeps to {most} MB{_until(length)}. /record off ends it.",
            "It is yours alone (0600). "
            + (
                "Names and addresses are replaced by pseudonyms."
                if pseudonyms
                else "It holds names and addresses; with pseudonyms=yes it does not."
            ),
            f"irisops replay {quote(str(path))} shows it.",
        ],
    )


def _precede(link: Link, path: Path, begun: datetime) -> None:
    """Put the polls that the file holds before those of this session, for its plots. Raises `RecordingError`."""
    try:
        recording = Recording(path)
    except EmptyRecordingError:  # it ended before its first poll: nothing precedes, and it can go on
        return
    with closing(recording):
        link.samples.precede(earlier_samples(recording, begun))


def _what(*, lists: bool) -> str:
    if lists:
        return (
            "Every poll, and holders, sessions, processes and refusals when the counts move: these are read for it at "
            f"most every {APART:.0f} seconds, if no card reads them anyway. With lists=no nothing is read for it."
        )
    return "Every poll, and the lists that you look at: nothing is read for it."


def _until(length: timedelta | None) -> str:
    return f" and ends by itself in {duration(length.total_seconds())}" if length is not None else ""


def _size(text: str) -> int:
    if not text.isdecimal() or int(text) not in SIZES:
        raise Refusal(
            "BadSize",
            f"{harmless(text, 20)} is not a size for a recording.",
            f"most= is the largest size in megabytes, from {SIZES.start} to {SIZES.stop - 1:,}: most=200",
        )
    return int(text)


def _running(link: Link) -> Recorder | None:
    return link.tape if isinstance(link.tape, Recorder) else None


def _standing(link: Link, now: datetime) -> Facts:
    recorder = _running(link)
    if recorder is None:
        raise Refusal(
            "NotRecording", f"{link.name} is not recorded.", "/record FILE begins, e.g. /record today.irec"
        )
    left = None if recorder.until is None else max(0.0, (recorder.until - now).total_seconds())
    entries: list[cards.Entry] = [
        ("file", "File", str(recorder.writer.path)),
        ("polls", "Polls", recorder.polls),
        ("bytes", "Bytes", recorder.writer.size),
        ("lists", "Reads lists for it", recorder.lists),
        ("until", "Ends", recorder.until),
        ("left", "Ends in", None if left is None else duration(left)),
    ]
    return cards.facts_card("recording", "Recording", entries, ["/record off ends it."], hide_empty=True)


async def record_off(context: Context, _command: Command) -> Replies:
    """End the recording."""
    link = context.link()
    recorder = _running(link)
    if recorder is None:
        raise Refusal("NotRecording", f"{link.name} is not recorded.", "/record FILE begins.")
    path, polls = recorder.writer.path, recorder.polls
    await recorder.close()
    context.hub.on_change()
    yield Done(
        "record_off",
        f"The recording of {link.name} has ended: {counted(polls, 'poll')} in {harmless(path)}.",
        details=[f"irisops replay {quote(str(path))} shows it."],
    )


def _about(link: Link, begun: datetime, *, pseudonyms: bool) -> dict[str, str]:
    """What the file says of the instance: no password, and with pseudonyms no name of a person or a machine."""
    info = link.connection.info
    profile = link.profile
    facts = {
        "profile": profile.name,
        "namespace": profile.namespace,
        "begun": begun_at(begun),
        "instance": f"{profile.host}:{profile.port}/{profile.namespace}",
        "host": profile.host,
        "port": str(profile.port),
        "user": profile.user,
    }
    if info is not None:
        facts |= _of_info(info)
    if pseudonyms:
        for name in ("profile", "host", "user", "instance", "instance_name", "license_id", "zversion"):
            facts.pop(name, None)
    return facts


def _of_info(info: SystemInfo) -> dict[str, str]:
    return {
        "zversion": info.zversion,
        "product": info.product,
        "version": info.version,
        "build": info.build,
        "platform": info.platform,
        "pid": "" if info.pid is None else str(info.pid),
        "license_id": info.license_id or "",
        "instance_name": info.instance_name or "",
    }
