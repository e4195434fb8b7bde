"""OAuth 2.0 server descriptions and clients as kinds of object for the change engine."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from irisops.changes.objects import Changes, Family, ObjectKind
from irisops.connections.connection import Link
from irisops.contract.wording import harmless, listed
from irisops.instance.security.access import Access
from irisops.instance.security.oauth_changes import (
    CLIENT_FIELDS,
    SERVER_FIELDS,
    client_steps,
    read_clients,
    read_servers,
    server_steps,
)
from irisops.instance.security.object_state import FieldValue, ObjectState, same


def _guard(_link: Link, _access: Access, _changes: Changes) -> None:
    """No client or server of OAuth lets this tool in, so none can lock it out."""


def _effects(_access: Access, changes: Changes, _own_user: str) -> tuple[list[str], list[str]]:
    effects, warnings = [], []
    servers = [harmless(each.name, 80) for each in changes if each.kind == "oauth_server" and not each.before]
    made = [harmless(each.name, 80) for each in changes if each.kind == "oauth_client" and not each.before]
    gone = [harmless(each.name, 80) for each in changes if not each.after]
    if servers:
        effects.append(
            f"Metadata and public keys of {listed(servers)} are derived: the instance takes them from the server "
            "when it is discovered (the portal, or OAuth2.ServerDefinition.DiscoverServer since 2025.2)."
        )
    if made:
        effects.append(
            f"Metadata and key pairs of {listed(made)} are derived: the instance makes them, and the server learns "
            "the public keys when the client is registered there."
        )
    if gone:
        warnings.append(
            f"Secrets, metadata and keys of {listed(gone)} are lost: /undo does not bring them back."
        )
    return effects, warnings


def _agrees(field_name: str, found: FieldValue | None, wanted: FieldValue | None) -> bool:
    return field_name == "id" or same(found, wanted)


async def _servers(link: Link, names: Sequence[str], _fields: Collection[str]) -> Mapping[str, ObjectState]:
    return await read_servers(link.connection, names)


async def _clients(link: Link, names: Sequence[str], _fields: Collection[str]) -> Mapping[str, ObjectState]:
    return await read_clients(link.connection, names)


_OAUTH = Family(_guard, _effects)
SERVER = ObjectKind(
    "OAuth 2.0 server description",
    "OAuth 2.0 server descriptions",
    _OAUTH,
    "OAuth definitions",
    SERVER_FIELDS,
    read=_servers,
    steps=server_steps,
    nothing="none",
    passing=frozenset({"id"}),
    agrees=_agrees,
)
CLIENT = ObjectKind(
    "OAuth 2.0 client",
    "OAuth 2.0 clients",
    _OAUTH,
    "OAuth definitions",
    CLIENT_FIELDS,
    read=_clients,
    steps=client_steps,
    nothing="none",
    passing=frozenset({"id"}),
    agrees=_agrees,
)
