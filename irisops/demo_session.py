"""The session of `irisops demo`. Imported after the first paint."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from irisops.background import in_daemon_thread
from irisops.contract.replies import Refusal
from irisops.demo import READY_DEADLINE, Demo, DemoError, Practice
from irisops.profiles.model import Profile
from irisops.profiles.secrets import Secrets
from irisops.session import Session
from irisops.simulator.agent.launcher import write_launcher

if TYPE_CHECKING:
    from irisops.connections.open_shares import SharingSettings


def session_on(practice: Practice, ready: Demo | None = None) -> Session:
    """A session on the demo's instance: on `ready`, else on one that it starts itself and then connects to."""
    secrets = Secrets(None)
    sharing = partial(_loopback_only, practice.places.state)
    if ready is not None:
        secrets.remember(ready.profile, ready.password)
        return Session(
            practice.places,
            secrets=secrets,
            extra=[ready.profile],
            first=ready.profile.name,
            sharing=sharing,
            connect_first=False,
        )

    async def instance() -> Profile:
        try:
            started = await in_daemon_thread(practice.start, READY_DEADLINE + 1)
        except DemoError as error:
            raise Refusal("NoSimulator", str(error), "Correct the options, or report it.") from None
        secrets.remember(started.profile, started.password)
        return started.profile

    return Session(practice.places, secrets=secrets, later=instance, sharing=sharing)


def _loopback_only(folder: Path) -> SharingSettings:
    """The demo shares through a stand-in for the ngrok agent: nothing leaves this machine, and it says so."""
    from irisops.connections.open_shares import SharingSettings  # noqa: PLC0415 - sharing, not at the start

    agent = write_launcher(folder / "stand-in-ngrok")
    return SharingSettings(agent=str(agent), token="stand-in", loopback=True)  # noqa: S106 - not a secret
