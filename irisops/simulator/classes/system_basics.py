"""`%SYSTEM.Version`, `%SYSTEM.SYS`, `%SYSTEM.Status`: what a client asks first (facts: license-sessions 4.4, 5.3)."""

from __future__ import annotations

import re

from irisops.simulator.backend import ByRef, Value
from irisops.simulator.classes import status
from irisops.simulator.classes.dates import horolog
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.values import as_integer, as_text

VERSION = ClassDef("%SYSTEM.Version", abstract=True, supers=("%SYSTEM.Help",))
SYS = ClassDef("%SYSTEM.SYS", supers=("%SYSTEM.Help",))
MONITOR = ClassDef("%SYSTEM.Monitor", supers=("%SYSTEM.Help",))
STATUS = ClassDef("%SYSTEM.Status", abstract=True, supers=("%SYSTEM.Help",))
SYSTEM = ClassDef("%SYS.System")

_BUILDS = {
    (2024, 1): ("825U", "Tue Mar 24 2026 15:11:45 EDT"),
    (2025, 2): ("227U", "Mon Jul 14 2025 10:06:16 EDT"),
}
_UNKNOWN_BUILD = ("100U", "Thu Jan 15 2026 12:00:00 EST")
_NUMBER = re.compile(r"\b(\d+)\.(\d+)(?:\.(\d+))?")
_BUILD = re.compile(r"\(Build (\w+)\)")


def zversion(version: tuple[int, int]) -> str:
    """`$ZVERSION`: in the shape of a real one, and saying that it is none."""
    build, date = _BUILDS.get(version, _UNKNOWN_BUILD)
    year, minor = version
    return f"IRIS for UNIX (irisops simulator, not InterSystems IRIS) {year}.{minor} (Build {build}) {date}"


def product_text(version: tuple[int, int]) -> str:
    """What the superserver calls itself in its reply to a login; clients cut it at the word Version.

    A real one said `InterSystems IRIS Version 2022.2.0.368 xDBC Protocol Version 65` (the README of irissqlcli).
    UNVERIFIED: the protocol's number for a given release, and what else follows after a `|`, which is left out here.
    Settle: record the reply to a login.
    """
    build = _BUILDS.get(version, _UNKNOWN_BUILD)[0].rstrip("U")
    year, minor = version
    return f"InterSystems IRIS (irisops simulator) Version {year}.{minor}.0.{build} xDBC Protocol Version 65"


def zversion_of(job: Job) -> str:
    """`$ZVERSION` as this job's instance answers it."""
    return zversion(job.emulation.version)


def _text(job: Job, zv: Value) -> str:
    """The `zv` argument, or the instance's own where none was passed."""
    return zversion_of(job) if zv is None else as_text(zv)


def _number(zv: str) -> tuple[str, str, str]:
    match = _NUMBER.search(zv)
    if match is None:
        return "", "", ""
    return match[1], match[2], match[3] or "0"


@VERSION.class_method("GetVersion(zv As %String) As %String")
def _get_version(job: Job, zv: Value) -> str:
    return _text(job, zv)


@VERSION.class_method("GetNumber(zv As %String) As %String")
def _get_number(job: Job, zv: Value) -> str:
    return ".".join(part for part in _number(_text(job, zv)) if part)


@VERSION.class_method("GetMajor(zv As %String) As %String")
def _get_major(job: Job, zv: Value) -> str:
    return _number(_text(job, zv))[0]


@VERSION.class_method("GetMinor(zv As %String) As %String")
def _get_minor(job: Job, zv: Value) -> str:
    return _number(_text(job, zv))[1]


@VERSION.class_method("GetPoint(zv As %String) As %String")
def _get_point(job: Job, zv: Value) -> str:
    return _number(_text(job, zv))[2]


@VERSION.class_method("GetBuildNumber(zv As %String) As %Integer")
def _get_build_number(job: Job, zv: Value) -> int:
    match = _BUILD.search(_text(job, zv))
    return as_integer(match[1]) if match else 0


@VERSION.class_method("GetBuildDate(zv As %String) As %String")
def _get_build_date(job: Job, zv: Value) -> str:
    _, found, rest = _text(job, zv).partition(") ")
    while found and ") " in rest:
        _, _, rest = rest.partition(") ")
    return rest


@VERSION.class_method("GetBuildOS(zv As %String) As %String")
def _get_build_os(_job: Job, zv: Value) -> str:
    return "Windows" if zv is not None and "for Windows" in as_text(zv) else "UNIX"


@VERSION.class_method("GetOS(zv As %String) As %String")
def _get_os(job: Job, zv: Value) -> str:
    return _get_build_os(job, zv)


