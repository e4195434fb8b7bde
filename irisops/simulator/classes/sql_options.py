"""`%SYSTEM.SQL.Util`: the options of SQL, of a process, a namespace or the instance.

Names, defaults, scopes and privileges: the public class reference of 2024.1, GetOption and SetOption. Only AutoCommit,
IsolationMode and SQLSecurity mean anything to the simulator; the others keep what they were set to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from irisops.simulator.backend import ByRef, Value
from irisops.simulator.classes import status
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.transaction import CommitMode, Isolation
from irisops.simulator.classes.values import as_text

UTIL = ClassDef("%SYSTEM.SQL.Util", abstract=True, supers=("%SYSTEM.Help",))

MANAGE = "%Admin_Manage:U"
_COUNT = re.compile(r"\d{1,9}")


class Scope(Enum):
    """Whom an option is for."""

    PROCESS = auto()
    NAMESPACE = auto()
    SYSTEM = auto()


@dataclass(frozen=True, slots=True)
class Option:
    """One option. `allowed` is its values, `_NUMBER` for a count, empty for any text."""

    name: str
    default: str
    scope: Scope = Scope.SYSTEM
    allowed: tuple[str, ...] = ("0", "1")
    privileged: bool = True


_NUMBER = ("a number",)
_SWITCHES_ON = (
    "AdaptiveMode ANSIPrecedence AutoParallel DDLDefineBitmapExtent DDLDropTabDelData DDLFinal DDLPKeyNotIDKey "
    "DDLUseExtentSet DDLUseSequence DelimitedIdentifiers FastDistinct FilerRefIntegrity RetainSQL RTPC"
)
_SWITCHES_OFF = "AllowExtrinsicFunctions CachedQuerySaveSource ECPSync ParameterSampling QueryProcedures"
_OPTIONS = {
    option.name.lower(): option
    for option in (
        *(Option(name, "1") for name in _SWITCHES_ON.split()),
        *(Option(name, "0") for name in _SWITCHES_OFF.split()),
        *(
            Option(name, "0", privileged=False)
            for name in ("BitmapFriendlyCheck", "CollectionProjection", "SQLFunctionArgConversion")
        ),
        Option("AutoParallelThreshold", "3200", allowed=_NUMBER),
        Option("CachedQueryLockTimeout", "120", allowed=_NUMBER, privileged=False),
        # UNVERIFIED: 0, no limit, as the default of ClientMaxIdleTime, and DD MON YYYY as that of ToDateDefaultFormat.
        # Settle: SELECT %SYSTEM_SQL.Util_GetOption('ClientMaxIdleTime'), and the same of ToDateDefaultFormat.
        Option("ClientMaxIdleTime", "0", allowed=_NUMBER),
        Option("ToDateDefaultFormat", "DD MON YYYY", allowed=()),
        Option("DefaultTimePrecision", "0", allowed=_NUMBER),
        Option("LockThreshold", "1000", allowed=_NUMBER),
        Option("LockTimeout", "10", allowed=_NUMBER),
        Option("TCPKeepAlive", "300", allowed=_NUMBER),
        Option("SQLSecurity", "1"),
        Option("AutoCommit", "1", Scope.PROCESS, ("0", "1", "2"), privileged=False),
        Option("IdentityInsert", "0", Scope.PROCESS, privileged=False),
        Option("IsolationMode", "0", Scope.PROCESS, ("0", "1", "3"), privileged=False),
        Option("ProcessLockTimeout", "10", Scope.PROCESS, _NUMBER, privileged=False),
        Option("SelectMode", "0", Scope.PROCESS, ("0", "1", "2"), privileged=False),
        Option("CompileMode", "Immediate", Scope.NAMESPACE, (), privileged=False),
        Option("ServerDisconnectCode", "", Scope.NAMESPACE, (), privileged=False),
        Option("ServerInitCode", "", Scope.NAMESPACE, (), privileged=False),
    )
}
_COMPILE_MODES = {
    f"compilemode{mode.lower()}": mode for mode in ("Deferred", "Immediate", "Install", "Nocheck")
}
"""The compile mode is read under one name and set under four."""


@UTIL.class_method('GetOption(pOption As %String = "") As %String', sql_procedure=True)
def _get_option(job: Job, name: Value) -> str:
    # UNVERIFIED: "" for a name that is no option. Settle: SELECT %SYSTEM_SQL.Util_GetOption('Nix').
    option = _OPTIONS.get(as_text(name).lower())
    return "" if option is None else _read(job, option)


@UTIL.class_method(
    'SetOption(pOption As %String, pValue As %String = "", ByRef oldValue As %String) As %Status',
    sql_procedure=True,
)
def _set_option(job: Job, name: Value, value: Value, old: ByRef) -> None:
    wanted, text = as_text(name).lower(), as_text(value)
    if wanted in _COMPILE_MODES:
        wanted, text = "compilemode", _COMPILE_MODES[wanted]
    elif wanted == "compilemode":
        wanted = ""
    option = _OPTIONS.get(wanted)
    if option is None:
        # UNVERIFIED: the status for an unknown option and for a bad value. Settle: SetOption("Nix", 1) and
        # SetOption("IsolationMode", 2).
        raise status.StatusError(5001, f"'{as_text(name)}' is no option of SQL")
    if option.allowed == _NUMBER and not _COUNT.fullmatch(text):
        raise status.StatusError(5001, f"{option.name} takes a number, not '{text}'")
    if option.allowed not in ((), _NUMBER) and text not in option.allowed:
        raise status.StatusError(5001, f"{option.name} takes {' or '.join(option.allowed)}, not '{text}'")
    if option.privileged:
        job.require(MANAGE)
    old.value = _read(job, option)
    _write(job, option, text)


def _read(job: Job, option: Option) -> str:
    if option.name == "AutoCommit":
        return str(int(job.transaction.commit_mode))
    if option.name == "IsolationMode":
        return str(int(job.transaction.isolation))
    if option.name == "SQLSecurity":
        return str(int(job.world.system.sql_security))
    if option.scope is Scope.PROCESS:
        return job.sql_options.get(option.name, option.default)
    return job.emulation.sql_options.get((_place(job, option), option.name), option.default)


def _write(job: Job, option: Option, text: str) -> None:
    if option.name == "AutoCommit":
        job.transaction.commit_mode = CommitMode(int(text))
    elif option.name == "IsolationMode":
        job.transaction.isolation = Isolation(int(text))
    elif option.name == "SQLSecurity":
        job.world.system.sql_security = text == "1"
    elif option.scope is Scope.PROCESS:
        job.sql_options[option.name] = text
    else:
        job.emulation.sql_options[_place(job, option), option.name] = text


def _place(job: Job, option: Option) -> str:
    return job.namespace.upper() if option.scope is Scope.NAMESPACE else ""
