"""What the scenarios have in common: the accounts that are handed out, and people who log in, look and leave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from irisops.simulator.backend import LoginRefusedError, LoginRequest
from irisops.simulator.world.license import LicenseLimitExceededError
from irisops.simulator.world.model import Account, LicenseKey, Permission, Process, Role, User, WebSession
from irisops.simulator.world.seed import give_password
from irisops.simulator.world.sessions import Visitor
from irisops.simulator.world.world import World

ADMINISTRATOR = "opsadmin"
OPERATOR = "operator"
READER = "reader"
OPERATOR_PASSWORD = "operator-demo"  # noqa: S105 - documented, of a practice instance
READER_PASSWORD = "reader-demo"  # noqa: S105 - documented, of a practice instance
DEFAULT_PASSWORD = "SYS"  # noqa: S105 - of every fresh instance (facts: license-sessions 7.4)
OPERATOR_ROLE = "OpsConsole"
READER_ROLE = "SqlReader"
PREDEFINED_LOGINS = ("Admin", "SuperUser", "_SYSTEM", "CSPSystem")


def hand_out_accounts(world: World, password: str | None = None) -> None:
    """The three accounts, from administrator to reader; the predefined ones get the password that everybody knows.

    Those must change it at their first login (facts: license-sessions 7.4).
    """
    use, read = Permission.USE, Permission.READ
    world.roles.add(
        Role(
            OPERATOR_ROLE,
            "Connect to %SYS and run class methods and SQL there",
            {"%DB_IRISSYS": read, "%Native_ClassExecution": use, "%Service_SQL": use},
        )
    )
    world.roles.add(Role(READER_ROLE, "Read USER by SQL", {"%Service_SQL": use, "%DB_USER": read}))
    words = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "juniper")
    chosen = (
        password
        if password is not None
        else f"{'-'.join(world.chance.sample(words, 3))}-{world.chance.randint(10, 99)}"
    )
    for username, full_name, roles, secret, namespace, purpose in (
        (ADMINISTRATOR, "Practice Administrator", ["%All"], chosen, "%SYS", "administrator, holds %All"),
        (
            OPERATOR,
            "Practice Operator",
            ["%Operator", OPERATOR_ROLE],
            OPERATOR_PASSWORD,
            "%SYS",
            "sees and ends sessions and license use, may not touch security",
        ),
        (
            READER,
            "Practice Reader",
            ["%SQL", READER_ROLE],
            READER_PASSWORD,
            "USER",
            "SQL in USER, nothing else",
        ),
    ):
        world.add_user(
            User(username, full_name=full_name, roles=roles, namespace=namespace, created_by="_SYSTEM"),
            secret,
        )
        world.accounts.append(Account(username, secret, namespace, purpose))
    for name in PREDEFINED_LOGINS:
        give_password(world.tables, name, DEFAULT_PASSWORD, world.chance)
        user = world.users.get(name)
        if user is not None and name != "CSPSystem":
            user.change_password = True


def key_of(
    units: int, today: date, *, community: bool = False, days: int = 300, customer: str = "irisops simulator"
) -> LicenseKey:
    """A key for `units` that expires so many days from today."""
    return LicenseKey(
        customer="InterSystems IRIS Community" if community else customer,
        units=units,
        community=community,
        expires=today + timedelta(days=days),
        order_number=0 if community else 424242,
    )


class Stage:
    """Moves people about in a world. Who finds no unit free goes away again, as in life."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.refused = 0
        """How many were turned away for want of a unit."""

    def ago(self, seconds: float, act: Callable[[], object]) -> None:
        """Let something have happened so long before now, in the order of time with all else."""
        self.world.scheduler.at(self.world.clock.now() - timedelta(seconds=seconds), self._once(act))

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Let something happen so many seconds from now."""
        self.world.scheduler.after(seconds, self._once(act))

    def again(self, seconds: float, act: Callable[[], object], *, jitter: float = 0.2) -> None:
        """Let something happen again and again, every so many seconds, a little irregularly, from now on."""

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
        """A user account, as old as the instance. Without a password nobody can log in with it."""
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
        """Somebody's program connects; None if no unit is free."""
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
        """Somebody opens a terminal; None if no unit is free."""
        process = self.client(
            username, address, executable="", namespace=namespace, routine="", state="READ", os_user=os_user
        )
        if process is not None:
            process.device = f"/dev/pts/{self.world.chance.randint(0, 9)}"
        return process

    def visit(
        self, application: str, address: str, username: str = "", *, pages: int = 1, agent: str = ""
    ) -> WebSession | None:
        """Somebody opens a web application; None if no unit is free."""
        try:
            return self.world.open_session(application, Visitor(address, username, agent), pages=pages)
        except LicenseLimitExceededError:
            self.refused += 1
            return None

    def knock(self, username: str, address: str, password: str = "wrong") -> None:  # noqa: S107 - meant to fail
        """Somebody tries to log in over the superserver with a bad password."""
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
