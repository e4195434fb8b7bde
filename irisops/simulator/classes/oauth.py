"""`OAuth2.ServerDefinition` and `OAuth2.Client`, as the product reads and makes them (facts: iris-config-as-text 4).

Until 2025.1 they are plain persistent classes; from 2025.2 their tables are %All's, as those of Security.*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from irisops.simulator.backend import ByRef, Value
from irisops.simulator.classes import records, status
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT, REGISTERED, Instance, open_object
from irisops.simulator.classes.records import Field, Kind
from irisops.simulator.classes.security_tables import project
from irisops.simulator.classes.status import StatusError
from irisops.simulator.classes.values import as_text
from irisops.simulator.world.model import OAuthClient, OAuthServer
from irisops.simulator.world.tables import NameTable

ENDPOINT = ClassDef("OAuth2.Endpoint", base=REGISTERED)
ENDPOINT.property("UseSSL", "%Boolean")
for _name in ("Host", "Port", "Prefix"):
    ENDPOINT.property(_name)
SERVERS = ClassDef("OAuth2.ServerDefinition", base=PERSISTENT, requires="%Admin_Secure:U")
OWN_SERVER = ClassDef("OAuth2.Server.Configuration", base=PERSISTENT, requires="%Admin_Secure:U")
CLIENTS = ClassDef("OAuth2.Client", base=PERSISTENT, requires="%Admin_Secure:U")

# UNVERIFIED: that the IDs are numbers, and that every scalar property is a column of its name.
# Settle: SELECT * FROM OAuth2.Client
_SERVER = (
    Field("IssuerEndpoint", "issuer", required=True),
    Field("SSLConfiguration", "tls"),
    Field("ServerCredentials", "credentials"),
    Field("InitialAccessToken", "initial_access_token"),
)
_CLIENT = (
    Field("ApplicationName", "name", required=True, maximum=128),
    Field("Enabled", "enabled", Kind.YES_NO, initial=1),
    Field("Description", "description"),
    Field("ClientType", "type", required=True),
    Field("SSLConfiguration", "tls", required=True),
    Field("DefaultScope", "default_scope"),
    Field("JWTInterval", "jwt_interval", Kind.INTEGER, initial=60),
    Field("JWTAudience", "jwt_audience"),
    Field("ClientId", "client_id"),
    Field("ClientCredentials", "credentials"),
    Field("AcceptNonStandardImplicitIdToken", "non_standard_token", Kind.YES_NO, initial=0),
    Field("ClientSecret", "client_secret"),
)
records.declare(SERVERS, _SERVER)
records.declare(CLIENTS, _CLIENT)
CLIENTS.property("ServerDefinition", "OAuth2.ServerDefinition")
CLIENTS.property("RedirectionEndpoint", "OAuth2.Endpoint")


def _by_id(rows: Iterable[Any], row_id: str) -> Any:
    return next((each for each in rows if str(each.number) == row_id), None)


class _Persistence:
    """Opens, makes and deletes the records of a table by their row numbers."""

    def __init__(self, table: str, fields: Sequence[Field]) -> None:
        self._table, self._fields = table, fields

    def _records(self, job: Job) -> NameTable[Any]:
        found: NameTable[Any] = getattr(job.world, self._table)
        return found

    def exists(self, job: Job, row_id: str) -> bool:
        """Whether the id is that of a record."""
        return _by_id(self._records(job), row_id) is not None

    def load(self, job: Job, instance: Instance) -> None:
        """Fill an object with the record's values."""
        record = _by_id(self._records(job), instance.key)
        records.load(instance, record, self._fields, {})
        if isinstance(record, OAuthClient):
            instance.values["ServerDefinition"] = open_object(job, SERVERS, str(record.server.number)) or ""
            instance.values["RedirectionEndpoint"] = _endpoint(record.redirect)

    def save(self, job: Job, instance: Instance) -> None:
        """Check and store. Raises `StatusError`: 5659 for a missing value, 5808 for a name that is taken."""
        values = records.validated(instance, self._fields)
        rows = self._records(job)
        name = values[self._fields[0].name]
        record = _by_id(rows, instance.key)
        if record is None:
            if name in rows:
                # UNVERIFIED: the number of a taken key; 5808 is that of a unique index. Settle: save a second client of
                # the same ApplicationName.
                raise StatusError(5808, instance.cls.name)
            record = self._new(job, instance, name, 1 + max((each.number for each in rows), default=0))
        records.store(record, values, self._fields, {})
        if isinstance(record, OAuthClient):
            record.server = self._server(job, instance)
            record.redirect = _url(job, instance.values["RedirectionEndpoint"])
        rows.add(record)
        instance.key = str(record.number)

    def _server(self, job: Job, instance: Instance) -> OAuthServer:
        given = instance.values.get("ServerDefinition", "")
        key = given.key if isinstance(given, Instance) else ""
        server: OAuthServer | None = _by_id(job.world.oauth_servers, key)
        if server is None:
            raise StatusError(5659, "OAuth2.Client:ServerDefinition")
        return server

    def _new(self, job: Job, instance: Instance, name: str, number: int) -> OAuthServer | OAuthClient:
        return (
            OAuthServer(number, name)
            if instance.cls is SERVERS
            else OAuthClient(number, name, self._server(job, instance))
        )

    def delete(self, job: Job, row_id: str) -> None:
        """Remove the record. Raises `StatusError` for a server that has clients."""
        record = _by_id(self._records(job), row_id)
        if any(client.server is record for client in job.world.oauth_clients):
            # UNVERIFIED: that a server with clients stays, and the number. Settle: %DeleteId of one on a throwaway
            # instance.
            raise StatusError(5831, "Clients")
        self._records(job).remove(getattr(record, self._fields[0].attribute))


