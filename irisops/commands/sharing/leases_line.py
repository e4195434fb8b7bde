"""`irisops leases [clear|watch]`: looking after shares without the chat."""

from __future__ import annotations

import asyncio
import sys

from irisops.commands.desk import SharingSettings
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.sharing import leases
from irisops.sharing.lease import LeaseError, LeaseStore, Where


async def watch(places: Places, secrets: Secrets, settings: SharingSettings | None = None) -> int:
    """Keep the deadlines of all shares until none is left; returns the exit status.

    Passwords come from the keyring alone: nobody is there to be asked. Made to run detached (nohup, a service).
    """
    chosen = settings or SharingSettings()
    said: set[str] = set()

    async def password_of(where: Where) -> str | None:
        return await secrets.get(Profile(where.profile, where.host, where.port, user=where.user))

    def say(line: str) -> None:
        if line not in said:  # the same reason every five seconds helps nobody
            said.add(line)
            print(line, flush=True)

    try:
        await leases.watch(LeaseStore(places.leases), password_of, connector=chosen.connector, say=say)
    except LeaseError as error:
        print(f"irisops: {error}", file=sys.stderr)
        return 1
    say("No share is open, and none left anything behind.")
    return 0


def run_watch() -> int:
    """The command."""
    from irisops.profiles.system_keyring import SystemKeyring  # noqa: PLC0415 - only here

    try:
        return asyncio.run(watch(Places.find(), Secrets(SystemKeyring())))
    except KeyboardInterrupt:
        return 130
