"""One simulated instance: its security tables, license, web sessions, processes, audit log and time.

The server of a request calls `tick` first, which executes everything due since the last one (timeouts, the session
daemon, people of the scenario). Nothing happens between two ticks, so tables can be read and iterated over safely.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from irisops.simulator.backend import LoginRefusedError, LoginRequest
from irisops.simulator.doubts import COMMUNITY_UNITS, Doubts, standing
from irisops.simulator.world import login as logins
from irisops.simulator.world import passwords, seed
from irisops.simulator.world.alerts import AlertLog
from irisops.simulator.world.audit import AuditLog
from irisops.simulator.world.chance import Chance
from irisops.simulator.world.clock import Clock, SystemClock
from irisops.simulator.world.daemons import start_daemons
from irisops.simulator.world.gateway import WebGateway
from irisops.simulator.world.license import (
    Connection,
    Counts,
    Holder,
    Kind,
    LicenseEngine,
    LicenseLimitExceededError,
)
from irisops.simulator.world.login import LoginRefused, Refusal
from irisops.simulator.world.model import (
    Account,
    Application,
    AuditRecord,
    Database,
    LicenseKey,
    NamedSettings,
    Namespace,
    OAuthClient,
    OAuthServer,
    Permission,
    Process,
    Role,
    Trouble,
    User,
    WebSession,
)
from irisops.simulator.world.operations import Operations
from irisops.simulator.world.processes import ProcessTable
from irisops.simulator.world.scheduler import Scheduler
from irisops.simulator.world.security import SecurityTables
from irisops.simulator.world.sessions import SessionTable, Visitor
from irisops.simulator.world.tables import NameTable
from irisops.simulator.world.user_tables import UserTable

UNCLEAN_HOLD_SECONDS = 2.0
"""How long the server process of a client that vanished, and its unit, stay.

