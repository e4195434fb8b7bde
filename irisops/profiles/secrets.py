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
from functools import partial
from typing import Literal, NamedTuple, Protocol, TypeVar

from irisops.background import BrokenOffError, in_daemon_thread
from irisops.logs import hide
from irisops.profiles.model import Profile
from irisops.profiles.vault import Vault, VaultError, WrongPassphraseError

SERVICE = "irisops"
DEADLINE = 5.0
"""Seconds for one keyring call."""
CURE = "To keep it for the next start: /secrets file, or a password_command in the profile."
NOBODY = "(is it usable?)"
"""A test account: a keyring that fails to look it up is not used."""
FORGETS = "the keyring that is configured does not keep what it is given"
FILE_DEADLINE = 30.0
"""Seconds for the encrypted file: key derivation is slow on purpose."""
TRIES = 3
"""Tries for a passphrase."""

Place = Literal["keyring", "file", "memory"]
PLACES: dict[Place, str] = {
    "keyring": "in the keyring",
    "file": "in the encrypted file",
    "memory": "in memory only, until you quit",
}
Ask = Callable[[str, str], Awaitable[str | None]]

T = TypeVar("T")


class Keyring(Protocol):
    """The used part of the keyring library. Calls may block; they run in a daemon thread."""

    def problem(self) -> str:
        """Why it cannot be used without a prompt, or ""."""
        ...

    def get(self, service: str, account: str) -> str | None:
        """The secret of an account, None if missing."""
        ...

    def put(self, service: str, account: str, secret: str) -> None:
        """Write a secret."""
        ...

    def delete(self, service: str, account: str) -> None:
        """Remove a secret."""
        ...


class KeyringUnusableError(Exception):
    """The keyring failed; the text says how and holds no secret."""


class NotKeptError(Exception):
    """A secret could not be stored in the wanted place; the text says why."""


class Kept(NamedTuple):
    """Where a password was stored. `reason` is a sentence on why it is in memory only; `cure` comes once a run."""

    place: Place
    reason: str = ""
    cure: str = ""

    @property
    def lasting(self) -> bool:
        """True if the next start will find it."""
        return self.place != "memory"

    @property
    def where(self) -> str:
        """The place in words: `in the keyring`."""
        return PLACES[self.place]


def account_of(profile: Profile) -> str:
    """The account name of a login in the keyring."""
    return f"{profile.user}@{profile.host}:{profile.port}"


def _text(secret: object) -> str | None:
    """A backend's answer, whose type is unchecked. Raises TypeError unless it is text or None."""
    if secret is None or isinstance(secret, str):
        return secret
    raise TypeError


