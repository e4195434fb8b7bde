"""CREATE, ALTER and DROP of tables, indices and views in one job's name: who may define what.

Privileges: "InterSystems SQL Reference", CREATE TABLE, ALTER TABLE, DROP TABLE, CREATE INDEX, CREATE VIEW, and GRANT
(administrative privileges); facts: iris-security 4.1.
"""

from __future__ import annotations

from collections.abc import Sequence

from irisops.simulator.backend import SqlFailure, Value
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.security_statements import JobSecurityStatements
from irisops.simulator.classes.sql_access import privilege_violation
from irisops.simulator.classes.user_tables import SERVICE_SQL, JobTables
from irisops.simulator.classes.values import same
from irisops.simulator.doubts import BUILT_INDEX
from irisops.simulator.sql.definitions import Default, IndexSpec, TableAlteration, TableSpec, ViewSpec
from irisops.simulator.sql.failures import failure
from irisops.simulator.sql.statements import Action
from irisops.simulator.sql.stored.defining import Definer
from irisops.simulator.sql.stored.table import StoredTable


class JobDefinitions:
    """Implements `irisops.simulator.sql.catalog.DefinitionStatements` for one job."""

    def __init__(self, job: Job, tables: JobTables) -> None:
        self._job = job
        self._tables = tables
        self._security = JobSecurityStatements(job)

    def create_table(self, spec: TableSpec, *, if_not_exists: bool) -> None:
        """Raises -99, -201, -312, and what `Definer.create_table` raises."""
        self._need("%CREATE_TABLE")
        _check_schema(spec.schema)
        if self._exists(spec.schema, spec.name):
            if if_not_exists:
                return
            raise failure(-201, f"'{spec.schema}.{spec.name}'")
        for foreign in spec.foreign_keys:
            self._need_references(foreign.schema, foreign.table)
        self._definer().create_table(spec, self._job.username)

    def alter_table(self, schema: str, name: str, alteration: TableAlteration) -> None:
        """Raises -30, -99, and what `Definer.alter_table` raises."""
        table = self._table(schema, name)
        self._need_on(table, "%ALTER_TABLE")
        for foreign in alteration.add_foreign_keys:
            self._need_references(foreign.schema, foreign.table)
        if alteration.rename_to and self._exists(schema, alteration.rename_to):
            raise failure(-201, f"'{schema}.{alteration.rename_to}'")
        self._definer().alter_table(table, alteration)

    def drop_table(self, schema: str, name: str, *, if_exists: bool, cascade: bool) -> None:
        """Raises -30, -99, -320."""
        table = self._tables.database.table(schema, name)
        if table is None and if_exists:
            return
        found = self._table(schema, name)
        self._need_on(found, "%DROP_TABLE")
        self._definer().drop_table(found, cascade=cascade)
        self._take_grants(found.spec.schema, found.spec.name)

    def truncate_table(self, schema: str, name: str) -> int:
        """Raises -30, -99, and -124 where foreign keys refer to a row."""
        table = self._table(schema, name)
        if not self._tables.may(Action.DELETE, table.owner, table.spec.schema, table.spec.name):
            raise privilege_violation(self._job)
        return self._definer().truncate_table(table)

    def create_index(self, schema: str, table: str, spec: IndexSpec, *, if_not_exists: bool) -> None:
        """Raises -30, -99, -324, -29, -125."""
        found = self._table(schema, table)
        self._need_on(found, "%ALTER_TABLE")
        if if_not_exists and spec.name.upper() in found.indexes:
            return
        self._definer().create_index(found, spec)

    def drop_index(self, schema: str, table: str, name: str, *, if_exists: bool) -> None:
        """Raises -30, -99, -333, -334, -325."""
        if table:
            candidates = [self._table(schema, table)]
        else:
            database = self._tables.database
            candidates = [
                each
                for each in database.tables.values()
                if same(each.spec.schema, schema) and name.upper() in each.indexes
            ]
        if len(candidates) > 1:
            raise failure(-334, f"'{name}'")
        if not candidates or (name.upper() not in candidates[0].indexes and if_exists):
            if if_exists:
                return
            raise failure(-333, f"'{name}'")
        self._need_on(candidates[0], "%ALTER_TABLE")
        self._definer().drop_index(candidates[0], name)

    def build_index(self, schema: str, table: str, names: Sequence[str]) -> int:
        """Raises -99 without %BUILD_INDEX, -30 without SELECT, -400 for an unknown index (facts: iris-operations 2)."""
        found = self._tables.database.table(schema, table)
        if found is None:
            raise failure(-30, f"Table '{schema}.{table}' does not exist")
        if not self._security.holds_admin("%BUILD_INDEX"):
            raise SqlFailure(-99, f"User '{self._job.username}' does not have %BUILD_INDEX privileges")
        if not self._tables.may(Action.SELECT, found.owner, found.spec.schema, found.spec.name):
            raise failure(-30, f"Table '{schema}.{table}' not found")
        wanted = [name.upper() for name in names] or list(found.indexes)
        for name in wanted:
            if name not in found.indexes and name not in (each.upper() for each in found.keys):
                raise failure(-400, f"ERROR #5066: Index name '{schema}.{table}::{name.lower()}' is invalid")
        if found.mapped:
            return 1  # nothing is done for maps of %Storage.SQL (facts: iris-operations 1)
        for name in wanted:
            found.faults.pop(name, None)
            if self._job.world.doubts.says(BUILT_INDEX, "selectable"):
                found.unselectable.discard(name)
            else:
                found.unselectable.add(name)
        self._tables.database.version += 1
        return 1

    def create_view(self, spec: ViewSpec, *, replace: bool) -> None:
        """Raises -99, -201."""
        self._need("%CREATE_VIEW")
        _check_schema(spec.schema)
        former = self._tables.database.view(spec.schema, spec.name)
        if former is not None and replace:
            if not same(former.owner, self._job.username):
                self._need("%ALTER_VIEW")
        elif self._exists(spec.schema, spec.name):
            raise failure(-201, f"'{spec.schema}.{spec.name}'")
        self._definer().create_view(spec, self._job.username)

    def drop_view(self, schema: str, name: str, *, if_exists: bool) -> None:
        """Raises -30, -99."""
        view = self._tables.database.view(schema, name)
        if view is None:
            if if_exists:
                return
            raise failure(-30, f"View '{f'{schema}.{name}'.upper()}' not found")
        if not same(view.owner, self._job.username):
            self._need("%DROP_VIEW")
        self._definer().drop_view(view)
        self._take_grants(view.spec.schema, view.spec.name)

    def _definer(self) -> Definer:
        return Definer(
            self._job.emulation.databases,
            self._tables.database,
            self._job.transaction.undo,
            self._job.process.job_number,
            self._evaluate,
        )

    def _take_grants(self, schema: str, name: str) -> None:
        """The privileges on what is dropped are revoked (SQL Reference, DROP TABLE); a rollback grants them again."""
        privileges = self._job.emulation.sql_privileges
        taken = privileges.take_object(self._job.namespace, schema, name)

        def restore() -> None:
            for grant in taken:
                privileges.grant(grant)

        self._job.transaction.undo.remember(
            ("grants", self._job.namespace, schema.upper(), name.upper()), restore
        )

    def _evaluate(self, default: Default) -> Value:
        return self._tables.filer().evaluated(default)

    def _exists(self, schema: str, name: str) -> bool:
        return self._tables.table(schema, name) is not None

    def _table(self, schema: str, name: str) -> StoredTable:
        table = self._tables.database.table(schema, name)
        if table is None:
            raise failure(-30, f"Table '{f'{schema}.{name}'.upper()}' not found")
        return table

    def _need(self, privilege: str) -> None:
        """Raise -99 unless the job holds an administrative SQL privilege in its namespace."""
        if not self._job.holds(SERVICE_SQL):
            raise privilege_violation(self._job)
        if not self._job.world.system.sql_security:
            return
        if not (self._security.holds_admin(privilege) or self._security.holds_admin("%DB_OBJECT_DEFINITION")):
            raise privilege_violation(self._job)

    def _need_on(self, table: StoredTable, privilege: str) -> None:
        """The owner, a holder of %ALTER on the table, or of the administrative privilege.

        UNVERIFIED: that %ALTER on a table is enough to drop it. Settle: GRANT %ALTER ON t TO x, then DROP TABLE t as x.
        """
        if not self._tables.may(Action.ALTER, table.owner, table.spec.schema, table.spec.name):
            self._need(privilege)

    def _need_references(self, schema: str, name: str) -> None:
        """REFERENCES on the table that a foreign key refers to (SQL Reference, CREATE TABLE, Privileges)."""
        parent = self._tables.database.table(schema, name)
        if parent is not None and not self._tables.may(
            Action.REFERENCES, parent.owner, parent.spec.schema, parent.spec.name
        ):
            raise privilege_violation(self._job)


def _check_schema(schema: str) -> None:
    """Raises `SqlFailure` -312 for `User`, which is the package of SQLUser, -300 for a schema of the system."""
    if same(schema, "User"):
        raise failure(-312, f"'{schema}'")
    if schema.startswith("%") or same(schema, "INFORMATION_SCHEMA"):
        # UNVERIFIED: the code for a schema of the system. Settle: CREATE TABLE %SYS.t (a INT).
        raise failure(-300, f"the schema '{schema}' is the system's own")
