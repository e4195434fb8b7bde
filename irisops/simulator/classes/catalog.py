"""What one job's SQL can reach: projected classes, class queries as procedures, class methods as functions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

from irisops.simulator.backend import SqlFailure, ThrownError, Value
from irisops.simulator.classes import dispatch, status
from irisops.simulator.classes.dates import horolog, odbc
from irisops.simulator.classes.definition import ClassDef, MethodDef, QueryDef, column
from irisops.simulator.classes.definitions import JobDefinitions
from irisops.simulator.classes.dictionary import sql_name, sql_schema, visible_classes
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.security_statements import JobSecurityStatements
from irisops.simulator.classes.signature import Signature
from irisops.simulator.classes.sql_access import has_sql_privilege, privilege_violation
from irisops.simulator.classes.system_basics import zversion_of
from irisops.simulator.classes.user_tables import SERVICE_SQL, JobTables
from irisops.simulator.classes.values import same
from irisops.simulator.doubts import EMPTY_STRING, EXECUTE, PROJECTION
from irisops.simulator.sql.catalog import ArgumentDef, FunctionDef, ProcedureDef, SqlType, TableDef
from irisops.simulator.sql.definitions import DefinitionStatements
from irisops.simulator.sql.statements import Action, SecurityStatements, TransactionStatements

_T = TypeVar("_T")


class JobCatalog:
    """Implements `irisops.simulator.sql.catalog.Catalog` for one job."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._security = JobSecurityStatements(job)
        self._tables = JobTables(job)
        self._definitions = JobDefinitions(job, self._tables)
        self._index: dict[tuple[str, str], TableDef] = {}
        self._procedures: dict[tuple[str, str], ProcedureDef] = {}
        self._functions: dict[tuple[str, str], FunctionDef] = {}
        self._built_for: object = None

    @property
    def default_schema(self) -> str:
        """The schema of an unqualified name."""
        return "SQLUser"

    @property
    def username(self) -> str:
        """`$USERNAME`."""
        return self._job.username

    @property
    def namespace(self) -> str:
        """`$NAMESPACE`."""
        return self._job.namespace

    @property
    def security(self) -> SecurityStatements:
        """The statements on users, roles and privileges, in this job's name."""
        return self._security

    @property
    def transaction(self) -> TransactionStatements:
        """The job's transaction."""
        return self._job.transaction

    @property
    def definitions(self) -> DefinitionStatements:
        """The statements that define tables and views, in this job's name."""
        return self._definitions

    def cancel_query(self, pid: int) -> None:
        """End the statements of a process; those of another user take %CANCEL_QUERY (facts: iris-operations 9).

        UNVERIFIED: the texts of its two refusals. Settle: CANCEL QUERY with the pid of an idle process, and as a user
        without the privilege.
        """
        operations = self._job.world.operations
        ended = [each for each in operations.statements if each.pid == pid]
        if not ended:
            raise SqlFailure(-400, f"Process {pid} is not running a query")
        if any(not same(each.username, self.username) for each in ended) and not self._security.holds_admin(
            "%CANCEL_QUERY"
        ):
            raise SqlFailure(-99, f"User '{self.username}' does not have %CANCEL_QUERY privileges")
        operations.statements = [each for each in operations.statements if each.pid != pid]

    @property
    def version(self) -> Hashable:
        """Changes with every definition, with the namespace, and with what the instance does in doubt."""
        return self._tables.version, self._job.world.doubts

    def table(self, schema: str, name: str) -> TableDef | None:
        """The table of that name, or None: one that is stored in the namespace before the one of an emulated class."""
        self._build()
        return self._tables.table(schema, name) or self._index.get((schema.lower(), name.lower()))

    def procedure(self, schema: str, name: str) -> ProcedureDef | None:
        """The projected class query of that name, or None."""
        self._build()
        return self._procedures.get((schema.lower(), name.lower()))

    def function(self, schema: str, name: str) -> FunctionDef | None:
        """The projected class method of that name, or None."""
        self._build()
        return self._functions.get((schema.lower(), name.lower()))

    def tables(self) -> Iterable[TableDef]:
        """All tables that the job sees in its namespace."""
        self._build()
        stored = {(each.schema.lower(), each.name.lower()): each for each in self._tables.tables()}
        return [*(each for key, each in self._index.items() if key not in stored), *stored.values()]

    def procedures(self) -> Iterable[ProcedureDef]:
        """All procedures that the job sees in its namespace."""
        self._build()
        return list(self._procedures.values())

    def role_exists(self, name: str) -> bool:
        """Whether there is such a role."""
        return self._job.world.roles.get(name) is not None

    def now(self) -> str:
        """The world's time, as `YYYY-MM-DD HH:MM:SS`."""
        return odbc(self._job.world.now())

    def variables(self) -> Mapping[str, Value]:
        """The special variables of ObjectScript; the simulator's machine is in UTC."""
        job, world = self._job, self._job.world
        moment = world.now()
        up = moment - world.started
        return {
            "$HOROLOG": horolog(moment),
            "$JOB": str(job.process.pid),
            "$NAMESPACE": job.namespace,
            "$TLEVEL": job.transaction.level,
            "$USERNAME": job.username,
            "$ZHOROLOG": Decimal(up // timedelta(microseconds=1)) / 1_000_000,
            "$ZNSPACE": job.namespace,
            "$ZPI": Decimal("3.141592653589793238"),
            "$ZTIMESTAMP": f"{horolog(moment)}.{moment.microsecond:06d}".rstrip("0").rstrip("."),
            "$ZTIMEZONE": 0,
            "$ZVERSION": zversion_of(job),
        }

    def require_sql(self) -> None:
        """Raise -99 unless the user holds %Service_SQL:U (facts: iris-security 6.5)."""
        if not self._job.holds(SERVICE_SQL):
            raise privilege_violation(self._job)

    def _build(self) -> None:
        """Project the classes that the job sees in its namespace; done again only when that changed."""
        doubts = self._job.world.doubts
        state = (self._job.namespace.upper(), doubts)
        if state == self._built_for:
            return
        self._index, self._procedures, self._functions = {}, {}, {}
        for cls in visible_classes(self._job):
            schema = sql_schema(cls.name)
            if cls.table is not None:
                table = self._project_table(cls)
                self._index[schema.lower(), table.name.lower()] = table
            for query in cls.queries().values():
                if query.sql_procedure or (query.projection_unknown and doubts.says(PROJECTION, "yes")):
                    procedure = self._project_query(cls, query)
                    self._procedures[schema.lower(), procedure.name.lower()] = procedure
            for method in cls.methods().values():
                if method.sql_procedure:
                    function = self._project_method(cls, method)
                    self._functions[schema.lower(), function.name.lower()] = function
        self._built_for = state

    def _project_table(self, cls: ClassDef) -> TableDef:
        projection = cls.table
        if projection is None:
            raise ValueError(f"{cls.name} has no table")
        job = self._job

        def authorize(action: Action) -> None:
            self.require_sql()
            projection.authorize(job, action.value)

        return TableDef(
            schema=sql_schema(cls.name),
            name=sql_name(cls.name),
            columns=projection.columns,
            rows=lambda names: projection.rows(job, names),
            revision=lambda: hash((cls.name, projection.revision(job))),
            authorize=authorize,
            class_name=cls.name,
            table_type="SYSTEM TABLE" if cls.name.startswith("%") else "BASE TABLE",
            refusal=projection.refusal,
        )

    def _project_query(self, cls: ClassDef, query: QueryDef) -> ProcedureDef:
        job = self._job
        schema, name = sql_schema(cls.name), f"{sql_name(cls.name)}_{query.name}"

        def run(values: Sequence[Value]) -> Iterable[Sequence[Value]]:
            empty = "" if job.world.doubts.says(EMPTY_STRING, "empty") else "\0"
            given = [empty if value == "" else value for value in values]
            return _as_sql(lambda: list(dispatch.run_query(job, cls, query, given)[1]))

        def authorize(_action: Action) -> None:
            self.require_sql()
            if job.world.doubts.says(EXECUTE, "needed") and not has_sql_privilege(
                job, schema, name, Action.EXECUTE.value
            ):
                raise privilege_violation(job)

        return ProcedureDef(
            schema=schema,
            name=name,
            arguments=_arguments(query.signature),
            columns=query.shown(job.world.doubts),
            run=run,
            authorize=authorize,
            class_name=cls.name,
        )

    def _project_method(self, cls: ClassDef, method: MethodDef) -> FunctionDef:
        job = self._job

        def call(values: Sequence[Value]) -> Value:
            return _as_sql(lambda: dispatch.run_class_method(job, cls, method, values))

        kind = "%Boolean" if method.signature.returns == "%Boolean" else "%String"
        return FunctionDef(
            schema=sql_schema(cls.name),
            name=f"{sql_name(cls.name)}_{method.name}",
            arguments=_arguments(method.signature),
            returns=column(method.name, kind),
            call=call,
            authorize=self._authorize_service,
            class_name=cls.name,
        )

    def _authorize_service(self, _action: Action) -> None:
        self.require_sql()


def _arguments(signature: Signature) -> list[ArgumentDef]:
    # An argument without a default may be left out of a class query's call: it is undefined then. One whose default is
    # empty is passed as NULL, which arrives as the empty string; '' may arrive as another value.
    return [
        ArgumentDef(
            argument.name,
            None if argument.default in (None, "") else argument.default,
            SqlType.INTEGER if argument.type == "%Integer" else SqlType.VARCHAR,
        )
        for argument in signature.arguments
    ]


def _as_sql(work: Callable[[], _T]) -> _T:
    """Run a class's code for SQL: its failures become SQLCODEs.

    UNVERIFIED: -400 with the status text in %msg for a class query whose Execute fails.
    Settle: evidence Security.Users:List by SQL, as a user without %Admin_Secure.
    """
    try:
        return work()
    except status.StatusError as failed:
        raise SqlFailure(-400, status.error_text(failed.status)) from failed
    except ThrownError as thrown:
        raise SqlFailure(-400, str(thrown)) from thrown
