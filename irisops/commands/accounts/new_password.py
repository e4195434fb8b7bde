"""Passwords made here, for accounts whose person is to choose another one."""

from __future__ import annotations

import secrets

from irisops.connections.connection import Link
from irisops.contract.quoting import quote
from irisops.contract.refusal import Refusal
from irisops.instance.security.user_changes import check_new_password

LENGTH = 20
"""Characters of a password that is made here."""
_LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without l, I and O, which are read as other characters."""
_DIGITS = "23456789"
_KINDS = (str.isupper, str.islower, str.isdigit)


def new_password() -> str:
    """A password of letters and digits, at least one of each, fit for the usual patterns (facts: iris-security 3.6)."""
    while True:
        text = secrets.choice(_LETTERS) + "".join(
            secrets.choice(_LETTERS + _DIGITS) for _ in range(LENGTH - 1)
        )
        if all(any(kind(character) for character in text) for kind in _KINDS):
            return text


async def password_that_fits(link: Link, name: str) -> str:
    """A new password that the instance's policy takes. Raises `Refusal` if none of those made here does."""
    for extra in ("", "-7", "!a", "_9Z"):
        text = new_password() + extra
        if not await check_new_password(link.connection, name, text):
            return text
    raise Refusal(
        "PasswordPolicy",
        "The instance's password pattern refuses every password that this tool makes.",
        f"Enter one that fits in the form: /user {quote(name)}",
    )
