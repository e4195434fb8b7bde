"""Cure for a web port given as the superserver's port, the most common mistake in a new profile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from irisops.contract.quoting import quote
from irisops.contract.wording import harmless
from irisops.instance.errors import NotAnInstance, Unreachable
from irisops.profiles.model import DEFAULT_PORT, Profile

WEB_PORTS = (52773, 57772, 80, 443, 8080, 8443)
"""Web server ports given by mistake (facts: iris-license-sessions 8.2)."""
_SILENT = ("Nothing answered within", "The server closed the connection during the login")
"""Messages of a login at a web server that waits for a line, or hangs up at once."""


@contextmanager
def telling_of_a_web_port(profile: Profile, *, temporary: bool) -> Iterator[None]:
    """Set the cure of a failed login, if the profile's port may be a web server's.

    `temporary`: the profile is in no file, so it cannot be edited.
    """
    try:
        yield
    except NotAnInstance as problem:
        if profile.port in (*WEB_PORTS, profile.web_port):
            right = _right(profile, temporary=temporary)
            problem.cure = (
                f"{profile.port} is a web port. The superserver's is {DEFAULT_PORT} by default: {right}"
            )
        raise
    except Unreachable as problem:
        if problem.message.startswith(_SILENT) and profile.port in (*WEB_PORTS, profile.web_port):
            right = _right(profile, temporary=temporary)
            problem.cure = (
                f"{profile.port} is usually a web port; the superserver's is {DEFAULT_PORT} by default: {right}. "
                f"If it is the superserver's here: {problem.cure}"
            )
        raise


def _right(profile: Profile, *, temporary: bool) -> str:
    """The command to type instead."""
    if temporary:
        user, host = harmless(profile.user), harmless(profile.host)
        return f"/connect iris://{user}@{host}:{DEFAULT_PORT}/{profile.namespace}"
    return f"/profile edit {quote(profile.name)} port={DEFAULT_PORT} web_port={profile.port}"
