"""Kinds of objects that a configuration has, and their properties (facts: iris-config-as-text 7).

The order is that in which an instance takes them: resources before the roles that name them, roles before users.
Left out are properties that change by themselves (login times and counters, sizes, public keys) and what the instance
derives from others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from irisops.configuration.values import Property, Value, ValueType
from irisops.instance.namespace_changes import NAMESPACE_FIELDS
from irisops.instance.operations.databases import LIMIT_FIELDS
from irisops.instance.security.application_fields import APPLICATION_FIELDS, LATER, NEW_APPLICATION
from irisops.instance.security.oauth_changes import CLIENT_FIELDS, SERVER_FIELDS
from irisops.instance.security.object_state import LISTS, Field, FieldKind, FieldValue, Kind
from irisops.instance.security.role_changes import ROLE_FIELDS
from irisops.instance.security.setting_fields import (
    EVENT_FIELDS,
    LDAP_FIELDS,
    NEW_TLS,
    SYSTEM_FIELDS,
    TLS_FIELDS,
)
from irisops.instance.security.settings_state import RESOURCE_FIELDS, SERVICE_FIELDS
from irisops.instance.security.sql_holders import HOLDER_FIELDS
from irisops.instance.security.user_changes import PASSING, USER_FIELDS

SYSTEM_NAME = "SYSTEM"
"""The name of the one record of system security settings (facts: iris-security 3.6)."""


@dataclass(frozen=True, slots=True, eq=False)
class ConfigKind:
    """One kind of object. `name` is its folder and the word to type, `class_name` its IRIS class.

    `object_kind` and `fields` (property -> the field of its editor) are those of the change engine, for kinds that it
    can carry out. `key` says what the name consists of, joined by "/".
    """

    name: str
    noun: str
    plural: str
    class_name: str
    properties: tuple[Property, ...]
    object_kind: Kind | None = None
    fields: Mapping[str, str] | None = None
    key: tuple[str, ...] = ("Name",)

    def named(self, name: str) -> Property | None:
        """The property of this exact name; None if the kind has none such."""
        return next((each for each in self.properties if each.name == name), None)

    @property
    def readable(self) -> tuple[Property, ...]:
        """The properties that can be read: all but the secrets."""
        return tuple(each for each in self.properties if each.type != "secret")


_SINCE = dict(zip(LATER, ("2022.2", "2023.1", "2024.1", "2024.2", "2026.1"), strict=True))
"""(facts: iris-webapps-gateway 6); nobody tells the version of the properties of CORS, so any earlier one is right."""


def _default(kind: FieldKind, value: FieldValue | None) -> Value | None:
    if kind in ("number", "seconds") and isinstance(value, str):
        return int(value)
    return value


def _of_fields(
    fields: Mapping[str, Field],
    defaults: Mapping[str, FieldValue | None],
    since: Mapping[str, str] | None = None,
) -> tuple[Property, ...]:
    """The properties behind the fields of an editor; a field without a default here has the empty value."""
    empty: Mapping[ValueType, Value] = {"flag": False, "number": 0}
    made = []
    for key, field in fields.items():
        kind: ValueType = "number" if field.kind == "seconds" else field.kind
        lists = kind in (*LISTS, "methods", "privileges")
        value = (
            _default(field.kind, defaults[key]) if key in defaults else empty.get(kind, () if lists else "")
        )
        since_version = (since or {}).get(key, "")
        made.append(
            Property(field.property, kind, field.label, value, field.words, since_version, field.separator)
        )
    return tuple(made)


def _editors(fields: Mapping[str, Field]) -> dict[str, str]:
    return {field.property: key for key, field in fields.items()}


def _without_id(fields: Mapping[str, Field]) -> dict[str, Field]:
    """Without the number of the row, which is the instance's own."""
    return {key: each for key, each in fields.items() if key != "id"}


