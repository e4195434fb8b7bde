"""`%CSP.Session` as far as it is listed, and the vendor's function that ends a session (facts: license-sessions 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from irisops.simulator.backend import Value
from irisops.simulator.classes import status
from irisops.simulator.classes.dates import odbc
from irisops.simulator.classes.definition import ClassDef, column
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT
from irisops.simulator.classes.values import as_text

SESSION = ClassDef("%CSP.Session", base=PERSISTENT)
for _name, _kind in (
    ("SessionId", "%String"),
    ("Username", "%String"),
    ("Application", "%String"),
    ("AppTimeout", "%Integer"),
    ("Preserve", "%Boolean"),
    ("LicenseId", "%String"),
    ("Namespace", "%String"),
    ("CreateTime", "%TimeStamp"),
    ("LastModified", "%TimeStamp"),
):
    SESSION.property(_name, _kind, read_only=True)


@SESSION.query(
    "SessionInfo()",
    [
        column("ID", exact=True),
        "Username",
        column("Preserve", "%Integer"),
        "Application",
        "Timeout",
        "LicenseId",
        "SesProcessId",
        column("AllowEndSession", "%Boolean"),
    ],
    projection_unknown=True,
)
def _session_info(job: Job) -> Iterable[Sequence[Value]]:
    # Measured to need both (facts: license-sessions 3.2); the order in which a real instance checks is unknown.
    job.require("%Admin_Operate:U")
    job.require("%DB_IRISSYS:R")
    return [
        (
            session.id,
            session.username,
            int(session.preserve),
            session.application,
            odbc(session.expires),
            session.license_id,
            session.pid if session.preserve and session.pid is not None else "",
            int(session.allow_end),
        )
        for session in job.world.sessions.values()
    ]


def delete_session(job: Job, session_id: Value) -> Value:
    """`$$DeleteSession^%SYS.cspServer(id)`: marks the session; the daemon removes it seconds later.

    UNVERIFIED: its return value. Public code treats it as a %Status, and so does this: 1, #5907 for an unknown id, #921
    without write on %DB_IRISSYS. Settle: evidence $$DeleteSession^%SYS.cspServer, id of no session.
    """
    try:
        job.require("%DB_IRISSYS:W")
    except status.StatusError as refused:
        return refused.status
    identifier = as_text(session_id)
    session = job.world.sessions.get(identifier)
    # UNVERIFIED: a session that is marked to end already is told to be gone, although the list shows it until the
    # daemon removes it. Settle: end one session twice within a second.
    if session is None or session.ending is not None:
        return status.error(5907, identifier)
    job.world.end_session(identifier)
    return status.OK
