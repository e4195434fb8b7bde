"""`Ens.*`: the production of a namespace, its queues, components and log (facts: iris-operations 9).

Only the namespaces of productions have these classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from irisops.simulator.backend import ByRef, Value
from irisops.simulator.classes import status
from irisops.simulator.classes.dates import odbc_millis
from irisops.simulator.classes.definition import ClassDef, TableProjection, column
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT
from irisops.simulator.classes.sql_access import require_select
from irisops.simulator.classes.values import as_boolean, as_text, same
from irisops.simulator.world.operations import Production

RUN = "%Ens_ProductionRun:U"
RUNNING, STOPPED, TROUBLED = 1, 2, 4
DIRECTOR = ClassDef("Ens.Director", abstract=True)
QUEUE = ClassDef("Ens.Queue", abstract=True)
ITEM = ClassDef("Ens.Config.Item", base=PERSISTENT)
LOG = ClassDef("Ens.Util.Log", base=PERSISTENT)


def _production(job: Job) -> Production | None:
    return job.world.operations.production(job.namespace)


def _named(job: Job) -> Production:
    found = _production(job)
    if found is None:
        raise status.StatusError(5001, "No production")
    return found


@DIRECTOR.class_method(
    "GetProductionStatus(Output pProductionName As %String, Output pState As %Integer) As %Status"
)
def _status(job: Job, name: ByRef, state: ByRef) -> None:
    """The name is told only while it runs, is suspended or troubled."""
    found = _production(job)
    state.value = found.state if found is not None else STOPPED
    name.value = found.name if found is not None and found.state != STOPPED else ""


@DIRECTOR.class_method("GetActiveProductionName() As %String")
def _active(job: Job) -> str:
    found = _production(job)
    return found.name if found is not None else ""


@DIRECTOR.class_method("StartProduction(pProductionName As %String) As %Status", requires=RUN)
def _start(job: Job, name: Value) -> None:
    found = _named(job)
    if found.state == RUNNING:
        raise status.StatusError(
            5001, f"<Ens>ErrProductionAlreadyRunning: Production '{found.name}' is already running"
        )
    if not same(found.name, as_text(name)):
        raise status.StatusError(5001, f"<Ens>ErrProductionNotRegistered: Production '{as_text(name)}'")
    found.state = RUNNING


@DIRECTOR.class_method(
    "StopProduction(pTimeout As %Numeric = 10, pForce As %Boolean = 0) As %Status", requires=RUN
)
def _stop(job: Job, _timeout: Value, force: Value) -> None:
    """UNVERIFIED: that messages in queues alone do not keep it from stopping. Settle: stop one with a queue."""
    found = _named(job)
    if any(name.startswith("_SyncCall") for name in found.queues) and not as_boolean(force):
        raise status.StatusError(5001, "<Ens>ErrProductionNotQuiescent: IRIS can not become quiescent")
    found.state = STOPPED


@DIRECTOR.class_method("RecoverProduction() As %Status", requires=RUN)
def _recover(job: Job) -> None:
    found = _named(job)
    if found.state == TROUBLED:
        found.state = STOPPED


@DIRECTOR.class_method(
    "EnableConfigItem(pConfigItemName As %String, pEnable As %Boolean = 1, pDoUpdate As %Boolean = 1) As %Status",
    requires=RUN,
)
def _enable(job: Job, name: Value, enable: Value, _update: Value) -> None:
    found = next((each for each in _named(job).items if each.name == as_text(name)), None)
    if found is None:
        raise status.StatusError(5001, f"<Ens>ErrConfigItemNotFound: '{as_text(name)}'")
    on = as_boolean(enable)
    found.restarted += int(on and not found.enabled)
    found.enabled = on


@QUEUE.query("Enumerate()", ["Name", "Count"], sql_procedure=True)
def _queues(job: Job) -> Iterable[Sequence[Value]]:
    found = _production(job)
    return list(found.queues.items()) if found is not None else []


def _project(cls: ClassDef, names: str, records: Callable[[Production], Iterable[dict[str, Any]]]) -> None:
    """Give a class its table, with a row for each record of the namespace's production."""
    schema, _, short = cls.name.replace("Ens.", "Ens_", 1).rpartition(".")

    def rows(job: Job, asked: Sequence[str]) -> Iterable[Sequence[Any]]:
        found = _production(job)
        return [] if found is None else [tuple(each[name] for name in asked) for each in records(found)]

    cls.table = TableProjection(
        tuple(
            column(name, "%Integer" if name in ("ID", "Type") else "%String", precision=2048)
            for name in names.split()
        ),
        rows,
        lambda job: str(job.world.operations.production(job.namespace)),
        lambda job, action: require_select(job, schema, short, action),
        refusal=f"{cls.name} cannot be changed by SQL here",
    )


_project(
    ITEM,
    "ID Name ClassName Enabled PoolSize Category Production",
    lambda found: (
        {
            "ID": number,
            "Name": each.name,
            "ClassName": each.class_name,
            "Enabled": int(each.enabled),
            "PoolSize": each.pool,
            "Category": each.category,
            "Production": found.name,
        }
        for number, each in enumerate(found.items, 1)
    ),
)
_project(
    LOG,
    "ID TimeLogged Type ConfigName Text",
    lambda found: (
        {
            "ID": number,
            "TimeLogged": odbc_millis(each.at),
            "Type": each.type,
            "ConfigName": each.item,
            "Text": each.text,
        }
        for number, each in enumerate(found.log, 1)
    ),
)
