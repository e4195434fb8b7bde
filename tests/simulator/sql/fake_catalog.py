"""A small catalog for the tests of the SQL engine: two tables, a procedure, a function, recorded statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from irisops.simulator.backend import SqlFailure, Value
from irisops.simulator.classes.transaction import Transaction
from irisops.simulator.sql.catalog import (
    ArgumentDef,
    Collation,
    ColumnDef,
    FunctionDef,
    ProcedureDef,
    SqlType,
    TableDef,
)
from irisops.simulator.sql.definitions import DefinitionStatements
from irisops.simulator.sql.statements import Action, SecurityStatements, SqlObject
from irisops.simulator.sql.vocabulary import OBJECTSCRIPT_VARIABLES


@dataclass
class RecordedStatements:
    """Records the statements; `held` are the privileges that %CHECKPRIV finds."""

    done: list[tuple[object, ...]] = field(default_factory=list)
    held: set[object] = field(default_factory=set)
    refuse: SqlFailure | None = None

    def _record(self, *what: object) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.done.append(what)

    def create_user(self, name: str, password: str) -> None:
        self._record("create user", name, password)

    def alter_user(self, name: str, password: str) -> None:
        self._record("alter user", name, password)

    def drop_user(self, name: str, *, if_exists: bool) -> None:
        self._record("drop user", name, if_exists)

    def create_role(self, name: str) -> None:
        self._record("create role", name)

    def drop_role(self, name: str, *, if_exists: bool) -> None:
        self._record("drop role", name, if_exists)

    def grant_roles(self, roles: Sequence[str], grantees: Sequence[str], *, admin_option: bool) -> None:
        self._record("grant roles", list(roles), list(grantees), admin_option)

    def revoke_roles(self, roles: Sequence[str], grantees: Sequence[str], *, admin_option_only: bool) -> None:
        self._record("revoke roles", list(roles), list(grantees), admin_option_only)

    def grant_privileges(
        self,
        actions: Collection[Action],
        objects: Sequence[SqlObject],
        grantees: Sequence[str],
        *,
        grant_option: bool,
    ) -> None:
        self._record("grant", list(actions), list(objects), list(grantees), grant_option)

    def revoke_privileges(
        self,
        actions: Collection[Action],
        objects: Sequence[SqlObject],
        grantees: Sequence[str],
        *,
        cascade: bool,
    ) -> None:
        self._record("revoke", list(actions), list(objects), list(grantees), cascade)

    def grant_admin_privileges(
        self, privileges: Sequence[str], grantees: Sequence[str], *, admin_option: bool
    ) -> None:
        self._record("grant admin", list(privileges), list(grantees), admin_option)

    def revoke_admin_privileges(self, privileges: Sequence[str], grantees: Sequence[str]) -> None:
        self._record("revoke admin", list(privileges), list(grantees))

    def holds(self, action: Action, target: SqlObject) -> bool:
        return (action, target) in self.held

    def holds_admin(self, privilege: str) -> bool:
        return privilege in self.held


PROCESS_COLUMNS = [
    ColumnDef("ID", SqlType.INTEGER, hidden=True),
    ColumnDef("Pid", SqlType.INTEGER, nullable=False),
    ColumnDef("UserName", precision=160),
    ColumnDef("NameSpace"),
    ColumnDef("Routine", collation=Collation.EXACT),
    ColumnDef("CPUTime", SqlType.BIGINT),
    ColumnDef("IsGhost", SqlType.BIT),
    ColumnDef("Load", SqlType.NUMERIC, 18, 2),
]

PROCESS_ROWS: list[tuple[Value, ...]] = [
    (101, 101, "_SYSTEM", "%SYS", "shell", 10, 0, Decimal("1.25")),
    (102, 102, "alice", "USER", "Main", 250, 0, Decimal("0.5")),
    (103, 103, "Alice", "USER", "main", 40, 0, None),
    (104, 104, "bob", "APP", None, 0, 1, Decimal(2)),
    (105, 105, None, "%SYS", "daemon", 9000, 0, Decimal("-3.75")),
]

ROLE_COLUMNS = [ColumnDef("Name"), ColumnDef("User"), ColumnDef("Resource"), ColumnDef("Description")]

ROLE_ROWS: list[tuple[Value, ...]] = [
    ("%All", "_system", "", "The Super-User Role"),
    ("Reader", "ALICE", "%DB_USER", "reads 100%"),
    ("Müller", "bob", None, "Grüße"),
]

LIST_COLUMNS = [ColumnDef("Name"), ColumnDef("Enabled"), ColumnDef("Flags", SqlType.INTEGER)]


@dataclass
class FakeCatalog:
    """The catalog of a session; `denied` are qualified names without privileges."""

    default_schema: str = "SQLUser"
    username: str = "_SYSTEM"
    namespace: str = "%SYS"
    recorded: RecordedStatements = field(default_factory=RecordedStatements)
    denied: set[str] = field(default_factory=set)
    processes: list[tuple[Value, ...]] = field(default_factory=lambda: list(PROCESS_ROWS))
    revision: int = 0
    reads: list[tuple[str, ...]] = field(default_factory=list)
    list_calls: list[tuple[Value, ...]] = field(default_factory=list)
    roles: set[str] = field(default_factory=lambda: {"%ALL", "%SQL", "READER"})

    transaction: Transaction = field(default_factory=lambda: Transaction(lambda _open: None))

    version: int = 0

    @property
    def security(self) -> SecurityStatements:
        return self.recorded

    def cancel_query(self, pid: int) -> None:
        raise SqlFailure(-400, f"process {pid} runs no query in this catalog")

    @property
    def definitions(self) -> DefinitionStatements:
        raise SqlFailure(-99, "nothing can be defined in this catalog; tests of that use an instance")

    def _authorize(self, name: str, action: Action) -> None:
        if name in self.denied:
            raise SqlFailure(-99, f"User {self.username} is not privileged for {action.name} on {name}")

    def _tables(self) -> list[TableDef]:
        def read(names: Sequence[str]) -> Iterable[Sequence[Value]]:
            self.reads.append(tuple(names))
            positions = [[column.name for column in PROCESS_COLUMNS].index(name) for name in names]
            return [tuple(row[position] for position in positions) for row in self.processes]

        def read_roles(names: Sequence[str]) -> Iterable[Sequence[Value]]:
            positions = [[column.name for column in ROLE_COLUMNS].index(name) for name in names]
            return (tuple(row[position] for position in positions) for row in ROLE_ROWS)

        return [
            TableDef(
                "%SYS",
                "ProcessQuery",
                PROCESS_COLUMNS,
                read,
                revision=lambda: self.revision,
                authorize=lambda action: self._authorize("%SYS.ProcessQuery", action),
                class_name="%SYS.ProcessQuery",
            ),
            TableDef(
                "Security",
                "Roles",
                ROLE_COLUMNS,
                read_roles,
                authorize=lambda action: self._authorize("Security.Roles", action),
                class_name="Security.Roles",
                refusal="Use the class methods of Security.Roles",
            ),
        ]

    def _procedures(self) -> list[ProcedureDef]:
        def run(arguments: Sequence[Value]) -> Iterable[Sequence[Value]]:
            self.list_calls.append(tuple(arguments))
            prefix = "" if arguments[0] == "*" else str(arguments[0]).lower()
            users = [("Admin", "Yes", 1), ("alice", "Yes", 1), ("bob", "No", 1)]
            return [user for user in users if user[0].lower().startswith(prefix)]

        return [
            ProcedureDef(
                "Security",
                "Users_List",
                [
                    ArgumentDef("Names", "*"),
                    ArgumentDef("Roles", "*"),
                    ArgumentDef("Days", 0, SqlType.INTEGER),
                ],
                LIST_COLUMNS,
                run,
                authorize=lambda action: self._authorize("Security.Users_List", action),
            ),
            ProcedureDef(
                "Demo", "Needs", [ArgumentDef("A"), ArgumentDef("B", "b")], LIST_COLUMNS, lambda _a: []
            ),
        ]

    def _functions(self) -> list[FunctionDef]:
        return [
            FunctionDef(
                "%SYSTEM_SQL",
                "Security_UserExists",
                [ArgumentDef("Name")],
                ColumnDef("", SqlType.INTEGER),
                lambda arguments: int(str(arguments[0]).lower() in {"_system", "alice", "bob"}),
                authorize=lambda action: self._authorize("%SYSTEM_SQL.Security_UserExists", action),
            )
        ]

    def table(self, schema: str, name: str) -> TableDef | None:
        return next((item for item in self._tables() if _named(item.schema, item.name, schema, name)), None)

    def procedure(self, schema: str, name: str) -> ProcedureDef | None:
        return next(
            (item for item in self._procedures() if _named(item.schema, item.name, schema, name)), None
        )

    def function(self, schema: str, name: str) -> FunctionDef | None:
        return next(
            (item for item in self._functions() if _named(item.schema, item.name, schema, name)), None
        )

    def tables(self) -> Iterable[TableDef]:
        return self._tables()

    def procedures(self) -> Iterable[ProcedureDef]:
        return self._procedures()

    def role_exists(self, name: str) -> bool:
        return name.upper() in self.roles

    def now(self) -> str:
        return "2026-11-24 10:58:07"

    def variables(self) -> Mapping[str, Value]:
        return dict.fromkeys(OBJECTSCRIPT_VARIABLES, "") | {
            "$USERNAME": self.username,
            "$NAMESPACE": self.namespace,
        }


def _named(schema: str, name: str, wanted_schema: str, wanted_name: str) -> bool:
    return (schema.upper(), name.upper()) == (wanted_schema.upper(), wanted_name.upper())
