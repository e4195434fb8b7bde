"""`Security.System`: the one record of system-wide security settings (facts: iris-security 3.6)."""

from __future__ import annotations

from irisops.simulator.backend import ByRef, Value
from irisops.simulator.classes import arrays, records, status
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT, Instance, reference_to
from irisops.simulator.classes.patterns import PatternError, compile_pattern
from irisops.simulator.classes.records import Field, Kind
from irisops.simulator.classes.user_operations import audit_change
from irisops.simulator.classes.values import as_text

SYSTEM = ClassDef("Security.System", base=PERSISTENT, requires="%Admin_Secure:U")
NAME = "SYSTEM"

_FIELDS = (
    Field("AuditEnabled", "audit_enabled", Kind.YES_NO, initial=0),
    Field("AutheEnabled", "authe_enabled", Kind.INTEGER, minimum=0, type="Security.Datatype.Authentication"),
    Field("InactiveLimit", "inactive_limit", Kind.INTEGER, minimum=0, initial=90, required=True),
    Field("InvalidLoginLimit", "invalid_login_limit", Kind.INTEGER, minimum=0, initial=5, required=True),
    Field("InvalidLoginAction", "invalid_login_action", Kind.INTEGER, minimum=0, maximum=1, initial=0),
    Field(
        "PasswordExpirationDays",
        "password_expiration_days",
        Kind.INTEGER,
        minimum=0,
        initial=0,
        required=True,
    ),
    Field("PasswordPattern", "password_pattern", maximum=64, initial="3.128ANP"),
    Field("PasswordValidationRoutine", "password_validation_routine", maximum=128),
    Field("RequiredRole", "required_role", maximum=64),
    Field("AuditEncrypt", kind=Kind.YES_NO, initial=0),
    Field("AuditFlags", kind=Kind.INTEGER, initial=0),
    Field("ConfigurationSecurityEnabled", kind=Kind.YES_NO, initial=0),
    Field("DefaultSecurityDomain", maximum=128, initial="irissim"),
    Field("DefaultSignatureHash", initial="SHA256"),
    Field("EscalateAuthTimeout", kind=Kind.INTEGER, minimum=0, initial=0),
    Field("EscalateLoginTimeout", kind=Kind.INTEGER, minimum=0, initial=300),
    Field("LoginCookieTimeout", kind=Kind.INTEGER, initial=0),
    Field("PasswordHashAlgorithm", initial="SHA512", type="Security.Datatype.PBKDF2Alg"),
    Field("PasswordHashWorkFactor", kind=Kind.INTEGER, minimum=10000, initial=10000),
    Field("PercentGlobalWrite", kind=Kind.INTEGER, initial=0),
    Field("SecurityDomains", kind=Kind.YES_NO, initial=0),
    Field("SSLTelnetServer", kind=Kind.INTEGER, minimum=0, maximum=2, initial=0),
    Field("SSLECPServer", kind=Kind.INTEGER, minimum=0, maximum=2, initial=0),
    Field("TwoFactorTimeout", kind=Kind.INTEGER, initial=180),
    Field("SMTPServer", maximum=256),
    Field("SMTPUsername", maximum=256),
    Field("TwoFactorFrom", maximum=256),
    Field("JWTIssuer", maximum=1024),
    Field("JWTSigAlg", initial="ES256"),
)
SQL_SECURITY_SINCE = (2025, 2)
_SQL_SECURITY = Field("SQLSecurity", "sql_security", Kind.YES_NO, initial=1, since=SQL_SECURITY_SINCE)

SYSTEM.property("Name", read_only=True, initial=NAME)
records.declare(SYSTEM, (*_FIELDS, _SQL_SECURITY))


def _fields(job: Job) -> tuple[Field, ...]:
    """SQLSecurity is a property from 2025.2 on; before, it was a setting of the CPF (facts: 3.6)."""
    return (*_FIELDS, _SQL_SECURITY) if job.emulation.version >= SQL_SECURITY_SINCE else _FIELDS


class SystemPersistence:
    """The record `SYSTEM`, also opened by its lower-case name (UNVERIFIED; settle: %OpenId("system"))."""

    def exists(self, _job: Job, row_id: str) -> bool:
        """Whether the id is the record's."""
        return row_id in (NAME, NAME.lower())

    def load(self, job: Job, instance: Instance) -> None:
        """Fill an object with the settings."""
        records.load(instance, job.world.system, _fields(job), job.emulation.extras_of(SYSTEM.name, NAME))
        instance.values["Name"] = NAME

    def save(self, job: Job, instance: Instance) -> None:
        """Store the settings. Raises #958 for a bad password pattern, #883 for an unknown required role."""
        values = records.validated(instance, _fields(job))
        if values["PasswordPattern"]:
            try:
                compile_pattern(values["PasswordPattern"])
            except PatternError:
                raise status.StatusError(958, values["PasswordPattern"]) from None
        if values["RequiredRole"] and job.world.roles.get(values["RequiredRole"]) is None:
            raise status.StatusError(883, values["RequiredRole"])
        was_on = job.world.system.audit_enabled
        if was_on and not values["AuditEnabled"]:
            audit_change(job, "AuditChange", "Auditing switched off")
        changes = records.store(
            job.world.system, values, _fields(job), job.emulation.extras_of(SYSTEM.name, NAME)
        )
        if changes:
            audit_change(job, "SystemChange", f"System security settings modified: {', '.join(changes)}")

    def delete(self, _job: Job, _row_id: str) -> None:
        """Refused with #930."""
        raise status.StatusError(930)


SYSTEM.persistence = SystemPersistence()


def _check_name(name: Value) -> None:
    if as_text(name).upper() != NAME:
        raise status.StatusError(849, as_text(name))


@SYSTEM.class_method(
    'Exists(Name As %String = "SYSTEM", ByRef System As %ObjectHandle, ByRef Status As %Status) As %Boolean'
)
def _exists(job: Job, name: Value, found: ByRef, outcome: ByRef) -> int:
    if as_text(name).upper() != NAME:
        found.value = ""
        outcome.value = status.error(849, as_text(name))
        return 0
    found.value = reference_to(job, SYSTEM, NAME)
    outcome.value = status.OK
    return 1


@SYSTEM.class_method('Get(Name As %String = "SYSTEM", ByRef Properties As %String) As %Status')
def _get(job: Job, name: Value, properties: ByRef) -> None:
    _check_name(name)
    arrays.get(job, SYSTEM, NAME, properties, names=[each.name for each in _fields(job)], forms={})


@SYSTEM.class_method('Modify(Name As %String = "SYSTEM", ByRef Properties As %String) As %Status')
def _modify(job: Job, name: Value, properties: ByRef) -> None:
    _check_name(name)
    arrays.modify(job, SYSTEM, NAME, properties, {})


@SYSTEM.class_method("GetInstallationSecuritySetting(ByRef SecuritySetting As %String) As %Status")
def _installation_setting(job: Job, setting: ByRef) -> None:
    """One of "None" (Minimal), "Normal", "Locked Down", "Unknown"."""
    setting.value = job.world.system.initial_security
