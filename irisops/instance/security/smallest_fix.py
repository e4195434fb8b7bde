"""The smallest change that gives a user missing privileges: existing roles to grant, else a new one.

Pure: computed from `irisops.instance.security.privileges.AccessModel`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from irisops.instance.security.permissions import Permission
from irisops.instance.security.privileges import ALL, AccessModel, Role, User


@dataclass(frozen=True, slots=True)
class Fix:
    """The smallest change: existing roles to grant, or a new role.

    `grants` names existing roles. When it is empty, `new_role` holds the privileges of a role to create and grant.
    `gained` are the privileges that the user would gain beyond those missing.
    """

    grants: tuple[str, ...] = ()
    new_role: Mapping[str, Permission] = field(default_factory=dict)
    gained: Mapping[str, Permission] = field(default_factory=dict)


def smallest_fix(model: AccessModel, user: User, missing: Mapping[str, Permission]) -> Fix:
    """The fewest roles that bring all of `missing`; among those, the fewest additional privileges.

    `%All`, roles that hold it, and escalation-only roles are never proposed. If no existing roles suffice, the fix is
    a new role with exactly what is missing.
    """
    wanted = {resource.lower(): permission for resource, permission in missing.items() if permission}
    before = model.privileges_of_roles(user.roles)
    offers: list[tuple[Role, frozenset[tuple[str, Permission]], dict[str, Permission]]] = []
    for role in model.roles:
        if role.escalation_only or ALL in model.chains([role.name]):
            continue
        brings = model.privileges_of_roles([role.name])
        covered = _bits({key: brings.get(key, Permission.NONE) & bits for key, bits in wanted.items()})
        if covered:
            offers.append((role, covered, brings))
    best: tuple[tuple[int, int, tuple[str, ...]], Fix] | None = None
    for chosen in _covers([offer[1] for offer in offers], _bits(wanted)):
        gained: dict[str, Permission] = {}
        for index in chosen:
            for key, permission in offers[index][2].items():
                extra = permission & ~before.get(key, Permission.NONE) & ~wanted.get(key, Permission.NONE)
                if extra:
                    name = model.spelled(key)
                    gained[name] = gained.get(name, Permission.NONE) | extra
        names = tuple(sorted((offers[index][0].name for index in chosen), key=str.lower))
        rank = (len(names), sum(permission.bit_count() for permission in gained.values()), names)
        if best is None or rank < best[0]:
            best = (rank, Fix(grants=names, gained=gained))
    if best is not None:
        return best[1]
    return Fix(
        new_role={
            model.spelled(resource): permission for resource, permission in missing.items() if permission
        }
    )


def _bits(permissions: Mapping[str, Permission]) -> frozenset[tuple[str, Permission]]:
    """Single permissions: (resource, one bit)."""
    return frozenset((key, bit) for key, bits in permissions.items() for bit in Permission if bit & bits)


def _covers(
    offers: Sequence[frozenset[tuple[str, Permission]]], wanted: frozenset[tuple[str, Permission]]
) -> Iterator[tuple[int, ...]]:
    """Index sets whose permissions together cover `wanted`, smallest size only.

    A smallest cover has at most as many members as there are bits wanted; in one of exactly that many each member
    brings one bit and no other.
    """
    for size in range(1, len(wanted)):
        found = False
        for chosen in combinations(range(len(offers)), size):
            if frozenset().union(*(offers[index] for index in chosen)) >= wanted:
                found = True
                yield chosen
        if found:
            return
    yield from product(
        *([index for index, offer in enumerate(offers) if offer == {bit}] for bit in sorted(wanted))
    )