def _secret(name: str, label: str, needs: str = "") -> Property:
    return Property(name, "secret", label, needs=needs)


def _texts(names: str, default: str | None = "") -> Iterable[Property]:
    return (Property(name, "text", name, default) for name in names.split())


def _flags(names: str, default: bool | None = False) -> Iterable[Property]:
    return (Property(name, "flag", name, default) for name in names.split())


def _numbers(names: str, default: int | None = 0) -> Iterable[Property]:
    return (Property(name, "number", name, default) for name in names.split())


_RESOURCE_FIELDS = {key: RESOURCE_FIELDS[key] for key in ("description", "public")}
_USER_FIELDS = {key: each for key, each in USER_FIELDS.items() if key not in PASSING}

DATABASE_FILE: tuple[Property, ...] = (
    *_texts("ResourceName", None),
    *_of_fields({key: each for key, each in LIMIT_FIELDS.items() if key != "directory"}, {}),
    *_numbers("BlockSize", 8192),
    *_flags("EncryptedDB"),
    *_texts("EncryptionKeyID"),
    *_numbers("GlobalJournalState NewGlobalCollation", None),
    *_flags("NewGlobalIsKeep"),
    *_numbers("NewGlobalGrowthBlock", 50),
    *_flags("ReadOnly"),
    *_texts("NewVolumeDirectory"),
    *_numbers("NewVolumeThreshold", None),
    *_texts("MirrorSetName MirrorDBName"),
)
"""Properties of the file of a database, by SYS.Database. Its size is its state (facts: iris-config-as-text 5.2)."""

_PLACES: Mapping[str, str | None] = {"Globals": None, "Routines": None, "TempGlobals": "IRISTEMP"}
"""The databases of a namespace that the class itself takes."""

