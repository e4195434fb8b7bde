"""Services of an instance: whether they are enabled, and their login methods (facts: iris-security 3.3)."""

from __future__ import annotations

from dataclasses import dataclass

from irisops.instance.class_queries import read_list
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.routes import Instance
from irisops.instance.values import Row, as_flag, as_names, as_text

BINDINGS = "%Service_Bindings"
"""The superserver: this tool and every other driver connect through it."""
WEB_GATEWAY = "%Service_WebGateway"
NAMES = tuple(
    f"%Service_{name}"
    for name in (
        "Bindings", "CacheDirect", "CallIn", "ComPort", "Console", "DataCheck", "DocDB", "ECP", "EscalateLogin",
        "Login", "Mirror", "Monitor", "Shadow", "Sharding", "Telnet", "Terminal", "WebGateway", "Weblink",
    )
)  # fmt: skip
"""All services (facts: iris-security 3.3), for completion before an instance was read."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `methods` and `clients` are None if the list read lacks them."""

    name: str
    enabled: bool
    public: bool
    description: str = ""
    methods: tuple[str, ...] | None = None
    """Login methods in the instance's own words."""
    clients: str | None = None
    """Allowed client addresses in the instance's own words."""


def service_of(row: Row) -> Service | None:
    """One row of Detail or List; None without a name."""
    name = as_text(row.get("name"))
    if not name:
        return None
    # UNVERIFIED: the names of Detail's columns for these two; it is known to have the facts (facts: iris-security 3.3).
    # Where the names are others, the list leaves them out and `/service NAME` reads the object. To settle:
    # SELECT * FROM Security.Services_Detail('*').
    methods = next((row[key] for key in ("authenticationmethods", "autheenabled") if key in row), None)
    clients = next((row[key] for key in ("allowedconnections", "clientsystems") if key in row), None)
    return Service(
        name,
        as_flag(row.get("enabled")),
        as_flag(row.get("public")),
        as_text(row.get("description")),
        None if methods is None else as_names(methods),
        None if clients is None else as_text(clients),
    )


async def list_services(instance: Instance) -> list[Service]:
    """All services, by name. Raises NotAvailable or NotPermitted (%Admin_Secure:U is needed)."""
    try:
        found = await read_list(instance, "services.detail", service_of)
    except Unreachable:
        raise
    except InstanceProblem:
        found = await read_list(instance, "services.list", service_of)
    return sorted(found, key=lambda service: service.name.casefold())
