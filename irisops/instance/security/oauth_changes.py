"""The calls that make, change and delete OAuth 2.0 server descriptions and clients (facts: iris-config-as-text 4).

They are objects of plain persistent classes; their Create of 2025.2 takes an array, which does not cross the driver.
What a server tells of itself (metadata, keys) and what an instance makes for itself (key pairs) is not set here.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

from irisops.instance.calls import ClassMethod, ObjectCall, ObjectStep
from irisops.instance.errors import InstanceError, InstanceProblem
from irisops.instance.features import Route
from irisops.instance.outcome import changing, check_status
from irisops.instance.routes import Instance, first_route
from irisops.instance.security.oauth import (
    CLIENTS,
    REDIRECTION,
    SERVERS,
    issuers,
    read_oauth,
    read_redirections,
)
from irisops.instance.security.object_state import Field, FieldValue, ObjectChange, ObjectState, Step
from irisops.instance.values import Row, as_text

SERVER_CLASS = "OAuth2.ServerDefinition"
CLIENT_CLASS = "OAuth2.Client"
_ID = Field("ID", "text", "number")
SERVER_FIELDS: Mapping[str, Field] = {
    "id": _ID,
    "tls": Field("SSLConfiguration", "text", "TLS configuration"),
    "credentials": Field("ServerCredentials", "text", "certificate"),
}
CLIENT_FIELDS: Mapping[str, Field] = {
    "id": _ID,
    "enabled": Field("Enabled", "flag", "enabled"),
    "description": Field("Description", "text", "description"),
    "type": Field("ClientType", "text", "type"),
    "tls": Field("SSLConfiguration", "text", "TLS configuration"),
    "redirect": Field(REDIRECTION, "text", "where users come back to"),
    "scope": Field("DefaultScope", "text", "scope"),
    "jwt_interval": Field("JWTInterval", "number", "seconds of a token"),
    "jwt_audience": Field("JWTAudience", "text", "audience of tokens"),
    "client_id": Field("ClientId", "text", "client id"),
    "credentials": Field("ClientCredentials", "text", "certificate"),
    "implicit_id_token": Field("AcceptNonStandardImplicitIdToken", "flag", "non-standard ID tokens"),
    "server": Field("ServerDefinition", "text", "server"),
}
"""By the names in the journal. `id` is the row's, which the instance gives."""
SECRETS = {"oauth_server": "InitialAccessToken", "oauth_client": "ClientSecret"}
_URL = re.compile(r"(?P<scheme>https?)://(?P<host>[^/:?#\s]+)(?::(?P<port>\d{1,5}))?(?:/(?P<prefix>\S*))?")


async def read_servers(instance: Instance, names: Sequence[str]) -> dict[str, ObjectState]:
    """The server descriptions of these issuers, by casefolded name. Raises as `read_oauth`."""
    wanted = {name.casefold() for name in names}
    found = {}
    for row in await read_oauth(instance, SERVERS):
        name = as_text(row.get("issuerendpoint"))
        if name.casefold() in wanted:
            found[name.casefold()] = ObjectState("oauth_server", name, _values(SERVER_FIELDS, row))
    return found


async def read_clients(instance: Instance, names: Sequence[str]) -> dict[str, ObjectState]:
    """The clients of these names, by casefolded name. Raises as `read_oauth`.

    Where its users come back to is `unread` if the object cannot be opened.
    """
    wanted = {name.casefold() for name in names}
    rows = await read_oauth(instance, CLIENTS)
    rows = [row for row in rows if as_text(row.get("applicationname")).casefold() in wanted]
    servers = issuers(await read_oauth(instance, SERVERS))
    redirections = await read_redirections(instance, rows)
    found = {}
    for row in rows:
        name, redirection = as_text(row.get("applicationname")), redirections[as_text(row.get("id"))]
        fields = _values(CLIENT_FIELDS, row)
        fields["server"] = servers.get(as_text(row.get("serverdefinition")), "")
        lost = isinstance(redirection, InstanceProblem)
        if not isinstance(redirection, InstanceProblem):
            fields["redirect"] = redirection
        found[name.casefold()] = ObjectState("oauth_client", name, fields, ("redirect",) if lost else ())
    return found


