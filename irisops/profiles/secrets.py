"""Passwords: in the platform's keyring where there is a usable one, else in the encrypted file if a person has set one
up, else in memory until the program ends.

keyring is treated as the facts demand (facts: ngrok-keyring B): imported late, every call in a daemon thread with a
deadline (a locked keyring waits for a human, perhaps for ever, and executor threads would hang the exit), the Secret
Service probed without a prompt before it is used, and every write read back, because the null backend loses secrets
silently. A password is kept under user@host:port, so editing a profile never sends an old password to another host.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol, TypeVar

from irisops.background import BrokenOffError, in_daemon_thread
from irisops.logs import hide
from irisops.profiles.model import Profile
from irisops.profiles.vault import Vault, VaultError, WrongPassphraseError

SERVICE = "irisops"
DEADLINE = 5.0
"""Seconds that one keyring call may take."""
CURE = (
    "To be asked only once: unlock or install a keyring (gnome-keyring, KWallet, Keychain, Credential Manager), set up "
    "an encrypted file with /secrets file, or give the profile a password_command."
)
NOBODY = "(is it usable?)"
"""An account that nothing is kept for: a keyring that cannot even be asked for it is not used."""
FORGETS = "the keyring that is configured does not keep what it is given"
FILE_DEADLINE = 30.0
"""Seconds for the encrypted file: deriving its key is slow on purpose, and slower on a small machine."""
TRIES = 3
"""How often a passphrase may be mistyped in a row."""

Place = Literal["keyring", "file", "memory"]
PLACES: dict[Place, str] = {
    "keyring": "in the keyring",
    "file": "in the encrypted file",
    "memory": "in memory only, until you quit",
}
Ask = Callable[[str, str], Awaitable[str | None]]

T = TypeVar("T")


class Keyring(Protocol):
    """The part of the keyring library that is used. Calls may block; they run in a daemon thread."""

    def problem(self) -> str:
        """Why it cannot be used without bothering anybody, in plain words; "" if it can."""
        ...

    def get(self, service: str, account: str) -> str | None:
        """The secret of an account, None if there is none."""
        ...

    def put(self, service: str, account: str, secret: str) -> None:
        """Write a secret."""
        ...

    def delete(self, service: str, account: str) -> None:
        """Remove a secret."""
        ...


class KeyringUnusableError(Exception):
    """The keyring failed; the text says how, in plain words, and holds no secret."""


class NotKeptError(Exception):
    """A secret could not be put where it was wanted; the text says why."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a password went. `reason` says why it is in memory only, as a sentence."""

    place: Place
    reason: str = ""
    cure: str = ""

    @property
    def in_keyring(self) -> bool:
        """Whether the keyring has it."""
        return self.place == "keyring"

    @property
    def lasting(self) -> bool:
        """Whether the next start will find it."""
        return self.place != "memory"

    @property
    def where(self) -> str:
        """For people: `in the keyring`."""
        return PLACES[self.place]


def account_of(profile: Profile) -> str:
    """The keyring's name for a login."""
    return f"{profile.user}@{profile.host}:{profile.port}"