@VERSION.class_method("GetPlatform(zv As %String) As %String")
def _get_platform(job: Job, zv: Value) -> str:
    text = _text(job, zv)
    _, opened, rest = text.partition("(")
    return rest.partition(")")[0] if opened else ""


@VERSION.class_method("GetProduct(zv As %String) As %String")
def _get_product(job: Job, zv: Value) -> str:
    return _text(job, zv).partition(" for ")[0]


@VERSION.class_method("IsUnicode() As %Boolean")
def _is_unicode(_job: Job) -> int:
    return 1


@VERSION.class_method("Is64Bits() As %Boolean")
def _is_64_bits(_job: Job) -> int:
    return 1


@VERSION.class_method("IsBigEndian() As %Boolean")
def _is_big_endian(_job: Job) -> int:
    return 0


@VERSION.class_method("IsSingleUser() As %Boolean")
def _is_single_user(_job: Job) -> int:
    return 0


@VERSION.class_method("SystemMode(mode As %String) As %String")
def _system_mode(job: Job, _mode: Value) -> str:
    """Setting one is not emulated, so the answer stays what it was."""
    return job.world.mode


@SYS.class_method("ProcessID() As %Integer")
def _process_id(job: Job) -> int:
    return job.process.pid


@SYS.class_method("NameSpace() As %String")
def _namespace(job: Job) -> str:
    return job.namespace


@SYS.class_method("TimeStamp() As %String")
def _timestamp(job: Job) -> str:
    """UTC in $HOROLOG form (facts: license-sessions 4.4)."""
    return horolog(job.world.now())


@SYS.class_method("Horolog() As %String")
def _horolog(job: Job) -> str:
    return horolog(job.world.now())


@SYSTEM.class_method("GetInstanceName() As %String")
def _instance_name(_job: Job) -> str:
    return "IRIS"


@SYS.class_method("TimeZone() As %String")
def _time_zone(_job: Job) -> str:
    return "0"


@MONITOR.class_method("State() As %Integer")
def _monitor_state(job: Job) -> int:
    """2 with a severe alert, 1 with a warning (facts: license-sessions 5.4)."""
    return min(max((each.severity for each in job.world.alerts.records), default=0), 2)


@MONITOR.class_method("Alerts() As %Integer")
def _alerts(job: Job) -> int:
    return job.world.alerts.total


@STATUS.class_method("GetErrorText(statuscode As %Status, language As %String) As %String")
def _get_error_text(job: Job, code: Value, _language: Value) -> str:
    return status.error_text("" if code is None else code, word=job.emulation.error_word)


@STATUS.class_method(
    "GetOneErrorText(statuscode As %Status, index As %Integer = 1, language As %String) As %String"
)
def _get_one_error_text(job: Job, code: Value, index: Value, _language: Value) -> str:
    entries = status.decode("" if code is None else code)
    position = as_integer(index)
    if not 1 <= position <= len(entries):
        return ""
    entry = entries[position - 1]
    return f"{job.emulation.error_word} #{entry.code}: {entry.text}"


@STATUS.class_method("GetErrorCodes(statuscode As %Status) As %String")
def _get_error_codes(_job: Job, code: Value) -> str:
    return ",".join(str(entry.code) for entry in status.decode("" if code is None else code))


@STATUS.class_method("IsError(statuscode As %Status) As %Boolean")
def _is_error(_job: Job, code: Value) -> int:
    return int(status.is_error("" if code is None else code))


@STATUS.class_method("IsOK(statuscode As %Status) As %Boolean")
def _is_ok(_job: Job, code: Value) -> int:
    return int(not status.is_error("" if code is None else code))


@STATUS.class_method("OK() As %Status")
def _ok(_job: Job) -> int:
    return status.OK


@STATUS.class_method(
    "Error(errorcode As %Integer, message1 As %String, message2 As %String, message3 As %String) As %Status"
)
def _error(_job: Job, code: Value, *messages: Value) -> str:
    return status.error(as_integer(code), *(as_text(each) for each in messages if each is not None))


@STATUS.class_method("AppendStatus(statuscode1 As %Status, statuscode2 As %Status) As %Status")
def _append_status(_job: Job, first: Value, second: Value) -> str | int:
    entries = [
        *status.decode("" if first is None else first),
        *status.decode("" if second is None else second),
    ]
    return status.encode(entries) if entries else status.OK


@STATUS.class_method(
    "DecomposeStatus(statuscode As %Status, ByRef errorlist, qspec As %String, language As %String) As %Status"
)
def _decompose_status(_job: Job, code: Value, errors: ByRef, _qspec: Value, _language: Value) -> None:
    """Only the count arrives: `errorlist(n)` are subscripts and do not cross the driver (facts: iris-security 6.1)."""
    errors.value = len(status.decode("" if code is None else code))