class Secrets:
    """Passwords of profiles. `keyring` None keeps them in memory (`irisops demo`, tests); `vault`: the encrypted file.

    `ask` asks for the file's passphrase, when a secret is found nowhere else; after a declined request not again in
    this run.
    """

    def __init__(
        self, keyring: Keyring | None, vault: Vault | None = None, *, deadline: float = DEADLINE
    ) -> None:
        self._keyring = keyring
        self._vault = vault
        self._deadline = deadline
        self._memory: dict[str, str] = {}
        self._cure = CURE
        self._unusable = "" if keyring else "this run keeps no secrets"
        self._turn = asyncio.Lock()
        """Held during a keyring call, so that callers behind a hanging one fail instead of hanging too."""
        self._opening = asyncio.Lock()
        self._declined = False
        self._forgets = False
        """The keyring lost the last secret written to it."""
        self.ask: Ask | None = None

    def __repr__(self) -> str:
        return f"Secrets({len(self._memory)} in memory)"

    @property
    def vault(self) -> Vault | None:
        """The encrypted file, if it was set up."""
        return self._vault if self._vault is not None and self._vault.exists else None

    async def get(self, profile: Profile) -> str | None:
        """The password of a profile's user, None if not found."""
        return await self.get_secret(account_of(profile))

    async def keep(self, profile: Profile, password: str) -> Kept:
        """Store a password that the instance accepted."""
        return await self.keep_secret(account_of(profile), password)

    def remember(self, profile: Profile, password: str) -> None:
        """Store a password in memory only."""
        hide(password)
        self._memory[account_of(profile)] = password

    async def forget(self, profile: Profile) -> None:
        """Remove a password everywhere; a missing one is no error."""
        await self.forget_secret(account_of(profile))

    async def get_secret(self, account: str) -> str | None:
        """A secret by its account name (`ngrok`). A failing keyring or file counts as empty."""
        if account in self._memory:
            return self._memory[account]
        try:
            found = await self._call(lambda keyring: _text(keyring.get(SERVICE, account)))
        except KeyringUnusableError:
            found = None
        if found is None:
            found = await self._from_vault(account)
        if found is not None:
            hide(found)
        return found

    async def keep_secret(self, account: str, secret: str) -> Kept:
        """Store a secret by its account name: keyring, else encrypted file, else memory with the reason."""
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
        cure, self._cure = self._cure, ""
        return Kept("memory", reason, cure)

    async def put(self, account: str, secret: str, place: Place) -> Kept:
        """Store a secret in one place and read it back. Raises `NotKeptError`, with no change elsewhere."""
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
        """Move a secret to one place and remove it elsewhere; returns the former place.

        Raises `KeyError` for an unknown secret, `NotKeptError` if it cannot be stored; then nothing changes.
        """
        secret = await self.get_secret(account)  # opens the encrypted file if needed
        was = await self.where(account)
        if secret is None or not was:
            raise KeyError(account)
        await self.put(account, secret, place)
        await self._remove(account, set(PLACES) - {place})
        return was[0]

    async def where(self, account: str) -> list[Place]:
        """Places of a secret, in the order of lookup. A locked file is not opened."""
        found: list[Place] = ["memory"] if account in self._memory else []
        try:
            if await self._call(lambda keyring: _text(keyring.get(SERVICE, account)) is not None):
                found.append("keyring")
        except KeyringUnusableError:
            pass  # `describe` reports that
        vault = self.vault
        if vault is not None and vault.is_open and account in await self.vault_accounts():
            found.append("file")
        return found

    async def forget_secret(self, account: str) -> None:
        """Remove a secret from every reachable place."""
        await self._remove(account, set(PLACES))

    async def _remove(self, account: str, places: set[Place]) -> None:
        if "memory" in places:
            self._memory.pop(account, None)

        def delete(keyring: Keyring) -> None:
            if keyring.get(SERVICE, account) is not None:
                keyring.delete(SERVICE, account)

        if "keyring" in places:
            with contextlib.suppress(KeyringUnusableError):  # unreachable places are not used either
                await self._call(delete)
        vault = self.vault
        if "file" in places and vault is not None and vault.is_open:
            with contextlib.suppress(VaultError, TimeoutError):  # missing, or locked by a new passphrase
                await in_daemon_thread(lambda: vault.delete(account), FILE_DEADLINE)

    async def describe(self) -> str:
        """Whether passwords go to a keyring, as a sentence."""
        try:
            await self._call(lambda keyring: _text(keyring.get(SERVICE, NOBODY)))
        except KeyringUnusableError as error:
            return f"not used: {error}"
        return f"not used: {FORGETS}" if self._forgets else "used for passwords"

    async def first_place(self) -> Place:
        """Where the next secret will be stored."""
        try:
            await self._call(lambda keyring: _text(keyring.get(SERVICE, NOBODY)))
        except KeyringUnusableError:
            return "file" if self.vault is not None else "memory"
        return "keyring"

    async def probe(self) -> None:
        """Check in the background whether the keyring is usable, so that nobody waits for it later."""
        if self._keyring is not None:
            await self.describe()

    # The encrypted file

    async def create_vault(self, passphrase: str) -> None:
        """Create the encrypted file. Raises `VaultError`."""
        vault = self._vault
        if vault is None:
            raise VaultError("This run keeps no secrets.")
        hide(passphrase)
        await self._in_file(lambda: vault.create(passphrase))

    async def change_passphrase(self, passphrase: str) -> None:
        """Encrypt the open file with a new passphrase. Raises `VaultError`."""
        vault = self.vault
        if vault is None:
            raise VaultError("There is no encrypted file.")
        await self._in_file(lambda: vault.change_passphrase(passphrase))

    async def unlock(self, *, again: bool = False) -> bool:
        """Ask for the passphrase if needed; returns whether the file is open.

        Raises `VaultError` for an unusable file. `again` asks even after the person declined.
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
        """Accounts in the open file; empty if it is not open."""
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
        """One call of the keyring. Raises `KeyringUnusableError`; after a hang it is not tried again in this run."""
        async with self._turn:
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
                self._unusable = (
                    f"the keyring did not answer within {self._deadline:g} seconds (is it locked?)"
                )
                raise KeyringUnusableError(self._unusable) from None
            except BrokenOffError as error:
                raise KeyringUnusableError(f"the keyring failed ({error})") from None
            except Exception as error:  # noqa: BLE001 - backends raise anything: OSError, D-Bus and Windows errors
                # Only the type is shown: some backends put their arguments into the text.
                raise KeyringUnusableError(f"the keyring failed ({type(error).__name__})") from None
