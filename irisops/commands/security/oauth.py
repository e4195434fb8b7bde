"""/oauth: the OAuth 2.0 servers that an instance knows, and its clients of them (facts: iris-config-as-text 4)."""

from __future__ import annotations

from dataclasses import dataclass

from irisops.contract.chat import Command
from irisops.contract.replies import Column
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import list_table
from irisops.instance.errors import InstanceProblem
from irisops.instance.security.oauth import CLIENTS, SERVERS, issuers, read_oauth, read_redirections
from irisops.instance.values import as_flag, as_text


@dataclass(frozen=True, slots=True)
class _Definition:
    """A server or a client. `enabled` and `redirect` are None where it has none, or it cannot be read."""

    name: str
    kind: str
    issuer: str
    tls: str
    enabled: bool | None = None
    client_id: str = ""
    redirect: str | None = None
    scope: str = ""


_FIELDS: cards.Fields[_Definition] = (
    (Column("name", "NAME", grow=True, least=12, wrap=2), lambda each: each.name),
    (Column("kind", "KIND"), lambda each: each.kind),
    (Column("issuer", "SERVER", grow=True, hide_under=90), lambda each: each.issuer),
    (Column("enabled", "ENABLED", "flag"), lambda each: each.enabled),
    (Column("tls", "TLS"), lambda each: each.tls),
    (Column("client_id", "CLIENT ID", hide_under=100), lambda each: each.client_id),
    (Column("redirect", "COMES BACK TO", grow=True, hide_under=120), lambda each: each.redirect),
    (Column("scope", "SCOPE", hide_under=130), lambda each: each.scope),
)


async def show_oauth(context: Context, command: Command) -> Replies:
    """Servers and clients in one table, filtered and sorted by words."""
    connection = context.link().connection
    servers = await read_oauth(connection, SERVERS)
    clients = await read_oauth(connection, CLIENTS)
    redirections = await read_redirections(connection, clients)
    known = issuers(servers)
    found = [
        _Definition(issuer, "server", issuer, as_text(row.get("sslconfiguration")))
        for row in servers
        if (issuer := as_text(row.get("issuerendpoint")))
    ]
    for row in clients:
        redirect = redirections.get(as_text(row.get("id")), "")
        found.append(
            _Definition(
                as_text(row.get("applicationname")),
                f"{as_text(row.get('clienttype'))} client",
                known.get(as_text(row.get("serverdefinition")), ""),
                as_text(row.get("sslconfiguration")),
                as_flag(row.get("enabled")),
                as_text(row.get("clientid")),
                None if isinstance(redirect, InstanceProblem) else redirect,
                as_text(row.get("defaultscope")),
            )
        )
    lost = [each for each in redirections.values() if isinstance(each, InstanceProblem)]
    notes = [f"Where they come back to cannot be read: {lost[0].message}"] if lost else []
    if not found:
        notes.append("The instance knows no authorization server and no client.")
    notes.append("Secrets are not read. Endpoints and keys come from the server's metadata.")
    table = list_table(command, "oauth", "definition", _FIELDS, found, unfiltered=notes)
    table.title = "OAuth definitions"
    yield table
