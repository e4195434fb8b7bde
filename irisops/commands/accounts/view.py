"""Read-only cards of a user or a role, where it cannot be changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from irisops.commands.access.privileges import privileges_of
from irisops.commands.accounts.fields import FIELDS, title
from irisops.contract.replies import Cell, Column, Facts, Scalar, Table
from irisops.contract.wording import harmless, listed
from irisops.instance.security.access import Access
from irisops.instance.security.object_state import FieldValue, ObjectState
from irisops.instance.security.permissions import Permission

FactValue = Scalar | list[Scalar] | dict[str, Scalar]

ROLE_PRIVILEGES = (
    Column("resource", "RESOURCE"),
    Column("permission", "MAY"),
    Column("how", "THROUGH", grow=True),
)


def user_cards(
    access: Access, state: ObjectState, today: date, why_not: Sequence[str]
) -> list[Facts | Table]:
    """All fields of a user, then all privileges with their paths. `why_not` says why it cannot be changed."""
    card = _card(access, state, "roles", why_not, superuser=access.model.is_superuser(state.name))
    return [card, privileges_of(access, access.user(state.name), today)]


def role_cards(access: Access, state: ObjectState, notes: Sequence[str]) -> list[Facts | Table]:
    """All fields of a role, then all privileges and the granted role they come from."""
    return [_card(access, state, "granted_roles", notes), _brought(access, state.name)]


def _card(
    access: Access, state: ObjectState, roles: str, notes: Sequence[str], *, superuser: bool | None = None
) -> Facts:
    """The fields, and the roles that come with those of the field `roles`. Privileges have a table of their own."""
    shown = {key: value for key, value in state.fields.items() if key != "privileges"}
    facts: dict[str, FactValue] = {"name": state.name, **{k: _fact(k, v) for k, v in shown.items()}}
    labels = {key: title(spec.label) for key, spec in FIELDS[state.kind].items() if key in shown}
    if "bad_logins" in labels:
        labels["bad_logins"] = "Bad logins"  # short enough for a card
    chains = access.model.chains(state.names(roles)).values()
    through = [f"{chain[-1]} (through {listed(chain[:-1])})" for chain in chains if len(chain) > 1]
    if through:
        facts["inherited_roles"], labels["inherited_roles"] = list[Scalar](through), "Inherited roles"
    if superuser is not None:
        facts["superuser"], labels["superuser"] = superuser, "Superuser"
    return Facts(state.kind, f"{title(state.kind)} {harmless(state.name)}", facts, labels, list(notes))


def _brought(access: Access, name: str) -> Table:
    """Each privilege with every role that holds it directly, the role's own first."""
    held: dict[str, tuple[str, Permission, list[str]]] = {}
    chains = access.model.chains([name])
    roles = {role.name.casefold(): role for role in access.model.roles}
    for key, chain in chains.items():
        role = roles.get(key)
        way = "itself" if len(chain) == 1 else " → ".join(chain[1:])
        for resource, permission in role.privileges.items() if role else ():
            spelled, bits, ways = held.get(resource.casefold(), (resource, Permission.NONE, []))
            held[resource.casefold()] = (spelled, bits | permission, [*ways, way])
    rows: list[dict[str, Cell]] = [
        {"resource": spelled, "permission": bits.letters, "how": ", ".join(ways)}
        for _, (spelled, bits, ways) in sorted(held.items())
    ]
    notes = [f"{harmless(name)} brings every privilege, whatever is listed."] if "%all" in chains else []
    notes.append("What is public is held by everybody and not listed.")
    return Table(
        name="role_privileges",
        title=f"What {harmless(name, 80)} brings",
        columns=ROLE_PRIVILEGES,
        rows=rows,
        key="resource",
        notes=notes,
    )


def _fact(key: str, value: FieldValue) -> FactValue:
    if isinstance(value, tuple):
        return list[Scalar](value)
    return (value or "never") if key == "expires" else value