def _values(fields: Mapping[str, Field], row: Row) -> dict[str, FieldValue]:
    return {
        key: each.value(row.get(each.property.lower()))
        for key, each in fields.items()
        if each.property.lower() in row
    }


def server_steps(change: ObjectChange, token: str) -> list[Step]:
    """The calls for a server description. `token` is the initial access token of a new one, or ""."""
    return _steps(change, token, SERVER_FIELDS, SERVER_CLASS, "IssuerEndpoint", "OpenByIssuer")


def client_steps(change: ObjectChange, secret: str) -> list[Step]:
    """The calls for a client. `secret` is the client secret of a new one, or ""."""
    return _steps(change, secret, CLIENT_FIELDS, CLIENT_CLASS, "ApplicationName", "Open")


def _steps(  # noqa: PLR0917 - what differs between the two classes
    change: ObjectChange, secret: str, fields: Mapping[str, Field], class_name: str, key: str, opening: str
) -> list[Step]:
    name, kind = change.name, change.kind
    feature = "oauth.servers.change" if kind == "oauth_server" else "oauth.clients.change"
    before, after = change.before, change.after
    if after is None:
        row_id = before.text("id") if before is not None else ""
        gone = ClassMethod(class_name, "%DeleteId", (row_id,))
        return [Step(f"{class_name}.%DeleteId {name}", _made(feature, gone, class_name, name))]
    changed = [each for each in (after.fields if before is None else change.fields()) if each != "id"]
    sets = [step for each in changed if each in after.fields for step in _set(fields[each], after, each)]
    if secret:
        sets.append(ObjectStep("set", SECRETS[kind], (secret,)))
    save = ObjectStep("invoke", "%Save")
    if before is None:
        call = ObjectCall(class_name, "%New", (), (ObjectStep("set", key, (name,)), *sets, save))
        return [Step(f"{class_name}.%New, %Save {name}", _made(feature, call, class_name, name))]
    call = ObjectCall(class_name, opening, (name,), (*sets, save))
    label = f"{class_name}.%Save {name}: {', '.join(changed)}"
    return [Step(label, _made(feature, call, class_name, name))]


def _set(each: Field, after: ObjectState, key: str) -> list[ObjectStep]:
    """A server is given as an object, a URL as the parts of an endpoint (facts: iris-security 8)."""
    if each.property == "ServerDefinition":
        opened = (SERVER_CLASS, "OpenByIssuer", after.text(key))
        return [ObjectStep("refer", each.property, opened)]
    if each.property == REDIRECTION:
        parts = _endpoint(after.text(key))
        return [ObjectStep("set", name, (value,), (REDIRECTION,)) for name, value in parts.items()]
    return each.steps(after, key)


def _endpoint(url: str) -> dict[str, str | int]:
    """UseSSL, Host, Port and Prefix of a URL; all empty for none. Raises ValueError for what is no such URL."""
    if not url:
        return {"UseSSL": 1, "Host": "", "Port": "", "Prefix": ""}
    found = _URL.fullmatch(url)
    if found is None:
        raise ValueError(f"{url!r} is no http or https address")
    return {
        "UseSSL": int(found["scheme"] == "https"),
        "Host": found["host"],
        "Port": found["port"] or "",
        "Prefix": found["prefix"] or "",
    }


def is_endpoint(url: str) -> bool:
    """True for a URL that an endpoint can hold."""
    return not url or _URL.fullmatch(url) is not None


def _made(
    feature: str, call: ObjectCall | ClassMethod, class_name: str, name: str
) -> Callable[[Instance], Awaitable[None]]:
    async def run(instance: Instance) -> None:
        async def attempt(_route: Route) -> None:
            answer = await instance.call(call)
            if isinstance(call, ClassMethod):
                await check_status(instance, answer.value, f"{class_name}.{call.method}")
            elif answer.found:
                await check_status(instance, answer.values[-1], f"{class_name}.%Save")
            else:
                raise InstanceError(f"{class_name} {name} no longer exists.", "/oauth lists them.")

        await changing(first_route(instance, feature, attempt))

    return run
