"""Passwords in one encrypted file, for machines without a keyring; set up by the person with a passphrase.

The key is derived from the passphrase by scrypt; the file is AES-256-GCM over a JSON object account -> secret, and its
header is authenticated too. Calls block (key derivation is slow on purpose), so callers use `in_daemon_thread`. The
passphrase is not stored; the key stays in memory until `lock`.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from irisops.files import locked, read_file, write_atomically

FORMAT = "irisops-secrets-1"
COST = 2**16
"""scrypt's n with r=8, p=1: 64 MiB and some 200 ms, the interactive recommendation of RFC 7914 times four."""
MOST_COST = 2**20
"""Limit for the cost in a file: more would exhaust the memory."""
SHORTEST_PASSPHRASE = 8
_KEY_BYTES, _SALT_BYTES, _NONCE_BYTES = 32, 16, 12


class VaultError(Exception):
    """The file cannot be read, parsed or written; the text says why and holds no secret."""


class WrongPassphraseError(VaultError):
    """The passphrase does not open the file, or the file was tampered with."""


class VaultLockedError(VaultError):
    """The file exists, but its passphrase was not given in this run."""


class _Sealed(NamedTuple):
    """The file's contents."""

    cost: int
    salt: bytes
    nonce: bytes
    data: bytes

    @property
    def header(self) -> bytes:
        """The authenticated header."""
        return f"{FORMAT}:{self.cost}:{self.salt.hex()}".encode()


class Vault:
    """The encrypted file. Its `repr` shows only whether it is open."""

    def __init__(self, path: Path, *, cost: int = COST) -> None:
        self.path = path
        self._cost = cost
        self._key: bytes | None = None
        self._salt = b""

    def __repr__(self) -> str:
        return f"Vault({str(self.path)!r}, {'open' if self._key else 'locked'})"

    @property
    def exists(self) -> bool:
        """True if it was set up."""
        return self.path.exists()

    @property
    def is_open(self) -> bool:
        """True if its key is known."""
        return self._key is not None

    def check(self) -> None:
        """Check the file's format before a passphrase is asked for. Raises `VaultError`."""
        self._sealed()

    def create(self, passphrase: str) -> None:
        """Create an empty file. Raises `VaultError`, also if one exists."""
        with self._locked():
            if self.exists:
                raise VaultError(f"There is an encrypted file already: {self.path}")
            self._new_key(passphrase)
            self._seal({})

    def unlock(self, passphrase: str) -> None:
        """Derive the key and try it. Raises `WrongPassphraseError`, `VaultError`."""
        sealed = self._sealed()
        key = _derive(passphrase, sealed.salt, sealed.cost)
        _opened(sealed, key)
        self._key, self._salt, self._cost = key, sealed.salt, sealed.cost

    def lock(self) -> None:
        """Forget the key."""
        self._key = None

    def change_passphrase(self, passphrase: str) -> None:
        """Encrypt the open file with a new passphrase. Raises `VaultError`."""
        with self._locked():
            held = self._open()
            self._new_key(passphrase)
            self._seal(held)

    def accounts(self) -> list[str]:
        """Account names in the file. Raises `VaultError`."""
        return sorted(self._open())

    def get(self, account: str) -> str | None:
        """A secret, None if missing. Raises `VaultError`."""
        return self._open().get(account)

    def put(self, account: str, secret: str) -> None:
        """Store a secret. Raises `VaultError`."""
        self._edit(lambda held: held.update({account: secret}))

    def delete(self, account: str) -> None:
        """Remove a secret; a missing one is no error. Raises `VaultError`."""
        self._edit(lambda held: held.pop(account, None))

    def _edit(self, change: Callable[[dict[str, str]], object]) -> None:
        with self._locked():
            held = self._open()
            change(held)
            self._seal(held)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the file's lock. An `OSError` meanwhile, also of the lock, becomes a `VaultError`."""
        try:
            with locked(self.path):
                yield
        except OSError as error:
            raise VaultError(f"{self.path}: {error.strerror or error}") from error

    def _new_key(self, passphrase: str) -> None:
        if len(passphrase) < SHORTEST_PASSPHRASE:
            raise VaultError(f"A passphrase has at least {SHORTEST_PASSPHRASE} characters.")
        self._salt = os.urandom(_SALT_BYTES)
        self._key = _derive(passphrase, self._salt, self._cost)

    def _open(self) -> dict[str, str]:
        """Read the file again: another irisops may have written it."""
        sealed = self._sealed()
        if self._key is None or sealed.salt != self._salt or sealed.cost != self._cost:
            self._key = None  # the passphrase was changed elsewhere
            raise VaultLockedError("The encrypted file is locked.")
        return _opened(sealed, self._key)

    def _sealed(self) -> _Sealed:
        try:
            return _parsed(read_file(self.path))
        except FileNotFoundError:
            raise VaultError(f"There is no encrypted file {self.path}") from None
        except OSError as error:
            raise VaultError(f"{self.path} cannot be read: {error.strerror or error}.") from error
        except (ValueError, KeyError, TypeError, RecursionError):
            raise VaultError(f"{self.path} is not an encrypted file of irisops, or it is damaged.") from None

    def _seal(self, held: dict[str, str]) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - 60 ms that few need

        assert self._key is not None  # noqa: S101 - _open or _new_key came before
        sealed = _Sealed(self._cost, self._salt, os.urandom(_NONCE_BYTES), b"")
        data = AESGCM(self._key).encrypt(sealed.nonce, json.dumps(held).encode(), sealed.header)
        text = {
            "format": FORMAT,
            "cost": sealed.cost,
            "salt": base64.b64encode(sealed.salt).decode(),
            "nonce": base64.b64encode(sealed.nonce).decode(),
            "data": base64.b64encode(data).decode(),
        }
        write_atomically(self.path, json.dumps(text) + "\n")


def _parsed(raw: bytes) -> _Sealed:
    """Raises `ValueError`, `KeyError`, `TypeError`, `RecursionError`."""
    data: Any = json.loads(raw)
    if not isinstance(data, dict) or data["format"] != FORMAT:
        raise ValueError("another format")
    cost = data["cost"]
    if not isinstance(cost, int) or not 2 <= cost <= MOST_COST or cost & (cost - 1):
        raise ValueError("cost")
    salt, nonce, sealed = (base64.b64decode(data[key], validate=True) for key in ("salt", "nonce", "data"))
    if len(nonce) != _NONCE_BYTES or len(salt) != _SALT_BYTES:
        raise ValueError("lengths")
    return _Sealed(cost, salt, nonce, sealed)


def _derive(passphrase: str, salt: bytes, cost: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt  # noqa: PLC0415 - not at the start

    return Scrypt(salt=salt, length=_KEY_BYTES, n=cost, r=8, p=1).derive(
        passphrase.encode(errors="surrogatepass")
    )


def _opened(sealed: _Sealed, key: bytes) -> dict[str, str]:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - not at the start
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - not at the start

    try:
        plain = AESGCM(key).decrypt(sealed.nonce, sealed.data, sealed.header)
    except InvalidTag:
        raise WrongPassphraseError("The passphrase does not open the encrypted file.") from None
    try:
        held = json.loads(plain)
    except (ValueError, RecursionError):
        held = None
    if not isinstance(held, dict) or not all(isinstance(each, str) for each in held.values()):
        raise VaultError("The passphrase opens the encrypted file, but irisops cannot read its contents.")
    return held
