"""Records of the simulated world. Plain data; the behaviour is in `world.py` and `license.py`.

Names keep their spelling and are looked up ignoring case, as in IRIS (facts: iris-security 1). Times are `datetime` in
UTC from the world's own clock. Lists of roles keep their order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntFlag
from typing import Literal


class Permission(IntFlag):
    """The bitmask of `Security.Datatype.Permission` (facts: iris-security 1)."""

    NONE = 0
    READ = 1
    WRITE = 2
    USE = 4


Trouble = Literal["missing", "not compiled", "stale", "no module", "no folder", "no page", "other method"]
"""What is wrong with a class, a Python application or a page."""


@dataclass(slots=True)
class User:
    """`Security.Users` (facts: iris-security 2.2). Holds only a salted hash of the password."""

    name: str
    full_name: str = ""
    comment: str = ""
    enabled: bool = True
    roles: list[str] = field(default_factory=list)
    escalation_roles: list[str] = field(default_factory=list)
    namespace: str = ""
    routine: str = ""
    expiration_date: date | None = None
    change_password: bool = False
    password_never_expires: bool = False
    account_never_expires: bool = False
    password_hash: bytes = field(default=b"", repr=False)
    password_salt: bytes = field(default=b"", repr=False)
    email_address: str = ""
    phone_number: str = ""
    phone_provider: str = ""
    flags: int = 1
    created: datetime | None = None
    created_by: str = ""
    modified: datetime | None = None
    modified_by: str = ""
    password_changed: datetime | None = None
    last_login: datetime | None = None
    last_login_device: str = ""
    last_login_service: str = ""
    invalid_login_attempts: int = 0
    invalid_login_time: datetime | None = None
    invalid_login_device: str = ""
    invalid_login_service: str = ""
    predefined: bool = False


@dataclass(slots=True)
class Role:
    """`Security.Roles`: resource name -> permission, and granted roles (facts: iris-security 3.1)."""

    name: str
    description: str = ""
    resources: dict[str, Permission] = field(default_factory=dict)
    granted_roles: list[str] = field(default_factory=list)
    escalation_only: bool = False
    predefined: bool = False
    editable: bool = True


@dataclass(slots=True)
class Resource:
    """`Security.Resources` (facts: iris-security 3.2). `type_bits`: 1 system, 2 database, 4 service, 8 application."""

    name: str
    description: str = ""
    public: Permission = Permission.NONE
    type_bits: int = 1 << 31
    predefined: bool = False


@dataclass(slots=True)
class Service:
    """`Security.Services` (facts: iris-security 3.3). `authe_enabled` is the bitmask of section 3.4."""

    name: str
    description: str = ""
    enabled: bool = True
    authe_enabled: int = 32
    client_systems: list[str] = field(default_factory=list)
    public: bool = False


@dataclass(slots=True)
class Application:
    """`Security.Applications` (facts: iris-security 3.5). `timeout` in seconds."""

    name: str
    namespace: str = "USER"
    description: str = ""
    enabled: bool = True
    type_bits: int = 2
    dispatch_class: str = ""
    resource: str = ""
    authe_enabled: int = 64
    match_roles: dict[str, list[str]] = field(default_factory=dict)
    """Match role ("" = always) -> target roles."""
    timeout: int = 900
    use_session: bool = True
    path: str = ""
    system: bool = False
    use_cookies: int = 2
    csp_zen_enabled: bool = True
    jwt_enabled: bool = False
    jwt_access_seconds: int = 60
    jwt_refresh_seconds: int = 900
    group: str = ""
    """`GroupById`."""
    wsgi_name: str = ""
    wsgi_location: str = ""


@dataclass(slots=True)
class AuditEvent:
    """`Security.Events`: an audit event and whether it is recorded."""

    source: str
    type: str
    name: str
    description: str = ""
    enabled: bool = True
    total: int = 0
    written: int = 0
    lost: int = 0


@dataclass(slots=True)
class AuditRecord:
    """One row of `%SYS.Audit` (facts: iris-security 3.7)."""

    index: int
    time: datetime
    source: str
    type: str
    event: str
    description: str = ""
    event_data: str = ""
    username: str = ""
    client_ip: str = ""
    executable: str = ""
    namespace: str = "%SYS"
    pid: int = 0
    job_number: int = 0
    roles: str = ""
    csp_session_id: str = ""
    routine: str = ""
    authentication: int = 32
    status: str = ""
    os_username: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert, as in `/api/monitor/alerts`. Severity: 0 information to 3 fatal."""

    time: datetime
    severity: int
    message: str


