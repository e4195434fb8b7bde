"""The instance's own processes: daemons and workers of the web server."""

from __future__ import annotations

from irisops.simulator.world.processes import ProcessTable

DAEMONS = (
    "CONTROL",
    "WRTDMN",
    "GARCOL",
    "JRNDMN",
    "EXPDMN",
    "AUXWD1",
    "MONITOR",
    "CLNDMN",
    "RECEIVE",
    "LMFMON",
    "SUPERSERVER",
)
"""System processes.

UNVERIFIED: their spelling in Location. Settle: SELECT Pid, Location FROM %SYS.ProcessQuery WHERE Location <> ''.
"""
WEB_WORKERS = 2
WEB_ROUTINE = "%SYS.cspServer2"


def start_daemons(table: ProcessTable) -> None:
    """Start them all. They take no license unit and cannot be ended (facts: license-sessions 1.3, 2.1)."""
    for name in DAEMONS:
        state = "HANG" if name == "CONTROL" else "EVTW"
        process = table.start(username="", namespace="%SYS", state=state, kind="system")
        process.location = name
        process.can_be_terminated = process.can_be_suspended = process.can_be_examined = False
        process.can_receive_broadcast = False
    for _ in range(WEB_WORKERS):
        worker = table.start(username="CSPSystem", namespace="%SYS", routine=WEB_ROUTINE, kind="csp")
        worker.client_ip = "127.0.0.1"
        worker.executable = "CSPap.so"
