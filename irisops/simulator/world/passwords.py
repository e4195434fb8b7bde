"""Password hashes: salted PBKDF2, with few iterations so that 400 accounts are created in a moment."""

from __future__ import annotations

import hashlib
import hmac

from irisops.simulator.world.chance import Chance
from irisops.simulator.world.model import User

ALGORITHM = "SHA512"
WORK_FACTOR = 10_000
"""The value that the instance reports (facts: iris-security 3.6). The simulator iterates less: see `ITERATIONS`."""
ITERATIONS = 50
SALT_BYTES = 16


def set_password(user: User, clear: str, chance: Chance) -> None:
    """Store the salted hash of `clear` in the user; the password itself is not kept."""
    user.password_salt = chance.randbytes(SALT_BYTES)
    user.password_hash = _digest(clear, user.password_salt)


def password_matches(user: User, clear: str) -> bool:
    """True if `clear` is the user's password; always False for a user without one, such as _PUBLIC."""
    if not user.password_hash:
        return False
    return hmac.compare_digest(user.password_hash, _digest(clear, user.password_salt))


def _digest(clear: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", clear.encode("utf-8"), salt, ITERATIONS)
