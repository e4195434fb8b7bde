"""broken: accounts with every kind of problem, and hostile names that must be displayed safely."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from irisops.simulator.world.model import Application, LicenseKey, Permission, Role, User
from irisops.simulator.world.scenarios.cast import Stage, key_of
from irisops.simulator.world.scenarios.trouble import make_trouble
from irisops.simulator.world.seed import UNAUTHENTICATED_BIT
from irisops.simulator.world.world import World

HOSTILE_NAMES = (
    "[red]alert[/red]",
    "esc\x1b[31mred\x1b[0m",
    "new\nline",
    "rtl\u202egnp.exe",
    "o'brien",
    'the "boss"',
    "100%_sure",
    "semi;colon--",
    "tab\there",
    "Ünïcode 漢字 🦜",
)
"""Names as typed by people elsewhere. They must be shown harmlessly and reach the instance unchanged."""
LONG_TEXT = ("This role was described by somebody who was paid by the word. " * 65)[:4000]
PASSWORD = "broken-demo"  # noqa: S105 - documented, of a practice instance


def key(today: date) -> LicenseKey:
    """Ten units that expire in twelve days."""
    return key_of(10, today, days=12)


def fill(world: World) -> None:
    """Accounts that cannot log in, roles that are dangling or circular, open doors, hostile names."""
    stage = Stage(world)
    now = world.clock.now()
    today: date = now.date()
    system = world.system
    system.invalid_login_limit, system.invalid_login_action = 5, 1
    system.password_expiration_days = 90
    system.inactive_limit = 60
    long_ago = now - timedelta(days=400)

    locked = _user(world, "locked", "Locked out by five wrong passwords", ["%SQL"])
    locked.enabled, locked.invalid_login_attempts = False, 5
    locked.invalid_login_time, locked.invalid_login_service = now - timedelta(hours=2), "%Service_Bindings"
    locked.invalid_login_device = "10.9.9.9:50123"
    _user(world, "expired", "Contract ended", ["%Developer"]).expiration_date = today - timedelta(days=30)
    _user(world, "oldpassword", "Password from last year", ["%Developer"]).password_changed = long_ago
    _user(world, "mustchange", "Must change the password", ["%SQL"]).change_password = True
    inactive = _user(world, "inactive", "Not seen for a year", ["%SQL"])
    inactive.created = inactive.last_login = long_ago
    _user(world, "norole", "Has no role at all", [])
    _user(world, "dangling", "Holds roles that are gone", ["%SQL", "DeletedRole", "Gone:Too"])
    _user(world, "circle", "Holds roles that grant each other", ["RingA"])
    _user(world, "secretadmin", "Superuser by three steps", ["StepOne"])
    almost = _user(world, "almostlocked", "One wrong password left", ["%SQL"])
    almost.invalid_login_attempts = 4

    world.roles.add(Role("RingA", "Grants RingB", {}, ["RingB"]))
    world.roles.add(Role("RingB", "Grants RingC", {}, ["RingC"]))
    world.roles.add(Role("RingC", "Grants RingA", {"%DB_USER": Permission.READ}, ["RingA"]))
    world.roles.add(Role("StepOne", "Grants StepTwo", {}, ["StepTwo"]))
    world.roles.add(Role("StepTwo", "Grants StepThree", {}, ["StepThree"]))
    world.roles.add(Role("StepThree", "Grants everything", {}, ["%All"]))
    world.roles.add(
        Role(
            "Dangling",
            "Grants a role and a resource that are gone",
            {"NoSuchResource": Permission.USE},
            ["Gone"],
        )
    )
    world.roles.add(Role("Wordy", LONG_TEXT))
    for name in HOSTILE_NAMES:
        _user(world, name, f"Hostile {name}", ["%SQL"], comment=f"Comment of {name}")
        if not any(sign in name for sign in ",:/"):
            world.roles.add(Role(f"role {name}", f"Description with {name}"))
    for number, name in enumerate(HOSTILE_NAMES[:3]):
        stage.ago(
            300 + number, partial(stage.visit, "/csp/user", "10.9.9.9", name, pages=2, agent="\x1b[31mevil")
        )

    unknown = world.users.get("UnknownUser")
    if unknown is not None:
        unknown.roles = ["%All"]
    world.applications.add(
        Application(
            "/csp/open",
            "USER",
            "Anybody may come in",
            authe_enabled=UNAUTHENTICATED_BIT,
            match_roles={"": ["%All"]},
        )
    )
    for name in ("_SYSTEM", "SuperUser"):
        user = world.users.get(name)
        if user is not None:
            user.change_password = False
    system.audit_enabled = False
    make_trouble(world)
    stage.again(150, lambda: stage.knock("almostlocked", "10.9.9.66"), jitter=0.1)
    stage.again(240, lambda: stage.visit("/csp/open", "10.9.9.7", pages=1, agent="curl/8.9"))
    for table in (world.users, world.roles, world.applications):
        table.touch()


def _user(world: World, name: str, full_name: str, roles: list[str], comment: str = "") -> User:
    user = User(name, full_name=full_name, roles=roles, namespace="USER", comment=comment)
    with world.scheduler.as_of(world.started):
        return world.add_user(user, PASSWORD)
