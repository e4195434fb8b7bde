"""Where a connection goes. Apart from what connects: profiles are compared by it before anything is connected."""

from __future__ import annotations

from typing import NamedTuple


class Target(NamedTuple):
    """Where and as whom to connect. The password is never part of it."""

    host: str
    port: int
    namespace: str
    user: str
    timeout: float = 10.0
    """Seconds to wait for the connection itself."""
    sslconfig: str = ""
