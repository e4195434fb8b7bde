"""`PasswordHash` of a CPF merge file, made from a password that a person typed (facts: iris-config-as-text 1.5)."""

from __future__ import annotations

import hashlib
import hmac
import secrets

ALGORITHM = "SHA512"
"""PBKDF2 with HMAC-SHA512, the default of `PasswordHash`."""
WORK_FACTOR = 10_000
"""Rounds, the default of `PasswordHash`."""
LENGTH = 64
"""Bytes of the hash, and of the salt."""


def refusal_of(password: str) -> str:
    """Why no hash is made of this password, as the end of a sentence; "" if one can be made.

    How other characters than ASCII are encoded is not known (facts: iris-config-as-text 9): a login with
    such a password could fail for good.
    """
    if not password:
        return "it is empty"
    if not password.isascii() or not password.isprintable():
        return "only ASCII characters are certain to be hashed as the instance does it"
    return ""


def password_hash(password: str, salt: bytes | None = None) -> str:
    """`hash,salt,rounds,algorithm`, hash and salt in lower-case hex, with a new random salt by default.

    Raises ValueError for a password that `refusal_of` refuses.
    """
    if why := refusal_of(password):
        raise ValueError(why)
    used = secrets.token_bytes(LENGTH) if salt is None else salt
    return f"{_derived(password, used)},{used.hex()},{WORK_FACTOR},{ALGORITHM}"


def verifies(text: str, password: str) -> bool:
    """True if a `PasswordHash` of the form that `password_hash` makes is one of this password."""
    hashed, salt, rounds, algorithm = text.split(",")
    if (rounds, algorithm) != (str(WORK_FACTOR), ALGORITHM):
        return False
    return hmac.compare_digest(hashed.lower(), _derived(password, bytes.fromhex(salt)))


def _derived(password: str, salt: bytes) -> str:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, WORK_FACTOR, LENGTH).hex()