def _declare(cls: ClassDef, table: str, fields: Sequence[Field], key: str) -> None:
    cls.persistence = _Persistence(table, fields)
    columns: dict[str, Callable[[Any], object]] = {"ID": lambda each: each.number}
    for each in fields:
        columns[each.name] = _column(each)
    if cls is CLIENTS:
        columns["ServerDefinition"] = lambda each: each.server.number
    project(cls, table, columns)

    @cls.class_method("%New(initvalue As %String) As %ObjectHandle")
    def new(_job: Job, _initial: Value) -> Instance:
        made = Instance(cls)
        made.values = {each.name: each.initial for each in fields}
        if cls is CLIENTS:
            made.values |= {"RedirectionEndpoint": _endpoint(""), "ServerDefinition": ""}
        return made

    @cls.class_method(f"{key}(name As %String, Output sc As %Status) As %ObjectHandle")
    def opened(job: Job, name: Value, sc: ByRef) -> Instance | str:
        record = getattr(job.world, table).get(as_text(name))
        found = open_object(job, cls, str(record.number)) if record is not None else None
        sc.value = status.OK if found is not None else status.error(5809, cls.name, as_text(name))
        return found or ""


def _column(each: Field) -> Callable[[Any], object]:
    def get(record: Any) -> object:
        value = getattr(record, each.attribute)
        return int(value) if each.kind is Kind.YES_NO else value

    return get


def _endpoint(url: str) -> Instance:
    """The endpoint of a URL, also of none."""
    endpoint = Instance(ENDPOINT)
    host, _, rest = url.partition("://")[2].partition("/")
    name, _, port = host.partition(":")
    secure = int(not url.startswith("http:"))
    endpoint.values |= {"UseSSL": secure, "Host": name, "Port": port, "Prefix": rest}
    return endpoint


@ENDPOINT.method("GetServerURL() As %String")
def _url(_job: Job, this: Instance) -> str:
    values = {name: as_text(value) for name, value in this.values.items()}
    if not values["Host"]:
        return ""
    port = f":{values['Port']}" if values["Port"] else ""
    prefix = f"/{values['Prefix']}" if values["Prefix"] else ""
    return f"http{'s' if values['UseSSL'] == '1' else ''}://{values['Host']}{port}{prefix}"


OWN_SERVER.property("Description")
project(OWN_SERVER, "own_oauth_server", {"ID": lambda each: each.name})
_declare(SERVERS, "oauth_servers", _SERVER, "OpenByIssuer")
_declare(CLIENTS, "oauth_clients", _CLIENT, "Open")
