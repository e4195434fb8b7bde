"""Cure for a web port given as the superserver's port, the most common mistake in a new profile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from irisops.contract.quoting import quote
from irisops.contract.wording import harmless
from irisops.instance.errors import NotAnInstance, Unreachable
from irisops.instance.web import WebAddress, WebFailure, WebRequest, ask
from irisops.profiles.model import DEFAULT_PORT, Profile

WEB_PORTS = (52773, 57772, 80, 443, 8080, 8443)
"""Web server ports given by mistake (facts: iris-license-sessions 8.2)."""
HTTP_DEADLINE = 2.0
"""Seconds for a silent port to answer as a web server."""
_SILENT = ("Nothing answered within", "The server closed the connection during the login")
"""Messages of a login at a web server that waits for a line, or hangs up at once."""


@asynccontextmanager
async def telling_of_a_web_port(profile: Profile, *, temporary: bool) -> AsyncIterator[None]:
    """Set the cure of a failed login, if the profile's port may be a web server's.

    A silent port that is no usual one is asked once by HTTP. `temporary`: the profile is in no file, so it cannot be
    edited.
    """
    try:
        yield
    except NotAnInstance as problem:
        right = _right(profile, temporary=temporary)
        if profile.port in (*WEB_PORTS, profile.web_port) or await _is_web(profile):
            problem.cure = (
                f"{profile.port} is a web port. The superserver's is {DEFAULT_PORT} by default: {right}"
            )
        elif profile.port != DEFAULT_PORT:
            cure, typed = problem.cure.rstrip("."), _right(profile, temporary=temporary, web=False)
            problem.cure = f"Port {profile.port} is another program's. {cure}: {typed}"
        raise
    except Unreachable as problem:
        if problem.message.startswith(_SILENT):
            right = _right(profile, temporary=temporary)
            if profile.port in (*WEB_PORTS, profile.web_port):
                problem.cure = (
                    f"{profile.port} is usually a web port; the superserver's is {DEFAULT_PORT} by default: {right}. "
                    f"If it is the superserver's here: {problem.cure}"
                )
            elif await _is_web(profile):
                problem.cure = (
                    f"A web server answers on port {profile.port}. The superserver's is {DEFAULT_PORT} by default: "
                    f"{right}"
                )
            elif profile.port != DEFAULT_PORT:
                problem.cure = f"{problem.cure} {_other(profile, temporary=temporary)}"
        raise


def _other(profile: Profile, *, temporary: bool) -> str:
    right = _right(profile, temporary=temporary, web=False)
    return f"If {profile.port} is not the superserver's port ({DEFAULT_PORT} by default): {right}"


async def _is_web(profile: Profile) -> bool:
    """True if a web server answers on the profile's port. The usual port of a superserver is not asked."""
    if profile.port == DEFAULT_PORT:
        return False
    try:
        await ask(WebAddress(profile.host, profile.port), WebRequest("HEAD", "/"), deadline=HTTP_DEADLINE)
    except WebFailure:
        return False
    return True


def _right(profile: Profile, *, temporary: bool, web: bool = True) -> str:
    """The command to type instead; `web` keeps the port as that of the web server."""
    if temporary:
        user, host = harmless(profile.user), harmless(profile.host)
        return f"/connect iris://{user}@{host}:{DEFAULT_PORT}/{profile.namespace}"
    kept = f" web_port={profile.port}" if web else ""
    return f"/profile edit {quote(profile.name)} port={DEFAULT_PORT}{kept}"
