"""What completes the arguments of the commands of services, web applications and resources."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.connections.connection import Names
from irisops.instance.security.authentication import METHODS
from irisops.instance.security.services import NAMES

PERMISSIONS = (("none", "nobody by itself"), ("R", "read"), ("RW", "read and write"), ("U", "use"))


def offered(kind: str, names: Names) -> Sequence[tuple[str, str]]:
    """(value, hint) for an argument of a kind; nothing for a kind that is not known here."""
    if kind == "service":
        return [(name, "service") for name in names.services or NAMES]
    if kind == "application":
        return [(name, "web application") for name in names.applications]
    if kind == "login":
        return [(word, "way to log in") for word in METHODS.values()]
    return PERMISSIONS if kind == "permission" else ()
