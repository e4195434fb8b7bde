"""clinic: a large instance. 400 users, 120 nested roles, 60 web applications, 2,000 sessions, 10,000 processes."""

from __future__ import annotations

from datetime import date, timedelta

from irisops.simulator.world.model import (
    Application,
    LicenseKey,
    NamedSettings,
    Namespace,
    OAuthClient,
    OAuthServer,
    Permission,
    Process,
    Role,
)
from irisops.simulator.world.scenarios.cast import Stage, key_of
from irisops.simulator.world.seed import PASSWORD_BIT, UNAUTHENTICATED_BIT, add_database
from irisops.simulator.world.sessions import Visitor
from irisops.simulator.world.tables import words
from irisops.simulator.world.world import World

USERS, ROLES, APPLICATIONS, SESSIONS, PROCESSES = 400, 120, 60, 2_000, 10_000
SERVER_ADDRESS, SERVER_CONNECTIONS = "10.20.0.5", 64
"""An application server with more than 25 connections, so it takes one unit for each."""
WARDS = words("CARDIO ONCO PAEDS RADIO SURGERY LAB PHARM ICU")
JOBS = ("Nurse", "Doctor", "Clerk", "Analyst", "Auditor")
FIRST = words("Ada Bo Carla Deniz Eva Finn Gita Hugo Iris Jan Kim Lea Milo Nora Omar Pia Quin Rosa Sam Tara")
LAST = words(
    "Abel Berg Costa Dahl Engel Fuchs Garcia Haas Ito Jensen Klein Lang Mori Nagy Olsen Patel Rossi Silva Tan Weiss"
)
ROUTINES = ("%SYS.SERVER", "Clinic.Ward.1", "Clinic.Lab.2", "Clinic.Bill.1", "Clinic.HL7.Router.1")
EXECUTABLES = ("clinicdesk.exe", "odbcapp.exe", "java", "python", "hl7gate")


def key(today: date) -> LicenseKey:
    """Enough units for everybody, including the flipped application server."""
    return key_of(3_000, today, customer="St. Elsewhere Clinic")


def fill(world: World) -> None:
    """Everything at once; takes well under 1.5 seconds."""
    stage = Stage(world)
    _wards(world)
    _roles(world)
    names = _people(stage)
    _applications(world)
    _oauth(world)
    _processes(world, names)
    for _ in range(SESSIONS):
        _visit(world, names, age=world.chance.random() * 800)
    world.scheduler.every(1.0, lambda _seconds: _live(world, names))


def _wards(world: World) -> None:
    for ward in WARDS:
        add_database(world.tables, ward)
        world.namespaces.add(Namespace(ward, ward, ward))


def _roles(world: World) -> None:
    """A tree: a job in a ward builds on that job in the whole house, which builds on the basic role."""
    use, read, write = Permission.USE, Permission.READ, Permission.WRITE
    basic = Role("ClinicBasic", "Everybody who works here", {"%Service_SQL": use, "%DB_USER": read}, ["%SQL"])
    made = [basic]
    made += [
        Role(f"Clinic{job}", f"{job}s of the whole house", {"%Native_ClassExecution": use}, [basic.name])
        for job in JOBS
    ]
    for ward in WARDS:
        for job in JOBS:
            resources = {f"%DB_{ward}": read | (write if job in ("Nurse", "Doctor") else Permission.NONE)}
            made.append(Role(f"{ward}{job}", f"{job}s of {ward}", resources, [f"Clinic{job}"]))
    level = 0
    while len(made) < ROLES:
        level += 1
        below = made[-1].name if level % 8 else basic.name
        made.append(Role(f"Project{level:02d}", f"Temporary project {level}", {}, [below, "ClinicAnalyst"]))
    for role in made[:ROLES]:
        world.roles.add(role)


def _oauth(world: World) -> None:
    """The clinic's sign-on, and two applications that use it."""
    world.tables.tls.add(
        NamedSettings(
            "ClinicTLS",
            {
                "CAFile": "/etc/pki/clinic-ca.pem",
                "VerifyPeer": 1,
                "PrivateKeyFile": "/etc/pki/clinic.key",
                "PrivateKeyPassword": "canary-key",
            },
        )
    )
    world.tables.ldap.add(
        NamedSettings(
            "clinic.example",
            {
                "Description": "Staff directory",
                "LDAPFlags": 65,
                "LDAPBaseDN": "dc=clinic,dc=example",
                "LDAPSearchPassword": "canary-search",
            },
        )
    )
    server = world.oauth_servers.add(OAuthServer(1, "https://sso.clinic.example/realms/staff", "ClinicTLS"))
    for number, (name, kind) in enumerate((("WardPortal", "confidential"), ("LabDevices", "resource")), 1):
        redirect = f"https://iris.clinic.example/csp/{name.lower()}" if kind == "confidential" else ""
        world.oauth_clients.add(
            OAuthClient(
                number,
                name,
                server,
                kind,
                tls="ClinicTLS",
                redirect=redirect,
                default_scope="openid profile",
                client_id=name.lower(),
                client_secret=f"canary-{name}",
            )
        )


