"""What is typed in each world: the examples of all commands that use an instance, and further lines for some.

`{pid}` and `{file}` are filled in from the world. A command whose examples fit no world has lines of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from irisops.commands.catalogue import default_registry
from irisops.contract.chat import Command
from irisops.engine.parser import understood

FURTHER: Mapping[str, tuple[str, ...]] = {
    "on": ("/on all /status",),
    "license forecast": ("/license forecast 1",),
    "sessions": ("/sessions application~csp",),
    "sessions end": ("/sessions end /api/atelier",),
    "processes": ("/processes user=notebook",),
    "explain": (
        "/explain appuser",
        "/explain maria %DB_USER:W",
        "/explain maria %DB_USER:W fix=yes",
        "/explain seldom sql Clinic.Patient in=USER",
        "/explain seldom sql Clinic.Patient in=USER fix=yes",
        "/explain appuser sql Clinic.Patient in=USER",
        "/explain irisowner sql Clinic.Patient in=USER",
    ),
    "who-can": ("/who-can /csp/sys", "/who-can %DB_USER:R"),
    "compare": ("/compare maria %Operator",),
    "denied fix": (
        "/denied fix 49fc59",
        "/denied fix fb396c",
    ),
    "users dormant": ("/users dormant 30d",),
    "users": ("/users enabled=no",),
    "grant": ("/grant %Developer to appuser",),
    "revoke": ("/revoke %SQL from maria",),
    "user": (
        "/user maria",
        "/user appuser full_name=Shop comment=Till",
        "/user appuser roles=%SQL,Clerk",
        "/user sofa expires=2027-01-01",
    ),
    "user add": ("/user add kim template=developer", "/user add lou roles=%SQL full_name=Lou"),
    "user copy": ("/user copy maria to maria2",),
    "user delete": ("/user delete seldom",),
    "enable": ("/enable oldphone",),
    "password": ("/password appuser generate=yes",),
    "role": (
        "/role %Developer",
        "/role Clerk description=Till",
        "/role Clerk add=%DB_USER:RW",
        "/role Clerk remove=%DB_USER",
        "/role Clerk granted_roles=%Developer",
    ),
    "role add": ("/role add Temp privileges=%DB_USER:R granted_roles=%SQL",),
    "role copy": ("/role copy Clerk to Clerk2",),
    "service": ("/service %Service_Bindings", "/service %Service_Monitor enable"),
    "app": (
        "/app /csp/user",
        "/app /csp/user timeout=600",
        "/app /csp/user roles=+Clerk",
        "/app /csp/user path=/srv matching_roles=Clerk:%SQL jwt_access_timeout=30",
    ),
    "app add": ("/app add /api/new template=rest-jwt namespace=USER dispatch_class=New.REST",),
    "resource": ("/resource %DB_USER", "/resource %DB_USER public=R"),
    "share": ("/share both for 1h people 2 as sql-read namespace USER probe=no",),
    "share after": ("/share after /resource %DB_USER public=R",),
}
"""Command -> lines beside its examples."""
INSTEAD: Mapping[str, tuple[str, ...]] = {
    "license why": ("/license why", "/license why maria@192.168.1.20"),
    "share": FURTHER["share"],
    "process": ("/process {pid}",),
    "process suspend": ("/process suspend {pid}",),
    "process resume": ("/process resume {pid}",),
    "process terminate": ("/process terminate {pid}",),
    "evidence": ("/evidence {file}",),
    "export": ("/export {file}.d",),
    "export merge": ("/export merge {file}.cpf",),
    "export manifest": ("/export manifest {file}.cls",),
    "export objectscript": ("/export objectscript {file}.txt",),
    "export python": ("/export python {file}.py",),
    "helper install": ("/helper install",),
    "helper remove": ("/helper remove",),
    "sessions end": ("/sessions end user=maria", "/sessions end /csp/user"),
    "app delete": ("/app delete /csp/user",),
    "explain web": ("/explain /csp/user/x.cls as appuser",),
    "explain live": ("/explain live /csp/user as appuser",),
    "app test": ("/app test /csp/user",),
    "diff": ("/diff {file}.d",),
    # In %SYS no second login is needed; what is found elsewhere is for tests/commands/indexes.
    "indexes": ("/indexes Nix.Such namespace=%SYS",),
    "indexes validate": ("/indexes validate Nix.Such namespace=%SYS",),
    "indexes build": ("/indexes build Nix.Such namespace=%SYS",),
    "apply": ("/apply {file}.d",),
    "record": ("record the instance to {file}.irec",),
}
"""Command -> lines in place of its examples, whose names are those of other scenarios."""
ONLY_PLANNED = {"share", "share after"}
"""Commands whose plan is not agreed to: a keeper of its own, with its own clock, would open the share."""
FIRST = ("undo", "redo", "finish")
"""Commands that come before all others: in each world nothing was changed then."""
LAST = (
    "process suspend",
    "process resume",
    "process terminate",
    "license free",
    "sessions end",
    "helper install",
    "helper remove",
    "task run",  # it waits, and the clock of the world moves
)
"""Commands that no undo takes back, after all others, in this order, with every license unit in use."""
BESIDES = ("on", "dashboard")
"""Commands without a connection of their own that show an instance's figures."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line, the command that it gives, and whether its plan is carried out (and then undone)."""

    command: str
    text: str
    agree: bool

    @property
    def last(self) -> bool:
        """True if it comes when all else is done."""
        return self.command in LAST


def all_lines() -> list[Line]:
    """The lines of all commands, in the order in which a world takes them; of several that mean the same, the first.

    Raises AssertionError for a command that has none: it needs an entry in one of the tables.
    """
    found: dict[str, Line] = {}
    registry = default_registry()
    for spec in registry:
        if not (spec.needs_connection or spec.uses_connection or spec.name in BESIDES):
            continue
        texts = INSTEAD.get(spec.name) or (*spec.examples, *FURTHER.get(spec.name, ()))
        assert texts, f"/{spec.name} has no line"
        for text in texts:
            command = understood(text.format(pid="4711", file="iris.json"), registry)
            assert isinstance(command, Command), command
            found.setdefault(command.slash, Line(spec.name, text, spec.name not in ONLY_PLANNED))
    return sorted(found.values(), key=_turn)


def _turn(line: Line) -> int:
    if line.command in FIRST:
        return FIRST.index(line.command) - len(FIRST)
    return LAST.index(line.command) + 1 if line.last else 0
