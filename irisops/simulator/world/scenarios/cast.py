"""Common parts of the scenarios: the published accounts, and people who log in, look and leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from irisops.simulator.backend import LoginRefusedError, LoginRequest
from irisops.simulator.world.license import LicenseLimitExceededError
from irisops.simulator.world.model import Account, LicenseKey, Permission, Process, Role, User, WebSession
from irisops.simulator.world.seed import give_password
from irisops.simulator.world.sessions import Visitor
from irisops.simulator.world.world import World

DEFAULT_PASSWORD = "SYS"  # noqa: S105 - of every fresh instance (facts: license-sessions 7.4)
PREDEFINED_LOGINS = ("Admin", "SuperUser", "_SYSTEM", "CSPSystem")
CONNECT_ROLE = "SimConnect"
ACCOUNTS = (
    # The first is the administrator. The passwords are documented, for an instance to practise on.
    (Account("admin1", "Practice-1!", "%SYS", "administrator: everything"), ("%All",)),
    (
        Account("secadmin", "Practice-2!", "%SYS", "users and roles, but not everything"),
        (CONNECT_ROLE, "%Admin_Secure", "%SQL", "%DB_IRISSYS"),
    ),
    (
        Account("operator", "Practice-3!", "%SYS", "sessions and processes, no users"),
        (CONNECT_ROLE, "%Operator", "%SQL", "%DB_IRISSYS"),
    ),
    (
        Account("reader", "Practice-4!", "USER", "SQL in USER, nothing of %SYS"),
        (CONNECT_ROLE, "%SQL", "%DB_USER"),
    ),
)
ADMINISTRATOR = ACCOUNTS[0][0].username


def hand_out_accounts(world: World, password: str | None = None) -> None:
    """Create the published accounts, with `password` for the administrator if given.

    The predefined accounts get the password of every fresh instance and must change it at the first login (facts:
    license-sessions 7.4).
    """
    world.roles.add(
        Role(
            CONNECT_ROLE,
            "May call class methods through the Native SDK",
            {"%Native_ClassExecution": Permission.USE, "%Service_Object": Permission.USE},
        )
    )
    for number, (account, roles) in enumerate(ACCOUNTS):
        told = replace(account, password=password) if number == 0 and password is not None else account
        user = User(told.username, full_name=told.purpose, roles=list(roles), created_by="_SYSTEM")
        user.password_never_expires = user.account_never_expires = True
        world.add_user(user, told.password)
        world.accounts.append(told)
    for name in PREDEFINED_LOGINS:
        give_password(world.tables, name, DEFAULT_PASSWORD, world.chance)
        predefined = world.users.get(name)
        if predefined is not None and name != "CSPSystem":
            predefined.change_password = True


def key_of(
    units: int, today: date, *, community: bool = False, days: int = 300, customer: str = "irisops simulator"
) -> LicenseKey:
    """A key for `units` that expires so many days from today (Community Edition's: facts: license-sessions 2.6)."""
    expires = today + timedelta(days=days)
    if community:
        return LicenseKey(
            customer="InterSystems IRIS Community",
            units=units,
            product="Server",
            expires=expires,
            community=True,
            order_number=54702,
            capacity="InterSystems IRIS Community license",
            cores=20,
        )
    return LicenseKey(customer=customer, units=units, expires=expires, order_number=424242)


class Stage:
    """Acts out people in a world. A person refused for lack of a unit leaves."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.refused = 0
        """Number of people refused for lack of a unit."""

    def ago(self, seconds: float, act: Callable[[], object]) -> None:
        """Schedule an action in the past, in order of time with all others."""
        self.world.scheduler.at(self.world.clock.now() - timedelta(seconds=seconds), self._once(act))

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Schedule an action in `seconds`."""
        self.world.scheduler.after(seconds, self._once(act))

    def again(self, seconds: float, act: Callable[[], object], *, jitter: float = 0.2) -> None:
        """Repeat an action about every `seconds` from now on; `jitter` is the relative irregularity."""

        def once() -> None:
            act()
            wait()

        def wait() -> None:
            chance = self.world.chance
            self.world.scheduler.after(seconds * (1 + jitter * (2 * chance.random() - 1)), once)

        wait()

    def person(
        self, name: str, full_name: str, *roles: str, password: str | None = None, comment: str = ""
    ) -> User:
        """A user account as old as the instance. Without a password it cannot log in."""
        user = User(
            name,
            full_name=full_name,
            roles=list(roles),
            namespace="USER",
            created_by=ADMINISTRATOR,
            comment=comment,
        )
        with self.world.scheduler.as_of(self.world.started):
            return self.world.add_user(user, password)

    def client(
        self,
        username: str,
        address: str,
        *,
        executable: str,
        namespace: str = "USER",
        routine: str = "%SYS.SERVER",
        state: str = "READ",
        node: str = "",
        os_user: str = "",
    ) -> Process | None:
        """A program connects; None if no unit is free."""
        try:
            process = self.world.start_process(
                username=username, namespace=namespace, client_ip=address, routine=routine
            )
        except LicenseLimitExceededError:
            self.refused += 1
            return None
        chance = self.world.chance
        process.executable, process.client_node = executable, node
        process.os_username = os_user or username.lower()
        process.device = f"|TCP|1972|{chance.randint(40000, 65000)}"
        process.state = state
        process.commands = chance.randint(2_000, 900_000)
        process.global_refs = process.commands // 6
        process.global_updates = process.commands // 55
        process.cpu_ms = process.commands // 800
        return process

    def terminal(
        self, username: str, address: str, *, namespace: str = "USER", os_user: str = ""
    ) -> Process | None:
        """A terminal opens; None if no unit is free."""
        process = self.client(
            username, address, executable="", namespace=namespace, routine="", state="READ", os_user=os_user
        )
        if process is not None:
            process.device = f"/dev/pts/{self.world.chance.randint(0, 9)}"
        return process

    def visit(
        self, application: str, address: str, username: str = "", *, pages: int = 1, agent: str = ""
    ) -> WebSession | None:
        """A web application opens; None if no unit is free."""
        try:
            return self.world.open_session(application, Visitor(address, username, agent), pages=pages)
        except LicenseLimitExceededError:
            self.refused += 1
            return None

    def knock(self, username: str, address: str, password: str = "wrong") -> None:  # noqa: S107 - meant to fail
        """A login over the superserver with a bad password."""
        request = LoginRequest("USER", username, password, "", "", "python3", address, 50123)
        try:
            process = self.world.login(request)
        except LoginRefusedError:
            return
        self.world.logout(process, clean=True)

    @staticmethod
    def _once(act: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            act()

        return run
