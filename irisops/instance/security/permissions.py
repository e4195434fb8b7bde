"""Permissions on resources: parsing, canonical text, and differences between two tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntFlag

from irisops.instance.calls import Value
from irisops.instance.values import as_int, as_text


class Permission(IntFlag):
    """READ, WRITE and USE; the letters and bits of `Security.Datatype.Permission` (facts: iris-security 1)."""

    NONE = 0
    R = 1
    W = 2
    U = 4

    @property
    def letters(self) -> str:
        """Short letters, RW for READ and WRITE."""
        return "".join(letter for letter in "RWU" if self & Permission[letter])


_WORDS = {"R": Permission.R, "READ": Permission.R, "W": Permission.W, "WRITE": Permission.W}
_WORDS |= {"U": Permission.U, "USE": Permission.U}


_USE_ONLY = (
    "%service_",
    "%deepsee_",
    "%admin_",
    "%development",
    "%application_",
    "%system_",
    "%docdb_",
    "%gateway_",
    "%iam",
    "%native_",
    "%sql",
    "%secure_",
)


def applicable(resource: str) -> Permission:
    """The permissions that apply to a resource, by the portal's rule (facts: iris-security 3.2).

    READ and WRITE on a database, USE on the system's own resources, all three on any other.
    """
    name = resource.lower()
    if name.startswith("%db_"):
        return Permission.R | Permission.W
    if name.startswith(_USE_ONLY):
        return Permission.U
    return Permission.R | Permission.W | Permission.U


def parse_permission(text: str) -> Permission:
    """Letters or words, e.g. `RW`, `read,w`, `Use`. Raises `ValueError` naming the unknown part."""
    total = Permission.NONE
    for part in text.replace(" ", ",").split(","):
        word = part.upper()
        if not word:
            continue
        if word in _WORDS:
            total |= _WORDS[word]
        elif all(letter in "RWU" for letter in word):
            for letter in word:
                total |= Permission[letter]
        else:
            raise ValueError(f"'{part}' is not a permission: use R, W, U or a mix such as RW")
    if not total:
        raise ValueError("a permission is missing: use R, W, U or a mix such as RW")
    return total


def permission_of(value: Value) -> Permission:
    """A permission from letters or a bitmask: the datatype has both forms (facts: iris-security 1). Else NONE."""
    bits = as_int(value)
    if bits is not None:
        return Permission(bits & 7)
    try:
        return parse_permission(as_text(value))
    except ValueError:
        return Permission.NONE


def format_privileges(privileges: Mapping[str, Permission]) -> str:
    """The canonical string: sorted by name, short letters, as IRIS reads it back (facts: iris-security 3.1)."""
    return ",".join(
        f"{name}:{permission.letters}"
        for name, permission in sorted(privileges.items(), key=lambda item: item[0].lower())
        if permission
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """Difference between two privilege tables, by resource."""

    gained: Mapping[str, Permission]
    lost: Mapping[str, Permission]

    def __bool__(self) -> bool:
        return bool(self.gained or self.lost)


def difference(before: Mapping[str, Permission], after: Mapping[str, Permission]) -> Difference:
    """Privileges gained and lost between two effective tables (resource as written -> permission)."""
    old = {name.lower(): permission for name, permission in before.items()}
    new = {name.lower(): permission for name, permission in after.items()}
    gained = {
        name: permission & ~old.get(name.lower(), Permission.NONE)
        for name, permission in after.items()
        if permission & ~old.get(name.lower(), Permission.NONE)
    }
    lost = {
        name: permission & ~new.get(name.lower(), Permission.NONE)
        for name, permission in before.items()
        if permission & ~new.get(name.lower(), Permission.NONE)
    }
    return Difference(gained, lost)
