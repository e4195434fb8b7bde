"""`SYS.Stats.Dashboard`: the sample behind the portal's dashboard (facts: license-sessions 5.5)."""

from __future__ import annotations

from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.journal import STATES
from irisops.simulator.classes.objects import REGISTERED, Instance
from irisops.simulator.world.operations import MEGABYTE

DASHBOARD = ClassDef("SYS.Stats.Dashboard", base=REGISTERED, supers=("SYS.WSMon.wsResource",))

_KINDS = {
    "%Numeric": "GloRefsPerSec CacheEfficiency ECPAppSrvRate ECPDataSrvRate LicenseCurrent LicenseHigh "
    "LicenseCurrentPct LicenseHighPct",
    "%Integer": "GloRefs GloSets RouRefs LogicalReads DiskReads DiskWrites JournalEntries Processes CSPSessions "
    "SeriousAlerts ApplicationErrors LicenseLimit",
    "%String": "ECPAppServer ECPDataServer ShadowSource ShadowServer SystemUpTime LastBackup DatabaseSpace "
    "JournalStatus JournalSpace LockTable WriteDaemon LicenseType",
}
for _kind, _names in _KINDS.items():
    for _name in _names.split():
        DASHBOARD.property(_name, _kind)


def _space(free: int) -> str:
    """Below 250 and 50 MB it is no longer Normal (facts: license-sessions 5.5)."""
    megabytes = free / MEGABYTE
    return "Troubled" if megabytes < 50 else "Warning" if megabytes < 250 else "Normal"


def _percent(part: int, whole: int) -> int:
    """Rounded, as a real instance shows 1 of 8 units as 13."""
    return (100 * part + whole // 2) // whole if whole else 0


@DASHBOARD.class_method("Sample() As SYS.Stats.Dashboard", requires="%DB_IRISSYS:R")
def _sample(job: Job) -> Instance:
    """A new sample. A real one is cached and lags the license counters; this one is of the moment."""
    world = job.world
    counts = world.license_counts()
    processes = world.processes.values()
    references = sum(process.global_refs for process in processes)
    updates = sum(process.global_updates for process in processes)
    seconds = max(1, int((world.now() - world.started).total_seconds()))
    days, rest = divmod(seconds, 86400)
    sample = Instance(DASHBOARD)
    sample.values = {
        "GloRefsPerSec": references // seconds,
        "GloRefs": references,
        "GloSets": updates,
        "RouRefs": sum(process.commands for process in processes) // 50,
        "LogicalReads": references // 2,
        "DiskReads": references // 40,
        "DiskWrites": updates // 20,
        "CacheEfficiency": round(references / max(1, references // 40 + updates // 20), 2),
        "ECPAppServer": "OK",
        "ECPAppSrvRate": 0,
        "ECPDataServer": "OK",
        "ECPDataSrvRate": 0,
        "ShadowSource": "OK",
        "ShadowServer": "OK",
        "SystemUpTime": f"{days}d {rest // 3600:2d}h {rest % 3600 // 60:02d}m",
        "LastBackup": "",
        "DatabaseSpace": "Normal",
        "JournalStatus": STATES[world.operations.journal.state],
        "JournalSpace": _space(world.operations.journal.free),
        "JournalEntries": sum(process.journal_entries for process in processes),
        "LockTable": "Normal",
        "WriteDaemon": "Normal",
        "Processes": len(world.processes),
        "CSPSessions": len(world.sessions),
        "SeriousAlerts": 0,
        "ApplicationErrors": 0,
        "LicenseLimit": counts.limit,
        "LicenseType": world.key.license_type,
        "LicenseCurrent": counts.consumed,
        "LicenseHigh": counts.max_consumed,
        "LicenseCurrentPct": _percent(counts.consumed, counts.limit),
        "LicenseHighPct": _percent(counts.max_consumed, counts.limit),
    }
    return sample
