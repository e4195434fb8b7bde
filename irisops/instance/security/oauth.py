"""OAuth 2.0 definitions: authorization servers and the clients of them (facts: iris-config-as-text 4).

Secrets are never selected. What an object derives from its metadata and its keys is not read.

UNVERIFIED: that IssuerEndpoint of a server description is text in SQL, unlike that of OAuth2.Server.Configuration,
which is an object and opaque (facts: iris-security 4.3, 8), that the column ServerDefinition of a client holds the ID
of its server, and that releases other than 2024.3 have these columns: one that lacks any gives no list. Settle: SELECT
* FROM OAuth2.Client and from OAuth2.ServerDefinition as a user with %All.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from irisops.instance.calls import ObjectCall, ObjectStep, Query
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.routes import Instance, answer_by
from irisops.instance.values import Row, as_text

OAuthKind = Literal["oauth.servers", "oauth.clients"]
SERVERS: OAuthKind = "oauth.servers"
CLIENTS: OAuthKind = "oauth.clients"
_SELECT = {
    SERVERS: "SELECT ID, IssuerEndpoint, SSLConfiguration, ServerCredentials FROM OAuth2.ServerDefinition",
    CLIENTS: (
        "SELECT ID, ApplicationName, Enabled, Description, ClientType, SSLConfiguration, DefaultScope, JWTInterval, "
        "JWTAudience, ClientId, ClientCredentials, AcceptNonStandardImplicitIdToken, ServerDefinition "
        "FROM OAuth2.Client"
    ),
}
REDIRECTION = "RedirectionEndpoint"


async def read_oauth(instance: Instance, kind: OAuthKind) -> list[Row]:
    """The rows of the table, by lower-case column. Raises NotPermitted (from 2025.2 without %All) and the like."""
    answer = await answer_by(instance, kind, Query(_SELECT[kind]))
    return list(answer.rows.dicts()) if answer.rows else []


def issuers(servers: Sequence[Row]) -> dict[str, str]:
    """ID of a server description -> its issuer, to which the column ServerDefinition of a client refers."""
    return {as_text(row.get("id")): as_text(row.get("issuerendpoint")) for row in servers}


async def read_redirections(instance: Instance, clients: Sequence[Row]) -> dict[str, str | InstanceProblem]:
    """ID of a client -> the URL to which its users come back, or why it cannot be read. Raises Unreachable."""
    ids = [as_text(row.get("id")) for row in clients]
    step = ObjectStep("invoke", "GetServerURL", path=(REDIRECTION,))
    answers = await instance.batch([ObjectCall("OAuth2.Client", "%OpenId", (key,), (step,)) for key in ids])
    found: dict[str, str | InstanceProblem] = {}
    for key, answer in zip(ids, answers, strict=True):
        if isinstance(answer, Unreachable):
            raise answer
        if isinstance(answer, InstanceProblem):
            found[key] = answer
        elif isinstance(answer, Exception):
            raise answer
        else:
            found[key] = as_text(answer.values[0]) if answer.found else ""
    return found