def _people(stage: Stage) -> list[str]:
    chance = stage.world.chance
    names = []
    for number in range(USERS):
        first, last = FIRST[number % len(FIRST)], LAST[(number // len(FIRST)) % len(LAST)]
        name = f"{first[0]}{last}{number:03d}".lower()
        ward, job = chance.choice(WARDS), chance.choice(JOBS)
        user = stage.person(name, f"{first} {last}", f"{ward}{job}", comment=f"{ward.title()}, {job.lower()}")
        user.enabled = chance.random() > 0.04
        user.last_login = stage.world.clock.now() - timedelta(seconds=chance.randint(60, 40 * 86400))
        names.append(name)
    return names


def _applications(world: World) -> None:
    for number in range(APPLICATIONS - len(world.applications)):
        ward = WARDS[number % len(WARDS)]
        rest = number % 3 == 0
        methods = PASSWORD_BIT if number % 4 else PASSWORD_BIT | UNAUTHENTICATED_BIT
        world.applications.add(
            Application(
                f"/{'api' if rest else 'csp'}/{ward.lower()}{number // len(WARDS) or ''}",
                ward,
                f"{ward.title()} {'service' if rest else 'pages'}",
                dispatch_class=f"Clinic.{ward.title()}.REST" if rest else "",
                authe_enabled=methods,
                timeout=(900, 1800, 3600)[number % 3],
                match_roles={"": [f"{ward}Clerk"]} if number % 5 == 0 else {},
            )
        )


def _processes(world: World, names: list[str]) -> None:
    for _ in range(SERVER_CONNECTIONS):
        _process(world, "clinicsrv", SERVER_ADDRESS, 3 * 86400)
    while len(world.processes) < PROCESSES:
        number = world.chance.randint(0, 899)
        _process(world, names[number % len(names)], f"10.20.{1 + number // 250}.{1 + number % 250}", 9 * 3600)


def _process(world: World, username: str, address: str, oldest: float) -> Process:
    chance = world.chance
    moment = world.clock.now() - timedelta(seconds=chance.random() * oldest)
    process = world.start_process(
        username=username, namespace=chance.choice(WARDS), client_ip=address, routine=chance.choice(ROUTINES)
    )
    process.started = moment
    process.executable = chance.choice(EXECUTABLES)
    process.client_node = f"WS-{address.rpartition('.')[2]}"
    process.os_username = username[:16]
    process.device = f"|TCP|1972|{chance.randint(20000, 65000)}"
    process.state = chance.choice(("READ", "READ", "READ", "RUN", "EVTW", "HANG", "LOCK"))
    process.commands = chance.randint(1_000, 90_000_000)
    process.global_refs = process.commands // 6
    process.global_updates = process.commands // 60
    process.cpu_ms = process.commands // 700
    if chance.random() < 0.01:
        process.in_transaction = chance.randint(1_000, 9_000_000)
    return process


def _visit(world: World, names: list[str], *, age: float = 0.0) -> None:
    chance = world.chance
    applications = _web_applications(world)
    number = chance.randint(0, 899)
    visitor = Visitor(
        f"10.20.{1 + number // 250}.{1 + number % 250}",
        names[number % len(names)] if chance.random() < 0.9 else "",
        "Mozilla/5.0",
    )
    with world.scheduler.as_of(world.now() - timedelta(seconds=age)):
        world.session_table.open(chance.choice(applications), visitor, pages=chance.choice((1, 2, 3, 5, 8)))


def _web_applications(world: World) -> list[Application]:
    return [application for application in world.applications if not application.system]


def _live(world: World, names: list[str]) -> None:
    """One second in the clinic: page requests, and sessions and processes that come and go."""
    chance = world.chance
    ids = list(world.sessions)
    for identifier in chance.sample(ids, min(len(ids), 12)):
        world.request_session(identifier)
    while len(world.sessions) < SESSIONS and world.license.available > 1:
        _visit(world, names)
    for identifier in chance.sample(ids, min(len(ids), 2)):
        world.logout_session(identifier)
    for pid in chance.sample(list(world.processes), 6):
        process = world.processes[pid]
        if (
            process.kind == "user"
            and process.executable in EXECUTABLES
            and process.client_ip != SERVER_ADDRESS
        ):
            world.end_process(pid)
            _process(world, process.username, process.client_ip, 1.0)