UNVERIFIED: how soon a superserver notices, and gives the unit back. Settle: kill -9 a driver's process, then poll
LUConsumed() and %SYS.ProcessQuery.
"""


class World:
    """The state of one instance. Not thread-safe: one event loop uses it."""

    def __init__(
        self,
        clock: Clock | None = None,
        key: LicenseKey | None = None,
        seed_number: int = 1,
        version: tuple[int, int] = (2025, 2),
        *,
        uptime: float = 0,
        doubts: Doubts | None = None,
    ) -> None:
        """An instance up for `uptime` seconds, its daemons running, nobody logged in. `scenarios` has livelier ones."""
        self.doubts = doubts or standing()
        """What it does where no public source says what a real one does. The control API changes it."""
        self.clock: Clock = clock or SystemClock()
        self.scheduler = Scheduler(self.clock)
        self.key = key or LicenseKey()
        self.version = version
        self.chance = Chance(seed_number)
        self.started = self.clock.now() - timedelta(seconds=uptime)
        self.accounts: list[Account] = []
        """Published accounts; the first is the administrator."""
        self.tables = SecurityTables()
        self.user_tables: list[UserTable] = []
        """Initial user tables; a fresh instance has none."""
        self.license = LicenseEngine(
            self.now,
            self.key.units,
            self.key.max_connections,
            community=self.key.community,
            by_identity=lambda: self.doubts.says(COMMUNITY_UNITS, "stay"),
        )
        self.process_table = ProcessTable(self.chance, self.now)
        self.session_table = SessionTable(self.scheduler, self.license, self.chance)
        self.audit_log = AuditLog(self.now, self.tables)
        self.user_name_licensing = False
        """`UserNameLicensing(1)`: a login's license identity is `user@address` instead of the address alone."""
        self.alerts = AlertLog(self.now)
        self.gateway = WebGateway()
        self.messages: list[str] = []
        """Lines of messages.log."""
        self.operations = Operations(self.started)
        """Tasks, locks, journal, productions and running statements."""
        self.code: dict[str, Trouble] = {}
        """What is wrong with code: name of a class, path of an application or page, in lower case -> trouble."""
        self.web_reads_databases = False
        """Visitors need read on the databases of an application, as they do on a real instance. The older scenarios
        leave it out: their visitors have no roles."""
        self.license.on_refusal = self.alerts.license_refused
        self.unclean_hold = UNCLEAN_HOLD_SECONDS
        self.refusal_texts: dict[Refusal, str | None] = dict(logins.TEXTS)
        """The connect reply per reason; None closes the socket without a word. Tests and the control API change it."""
        self.namespace_access: Callable[[str, str], bool] | None = None
        """Asked with user and namespace where the database is not readable: SQL privileges admit, too (facts: 4.1)."""
        self.mode = ""
        """LIVE, TEST, DEVELOPMENT, FAILOVER or "" for none (facts: license-sessions 5.3)."""
        self.claims: dict[int, Connection] = {}
        seed.plant(self.tables, version=version, created=self.started)
        self.system = self.tables.system
        self.users = self.tables.users
        self.roles = self.tables.roles
        self.resources = self.tables.resources
        self.services = self.tables.services
        self.applications = self.tables.applications
        self.events = self.tables.events
        with self.scheduler.as_of(self.started):
            start_daemons(self.process_table)
        self.scheduler.every(1.0, self.process_table.work)

    @property
    def namespaces(self) -> NameTable[Namespace]:
        """Namespaces."""
        return self.tables.namespaces

    @property
    def databases(self) -> NameTable[Database]:
        """Databases."""
        return self.tables.databases

    @property
    def oauth_servers(self) -> NameTable[OAuthServer]:
        """Authorization servers that clients of this instance use."""
        return self.tables.oauth_servers

    @property
    def oauth_clients(self) -> NameTable[OAuthClient]:
        """OAuth clients."""
        return self.tables.oauth_clients

    @property
    def own_oauth_server(self) -> NameTable[NamedSettings]:
        """The one record of the instance as an authorization server, if it is one."""
        return self.tables.own_oauth_server

    # -- time ---------------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The world's time (UTC); during a `tick`, the due time of the running action."""
        return self.scheduler.now()

    def tick(self) -> None:
        """Execute everything due. Cheap if nothing is."""
        self.scheduler.run()
        self.operations.run_due(self.now())
        self.license.expire()

    def revision(self, table: str) -> int:
        """Change counter of a table.

        Tables are users, roles, resources, services, applications, events, namespaces, databases, oauth_servers,
        oauth_clients, own_oauth_server, processes, sessions, license and audit. Raises KeyError for another name.
        """
        counters: dict[str, Callable[[], int]] = {
            "processes": lambda: self.process_table.revision,
            "sessions": lambda: self.session_table.revision,
            "license": lambda: self.license.revision,
            "audit": lambda: self.audit_log.revision,
            "users": lambda: self.users.revision,
            "roles": lambda: self.roles.revision,
            "resources": lambda: self.resources.revision,
            "services": lambda: self.services.revision,
            "applications": lambda: self.applications.revision,
            "events": lambda: self.events.revision,
            "namespaces": lambda: self.namespaces.revision,
            "databases": lambda: self.databases.revision,
            "oauth_servers": lambda: self.oauth_servers.revision,
            "oauth_clients": lambda: self.oauth_clients.revision,
            "own_oauth_server": lambda: self.own_oauth_server.revision,
        }
        return counters[table]()

    # -- security -----------------------------------------------------------------------------------------------------

    def user(self, name: str) -> User | None:
        """The user of that name, ignoring case."""
        return self.users.get(name)

    def role(self, name: str) -> Role | None:
        """The role of that name, ignoring case."""
        return self.roles.get(name)

    def namespace(self, name: str) -> Namespace | None:
        """The namespace of that name, ignoring case."""
        return self.namespaces.get(name)

    def application(self, name: str) -> Application | None:
        """The application of that name, ignoring case."""
        return self.applications.get(name)

    def add_user(self, user: User, password: str | None) -> User:
        """Add a user. `password` None: no password, or the hash already in `user`. Returns the user."""
        if user.created is None:
            user.created = user.modified = self.now()
        self.users.add(user)
        if password is not None:
            self.set_password(user, password)
        return user

    def set_password(self, user: User, clear: str) -> None:
        """Set the user's password. The caller checks the password policy."""
        passwords.set_password(user, clear, self.chance)
        user.password_changed = self.now()
        self.users.touch()

    def password_matches(self, user: User, clear: str) -> bool:
        """True if `clear` is the user's password."""
        return passwords.password_matches(user, clear)

    def effective_roles(self, username: str) -> Sequence[str]:
        """The user's roles and all roles they grant; empty for an unknown user."""
        user = self.users.get(username)
        return self.tables.role_closure(user.roles) if user else ()

    def is_superuser(self, username: str) -> bool:
        """True if the user holds %All, directly or through a role."""
        user = self.users.get(username)
        return user is not None and self.tables.holds_all(user.roles)

    def permission(self, username: str, resource: str) -> Permission:
        """The user's permission on the resource, including its public one; none for an unknown user."""
        user = self.users.get(username)
        return self.tables.roles_permission(user.roles, resource) if user else Permission.NONE

    def check(self, username: str, resource: str, wanted: Permission) -> bool:
        """True if the user has the whole wanted permission on the resource."""
        return self.permission(username, resource) & wanted == wanted

    def may_enter(self, username: str, namespace: Namespace) -> bool:
        """True if the user may use the namespace: read on the resource of its globals database."""
        database = self.databases.get(namespace.globals_database)
        resource = database.resource if database else "%DB_%DEFAULT"
        return self.check(username, resource, Permission.READ)

    def audit(
        self,
        source: str,
        kind: str,
        event: str,
        *,
        event_data: str = "",
        description: str = "",
        username: str = "",
        process: Process | None = None,
        client_ip: str = "",
    ) -> AuditRecord | None:
        """Record an event if it is known and enabled and auditing is on."""
        return self.audit_log.write(
            source,
            kind,
            event,
            event_data=event_data,
            description=description,
            username=username,
            process=process,
            client_ip=client_ip,
        )

    # -- license ------------------------------------------------------------------------------------------------------

    def license_counts(self) -> Counts:
        """All counters of the license at this moment."""
        return self.license.counts()

    def license_holders(self) -> list[Holder]:
        """Everybody who holds a unit, longest first."""
        return list(self.license.holders())

    # -- processes ----------------------------------------------------------------------------------------------------

    @property
    def processes(self) -> dict[int, Process]:
        """The processes by pid. Read-only: change them by the methods."""
        return self.process_table.rows

    def login(self, request: LoginRequest) -> Process:
        """Log a superserver client in: checks, license unit, process. Raises `LoginRefusedError`."""
        self.tick()
        try:
            return self._login(request)
        except LoginRefused as refused:
            self._audit_failure(refused, logins.SERVICE, request.username, request.client_ip)
            text = self.refusal_texts[refused.reason]
            raise LoginRefusedError(None if text is None else text.replace("%1", refused.name)) from None

    def authenticate(self, username: str, password: str, *, device: str, service: str) -> User:
        """The user, if account, password and service are valid. Raises `LoginRefused`; updates the user's counters."""
        logins.check_service(self.tables, service)
        return logins.authenticate(
            self.tables, username, password, logins.Attempt(self.now(), device, service)
        )

    def authenticate_web(self, username: str, password: str, client_ip: str) -> User:
        """The user of a login at the web port. Raises `LoginRefused`; a failure is audited."""
        try:
            return self.authenticate(username, password, device=client_ip, service=logins.WEB_SERVICE)
        except LoginRefused as refused:
            self._audit_failure(refused, logins.WEB_SERVICE, username, client_ip)
            raise

    def start_process(
        self, *, username: str, namespace: str, client_ip: str, routine: str = "", licensed: bool = True
    ) -> Process:
        """A process of a logged-in user with its license connection. Raises `LicenseLimitExceededError`."""
        identity = f"{username}@{client_ip}" if self.user_name_licensing else client_ip
        claim = self.license.connect(identity, Kind.USER) if licensed else None
        process = self.process_table.start(username=username, namespace=namespace, routine=routine)
        process.client_ip = client_ip
        process.roles = process.login_roles = ",".join(self.effective_roles(username))
        if claim is not None:
            process.license_user_id = identity
            self.claims[process.pid] = claim
        return process

    def logout(self, process: Process, *, clean: bool) -> None:
        """The client left. If it just vanished (not `clean`), process and unit stay for `unclean_hold` seconds."""
        if not clean and self.unclean_hold > 0:
            self.scheduler.after(self.unclean_hold, lambda: self._end_process(process.pid))
            return
        self._end_process(process.pid)

    def terminate_process(self, pid: int) -> bool:
        """End a process from outside and notify its watcher. False if it is unknown or must not be ended."""
        process = self.processes.get(pid)
        if process is None or not process.can_be_terminated:
            return False
        self.process_table.tell(pid)
        self._end_process(pid)
        self.audit(
            "%System",
            "%Login",
            "Terminate",
            event_data=f"Process {pid}",
            username=process.username,
            process=process,
        )
        return True

    def suspend_process(self, pid: int) -> bool:
        """Suspend a process. False if it is unknown, cannot be suspended, or already is."""
        process = self.processes.get(pid)
        return process is not None and process.can_be_suspended and self.process_table.suspend(pid)

    def resume_process(self, pid: int) -> bool:
        """Resume a suspended process. False if it is unknown or not suspended."""
        return self.process_table.resume(pid)

    def watch_process(self, pid: int, ended: Callable[[], None]) -> None:
        """Call `ended` if the process is terminated from outside."""
        self.process_table.watch(pid, ended)

    def end_process(self, pid: int) -> None:
        """End a process that halts by itself."""
        self._end_process(pid)

    # -- web sessions -------------------------------------------------------------------------------------------------

    @property
    def sessions(self) -> dict[str, WebSession]:
        """The web sessions by id. Read-only: change them by the methods."""
        return self.session_table.rows

    def open_session(self, application: str, visitor: Visitor, *, pages: int = 1) -> WebSession:
        """The first page of a visit. Raises `LicenseLimitExceededError`, or KeyError for an unknown application."""
        found = self.applications.get(application.rstrip("/"))
        if found is None:
            raise KeyError(application)
        return self.session_table.open(found, visitor, pages=pages)

    def request_session(self, identifier: str) -> WebSession | None:
        """A further request of a session; None if it has ended."""
        return self.session_table.request(identifier)

    def login_session(self, identifier: str, username: str) -> WebSession | None:
        """A login within the session. Raises `LicenseLimitExceededError`."""
        return self.session_table.login(identifier, username)

    def logout_session(self, identifier: str) -> bool:
        """Logout by the visitor (`IRISLogout=end`): the session ends at once. False: unknown id."""
        return self.session_table.end(identifier)

    def end_session(self, identifier: str) -> bool:
        """End by an administrator: marked now, removed by the daemon 2 s later. False: unknown id."""
        return self.session_table.mark(identifier)

    def rest_call(self, application: str, visitor: Visitor) -> None:
        """A call of a REST application without sessions. Raises `LicenseLimitExceededError`, KeyError."""
        found = self.applications.get(application.rstrip("/"))
        if found is None:
            raise KeyError(application)
        self.session_table.rest_call(found, visitor)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _login(self, request: LoginRequest) -> Process:
        device = f"|TCP|1972|{request.client_port}"
        user = self.authenticate(
            request.username,
            request.password,
            device=f"{request.client_ip}:{request.client_port}",
            service=logins.SERVICE,
        )
        namespace = self.namespaces.get(request.namespace)
        if namespace is None:
            raise LoginRefused(Refusal.NO_NAMESPACE, request.namespace)
        if not self.may_enter(user.name, namespace):
            admitted = self.namespace_access is not None and self.namespace_access(user.name, namespace.name)
            if not admitted:
                raise LoginRefused(Refusal.NO_NAMESPACE_PRIVILEGE, namespace.name)
        try:
            process = self.start_process(
                username=user.name,
                namespace=namespace.name,
                client_ip=request.client_ip,
                routine="%SYS.SERVER",
            )
        except LicenseLimitExceededError:
            raise LoginRefused(Refusal.NO_UNIT, user.name) from None
        process.client_node = request.client_host
        process.executable = request.executable
        process.os_username = request.os_user
        process.device = device
        self.audit("%System", "%Login", "Login", event_data=f"Service {logins.SERVICE}", process=process)
        return process

    def _audit_failure(self, refused: LoginRefused, service: str, username: str, client_ip: str) -> None:
        self.audit(
            "%System",
            "%Login",
            "LoginFailure",
            event_data=f"Service {service}: {refused.reason.value}",
            description="Login failure",
            username=username,
            client_ip=client_ip,
        )

    def _end_process(self, pid: int) -> None:
        process = self.process_table.remove(pid)
        claim = self.claims.pop(pid, None)
        if claim is not None:
            self.license.close(claim)
        if process is not None and process.kind == "user":
            self.audit("%System", "%Login", "Logout", process=process)
