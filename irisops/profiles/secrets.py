"""Passwords: in the platform's keyring where there is a usable one, else in memory until the program ends.

keyring is treated as the facts demand (facts: ngrok-keyring B): imported late, every call in a daemon thread with a
deadline (a locked keyring waits for a human, perhaps for ever, and executor threads would hang the exit), the Secret
Service probed without a prompt before it is used, and every write read back, because the null backend loses secrets
silently. A password is kept under user@host:port, so editing a profile never sends an old password to another host.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from irisops.profiles.model import Profile

SERVICE = "irisops"
DEADLINE = 5.0
"""Seconds that one keyring call may take."""
CURE = "Unlock or install a keyring (gnome-keyring, KWallet, Keychain, Credential Manager) to be asked only once."

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


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a password went. `reason` says why it is not in the keyring."""

    in_keyring: bool
    reason: str = ""
    cure: str = ""


def account_of(profile: Profile) -> str:
    """The keyring's name for a login."""
    return f"{profile.user}@{profile.host}:{profile.port}"


async def in_daemon_thread(work: Callable[[], T], deadline: float) -> T:
    """Run blocking `work` with a deadline in seconds, in a thread that never holds up the program's end.

    Raises `TimeoutError` at the deadline (the thread is left to itself), else what `work` raises.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()

    def settle(act: Callable[[], None]) -> None:
        try:
            loop.call_soon_threadsafe(lambda: None if outcome.done() else act())
        except RuntimeError:
            return  # the loop has ended: nobody waits for this any more

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - handed over to the waiting coroutine
            failure = error
            settle(lambda: outcome.set_exception(failure))
        else:
            settle(lambda: outcome.set_result(result))

    threading.Thread(target=run, name="irisops keyring", daemon=True).start()
    async with asyncio.timeout(deadline):
        return await outcome


class Secrets:
    """Passwords of profiles. `keyring` None means memory only (`irisops demo`, tests)."""

    def __init__(self, keyring: Keyring | None, *, deadline: float = DEADLINE) -> None:
        self._keyring = keyring
        self._deadline = deadline
        self._memory: dict[str, str] = {}
        self._unusable = "" if keyring else "this run keeps no secrets"

    def __repr__(self) -> str:
        return f"Secrets({len(self._memory)} in memory)"

    async def get(self, profile: Profile) -> str | None:
        """The password of a profile's user, None if it is nowhere."""
        return await self.get_secret(account_of(profile))

    async def keep(self, profile: Profile, password: str) -> Kept:
        """Keep a password that was accepted by the instance."""
        return await self.keep_secret(account_of(profile), password)

    def remember(self, profile: Profile, password: str) -> None:
        """Keep a password in memory alone."""
        self._memory[account_of(profile)] = password

    async def forget(self, profile: Profile) -> None:
        """Remove a password from everywhere. One that was not there is not an error."""
        await self.forget_secret(account_of(profile))

    async def get_secret(self, account: str) -> str | None:
        """Any secret by its account name (`ngrok`). A keyring that fails counts as empty."""
        if account in self._memory:
            return self._memory[account]
        try:
            return await self._call(lambda keyring: keyring.get(SERVICE, account))
        except KeyringUnusableError:
            return None

    async def keep_secret(self, account: str, secret: str) -> Kept:
        """Keep any secret under an account name: in the keyring, or in memory with the reason."""

        def write(keyring: Keyring) -> bool:
            keyring.put(SERVICE, account, secret)
            return keyring.get(SERVICE, account) == secret

        try:
            if await self._call(write):
                self._memory.pop(account, None)
                return Kept(in_keyring=True)
            reason = "the keyring that is configured does not keep what it is given."
        except KeyringUnusableError as error:
            reason = f"{error}."
        self._memory[account] = secret
        return Kept(in_keyring=False, reason=reason, cure=CURE)

    async def forget_secret(self, account: str) -> None:
        """Remove any secret from everywhere."""
        self._memory.pop(account, None)

        def delete(keyring: Keyring) -> None:
            if keyring.get(SERVICE, account) is not None:
                keyring.delete(SERVICE, account)

        try:
            await self._call(delete)
        except KeyringUnusableError:
            return  # what cannot be reached cannot hold it for this program either

    async def describe(self) -> str:
        """Whether passwords go to a keyring, in plain words."""
        try:
            await self._call(lambda _keyring: None)
        except KeyringUnusableError as error:
            return f"not used: {error}"
        return "used for passwords"

    async def _call(self, work: Callable[[Keyring], T]) -> T:
        """One use of the keyring. Raises `KeyringUnusableError`; after a hang it is not tried again in this run."""
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
        except Exception as error:  # noqa: BLE001 - backends raise anything: OSError, D-Bus and Windows errors
            # Only the kind is told: some backends put what they were given into the text.
            raise KeyringUnusableError(f"the keyring failed ({type(error).__name__})") from None


class SystemKeyring:
    """The `keyring` library, imported at the first use (facts: ngrok-keyring B1 to B4)."""

    def problem(self) -> str:
        """See `Keyring.problem`."""
        import keyring  # noqa: PLC0415 - 70 to 160 ms that the start must not pay
        import keyring.backends.fail  # noqa: PLC0415

        try:
            backend = keyring.get_keyring()
        except Exception as error:  # noqa: BLE001 - a wrong setting raises ModuleNotFoundError, RuntimeError, ...
            return f"the keyring's settings are wrong ({type(error).__name__})"
        if isinstance(backend, keyring.backends.fail.Keyring):
            return "there is no keyring here (usual over SSH and in containers)"
        if "SecretService" in type(backend).__module__:
            return self._secret_service_problem()
        return ""

    def _secret_service_problem(self) -> str:
        """Ask the Secret Service for its state without raising a prompt (facts: ngrok-keyring B3)."""
        import secretstorage  # noqa: PLC0415
        import secretstorage.exceptions  # noqa: PLC0415

        try:
            connection = secretstorage.dbus_init()
        except secretstorage.exceptions.SecretStorageException:
            return "there is no session bus for a keyring"
        try:
            if not secretstorage.check_service_availability(connection):
                return "no keyring service is running"
            try:
                collection = secretstorage.get_collection_by_alias(connection, "default")
            except secretstorage.exceptions.ItemNotFoundException:
                return "no keyring has been created yet"
            return "the keyring is locked" if collection.is_locked() else ""
        finally:
            connection.close()

    def get(self, service: str, account: str) -> str | None:
        """The secret of an account, None if there is none."""
        import keyring  # noqa: PLC0415

        return keyring.get_password(service, account)

    def put(self, service: str, account: str, secret: str) -> None:
        """Write a secret."""
        import keyring  # noqa: PLC0415

        keyring.set_password(service, account, secret)

    def delete(self, service: str, account: str) -> None:
        """Remove a secret."""
        import keyring  # noqa: PLC0415

        keyring.delete_password(service, account)