class Secrets:
    """Passwords of profiles. `keyring` None means memory only (`irisops demo`, tests); `vault` is the encrypted file.

    `ask` is how to ask for the file's passphrase; it is asked for when a secret is wanted that nothing else has, and
    only once per run if the person declines.
    """

    def __init__(
        self, keyring: Keyring | None, vault: Vault | None = None, *, deadline: float = DEADLINE
    ) -> None:
        self._keyring = keyring
        self._vault = vault
        self._deadline = deadline
        self._memory: dict[str, str] = {}
        self._unusable = "" if keyring else "this run keeps no secrets"
        self._turn = asyncio.Lock()
        """Held while the keyring is asked: what waits behind a hanging call learns of it instead of hanging too."""
        self._opening = asyncio.Lock()
        self._declined = False
        self._forgets = False
        """The last secret that was given to the keyring was not there when it was read back."""
        self.ask: Ask | None = None

    def __repr__(self) -> str:
        return f"Secrets({len(self._memory)} in memory)"

    @property
    def vault(self) -> Vault | None:
        """The encrypted file, if a person has set it up."""
        return self._vault if self._vault is not None and self._vault.exists else None

    async def get(self, profile: Profile) -> str | None:
        """The password of a profile's user, None if it is nowhere."""
        return await self.get_secret(account_of(profile))

    async def keep(self, profile: Profile, password: str) -> Kept:
        """Keep a password that was accepted by the instance."""
        return await self.keep_secret(account_of(profile), password)

    def remember(self, profile: Profile, password: str) -> None:
        """Keep a password in memory alone."""
        hide(password)
        self._memory[account_of(profile)] = password

    async def forget(self, profile: Profile) -> None:
        """Remove a password from everywhere. One that was not there is not an error."""
        await self.forget_secret(account_of(profile))

    async def get_secret(self, account: str) -> str | None:
        """Any secret by its account name (`ngrok`). A keyring or file that fails counts as empty."""
        if account in self._memory:
            return self._memory[account]
        try:
            found = await self._call(lambda keyring: keyring.get(SERVICE, account))
        except KeyringUnusableError:
            found = None
        if found is None:
            found = await self._from_vault(account)
        if found is not None:
            hide(found)
        return found

    async def keep_secret(self, account: str, secret: str) -> Kept:
        """Keep any secret under an account name: keyring, else encrypted file, else memory with the reason."""
        try:
            return await self.put(account, secret, "keyring")
        except NotKeptError as error:
            reason = f"{error}."
        if self.vault is not None:
            try:
                return await self.put(account, secret, "file")
            except NotKeptError as error:
                reason = f"{error}."
        self._memory[account] = secret
        return Kept("memory", reason, CURE)

    async def put(self, account: str, secret: str, place: Place) -> Kept:
        """Keep a secret in one place, read back. Raises `NotKeptError`, with no change elsewhere."""
        hide(secret)
        if place == "memory":
            self._memory[account] = secret
            return Kept("memory")
        if place == "file":
            await self._into_vault(account, secret)
        else:

            def write(keyring: Keyring) -> bool:
                keyring.put(SERVICE, account, secret)
                return keyring.get(SERVICE, account) == secret

            try:
                self._forgets = not await self._call(write)
                if self._forgets:
                    raise NotKeptError(FORGETS)
            except KeyringUnusableError as error:
                raise NotKeptError(str(error)) from None
        self._memory.pop(account, None)
        return Kept(place)

    async def move(self, account: str, place: Place) -> Place:
        """Move a secret to one place and remove it from the others; returns where it was.

        Raises `KeyError` if it is nowhere, `NotKeptError` if it cannot be put there: then it stays where it was.
        """
        secret = await self.get_secret(account)  # this opens the encrypted file, if need be
        was = await self.where(account)
        if secret is None or not was:
            raise KeyError(account)
        await self.put(account, secret, place)
        await self._remove(account, set(PLACES) - {place})
        return was[0]

    async def where(self, account: str) -> list[Place]:
        """Where a secret is, in the order in which it would be taken. A locked file is not asked for here."""
        found: list[Place] = ["memory"] if account in self._memory else []
        try:
            if await self._call(lambda keyring: keyring.get(SERVICE, account) is not None):
                found.append("keyring")
        except KeyringUnusableError:
            pass  # `describe` tells that
        vault = self.vault
        if vault is not None and vault.is_open and account in await self.vault_accounts():
            found.append("file")
        return found

    async def forget_secret(self, account: str) -> None:
        """Remove any secret from everywhere that can be reached."""
        await self._remove(account, set(PLACES))

    async def _remove(self, account: str, places: set[Place]) -> None:
        if "memory" in places:
            self._memory.pop(account, None)

        def delete(keyring: Keyring) -> None:
            if keyring.get(SERVICE, account) is not None:
                keyring.delete(SERVICE, account)

        if "keyring" in places:
            with contextlib.suppress(
                KeyringUnusableError
            ):  # what cannot be reached cannot be used by us either
                await self._call(delete)
        vault = self.vault
        if "file" in places and vault is not None and vault.is_open:
            with contextlib.suppress(
                VaultError, TimeoutError
            ):  # gone, or locked by a new passphrase: the same
                await in_daemon_thread(lambda: vault.delete(account), FILE_DEADLINE)

    async def describe(self) -> str:
        """Whether passwords go to a keyring, in plain words."""
        try:
            await self._call(lambda keyring: keyring.get(SERVICE, NOBODY))
        except KeyringUnusableError as error:
            return f"not used: {error}"
        return f"not used: {FORGETS}" if self._forgets else "used for passwords"

    async def probe(self) -> None:
        """Ask the keyring in the background whether it can be used, so that nobody waits for the answer later."""
        if self._keyring is not None:
            await self.describe()

    # The encrypted file

    async def create_vault(self, passphrase: str) -> None:
        """Set the encrypted file up. Raises `VaultError`."""
        vault = self._vault
        if vault is None:
            raise VaultError("This run keeps no secrets.")
        hide(passphrase)
        await self._in_file(lambda: vault.create(passphrase))

    async def change_passphrase(self, passphrase: str) -> None:
        """Encrypt the open file anew. Raises `VaultError`."""
        vault = self.vault
        if vault is None:
            raise VaultError("There is no encrypted file.")
        await self._in_file(lambda: vault.change_passphrase(passphrase))

    async def unlock(self, *, again: bool = False) -> bool:
        """Ask for the passphrase if the file needs it; whether it is open afterwards.

        Raises `VaultError` for a file that cannot be used. `again` asks even if the person declined before.
        """
        vault = self.vault
        if vault is None:
            return False
        async with self._opening:
            if again:
                self._declined = False
            title = "Encrypted file of passwords"
            for _ in range(TRIES):
                if vault.is_open:
                    return True
                if self._declined or self.ask is None:
                    return False
                await self._in_file(vault.check)
                passphrase = await self.ask(title, "Its passphrase")
                if not passphrase:
                    self._declined = True
                    return False
                hide(passphrase)
                try:
                    await self._in_file(partial(vault.unlock, passphrase))
                except WrongPassphraseError:
                    title = "That passphrase does not open it"
            if not vault.is_open:
                self._declined = True
            return vault.is_open

    async def vault_accounts(self) -> list[str]:
        """What the open file keeps; empty when it is not open."""
        vault = self.vault
        if vault is None or not vault.is_open:
            return []
        try:
            return await in_daemon_thread(vault.accounts, FILE_DEADLINE)
        except (VaultError, TimeoutError):
            return []

    async def _from_vault(self, account: str) -> str | None:
        vault = self.vault
        try:
            if vault is None or not await self.unlock():
                return None
            return await in_daemon_thread(lambda: vault.get(account), FILE_DEADLINE)
        except (VaultError, TimeoutError):
            return None

    async def _into_vault(self, account: str, secret: str) -> None:
        """Raises `NotKeptError`."""
        vault = self.vault
        if vault is None:
            raise NotKeptError("there is no encrypted file: /secrets file sets one up")
        try:
            if not await self.unlock():
                raise NotKeptError("the encrypted file is locked: /secrets unlock opens it")

            def write() -> bool:
                vault.put(account, secret)
                return vault.get(account) == secret

            if not await self._in_file(write):
                raise NotKeptError("the encrypted file does not keep what it is given")
        except VaultError as error:
            raise NotKeptError(str(error).rstrip(".")) from None

    async def _in_file(self, work: Callable[[], T]) -> T:
        try:
            return await in_daemon_thread(work, FILE_DEADLINE)
        except TimeoutError:
            raise VaultError(f"The encrypted file took more than {FILE_DEADLINE:g} seconds.") from None

    async def _call(self, work: Callable[[Keyring], T]) -> T:
        """One use of the keyring. Raises `KeyringUnusableError`; after a hang it is not tried again in this run."""
        async with self._turn:
            return await self._ask_keyring(work)

    async def _ask_keyring(self, work: Callable[[Keyring], T]) -> T:
        keyring = self._keyring
        if keyring is None or self._unusable:
            raise KeyringUnusableError(self._unusable)

        def guarded() -> T:
            problem = keyring.problem()
            if problem:
                raise KeyringUnusableError(problem)
            return work(keyring)

        try:
            return await in_daemon_thread(guarded, self._deadline)
        except KeyringUnusableError:
            raise
        except TimeoutError:
            self._unusable = f"the keyring did not answer within {self._deadline:g} seconds (is it locked?)"
            raise KeyringUnusableError(self._unusable) from None
        except BrokenOffError as error:
            raise KeyringUnusableError(f"the keyring failed ({error})") from None
        except Exception as error:  # noqa: BLE001 - backends raise anything: OSError, D-Bus and Windows errors
            # Only the kind is told: some backends put what they were given into the text.
            raise KeyringUnusableError(f"the keyring failed ({type(error).__name__})") from None
