"""Password lookup without a person (`irisops leases watch`).

The order is that of a login: keyring, encrypted file, password command. A command is run once per run, as it may open a
window, and not at all if its password was refused before: refused passwords lock accounts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from irisops.profiles.model import Profile
from irisops.profiles.password_command import PasswordCommandError, password_from
from irisops.profiles.remembered import RefusedStore
from irisops.profiles.secrets import Secrets, account_of
from irisops.profiles.vault import Vault, VaultError


class Unasked:
    """`profiles` reads the profiles file; `say` gets each reason once."""

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
        kept = next((each for each in self._profiles() if account_of(each) == account), None)
        command = kept.password_command if kept is not None else login.password_command
        if command and account not in self._by_command:
            self._by_command[account] = await self._run(login.name, account, command)
        return self._by_command.get(account)

    def refused(self, login: Profile) -> None:
        """Note that the password was refused: it is not sent again in this run nor, from a command, later."""
        account = account_of(login)
        kept = next((each for each in self._profiles() if account_of(each) == account), None)
        if kept is not None and self._by_command.pop(account, None) is not None:
            self._refused.add(account, kept.password_command)

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