KINDS: tuple[ConfigKind, ...] = (
    ConfigKind("system", "system security settings", "system security settings", "Security.System",
        (
            *_of_fields(
                SYSTEM_FIELDS,
                {
                    "AuditEnabled": None,
                    "AutheEnabled": None,
                    "DefaultSecurityDomain": None,
                    "DefaultSignatureHash": "SHA256",
                    "EscalateLoginTimeout": "300",
                    "InactiveLimit": None,
                    "InvalidLoginLimit": "5",
                    "PasswordHashAlgorithm": "SHA512",
                    "PasswordHashWorkFactor": "10000",
                    "PasswordPattern": None,
                    "PercentGlobalWrite": None,
                    "TwoFactorTimeout": "180",
                    "JWTSigAlg": "ES256",
                    "SQLSecurity": None,
                },
                {"SQLSecurity": "2025.2"},
            ),
            _secret("SMTPPassword", "password of the mail server", "SMTPServer"),
        ),
        "system", _editors(SYSTEM_FIELDS),
    ),
    ConfigKind("resources", "resource", "resources", "Security.Resources",
        _of_fields(_RESOURCE_FIELDS, {}), "resource", _editors(_RESOURCE_FIELDS),
    ),
    ConfigKind("roles", "role", "roles", "Security.Roles",
        _of_fields(ROLE_FIELDS, {}, {"escalation_only": "2024.1"}), "role", _editors(ROLE_FIELDS),
    ),
    ConfigKind("users", "user", "users", "Security.Users",
        (
            *_of_fields(_USER_FIELDS, {"enabled": True}, {"escalation_roles": "2024.1"}),
            _secret("Password", "password"),
        ),
        "user", _editors(_USER_FIELDS),
    ),
    ConfigKind("services", "service", "services", "Security.Services",
        _of_fields(SERVICE_FIELDS, {"enabled": None, "auth": None}), "service", _editors(SERVICE_FIELDS),
    ),
    ConfigKind("applications", "web application", "web applications", "Security.Applications",
        _of_fields(
            APPLICATION_FIELDS,
            {**NEW_APPLICATION, "auth": None},
            {key: version for keys, version in _SINCE.items() for key in keys},
        ),
        "application", _editors(APPLICATION_FIELDS),
    ),
    ConfigKind("audit-events", "audit event", "audit events", "Security.Events",
        _of_fields(EVENT_FIELDS, {"Enabled": None}), "audit_event", _editors(EVENT_FIELDS), ("Source", "Type", "Name"),
    ),
    ConfigKind("sql-privileges", "holder of SQL privileges", "holders of SQL privileges", "Security.SQLPrivileges",
        (
            *_of_fields(HOLDER_FIELDS, {}),
            Property("AdminPrivileges", "names", "privileges on no object", ()),
        ),
        "sql_holder", _editors(HOLDER_FIELDS), ("Namespace", "Grantee"),
    ),
    ConfigKind("databases", "database", "databases", "Config.Databases",
        (  # (facts: iris-config-as-text 5.2)
            *_texts("Directory", None),
            *_texts("Server"),
            *_flags("MountAtStartup MountRequired ClusterMountMode"),
            *_texts("StreamLocation"),
            *DATABASE_FILE,
        ),
        "database", {"MaxSize": "MaxSize", "ExpansionSize": "ExpansionSize"},
    ),
    ConfigKind("namespaces", "namespace", "namespaces", "Config.Namespaces",
        tuple(
            Property(key, "table" if each.kind == "names" else "text", each.label, _PLACES.get(key, ()))
            for key, each in NAMESPACE_FIELDS.items()
        ),
        "namespace", _editors(NAMESPACE_FIELDS),
    ),
    ConfigKind("tls", "TLS configuration", "TLS configurations", "Security.SSLConfigs",
        (
            *_of_fields(
                TLS_FIELDS,
                {**NEW_TLS, "CipherList": None, "Ciphersuites": None, "DiffieHellmanBits": None},
            ),
            _secret("PrivateKeyPassword", "password of the private key", "PrivateKeyFile"),
        ),
        "tls", _editors(TLS_FIELDS),
    ),
    ConfigKind("ldap", "LDAP configuration", "LDAP configurations", "Security.LDAPConfigs",
        (  # (facts: iris-config-as-text 1.2, 1.7)
            *_of_fields(LDAP_FIELDS, {"LDAPFlags": None}),
            _secret("LDAPSearchPassword", "password of the search user"),
        ),
        "ldap", _editors(LDAP_FIELDS),
    ),
    ConfigKind("tasks", "task", "tasks", "%SYS.Task",
        (  # those that the list of tasks tells (facts: iris-operations 8)
            *_texts("Description"),
            *_texts("NameSpace TaskClass", None),
            Property("Suspended", "flag", "suspended", default=False),
            Property("Run Task", "text", "runs", None),  # the column: its property is not public
        ),
        "task", {"Suspended": "Suspended"},
    ),
    ConfigKind("oauth-servers", "OAuth 2.0 server description", "OAuth 2.0 server descriptions",
        "OAuth2.ServerDefinition",
        (  # (facts: iris-config-as-text 4)
            *_of_fields(_without_id(SERVER_FIELDS), {}),
            _secret("InitialAccessToken", "initial access token"),
        ),
        "oauth_server", _editors(_without_id(SERVER_FIELDS)), ("IssuerEndpoint",),
    ),
    ConfigKind("oauth-clients", "OAuth 2.0 client", "OAuth 2.0 clients", "OAuth2.Client",
        (
            *_of_fields(
                _without_id(CLIENT_FIELDS),
                {"enabled": True, "type": None, "tls": None, "jwt_interval": "60", "server": None},
            ),
            _secret("ClientSecret", "client secret"),
        ),
        "oauth_client", _editors(_without_id(CLIENT_FIELDS)), ("ApplicationName",),
    ),
)  # fmt: skip
"""All kinds, in the order in which an instance takes them."""

BY_NAME: Mapping[str, ConfigKind] = {kind.name: kind for kind in KINDS}
