"""`irisops replay FILE`: the chat on a recording."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from secrets import token_hex

from irisops import streams
from irisops.connections.replaying import Player, profile_of
from irisops.contract.wording import harmless
from irisops.files import named_file
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.profiles.settings import start_log
from irisops.recording.readings import RecordingError
from irisops.recording.replayed import RecordedConnection, Replay, info_of
from irisops.session import Session
from irisops.start import STATUS_NOT_UNDERSTOOD, STATUS_OF_PROBLEM, choose_mode, converse, is_plain, show


def replay(options: argparse.Namespace) -> int:
    """Open a recording on the screen, or line by line. Returns the exit status."""
    if not choose_mode(options, "irisops replay"):
        return STATUS_NOT_UNDERSTOOD
    places = Places.find()
    start_log(places, options.log_level)
    try:
        opened = Replay(named_file(options.file))
    except (RecordingError, OSError) as error:
        said = f"{error} {error.cure}" if isinstance(error, RecordingError) else error
        streams.say(f"irisops: {harmless(said, 2000)}", sys.stderr)
        return STATUS_OF_PROBLEM
    if is_plain(options):
        return converse(of_recording(places, opened))
    return show(places, lambda: of_recording(places, opened))


def of_recording(places: Places, opened: Replay) -> Session:
    """A session that shows a recording: no connection is made, and none of the person's own profiles is shown."""
    about = opened.recording.about
    profile, info = profile_of(about), info_of(about)
    secrets = Secrets(None)
    secrets.remember(profile, token_hex())  # nobody is asked for the password of a recording
    session = Session(
        Places.below(places.state / "replay"),
        secrets=secrets,
        clock=opened.clock,
        connector=lambda _target: RecordedConnection(opened, info),
        extra=[profile],
        first=profile.name,
        polling=False,
    )
    Player(session.hub, session.hub.choose(profile), opened, datetime.now(UTC)).show()

    async def close() -> None:
        opened.recording.close()

    session.context.on_close.append(close)
    return session
