"""What an instance knows of the way to one web application: the application, its service, namespace and code.

Each part that cannot be read is None, with a sentence in `notes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from irisops.instance.calls import ClassMethod, Rows
from irisops.instance.class_queries import read_several
from irisops.instance.errors import InstanceProblem, Unreachable, or_note
from irisops.instance.features import Route
from irisops.instance.routes import Instance, first_route
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.application_changes import allowed_by_system
from irisops.instance.security.lists import WEB_GATEWAY, WebApplication, list_services
from irisops.instance.security.object_state import Kind, ObjectState
from irisops.instance.security.settings_state import read_settings
from irisops.instance.security.sqlprivileges import all_within
from irisops.instance.security.user_changes import read_user_states
from irisops.instance.security.whole_applications import completed
from irisops.instance.values import Row, as_flag, as_int, as_text

CodeState = Literal["there", "not compiled", "missing"]
GATEWAY_USER = "CSPSystem"
"""The gateway's own user on the instance (facts: iris-webapps-gateway 5.5)."""
PORTAL = ("/csp/sys", "/csp/sys/exp", "/csp/sys/mgr", "/csp/sys/op", "/csp/sys/sec")
"""Applications of the portal, which need the same login methods (facts: iris-webapps-gateway 5.5)."""


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """A database. `resource` and `status` are "" where they cannot be read."""

    name: str
    directory: str = ""
    resource: str = ""
    status: str = ""

    @property
    def dismounted(self) -> bool:
        """True if it is known not to be mounted (facts: iris-operations 7.1)."""
        return self.status.casefold() in ("unmounted", "dismounted")


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """The way to an application, as the instance has it. None: not read, or no application."""

    access: Access
    application: WebApplication | None = None
    settings: ObjectState | None = None
    """All fields of the application."""
    service: ObjectState | None = None
    clients: str = ""
    """Addresses that the service takes requests from, in the instance's words; "" for all, or if not read."""
    system: int | None = None
    """Login methods that the system as a whole allows, as bits."""
    databases: tuple[DatabaseState, ...] | None = None
    """Those of the application's namespace, data first; empty if there is no such namespace."""
    code: CodeState | None = None
    portal: Mapping[str, ObjectState] = field(default_factory=dict)
    """Login methods of the other applications of the portal, if it is one."""
    free_units: int | None = None
    manager_directory: str = ""
    """Where messages.log is; "" if not read."""
    notes: tuple[str, ...] = ()


def application_of(path: str, names: Sequence[str]) -> str:
    """The name with the most parts that begins the path, whatever its case; "" if none does.

    A name ends where a part of the path ends: `/csp/shop` serves `/csp/shop/x.cls`, not `/csp/shopping`
    (facts: iris-webapps-gateway 4.1).
    """
    wanted = path.casefold().rstrip("/")
    known = {name.casefold().rstrip("/"): name for name in names}
    while wanted:
        if wanted in known:
            return known[wanted]
        wanted = wanted.rpartition("/")[0]
    return ""


async def read_request_facts(
    instance: Instance, path: str, own_name: str, home: str, user: str = ""
) -> RequestFacts:
    """Read what serves a path. `own_name`: of the instance, which may begin a path; `home`: the own namespace.

    `user`: the one who logs in to the application; "" for nobody. Raises NotPermitted (%Admin_Secure:U) or
    NotAvailable without users and roles, and Unreachable.
    """
    access = await read_access(instance)
    notes = list(access.notes)
    access = await _with_passwords(instance, access, [GATEWAY_USER, user], notes)
    names = [each.name for each in access.applications]
    first = f"/{own_name.casefold()}/"
    name = application_of(path, names)
    if not name and own_name and path.casefold().startswith(first):
        name = application_of(path[len(first) - 1 :], names)
    (units,) = await instance.batch([ClassMethod("%SYSTEM.License", "LUAvailable")])
    known = RequestFacts(
        access,
        next((each for each in access.applications if each.name == name), None),
        service=await _settings(instance, "service", WEB_GATEWAY, notes),
        clients=await _clients(instance),
        system=await allowed_by_system(instance),
        free_units=None if isinstance(units, Exception) else as_int(units.value),
        notes=tuple(notes),
    )
    return known if known.application is None else await _further(instance, known, known.application, home)


async def _with_passwords(
    instance: Instance, access: Access, names: Sequence[str], notes: list[str]
) -> Access:
    """The access, with whether these users must change their passwords, which the list need not tell."""
    wanted = {each.casefold() for each in names}
    untold = [
        each.name for each in access.users if each.change_password is None and each.name.casefold() in wanted
    ]
    if not untold:
        return access
    unread = f"Whether {' and '.join(untold)} must change the password is not known"
    states = await or_note(read_user_states(instance, untold), notes, unread) or {}
    users = tuple(
        each._replace(change_password=states[each.name.casefold()].flag("must_change_password"))
        if each.name in untold and each.name.casefold() in states
        else each
        for each in access.users
    )
    return replace(access, users=users)


