"""`irisops leases [clear|watch]`: shares without the chat."""

from __future__ import annotations

import argparse
import asyncio
import sys

from irisops import streams
from irisops.cli_options import parser
from irisops.connections.open_shares import SharingSettings
from irisops.contract.wording import harmless
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.remembered import RefusedStore
from irisops.profiles.secrets import Secrets
from irisops.profiles.settings import SettingsStore
from irisops.profiles.store import ProfileStore
from irisops.profiles.unasked import Unasked
from irisops.run_command import STATUS_OF_INTERRUPT, ask_on_terminal, run
from irisops.session import lasting
from irisops.sharing import leases as kept
from irisops.sharing.lease import LeaseError, LeaseStore, Where


async def watch(places: Places, secrets: Secrets, settings: SharingSettings | None = None) -> int:
    """Enforce the deadlines of all shares until none is left; returns the exit status.

    It runs detached (nohup, a service): passwords come from where a login takes them, without asking. Only the
    passphrase of the encrypted file is asked for, once, if `secrets` can ask.
    """
    chosen = settings or SharingSettings()
    said: set[str] = set()

    def say(line: str) -> None:
        if line not in said:  # not the same reason every five seconds
            said.add(line)
            # Deadlines are kept also when nobody reads any more.
            streams.say(harmless(line, 2000), sys.stdout)

    profiles = ProfileStore(places.profiles)
    unasked = Unasked(secrets, lambda: profiles.load().profiles, RefusedStore(places.refused), say)

    async def password_of(where: Where) -> str | None:
        return await unasked.password_of(_login(where))

    try:
        await kept.watch(
            LeaseStore(places.leases),
            password_of,
            connector=chosen.connector,
            say=say,
            refused=lambda where: unasked.refused(_login(where)),
        )
    except LeaseError as error:
        streams.say(f"irisops: {harmless(error, 2000)}", sys.stderr)
        return 1
    say("No share is open, and none left anything behind.")
    return 0


def _login(where: Where) -> Profile:
    return Profile(where.profile, where.host, where.port, user=where.user)


def leases(options: argparse.Namespace) -> int:
    """`irisops leases`: `watch` here, the rest as the command `/leases`. Returns the exit status."""
    if options.action != "watch":
        line = "/leases clear" if options.action == "clear" else "/leases"
        return run(parser().parse_args(["run", line]))
    places = Places.find()
    secrets = lasting(places, SettingsStore(places.settings).load().settings)
    if sys.stdin.isatty():
        secrets.ask = ask_on_terminal
    try:
        return asyncio.run(watch(places, secrets))
    except KeyboardInterrupt:
        return STATUS_OF_INTERRUPT
