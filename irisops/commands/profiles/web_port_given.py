"""The cure for a web port that stands where the superserver's belongs, the most usual mistake in a new profile."""

from __future__ import annotations

from irisops.commands.context import Context
from irisops.commands.text import harmless
from irisops.commands.words import quote
from irisops.instance.errors import InstanceProblem, NotAnInstance, Unreachable
from irisops.profiles.model import DEFAULT_PORT, Profile

WEB_PORTS = (52773, 57772, 80, 443, 8080, 8443)
"""Ports of web servers that people give by mistake (facts: iris-license-sessions 8.2)."""
_SILENT = ("Nothing answered within", "The server closed the connection during the login")
"""How a login fails at a web server that waits for a line, or that hangs up at once."""


def web_port_cure(context: Context, profile: Profile, problem: InstanceProblem) -> str:
    """What to do if the profile's port may be a web server's; "" if nothing speaks for it."""
    other = isinstance(problem, NotAnInstance)
    silent = isinstance(problem, Unreachable) and problem.message.startswith(_SILENT)
    if not (other or silent) or profile.port not in (*WEB_PORTS, profile.web_port):
        return ""
    if context.hub.temporary(profile.name):
        user, host = harmless(profile.user), harmless(profile.host)
        right = f"/connect iris://{user}@{host}:{DEFAULT_PORT}/{profile.namespace}"
    else:
        right = f"/profile edit {quote(profile.name)} port={DEFAULT_PORT} web_port={profile.port}"
    if other:
        return f"{profile.port} is a web port. The superserver's is {DEFAULT_PORT} by default: {right}"
    return (
        f"{profile.port} is usually a web port; the superserver's is {DEFAULT_PORT} by default: {right}. "
        f"If it is the superserver's here: {problem.cure}"
    )