async def _further(
    instance: Instance, known: RequestFacts, application: WebApplication, home: str
) -> RequestFacts:
    """What depends on the application."""
    notes = list(known.notes)
    settings = await _settings(instance, "application", application.name, notes)
    if settings is not None:
        application = completed(application, settings)._replace(
            enabled=settings.flag("enabled"),
            namespace=settings.text("namespace"),
            dispatch_class=settings.text("dispatch_class"),
        )
    portal: Mapping[str, ObjectState] = {}
    if application.name.casefold() in PORTAL:
        reading = read_settings(instance, "application", PORTAL, ("auth",))
        portal = await or_note(reading, notes, "How one logs in to the rest of the portal is not known") or {}
    databases, manager = await _databases(instance, application.namespace, known.access, notes)
    code: CodeState | None = None
    if application.dispatch_class and databases:
        reading_code = code_state(instance, application.dispatch_class, application.namespace, home)
        code = await or_note(
            reading_code, notes, f"Whether {application.dispatch_class} is there is not known"
        )
    return replace(
        known,
        access=known.access.with_application(application),
        application=application,
        settings=settings,
        databases=databases,
        code=code,
        portal=portal,
        manager_directory=manager,
        notes=tuple(notes),
    )


async def _settings(instance: Instance, kind: Kind, name: str, notes: list[str]) -> ObjectState | None:
    found = await or_note(read_settings(instance, kind, [name]), notes, f"Not all of {name} is known")
    return None if found is None else found.get(name.casefold())


async def _clients(instance: Instance) -> str:
    """Addresses that the gateway's service takes; "" if it takes all, or where the list does not tell."""
    try:
        services = await list_services(instance)
    except Unreachable:
        raise
    except InstanceProblem:
        return ""
    told = next(
        (each.clients or "" for each in services if each.name.casefold() == WEB_GATEWAY.casefold()), ""
    )
    return told if any(sign.isdigit() for sign in told) else ""  # `Unrestricted` is no list of addresses


async def _databases(
    instance: Instance, namespace: str, access: Access, notes: list[str]
) -> tuple[tuple[DatabaseState, ...] | None, str]:
    """The databases of a namespace, and the manager's directory, in which that of the system lies.

    Without their list each is taken to have the usual resource, `%DB_` and its name, if there is one.
    """
    lists = await read_several(instance, ("namespaces.list", "databases.names", "databases.list"))
    namespaces = lists["namespaces.list"]
    if not isinstance(namespaces, Rows):
        notes.append(f"The namespaces cannot be read: {namespaces.message}")
        return None, ""
    # The first column is the name (facts: iris-license-sessions 5.2); Globals, without which the database is taken to
    # be called as the namespace, is likely (facts: iris-config-as-text 5.3). UNVERIFIED: both. Settle: SELECT * FROM
    # Config.Namespaces_List(), cursor.description.
    by_name = {
        as_text(raw[0]).casefold(): row for raw, row in zip(namespaces.rows, namespaces.dicts(), strict=True)
    }
    directories = {
        as_text(row.get("name")).casefold(): as_text(row.get("directory"))
        for row in _dicts(lists["databases.names"])
    }
    states = {
        as_text(row.get("directory")).rstrip("/\\").casefold(): row for row in _dicts(lists["databases.list"])
    }
    manager = directories.get("irissys", "")
    row = by_name.get(namespace.casefold())
    if row is None:
        return (), manager
    usual = {each.name.casefold(): each.name for each in access.resources}
    names = dict.fromkeys(as_text(row.get(key)) for key in ("globals", "routines"))
    found = []
    alone = "IRISSYS" if namespace.casefold() == "%sys" else namespace
    for name in names if any(names) else {alone: None}:
        directory = directories.get(name.casefold(), "")
        state = states.get(directory.rstrip("/\\").casefold(), {}) if directory else {}
        resource = as_text(state.get("resource")) or usual.get(f"%db_{name}".casefold(), "")
        found.append(DatabaseState(name, directory, resource, as_text(state.get("status"))))
    return tuple(found), manager


def _dicts(rows: Rows | InstanceProblem) -> list[Row]:
    return list(rows.dicts()) if isinstance(rows, Rows) else []


async def code_state(instance: Instance, class_name: str, namespace: str, home: str) -> CodeState:
    """Whether a class is there and compiled in a namespace. Raises NotPermitted where it may not be entered."""

    async def attempt(_route: Route) -> CodeState:
        calls = [
            ClassMethod(dictionary, "%ExistsId", (class_name,))
            for dictionary in ("%Dictionary.CompiledClass", "%Dictionary.ClassDefinition")
        ]
        compiled, defined = (
            as_flag(each.value) for each in await all_within(instance, namespace, home, calls)
        )
        return "there" if compiled else "not compiled" if defined else "missing"

    return await first_route(instance, "code.exists", attempt)
