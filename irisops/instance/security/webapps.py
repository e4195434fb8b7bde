"""Web applications: who may use them, and which roles they add (facts: iris-security 3.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from irisops.instance.calls import Value
from irisops.instance.class_queries import read_list
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.routes import Instance
from irisops.instance.security.authentication import UNAUTHENTICATED
from irisops.instance.security.settings_state import login_bits, read_settings
from irisops.instance.values import Row, as_flag, as_int, as_text

_BITS = (
    (4, "Kerberos"),
    (32, "Password"),
    (64, "Unauthenticated"),
    (2048, "LDAP"),
    (8192, "Delegated"),
    (16384, "Login token"),
)


@dataclass(frozen=True, slots=True)
class WebApplication:
    """One web application. Fields that the list read lacks are None."""

    name: str
    namespace: str
    enabled: bool
    resource: str | None = None
    """Resource on which a visitor needs USE; "" for none."""
    match_roles: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    """(match role, roles added for its holders); match role "" means everybody."""
    methods: str = ""
    """Login methods in words."""
    unauthenticated: bool | None = None
    """True if visitors need no login."""
    dispatch_class: str = ""
    timeout: int | None = None
    """Seconds until a session ends by itself, 0 for never."""

    @property
    def complete(self) -> bool:
        """True if resource and match roles are known."""
        return self.resource is not None and self.match_roles is not None


def parse_match_roles(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """`Match1:TargetA:TargetB,:Always` -> pairs (facts: iris-security 3.5, MatchRoles string)."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for item in text.split(","):
        match, *targets = (part.strip() for part in item.split(":"))
        named = tuple(target for target in targets if target)
        if named:
            found.append((match, named))
    return tuple(found)


def application_of(row: Row) -> WebApplication | None:
    """One row of Detail or List; None without a name and for other things than web applications."""
    name = as_text(row.get("name"))
    # List and Detail have privileged routines and clients too; a web application starts with a slash (facts: 3.5).
    if not name.startswith("/"):
        return None
    methods, unauthenticated = _methods(row.get("autheenabled")) if "autheenabled" in row else ("", None)
    return WebApplication(
        name,
        as_text(row.get("namespace")),
        as_flag(row.get("enabled"), default=True),
        as_text(row["resource"]) if "resource" in row else None,
        parse_match_roles(as_text(row["matchroles"])) if "matchroles" in row else None,
        methods,
        unauthenticated,
        as_text(row.get("dispatchclass")),
        # UNVERIFIED: that Detail has this column (see `list_applications`); None where it has not.
        as_int(row.get("timeout")),
    )


def _methods(value: Value) -> tuple[str, bool]:
    """The methods in words, from the bitmask or the instance's own list of names."""
    bits = as_int(value)
    if bits is None:
        text = as_text(value)
        return text, "unauthenticated" in text.casefold()
    return ", ".join(word for bit, word in _BITS if bits & bit), bool(bits & UNAUTHENTICATED)


# UNVERIFIED: whether Detail has Resource, MatchRoles and AutheEnabled, and under these names (facts: iris-security 11,
# question 2); without them `complete` is False and `read_application` opens the object. To settle: SELECT * FROM
# Security.Applications_Detail('*').
async def list_applications(instance: Instance) -> list[WebApplication]:
    """All web applications, by name. Raises NotAvailable or NotPermitted (%Admin_Secure:U is needed)."""
    try:
        found = await read_list(instance, "webapps.detail", application_of)
    except Unreachable:
        raise
    except InstanceProblem:
        found = await read_list(instance, "webapps.list", application_of)
    return in_order(found)


def in_order(applications: list[WebApplication]) -> list[WebApplication]:
    """Sorted by name, ignoring letter case."""
    return sorted(applications, key=lambda application: application.name.casefold())


async def read_application(instance: Instance, known: WebApplication) -> WebApplication:
    """`known` completed from the object (facts: iris-security 6.4 B). Raises the problem of reading it."""
    if known.complete:
        return known
    read = await read_settings(instance, "application", [known.name], ("resource", "auth", "roles"))
    found = read.get(known.name.casefold())
    if found is None:
        return known
    words, unauthenticated = _methods(login_bits(found))
    return replace(
        known,
        resource=found.text("resource"),
        match_roles=parse_match_roles(",".join(found.names("roles"))),
        methods=words,
        unauthenticated=unauthenticated,
    )
