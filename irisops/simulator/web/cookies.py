"""Session cookies in the documented shape (facts: license-sessions 2.3)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Container

from irisops.simulator.world.model import WebSession

PREFIX = "001000010000"
"""UNVERIFIED: the prefix of the session id in the cookie. Settle: look at one in a browser."""
ID_LENGTH = 10


class CookieJar:
    """The keys of the sessions opened at this port: a session id alone is not enough (facts: 2.3)."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}

    def issue(self, session: WebSession, port: int) -> list[tuple[str, str]]:
        """The Set-Cookie headers for a new session."""
        key = self._keys[session.id] = secrets.token_urlsafe(24)
        path = session.application
        scope = f"path={path}; HttpOnly; SameSite=Strict"
        return [
            ("Set-Cookie", f"{cookie_name(port, path)}={PREFIX}{session.id}{key}; {scope}"),
            ("Set-Cookie", f"CSPWSERVERID={secrets.token_hex(6)}; {scope}"),
        ]

    def session_id(self, cookies: dict[str, str], port: int, application: str) -> str | None:
        """The session of the cookies; None if missing or forged."""
        value = cookies.get(cookie_name(port, application), "")
        identifier = value[len(PREFIX) : len(PREFIX) + ID_LENGTH]
        key = self._keys.get(identifier)
        if not value.startswith(PREFIX) or key is None:
            return None
        sent = value[len(PREFIX) + ID_LENGTH :].encode()
        return identifier if hmac.compare_digest(sent, key.encode()) else None

    def keep_only(self, identifiers: Container[str]) -> None:
        """Drop the keys of ended sessions."""
        if len(self._keys) > 1000:
            self._keys = {each: key for each, key in self._keys.items() if each in identifiers}


def cookie_name(port: int, application: str) -> str:
    """`CSPSESSIONID-SP-<port>-UP-<path>-`, e.g. CSPSESSIONID-SP-52773-UP-csp-user-."""
    return f"CSPSESSIONID-SP-{port}-UP-{application.strip('/').replace('/', '-')}-"
