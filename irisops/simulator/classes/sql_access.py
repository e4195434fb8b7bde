"""Who may SELECT from a projected table (facts: iris-security 4.1, 4.4; license-sessions 4.1)."""

from __future__ import annotations

from irisops.simulator.backend import SqlFailure
from irisops.simulator.classes.job import Job

PRIVILEGE_VIOLATION = -99


def privilege_violation(job: Job) -> SqlFailure:
    """-99 in the words of the SQL gateway."""
    return SqlFailure(PRIVILEGE_VIOLATION, f"User {job.username} is not privileged for the operation")


def has_sql_privilege(job: Job, schema: str, name: str, action: str) -> bool:
    """Whether the job's user, or a role that it holds, was granted `action` on the object in this namespace."""
    if job.holds_all_role() or not job.world.system.sql_security:
        return True
    grantees = [job.username, *job.world.tables.role_closure(job.roles)]
    return job.emulation.sql_privileges.allows(grantees, job.namespace, schema, name, action)


def require_select(job: Job, schema: str, name: str, action: str) -> None:
    """Raise -99 unless the SQL privilege is held."""
    if not has_sql_privilege(job, schema, name, action):
        raise privilege_violation(job)


def require_security_table(job: Job, schema: str, name: str, action: str) -> None:
    """Raise -99 unless the job may use a table of Security.* or OAuth2.*, which were moved with them.

    From 2025.2 on only %All may, even where SQL security is off; before, an SQL privilege was enough (facts:
    iris-security 4.4, iris-config-as-text 4). UNVERIFIED: the SQLCODE of the refusal from 2025.2 on, that OAuth2.* is
    refused with it, as the vendor's text names Security.* alone, and that before it the holders of %DB_IRISSYS:R and
    %Admin_Secure:U need no explicit grant, as here.
    Settle: SELECT Name FROM Security.Users, and ID FROM OAuth2.Client, as a user with %SecurityAdministrator, on both
    releases.
    """
    if job.holds_all_role():
        return
    if job.emulation.security_moved:
        raise privilege_violation(job)
    if job.holds("%DB_IRISSYS:R") and job.holds("%Admin_Secure:U"):
        return
    require_select(job, schema, name, action)
