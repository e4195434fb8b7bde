"""`OAuth2.ServerDefinition` and `OAuth2.Client`: read only, as the product reads them (facts: iris-config-as-text 4).

Until 2025.1 they are plain persistent classes; from 2025.2 their tables are %All's, as those of Security.*.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from irisops.simulator.classes import status
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT, REGISTERED, Instance
from irisops.simulator.classes.security_tables import project
from irisops.simulator.classes.values import as_text
from irisops.simulator.world.model import OAuthClient

ENDPOINT = ClassDef("OAuth2.Endpoint", base=REGISTERED)
ENDPOINT.property("UseSSL", "%Boolean")
for _name in ("Host", "Port", "Prefix"):
    ENDPOINT.property(_name)
SERVERS = ClassDef("OAuth2.ServerDefinition", base=PERSISTENT, requires="%Admin_Secure:U")
CLIENTS = ClassDef("OAuth2.Client", base=PERSISTENT, requires="%Admin_Secure:U")
Getter = Callable[[Any], object]

# UNVERIFIED: that the IDs are numbers, and that every scalar property is a column of its name.
# Settle: SELECT * FROM OAuth2.Client
_SERVER: dict[str, Getter] = {
    "ID": lambda each: each.number,
    "IssuerEndpoint": lambda each: each.issuer,
    "SSLConfiguration": lambda each: each.tls,
    "ServerCredentials": lambda each: each.credentials,
    "InitialAccessToken": lambda each: each.initial_access_token,
}
_CLIENT: dict[str, Getter] = {
    "ID": lambda each: each.number,
    "ApplicationName": lambda each: each.name,
    "Enabled": lambda each: int(each.enabled),
    "Description": lambda each: each.description,
    "ClientType": lambda each: each.type,
    "SSLConfiguration": lambda each: each.tls,
    "DefaultScope": lambda each: each.default_scope,
    "JWTInterval": lambda each: each.jwt_interval,
    "JWTAudience": lambda each: each.jwt_audience,
    "ClientId": lambda each: each.client_id,
    "ClientCredentials": lambda each: each.credentials,
    "AcceptNonStandardImplicitIdToken": lambda each: int(each.non_standard_token),
    "ServerDefinition": lambda each: each.server.number,
    "ClientSecret": lambda each: each.client_secret,
}


class _Persistence:
    """Opens the records of a table by their row numbers; nothing is saved."""

    def __init__(self, records: str, getters: dict[str, Getter]) -> None:
        self._records, self._getters = records, getters

    def _found(self, job: Job, row_id: str) -> Any:
        rows = getattr(job.world, self._records).values()
        return next((each for each in rows if str(each.number) == row_id), None)

    def exists(self, job: Job, row_id: str) -> bool:
        """Whether the id is that of a record."""
        return self._found(job, row_id) is not None

    def load(self, job: Job, instance: Instance) -> None:
        """Fill an object with the record's values."""
        record = self._found(job, instance.key)
        instance.values |= {name: get(record) for name, get in self._getters.items() if name != "ID"}
        if isinstance(record, OAuthClient):
            endpoint = Instance(ENDPOINT)
            host, _, rest = record.redirect.removeprefix("https://").partition("/")
            name, _, port = host.partition(":")
            endpoint.values |= {
                "UseSSL": int(not record.redirect.startswith("http:")),
                "Host": name,
                "Port": port,
                "Prefix": rest,
            }
            instance.values["RedirectionEndpoint"] = endpoint

    def save(self, _job: Job, _instance: Instance) -> None:
        """Refuse: what saving does is not emulated."""
        raise status.StatusError(940)

    def delete(self, _job: Job, _row_id: str) -> None:
        """Refuse: what deleting does is not emulated."""
        raise status.StatusError(940)


def _declare(cls: ClassDef, records: str, getters: dict[str, Getter]) -> None:
    for name in getters:
        if name != "ID":
            cls.property(name)
    cls.persistence = _Persistence(records, getters)
    project(cls, records, getters)


_declare(SERVERS, "oauth_servers", _SERVER)
CLIENTS.property("RedirectionEndpoint", "OAuth2.Endpoint")
_declare(CLIENTS, "oauth_clients", _CLIENT)


@ENDPOINT.method("GetServerURL() As %String")
def _url(_job: Job, this: Instance) -> str:
    values = {name: as_text(value) for name, value in this.values.items()}
    if not values["Host"]:
        return ""
    port = f":{values['Port']}" if values["Port"] else ""
    prefix = f"/{values['Prefix']}" if values["Prefix"] else ""
    return f"http{'s' if values['UseSSL'] == '1' else ''}://{values['Host']}{port}{prefix}"
