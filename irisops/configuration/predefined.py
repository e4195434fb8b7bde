"""Objects that come with an instance, by the lists and the rules for names that are public.

(facts: iris-security 2.6, 3.1, 3.2, 3.3, 3.7; iris-webapps-gateway 1.2)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from irisops.configuration.values import Value
from irisops.instance.security.application_fields import SYSTEM

_USERS = frozenset(
    ("admin", "superuser", "_system", "unknownuser", "cspsystem", "iam", "_public", "_ensemble", "irisowner")
)
_DATABASES = frozenset(
    (
        "irissys", "irislib", "irisaudit", "iristemp", "irislocaldata", "irismetrics", "irissecurity", "enslib",
        "user", "%default",
    )
)  # fmt: skip
"""Databases whose resource and role come with an instance; those of another come with it (facts: iris-security 3.2)."""
_ROLES = frozenset(("iam_api", "%db_irissys_read", *(f"%db_{name}" for name in _DATABASES)))
"""Beside these, a role whose name begins with % is predefined: nobody can make one (facts: iris-security 3.1)."""
_APPLICATIONS = (
    "/csp/sys", "/csp/broker", "/csp/documatic", "/csp/docbook", "/api/admin", "/api/atelier", "/api/mgmnt",
    "/api/monitor", "/api/interop-editors", "/isc", "/ui", "/oauth2",
)  # fmt: skip
"""Each with what is below it (facts: iris-webapps-gateway 2, iris-license-sessions 6, iris-config-as-text 4)."""


def comes_with_instance(kind: str, name: str, values: Mapping[str, Value] | None = None) -> bool:
    """True for an object that an instance has without anybody making it, so that its version may decide what it is.

    `values` of a web application tell it for certain, by its Type; without them every `/api/` is taken for one.
    """
    return _RULES.get(kind, _by_sign)(name.lower(), values or {})


def _by_sign(low: str, _values: Mapping[str, Value]) -> bool:
    return low.startswith("%")


def _resource(low: str, _values: Mapping[str, Value]) -> bool:
    return low.removeprefix("%db_") in _DATABASES if low.startswith("%db_") else low.startswith("%")


def _role(low: str, _values: Mapping[str, Value]) -> bool:
    return low in _ROLES or (low.startswith("%") and not low.startswith("%db_"))


def _grantee(low: str, _values: Mapping[str, Value]) -> bool:
    grantee = low.rpartition("/")[2]
    return grantee.startswith("%") or grantee in _USERS


def _application(low: str, values: Mapping[str, Value]) -> bool:
    bits = values.get("Type")
    listed = any(low == each or low.startswith(f"{each}/") for each in _APPLICATIONS)
    return listed or (bool(bits & SYSTEM) if isinstance(bits, int) else low.startswith("/api/"))


def _place(low: str, _values: Mapping[str, Value]) -> bool:
    return low.startswith(("%", "iris", "ens", "hs")) or low == "user"


_RULES: Mapping[str, Callable[[str, Mapping[str, Value]], bool]] = {
    "system": lambda _low, _values: True,
    "services": lambda _low, _values: True,
    "users": lambda low, _values: low in _USERS,
    "resources": _resource,
    "roles": _role,
    "applications": _application,
    "sql-privileges": _grantee,
    "namespaces": _place,
    "databases": _place,
}


def predefined(kind: str, name: str, values: Mapping[str, Value] | None = None) -> bool:
    """True for an object that nobody makes: one of these, or the role of a database, which comes with its resource.

    (facts: iris-security 3.1)
    """
    return (kind == "roles" and name.lower().startswith("%db_")) or comes_with_instance(kind, name, values)
