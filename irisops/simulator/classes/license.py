"""`%SYSTEM.License`: counters, the key, and the lists of who holds units (facts: license-sessions 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from irisops.simulator.backend import Value
from irisops.simulator.classes.dates import horolog_day
from irisops.simulator.classes.definition import ClassDef, column
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.status import list_build
from irisops.simulator.classes.values import as_boolean, as_integer, as_text
from irisops.simulator.world.license import Counts
from irisops.simulator.world.model import Process

LICENSE = ClassDef("%SYSTEM.License", abstract=True, supers=("%SYSTEM.Help",))

_COUNTERS: dict[str, Callable[[Counts], int]] = {
    "KeyLicenseUnits": lambda c: c.limit,
    "KeyEnforcedUnits": lambda c: c.limit,
    "LUConsumed": lambda c: c.consumed,
    "LUAvailable": lambda c: c.available,
    "LUMaxConsumed": lambda c: c.max_consumed,
    "LUMinAvailable": lambda c: c.min_available,
    "MaxConnections": lambda c: c.max_connections_per_unit,
    "CSPUsers": lambda c: c.csp_users,
    "MaxCSPUsers": lambda c: c.max_csp_users,
    "CSPGrace": lambda c: c.csp_grace,
    "MaxCSPGrace": lambda c: c.max_csp_grace,
    # Only for process-limited, core and web add-on keys, which the simulator does not have (facts: 1.2).
    "ProcConsumed": lambda _c: 0,
    "ProcAvailable": lambda _c: 0,
    "ProcMaxConsumed": lambda _c: 0,
    "ProcMinAvailable": lambda _c: 0,
    "PublicWebAppUserCount": lambda _c: 0,
    "PublicWebAppUsersMax": lambda _c: 0,
    "KeyCPUsLicensed": lambda _c: 0,
    "KeyCPUsEnforced": lambda _c: 0,
    "GetUserLimit": lambda c: c.limit,
    "MaxBufferPool": lambda _c: 0,
    "MaxECPServers": lambda _c: 0,
    "NetworkEnabled": lambda _c: 0,
    "IsPendingActivation": lambda _c: 0,
    "CheckNewKey": lambda _c: 0,
}


def _counter(read: Callable[[Counts], int]) -> Callable[[Job], int]:
    return lambda job: read(job.world.license_counts())


for _name, _read in _COUNTERS.items():
    LICENSE.class_method(f"{_name}() As %Integer")(_counter(_read))


@LICENSE.class_method("InstanceConnections()")
def _instance_connections(job: Job) -> int:
    return job.world.license_counts().connections


@LICENSE.class_method("InstanceConnectionsMax()")
def _instance_connections_max(job: Job) -> int:
    return job.world.license_counts().max_connections


@LICENSE.class_method("ConnectionCount(UserIdentifier As %String) As %Integer")
def _connection_count(job: Job, identifier: Value) -> int:
    wanted = as_text(identifier)
    return sum(holder.connections for holder in job.world.license_holders() if holder.user_id == wanted)


@LICENSE.class_method("LicenseCount(UserIdentifier As %String) As %Integer")
def _license_count(job: Job, identifier: Value) -> int:
    wanted = as_text(identifier)
    return sum(holder.units for holder in job.world.license_holders() if holder.user_id == wanted)


@LICENSE.class_method("GetUserId(PID As %String, JobNumber As %String) As %String")
def _get_user_id(job: Job, pid: Value, job_number: Value) -> str:
    """The license user id of a process; of the caller where none is named."""
    number, other = as_integer(pid), as_integer(job_number)
    if not number and not other:
        return job.process.license_user_id
    for process in job.world.processes.values():
        if process.pid == number or (not number and process.job_number == other):
            return process.license_user_id
    return ""


@LICENSE.class_method("KeyCustomerName() As %String")
def _key_customer_name(job: Job) -> str:
    return job.world.key.customer


@LICENSE.class_method("KeyExpirationDate() As %Integer")
def _key_expiration_date(job: Job) -> int | str:
    """$HOROLOG days (facts: license-sessions 1.2).

    UNVERIFIED: "" for a key that never expires. Settle: write $SYSTEM.License.KeyExpirationDate() on such a key.
    """
    expires = job.world.key.expires
    return "" if expires is None else horolog_day(expires)


@LICENSE.class_method("KeyLicenseType() As %String")
def _key_license_type(job: Job) -> str:
    return job.world.key.license_type


@LICENSE.class_method("KeyLicenseCapacity() As %String")
def _key_license_capacity(job: Job) -> str:
    # UNVERIFIED: the wording for keys that are not Community Edition's (facts: 2.6). Settle: write
    # $SYSTEM.License.KeyLicenseCapacity() with such a key.
    key = job.world.key
    return key.capacity or f"{key.product} - {key.license_type}:{key.units}"


@LICENSE.class_method("KeyProduct() As %String")
def _key_product(job: Job) -> str:
    return job.world.key.product


@LICENSE.class_method("KeyPlatform() As %String")
def _key_platform(job: Job) -> str:
    return job.world.key.platform


@LICENSE.class_method("KeyServer() As %String")
def _key_server(job: Job) -> str:
    return job.world.key.server


@LICENSE.class_method("KeyOrderNumber() As %Integer")
def _key_order_number(job: Job) -> int:
    return job.world.key.order_number


@LICENSE.class_method("KeyCoresLicensed() As %Integer")
def _key_cores_licensed(job: Job) -> int:
    return job.world.key.cores


@LICENSE.class_method("KeyCoresEnforced() As %Integer")
def _key_cores_enforced(job: Job) -> int:
    return job.world.key.cores


for _name in ("KeyAuthorizationKey", "KeyMachineID", "KeyFeatures", "GetKeyInvalidReason"):
    LICENSE.class_method(f"{_name}() As %String")(lambda _job: "")


@LICENSE.class_method("GetKeyStatus()")
def _get_key_status(job: Job) -> str:
    expires = job.world.key.expires
    return "Invalid" if expires is not None and expires < job.world.now().date() else "Valid"


@LICENSE.class_method("GetFeature(Feature As %Integer) As %Integer")
def _get_feature(_job: Job, feature: Value) -> int:
    """1 for interoperability (1) and IRIS (20), which every key of the simulator has."""
    return int(as_integer(feature) in (1, 20))


@LICENSE.class_method("UserNameLicensing(OnOffState As %Integer) As %Integer")
def _user_name_licensing(job: Job, state: Value) -> int:
    """The present state; 1 or 0 sets it, for later logins (facts: license-sessions 2.1).

    UNVERIFIED: the privilege for setting it, here %Admin_Manage:U. Settle: call it with 1 as a user without.
    """
    if state is not None and as_text(state):
        job.require("%Admin_Manage:U")
        job.world.user_name_licensing = as_boolean(state)
    return int(job.world.user_name_licensing)


@LICENSE.class_method("SetConnectionLimit(MaxCon As %Integer) As %Integer", requires="%Admin_Manage:U")
def _set_connection_limit(job: Job, most: Value) -> int:
    """The most connections of one license user: the next one then fails instead of flipping. Returns the former."""
    former = job.world.license.connection_limit
    job.world.license.connection_limit = max(0, as_integer(most))
    return former


@LICENSE.class_method("GetConnectionLimit() As %Integer")
def _get_connection_limit(job: Job) -> int:
    return job.world.license.connection_limit


@LICENSE.class_method('LUMaxConsumedReset(Counter As %String = "") As %Integer')
def _reset_marks(job: Job, _counter: Value) -> int:
    """Sets the high-water marks to the present figures; all of them, whichever counter is named."""
    job.world.license.reset_marks()
    return job.world.license_counts().max_consumed


@LICENSE.class_method("ReadDurationValues() As %List")
def _read_duration_values(_job: Job) -> str:
    return list_build([1, 15, 60, 900, 3600])


@LICENSE.class_method("ReadDurationCounts() As %List")
def _read_duration_counts(_job: Job) -> str:
    return list_build([0, 0, 0, 0, 0, 0])


_USER_LIST = (
    column("UserId", exact=True), "Type", column("Connects", "%Integer"), column("MaxCon", "%Integer"),
    column("CSPCon", "%Integer"), column("LU", "%Integer"), column("Active", "%Integer"), column("Grace", "%Integer"),
)  # fmt: skip


@LICENSE.query('UserList(All As %Integer = 0, Filter As %String = "")', _USER_LIST, projection_unknown=True)
def _user_list(job: Job, _all: Value, _filter: Value) -> Iterable[Sequence[Value]]:
    return [
        (
            holder.user_id,
            holder.kind,
            holder.connections,
            holder.max_connections,
            holder.csp_connections,
            holder.units,
            holder.active_seconds,
            holder.grace_seconds,
        )
        for holder in job.world.license_holders()
    ]


@LICENSE.query("UserListAll()", _USER_LIST, projection_unknown=True)
def _user_list_all(job: Job) -> Iterable[Sequence[Value]]:
    """One row per slot, free ones too (facts: license-sessions 1.3).

    UNVERIFIED: how a free slot's row looks. Settle: run %SYSTEM.License:UserListAll while units are free.
    """
    rows = list(_user_list(job, 1, ""))
    counts = job.world.license_counts()
    return rows + [("free", "", 0, 0, 0, 0, 0, 0)] * max(0, counts.limit - len(rows))


@LICENSE.query(
    "ConnectionList()",
    [
        column("UserId", exact=True),
        column("LicenseUnits", "%Integer"),
        column("Connections", "%Integer"),
        "ServerIP",
        "Instance",
    ],
    projection_unknown=True,
)
def _connection_list(job: Job) -> Iterable[Sequence[Value]]:
    return [
        (holder.user_id, holder.units, holder.connections, "127.0.0.1", "IRIS")
        for holder in job.world.license_holders()
    ]


@LICENSE.query(
    'ProcessList(Filter As %String = "")',
    [
        column("PID", "%Integer"), "DisplayPID", "Process", column("LID", exact=True), "Type",
        column("Con", "%Integer"),
        column("MaxCon", "%Integer"), column("CSPCon", "%Integer"), column("LU", "%Integer"),
        column("Active", "%Integer"), column("Grace", "%Integer"),
    ],
    projection_unknown=True,
)  # fmt: skip
def _process_list(job: Job, _filter: Value) -> Iterable[Sequence[Value]]:
    """A row per process. System and web server processes have no license row of their own (facts: 1.3, Process)."""
    holders = {holder.user_id: holder for holder in job.world.license_holders()}
    rows: list[Sequence[Value]] = []
    for process in job.world.processes.values():
        holder = holders.get(process.license_user_id) if process.license_user_id else None
        kind = _process_kind(process)
        if holder is None:
            rows.append((process.pid, str(process.pid), kind, "", "", 0, 0, 0, 0, 0, 0))
            continue
        rows.append(
            (
                process.pid,
                str(process.pid),
                kind,
                holder.user_id,
                holder.kind,
                holder.connections,
                holder.max_connections,
                holder.csp_connections,
                holder.units,
                holder.active_seconds,
                holder.grace_seconds,
            )
        )
    return rows


def _process_kind(process: Process) -> str:
    return {"user": "User", "csp": "CSP"}.get(process.kind, "System")


@LICENSE.query("Summary()", ["LicenseUnitUse", "Local", "Distributed"], projection_unknown=True)
def _summary(job: Job) -> Iterable[Sequence[Value]]:
    counts = job.world.license_counts()
    alone = "Not connected to license server"
    return [
        (label, str(value), alone)
        for label, value in (
            ("Current License Units Used", counts.consumed),
            ("Maximum License Units Used", counts.max_consumed),
            ("License Units Authorized", counts.limit),
            ("Current Connections", counts.connections),
            ("Maximum Connections", counts.max_connections),
        )
    ]


@LICENSE.query("Counts()", ["InstanceLicenseUse", "LicenseUnits"], projection_unknown=True)
def _counts(job: Job) -> Iterable[Sequence[Value]]:
    counts = job.world.license_counts()
    return [
        (label, str(value))
        for label, value in (
            ("Total   Authorized LU", counts.limit),
            ("Current Available LU", counts.available),
            ("Minimum Available LU", counts.min_available),
            ("Current Users active", len(job.world.license_holders()) - counts.csp_users),
            ("Maximum Users active", counts.max_consumed),
            ("Current CSP Users active", counts.csp_users),
            ("Maximum CSP Users active", counts.max_csp_users),
            ("Current CSP Sessions in grace period", counts.csp_grace),
            ("Maximum CSP Sessions in grace period", counts.max_csp_grace),
        )
    ]


@LICENSE.query("Key(Sections As %Integer = 3)", ["Field", "Value"], projection_unknown=True)
def _key(job: Job, _sections: Value) -> Iterable[Sequence[Value]]:
    key = job.world.key
    return [
        ("LicenseCapacity", _key_license_capacity(job)),
        ("CustomerName", key.customer),
        ("OrderNumber", str(key.order_number)),
        ("ExpirationDate", "" if key.expires is None else key.expires.strftime("%m/%d/%Y")),
        ("AuthorizationKey", ""),
        ("MachineID", ""),
    ]


@LICENSE.query("ActiveServerList()", ["Address", "Instance", "OrderNumber"], projection_unknown=True)
def _active_server_list(_job: Job) -> Iterable[Sequence[Value]]:
    """No license server is connected: the simulator's key is for a single server."""
    return []


@LICENSE.query("LoginDuration()", ["Duration", column("Count", "%Integer")], projection_unknown=True)
def _login_duration(_job: Job) -> Iterable[Sequence[Value]]:
    return [(label, 0) for label in ("<= 1", "<= 15", "<= 60", "<= 900", "<= 3600", "> 3600")]
