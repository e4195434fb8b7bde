"""`Security.SSLConfigs` and `Security.LDAPConfigs`; the latter are not made here (facts: iris-security 3.9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from irisops.simulator.backend import ByRef, Value
from irisops.simulator.classes import arrays, records
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT, Instance
from irisops.simulator.classes.records import Field, Kind, yes_no
from irisops.simulator.classes.status import StatusError
from irisops.simulator.classes.values import as_text, matches_names
from irisops.simulator.world.model import NamedSettings
from irisops.simulator.world.tables import NameTable

TLS = ClassDef("Security.SSLConfigs", base=PERSISTENT, requires="%Admin_Secure:U")
LDAP = ClassDef("Security.LDAPConfigs", base=PERSISTENT, requires="%Admin_Secure:U")
_TLS = (
    Field("Description"),
    Field("Enabled", kind=Kind.YES_NO, initial=1),
    *(
        Field(name, kind=Kind.INTEGER, initial=initial)
        for name, initial in (
            ("Type", 0), ("PrivateKeyType", 2), ("VerifyPeer", 0), ("VerifyDepth", 9), ("TLSMinVersion", 16),
            ("TLSMaxVersion", 32), ("DiffieHellmanBits", 0),
        )
    ),
    *(
        Field(name)
        for name in (
            "CertificateFile", "PrivateKeyFile", "PrivateKeyPassword", "CAFile", "CAPath", "CipherList",
            "Ciphersuites",
        )
    ),
)  # fmt: skip
_LDAP = (
    Field("Description"),
    Field("LDAPFlags", kind=Kind.INTEGER, initial=0),
    Field("LDAPBaseDN"),
    Field("LDAPCACertFile"),
    Field("LDAPSearchPassword"),
)
LDAP_ENABLED = 64
"""UNVERIFIED: the bit of LDAPFlags behind $$$LDAPEnabled. Settle: LDAPFlags of one that is enabled."""


class _Persistence:
    """Opens and saves the records of a table by their lower-case names."""

    def __init__(self, table: str, fields: Sequence[Field]) -> None:
        self._table, self._fields = table, fields

    def _found(self, job: Job, row_id: str) -> NamedSettings | None:
        table: NameTable[NamedSettings] = getattr(job.world.tables, self._table)
        return table.get(row_id) if row_id == row_id.lower() else None

    def exists(self, job: Job, row_id: str) -> bool:
        """Whether the id is that of a record."""
        return self._found(job, row_id) is not None

    def load(self, job: Job, instance: Instance) -> None:
        """Fill an object with the record's values."""
        found = self._found(job, instance.key)
        records.load(instance, found, self._fields, found.values if found else {})
        instance.values["Name"] = found.name if found else ""

    def save(self, job: Job, instance: Instance) -> None:
        """Store the checked values that are not the class's own."""
        found = self._found(job, instance.key)
        if found is None:
            raise StatusError(5809, instance.cls.name, instance.key)
        records.store(found, records.validated(instance, self._fields), self._fields, found.values)

    def delete(self, job: Job, row_id: str) -> None:
        """Remove the record."""
        table: NameTable[NamedSettings] = getattr(job.world.tables, self._table)
        table.remove(row_id)


for _cls, _table, _fields in ((TLS, "tls", _TLS), (LDAP, "ldap", _LDAP)):
    _cls.property("Name", required=True)
    records.declare(_cls, _fields)
    _cls.persistence = _Persistence(_table, _fields)


def _tls(job: Job, name: Value) -> NamedSettings:
    """The configuration. Raises #979."""
    found = job.world.tables.tls.get(as_text(name))
    if found is None:
        raise StatusError(979, as_text(name))
    return found


@TLS.class_method(
    "Exists(Name As %String, ByRef SSLConfig As %ObjectHandle, ByRef Status As %Status) As %Boolean"
)
def _exists(job: Job, name: Value, _config: ByRef, _status: ByRef) -> int:
    return int(job.world.tables.tls.get(as_text(name)) is not None)


@TLS.class_method("Create(Name As %String, ByRef Properties As %String) As %Status")
def _create(job: Job, name: Value, properties: ByRef) -> None:
    text = as_text(name)
    if job.world.tables.tls.get(text) is not None:
        raise StatusError(898, text)
    if not text or len(text) > 64:
        raise StatusError(981, text)
    job.world.tables.tls.add(NamedSettings(text))
    try:
        arrays.modify(job, TLS, text.lower(), properties, {}, method="Create")
    except StatusError:
        job.world.tables.tls.remove(text)
        raise


@TLS.class_method("Delete(Name As %String) As %Status")
def _delete(job: Job, name: Value) -> None:
    job.world.tables.tls.remove(_tls(job, name).name)


@TLS.class_method("Modify(Name As %String, ByRef Properties As %String) As %Status")
def _modify(job: Job, name: Value, properties: ByRef) -> None:
    arrays.modify(job, TLS, _tls(job, name).name.lower(), properties, {})


@TLS.class_method("Get(Name As %String, ByRef Properties As %String) As %Status")
def _get(job: Job, name: Value, properties: ByRef) -> None:
    names = [each.name for each in _TLS if each.name != "PrivateKeyPassword"]
    arrays.get(job, TLS, _tls(job, name).name.lower(), properties, names=names, forms={})


@LDAP.class_method("Modify(Name As %String, ByRef Properties As %String) As %Status")
def _modify_ldap(job: Job, name: Value, properties: ByRef) -> None:
    arrays.modify(job, LDAP, _ldap(job, name), properties, {})


@LDAP.class_method("Get(Name As %String, ByRef Properties As %String) As %Status")
def _get_ldap(job: Job, name: Value, properties: ByRef) -> None:
    names = [each.name for each in _LDAP if each.name != "LDAPSearchPassword"]
    arrays.get(job, LDAP, _ldap(job, name), properties, names=names, forms={})


def _ldap(job: Job, name: Value) -> str:
    """The id of a configuration. UNVERIFIED: the error without one. Settle: Get of a name that is not there."""
    low = as_text(name).lower()
    if job.world.tables.ldap.get(low) is None:
        raise StatusError(5809, LDAP.name, low)
    return low


# UNVERIFIED: the columns of this list beside Name. Settle: SELECT * FROM Security.SSLConfigs_List('*').
@TLS.query(
    'List(Names As %String = "*", Types As %String = "*")',
    ["Name", "Description", "Type", "Enabled"],
    sql_procedure=True,
)
def _list_tls(job: Job, names: Value, _types: Value) -> Iterable[Sequence[Value]]:
    return [
        (
            each.name,
            as_text(each.values.get("Description", "")),
            "Server" if each.values.get("Type") else "Client",
            yes_no(each.values.get("Enabled", 1)),
        )
        for each in job.world.tables.tls.values()
        if matches_names(each.name, as_text(names))
    ]


@LDAP.query(
    'List(Names As %String = "*")',
    ["Name", "LDAP Enabled", "Description", "LDAPCACertFile"],
    sql_procedure=True,
)
def _list_ldap(job: Job, names: Value) -> Iterable[Sequence[Value]]:
    return [
        (
            each.name,
            yes_no(int(each.values.get("LDAPFlags", 0)) & LDAP_ENABLED),
            as_text(each.values.get("Description", "")),
            as_text(each.values.get("LDAPCACertFile", "")),
        )
        for each in job.world.tables.ldap.values()
        if matches_names(each.name, as_text(names))
    ]
