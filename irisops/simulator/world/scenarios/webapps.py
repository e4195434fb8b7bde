"""webapps: a shop by the web, and what may be wrong on the way to it (facts: iris-webapps-gateway 4.1, 5.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date

from irisops.simulator.world.gateway import Fault
from irisops.simulator.world.login import WEB_SERVICE
from irisops.simulator.world.model import (
    Application,
    Database,
    LicenseKey,
    Namespace,
    Permission,
    Resource,
    Role,
    Service,
    Trouble,
    User,
)
from irisops.simulator.world.scenarios.cast import Stage, key_of
from irisops.simulator.world.seed import PASSWORD_BIT, UNAUTHENTICATED_BIT, add_database
from irisops.simulator.world.world import World

PAGES, API, PYTHON = "/csp/shop", "/api/shop", "/api/stock"
RESOURCE = "ShopApp"
CLERK, PASSWORD = "clerk", "Shop-Demo-1!"
PORTAL = ("/csp/sys/exp", "/csp/sys/mgr", "/csp/sys/op", "/csp/sys/sec")


def key(today: date) -> LicenseKey:
    """Eight units."""
    return key_of(8, today)


def fill(world: World) -> None:
    """A shop of pages, of a REST API and of a Python service, all in order."""
    add_database(world.tables, "SHOP")
    world.namespaces.add(Namespace("SHOP", "SHOP", "SHOP"))
    world.resources.add(Resource(RESOURCE, "The shop"))
    world.roles.add(Role("ShopClerk", "May use the shop", {RESOURCE: Permission.USE}))
    Stage(world).person(CLERK, "Clara Clerk", "ShopClerk", password=PASSWORD)
    roles = {"": ["%DB_SHOP"]}
    open_to_all, password = PASSWORD_BIT | UNAUTHENTICATED_BIT, PASSWORD_BIT
    for application in (
        Application(PAGES, "SHOP", "Pages for everybody", authe_enabled=open_to_all, match_roles=dict(roles)),
        Application(
            API,
            "SHOP",
            "For the till",
            authe_enabled=password,
            dispatch_class="Shop.REST",
            resource=RESOURCE,
            match_roles=dict(roles),
            use_session=False,
        ),
        Application(
            PYTHON,
            "SHOP",
            "Stock, by Flask",
            authe_enabled=open_to_all,
            dispatch_class="%SYS.Python.WSGI",
            match_roles=dict(roles),
            use_session=False,
            wsgi_name="stock",
            wsgi_location="/srv/stock",
        ),
        *(
            Application(name, "%SYS", "Part of the portal", authe_enabled=password, system=True, type_bits=3)
            for name in PORTAL
        ),
    ):
        world.applications.add(application)
    for name in ("_SYSTEM", "SuperUser"):
        _user(world, name).change_password = False
    world.web_reads_databases = True


@dataclass(frozen=True, slots=True)
class Breakage:
    """One thing that is wrong: what, the page that shows it, and how the world is made so."""

    what: str
    page: str
    make: Callable[[World], None]


def _user(world: World, name: str) -> User:
    user = world.users.get(name)
    assert user is not None  # noqa: S101 - planted
    return user


def _application(world: World, name: str) -> Application:
    found = world.application(name)
    assert found is not None  # noqa: S101 - planted
    return found


def _service(world: World) -> Service:
    service = world.services.get(WEB_SERVICE)
    assert service is not None  # noqa: S101 - planted
    return service


def _database(world: World) -> Database:
    database = world.databases.get("SHOP")
    assert database is not None  # noqa: S101 - planted
    return database


def _fault(fault: Fault) -> Callable[[World], None]:
    def make(world: World) -> None:
        world.gateway.fault = fault

    return make


def _code(key: str, trouble: Trouble) -> Callable[[World], None]:
    def make(world: World) -> None:
        world.code[key.lower()] = trouble

    return make


def _set(find: Callable[[World], object], **fields: object) -> Callable[[World], None]:
    """Set fields of a record."""

    def make(world: World) -> None:
        record = find(world)
        for name, value in fields.items():
            setattr(record, name, copy(value))
        for table in (
            world.users,
            world.roles,
            world.resources,
            world.services,
            world.applications,
            world.databases,
        ):
            table.touch()

    return make


def _cut_off(*makes: Callable[[World], None]) -> Callable[[World], None]:
    """Changes after which the gateway has to log in anew."""

    def make(world: World) -> None:
        for each in makes:
            each(world)
        world.gateway.connected = False

    return make


def _another_password(world: World) -> None:
    world.set_password(_user(world, "CSPSystem"), "Changed-In-Iris-1!")


def _no_unit(world: World) -> None:
    stage = Stage(world)
    while world.license.room > 0:
        stage.visit("/csp/user", f"10.7.7.{world.license.room}", pages=2)


def _nobody(world: World) -> None:
    for user in world.users:
        user.enabled = user.name in (
            "UnknownUser",
            "CSPSystem",
        )  # they are no people, and the gateway goes on
    world.users.touch()


def _gone(world: World) -> None:
    world.namespaces.remove("SHOP")


def _no_visitors(world: World) -> None:
    _pages(world).authe_enabled = UNAUTHENTICATED_BIT
    world.system.authe_enabled = PASSWORD_BIT
    world.applications.touch()


def _pages(world: World) -> Application:
    return _application(world, PAGES)


def _api(world: World) -> Application:
    return _application(world, API)


def _gateway_user(world: World) -> User:
    return _user(world, "CSPSystem")


def _clerk(world: World) -> User:
    return _user(world, CLERK)


def _of_service(world: World) -> object:
    return world.resources.get(WEB_SERVICE)


BREAKAGES: Mapping[str, Breakage] = {
    # the web server and the gateway
    "path": Breakage(
        "the web server does not hand the path to the gateway", f"{PAGES}/x.cls", _fault("path")
    ),
    "rights": Breakage("the web server may not read the gateway's files", f"{PAGES}/x.cls", _fault("rights")),
    "pool": Breakage("the application pool of IIS stopped", f"{PAGES}/x.cls", _fault("pool")),
    "proxy": Breakage("what is behind the web server does not answer", f"{PAGES}/x.cls", _fault("proxy")),
    "unavailable": Breakage(
        "the path is switched off in the gateway", f"{PAGES}/x.cls", _fault("unavailable")
    ),
    "busy": Breakage("the gateway has no free connection", f"{PAGES}/x.cls", _fault("busy")),
    "timeout": Breakage("IRIS is silent for too long", f"{PAGES}/x.cls", _fault("timeout")),
    "address": Breakage(
        "the management pages are for other addresses", "/csp/bin/Systems/Module.cxw", _fault("address")
    ),
    # the gateway's own login
    "gateway-password": Breakage(
        "the password of CSPSystem was changed in IRIS only", f"{PAGES}/x.cls", _cut_off(_another_password)
    ),
    "gateway-disabled": Breakage(
        "CSPSystem is disabled", f"{PAGES}/x.cls", _cut_off(_set(_gateway_user, enabled=False))
    ),
    "gateway-expired": Breakage(
        "CSPSystem expired",
        f"{PAGES}/x.cls",
        _cut_off(_set(_gateway_user, expiration_date=date(2020, 1, 1), account_never_expires=False)),
    ),
    "gateway-must-change": Breakage(
        "CSPSystem must change its password",
        f"{PAGES}/x.cls",
        _cut_off(_set(_gateway_user, change_password=True)),
    ),
    "service-off": Breakage(
        "the service is off, and the gateway logs in anew",
        f"{PAGES}/x.cls",
        _cut_off(_set(_service, enabled=False)),
    ),
    "service-method": Breakage(
        "the service takes no password",
        f"{PAGES}/x.cls",
        _cut_off(_set(_service, authe_enabled=UNAUTHENTICATED_BIT)),
    ),
    "service-clients": Breakage(
        "the service takes requests from another address",
        f"{PAGES}/x.cls",
        _cut_off(_set(_service, client_systems=["192.0.2.1"])),
    ),
    "service-not-public": Breakage(
        "public Use was removed from the service, and the gateway logs in anew",
        f"{PAGES}/x.cls",
        _cut_off(_set(_of_service, public=Permission.NONE)),
    ),
    "nobody": Breakage("nobody can log in", f"{PAGES}/x.cls", _nobody),
    # the application
    "no-application": Breakage("no application is there", "/api/nothing/x", lambda _world: None),
    "disabled": Breakage("the application is disabled", f"{PAGES}/x.cls", _set(_pages, enabled=False)),
    "service-just-off": Breakage(
        "the service was just switched off", f"{PAGES}/x.cls", _set(_service, enabled=False)
    ),
    "no-login": Breakage("the application takes no login", f"{API}/x", _set(_api, authe_enabled=0)),
    "system-login": Breakage(
        "the system allows no visitors",
        f"{PAGES}/x.cls",
        _no_visitors,
    ),
    "service-login": Breakage(
        "the service takes no password any longer", f"{API}/x", _set(_service, authe_enabled=64)
    ),
    "portal": Breakage(
        "one application of the portal takes other logins",
        "/csp/sys/UtilHome.csp",
        _set(lambda world: _application(world, "/csp/sys/op"), authe_enabled=UNAUTHENTICATED_BIT),
    ),
    "user-disabled": Breakage("the user is disabled", f"{API}/x", _set(_clerk, enabled=False)),
    "user-expired": Breakage(
        "the user expired",
        f"{API}/x",
        _set(_clerk, expiration_date=date(2020, 1, 1), account_never_expires=False),
    ),
    "user-must-change": Breakage(
        "the user must change the password", f"{API}/x", _set(_clerk, change_password=True)
    ),
    "not-public": Breakage(
        "public Use was removed from the service", f"{API}/x", _set(_of_service, public=Permission.NONE)
    ),
    "preflight": Breakage("the gateway's user cannot read the code", f"{API}/x", lambda _world: None),
    "resource": Breakage("the user lacks the resource", f"{API}/x", _set(_clerk, roles=[])),
    # namespace, databases, code
    "namespace": Breakage("the namespace is gone", f"{PAGES}/x.cls", _gone),
    "dismounted": Breakage("the database is dismounted", f"{PAGES}/x.cls", _set(_database, mounted=False)),
    "database": Breakage(
        "the application gives no role for its database", f"{PAGES}/x.cls", _set(_pages, match_roles={})
    ),
    "class-missing": Breakage("the class is missing", f"{API}/x", _code("Shop.REST", "missing")),
    "class-not-compiled": Breakage(
        "the class is not compiled", f"{API}/x", _code("Shop.REST", "not compiled")
    ),
    "module": Breakage("the Python module is not found", f"{PYTHON}/x", _code(PYTHON, "no module")),
    "folder": Breakage(
        "the folder of the Python module is not found", f"{PYTHON}/x", _code(PYTHON, "no folder")
    ),
    # the answer
    "license": Breakage("no license unit is free", f"{PAGES}/x.cls", _no_unit),
    "page": Breakage("the page is not there", f"{PAGES}/x.cls", _code(f"{PAGES}/x.cls", "no page")),
    "method": Breakage(
        "the route is for another method", f"{PYTHON}/x", _code(f"{PYTHON}/x", "other method")
    ),
    "stale": Breakage("the compiled class is stale", f"{PYTHON}/x", _code(f"{PYTHON}/x", "stale")),
}
"""By name: for `{"do": "break_page", "what": NAME}` of the control socket, and for tests."""
