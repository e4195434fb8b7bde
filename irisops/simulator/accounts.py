"""The accounts that every simulated instance has for practice, from the administrator down."""

from __future__ import annotations

from dataclasses import dataclass

from irisops.simulator.runtime import Runtime
from irisops.simulator.world.model import Permission, Role, User


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a practice instance, with the password that --help prints."""

    username: str
    password: str
    roles: tuple[str, ...]
    description: str


_CONNECT = "SimConnect"

ACCOUNTS = (
    Account("admin1", "Practice-1!", ("%All",), "administrator: everything"),
    Account("secadmin", "Practice-2!", (_CONNECT, "%Admin_Secure", "%SQL", "%DB_IRISSYS"), "users and roles, no %All"),
    Account("operator", "Practice-3!", (_CONNECT, "%Operator", "%SQL", "%DB_IRISSYS"), "sessions and processes"),
    Account("reader", "Practice-4!", (_CONNECT, "%SQL", "%DB_USER"), "SQL in USER, nothing of %SYS"),
)


def plant_accounts(runtime: Runtime) -> None:
    """Create the accounts and what they need to connect (facts: iris-security 6.5)."""
    world = runtime.world
    world.roles.add(
        Role(
            _CONNECT,
            "May call class methods through the Native SDK",
            {"%Native_ClassExecution": Permission.USE, "%Service_Object": Permission.USE},
        )
    )
    for account in ACCOUNTS:
        user = User(
            account.username, full_name=account.description, roles=list(account.roles), created=world.now(), created_by="_SYSTEM"
        )
        user.password_never_expires = user.account_never_expires = True
        world.users.add(user)
        world.set_password(user, account.password)
    runtime.grant_select("%SYS", "ProcessQuery", "%Operator")