@dataclass(slots=True)
class WebSession:
    """A CSP session (facts: iris-license-sessions 3.2). `license_id` is `user@ip`, or the id itself when anonymous."""

    id: str
    username: str
    application: str
    client_ip: str
    license_id: str
    created: datetime
    last_request: datetime
    expires: datetime
    timeout: int
    pages: int = 1
    preserve: bool = False
    pid: int | None = None
    allow_end: bool = True
    namespace: str = "USER"
    ending: datetime | None = None
    """Time it was marked to end; the daemon removes it some seconds later (facts: iris-license-sessions 3.3)."""
    user_agent: str = ""
    rest: bool = False


@dataclass(slots=True)
class Process:
    """One row of `%SYS.ProcessQuery` (facts: iris-license-sessions 4.1)."""

    pid: int
    job_number: int
    username: str
    namespace: str
    routine: str
    state: str
    started: datetime
    kind: str = "user"
    """system, user, csp: decides the license (facts: iris-license-sessions 1.3, `Process`)."""
    location: str = ""
    client_ip: str = ""
    client_node: str = ""
    executable: str = ""
    device: str = ""
    os_username: str = ""
    license_user_id: str = ""
    csp_session_id: str = ""
    roles: str = ""
    login_roles: str = ""
    in_transaction: int = 0
    commands: int = 0
    global_refs: int = 0
    global_updates: int = 0
    cpu_ms: int = 0
    priority: int = 0
    private_global_blocks: int = 0
    journal_entries: int = 0
    memory_kb: int = 0
    can_be_examined: bool = True
    can_be_suspended: bool = True
    can_be_terminated: bool = True
    can_receive_broadcast: bool = True
    user_info: str = ""
    job_type: int = 0


@dataclass(slots=True)
class Namespace:
    """A namespace, its databases, and its mappings: name -> database (facts: iris-config-as-text 5.2)."""

    name: str
    globals_database: str
    routines_database: str
    temporary_database: str = "IRISTEMP"
    global_mappings: dict[str, str] = field(default_factory=dict)
    routine_mappings: dict[str, str] = field(default_factory=dict)
    package_mappings: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Database:
    """A database and the resource that protects it (facts: iris-security 3.2). Sizes are in MB; `most` 0: unlimited."""

    name: str
    directory: str
    resource: str
    mounted: bool = True
    size: int = 11
    free: float = 2.5
    most: int = 0
    expansion: int = 0
    disk_free: int = 345_370
    read_only: bool = False
    encrypted: bool = False
    journaled: bool = True


@dataclass(slots=True)
class OAuthServer:
    """`OAuth2.ServerDefinition`: an authorization server as a client sees it (facts: iris-config-as-text 4)."""

    number: int
    issuer: str
    tls: str = ""
    credentials: str = ""
    initial_access_token: str = field(default="", repr=False)


@dataclass(slots=True)
class OAuthClient:
    """`OAuth2.Client` (facts: iris-config-as-text 4). `redirect` is the URL of its RedirectionEndpoint."""

    number: int
    name: str
    server: OAuthServer
    type: str = "confidential"
    enabled: bool = True
    description: str = ""
    tls: str = ""
    redirect: str = ""
    default_scope: str = ""
    jwt_interval: int = 60
    jwt_audience: str = ""
    client_id: str = ""
    credentials: str = ""
    non_standard_token: bool = False
    client_secret: str = field(default="", repr=False)


@dataclass(slots=True)
class NamedSettings:
    """A record of a class that is only read: its name, and its properties where they are not the class's own."""

    name: str
    values: dict[str, str | int] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class LicenseKey:
    """The license key of the instance (facts: iris-license-sessions 1.2, 2.6)."""

    customer: str = "irisops simulator"
    units: int = 8
    max_connections: int = 25
    license_type: str = "Concurrent User"
    product: str = "Enterprise"
    platform: str = "UNIX"
    server: str = "Single"
    expires: date | None = None
    community: bool = False
    """Community Edition: each connection, process or session is one of the units (facts: iris-license-sessions 2.6)."""
    order_number: int = 0
    capacity: str = ""
    cores: int = 0
    """Cores that it admits; 0 where it does not count them."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the practice instance whose password is published at the start."""

    username: str
    password: str = field(repr=False)
    namespace: str
    purpose: str


@dataclass(slots=True)
class SystemSecurity:
    """`Security.System`, the singleton SYSTEM (facts: iris-security 3.6)."""

    audit_enabled: bool = True
    authe_enabled: int = 32 + 64 + 16
    inactive_limit: int = 90
    invalid_login_limit: int = 5
    invalid_login_action: int = 0
    password_expiration_days: int = 0
    password_pattern: str = "3.128ANP"  # noqa: S105 - a pattern
    password_validation_routine: str = ""
    required_role: str = ""
    sql_security: bool = True
    initial_security: str = "Normal"
