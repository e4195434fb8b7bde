"""`irisops leases [clear|watch]`: shares without the chat."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence

from irisops import streams
from irisops.cli_options import parser
from irisops.connections.open_shares import SharingSettings
from irisops.contract.wording import harmless
from irisops.profiles.model import Profile
from irisops.profiles.password_command import PasswordCommandError, password_from
from irisops.profiles.places import Places
from irisops.profiles.remembered import RefusedStore
from irisops.profiles.secrets import Secrets, account_of
from irisops.profiles.settings import SettingsStore
from irisops.profiles.store import ProfileStore
from irisops.profiles.vault import Vault, VaultError
from irisops.run_command import STATUS_OF_INTERRUPT, ask_on_terminal, run
from irisops.session import lasting
from irisops.sharing import leases as kept
from irisops.sharing.lease import LeaseError, LeaseStore, Where


class Unasked:
    """Password lookup without a person, in the order of a login: keyring, encrypted file, password command.

    A command is run once per run, as it may open a window, and not at all if its password was refused before: refused
    passwords lock accounts. `profiles` reads the profiles file; `say` gets each reason once.
    """

    def __init__(
        self,
        secrets: Secrets,
        profiles: Callable[[], Sequence[Profile]],
        refused: RefusedStore,
        say: Callable[[str], None],
    ) -> None:
        self._secrets = secrets
        self._profiles = profiles
        self._refused = refused
        self._say = say
        self._by_command: dict[str, str | None] = {}

    async def password_of(self, login: Profile) -> str | None:
        """The password of a login, or None; the reason then goes to `say`.

        `login` need not be a saved profile: the password command is that of the saved profile with the same login.
        """
        found = await self._secrets.get(login)
        if found is not None:
            return found
        vault = self._secrets.vault
        if vault is not None and not vault.is_open:
            await self._say_locked(vault)
        account = account_of(login)
        command = (self._saved(account) or login).password_command
        if command and account not in self._by_command:
            self._by_command[account] = await self._run(login.name, account, command)
        return self._by_command.get(account)

    def refused(self, login: Profile) -> None:
        """Note that the password was refused: it is not sent again in this run nor, from a command, later."""
        account = account_of(login)
        saved = self._saved(account)
        if saved is not None and self._by_command.pop(account, None) is not None:
            self._refused.add(account, saved.password_command)

    def _saved(self, account: str) -> Profile | None:
        return next((each for each in self._profiles() if account_of(each) == account), None)

    async def _say_locked(self, vault: Vault) -> None:
        try:
            await asyncio.to_thread(vault.check)
        except VaultError as error:
            self._say(f"The encrypted file of passwords cannot be used: {error}")
        else:
            self._say(
                "The encrypted file of passwords is locked, and nobody is here to give its passphrase. Start this in a "
                "terminal to be asked for it, move the password to the keyring (/secrets move), or give the profile a "
                "password_command."
            )

    async def _run(self, name: str, account: str, command: str) -> str | None:
        if self._refused.holds(account, command):
            self._say(
                f"What the password command of {name} gives was refused before, so it is not tried again: "
                f"/connect {name} in the chat asks for the password."
            )
            return None
        try:
            return await password_from(command)
        except PasswordCommandError as error:
            self._say(f"The password command of {name} gave no password: {error}.")
            return None


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
