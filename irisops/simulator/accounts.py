"""One more account to practise with than the scenarios have: an administrator of security who is no superuser.

It shows what 2025.2 changed: a plain SELECT on `Security.Users` is refused to it, `Security.Users_List` is not (facts:
iris-security 4.4).
"""

from __future__ import annotations

from irisops.simulator.runtime import Runtime
from irisops.simulator.world.model import Account, Permission, Role, User

SECURITY_ADMINISTRATOR = "secadmin"
SECURITY_PASSWORD = "secadmin-demo"  # noqa: S105 - documented, of a practice instance
SECURITY_ROLE = "SecurityConsole"
OPERATOR_ROLE = "OpsConsole"
"""The role of the operator that the scenarios hand out."""


def plant_accounts(runtime: Runtime) -> None:
    """Create the account with its role, and let it and the operator see the processes by SQL."""
    world = runtime.world
    use = Permission.USE
    world.roles.add(
        Role(
            SECURITY_ROLE,
            "Administer users and roles through a client",
            {
                "%DB_IRISSYS": Permission.READ,
                "%Admin_Secure": use,
                "%Native_ClassExecution": use,
                "%Service_SQL": use,
            },
        )
    )
    user = User(
        SECURITY_ADMINISTRATOR,
        full_name="Practice Security Administrator",
        roles=[SECURITY_ROLE],
        namespace="%SYS",
        created_by="_SYSTEM",
    )
    world.add_user(user, SECURITY_PASSWORD)
    world.accounts.append(
        Account(
            SECURITY_ADMINISTRATOR, SECURITY_PASSWORD, "%SYS", "administers users and roles, is no superuser"
        )
    )
    for grantee in (OPERATOR_ROLE, SECURITY_ROLE):
        runtime.grant_select("%SYS", "ProcessQuery", grantee)
