"""The instance behind the superserver: logins, jobs, and what each request of the wire means.

`Runtime` implements `irisops.simulator.backend.Backend` over a `World`, all in the thread of the event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from irisops.simulator.backend import (
    FAST_SELECT,
    Argument,
    BackendSession,
    ByRef,
    CallOutcome,
    LoginRequest,
    Parameter,
    Prepared,
    SqlFailure,
    ThrownError,
    Value,
)
from irisops.simulator.classes import dispatch, routines
from irisops.simulator.classes.catalog import JobCatalog
from irisops.simulator.classes.everything import build_registry
from irisops.simulator.classes.job import Emulation, Job
from irisops.simulator.classes.sql_privileges import ObjectPrivilege
from irisops.simulator.classes.system_basics import product_text, zversion
from irisops.simulator.classes.transaction import MAXIMUM_LEVEL, CommitMode
from irisops.simulator.classes.values import as_integer, as_text
from irisops.simulator.doubts import FEATURE_OPTIONS
from irisops.simulator.sql.engine import Engine
from irisops.simulator.sql.store import Limits, Store
from irisops.simulator.world.model import Process
from irisops.simulator.world.world import World

NATIVE_GLOBALS = "%Native_GlobalAccess:U"
NATIVE_LOCKS = "%Native_Concurrency:U"
NATIVE_TRANSACTIONS = "%Native_Transaction:U"

_OPERATION_PRIVILEGES = {
    "lock": NATIVE_LOCKS,
    "unlock": NATIVE_LOCKS,
    "unlock_all": NATIVE_LOCKS,
    "tstart": NATIVE_TRANSACTIONS,
    "tcommit": NATIVE_TRANSACTIONS,
    "trollback": NATIVE_TRANSACTIONS,
    "trollback_one": NATIVE_TRANSACTIONS,
    "tlevel": NATIVE_TRANSACTIONS,
}


class Runtime:
    """One emulated instance over the state of `world`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.emulation = Emulation(world, build_registry(world.version), world.version)
        self.on_terminated: Callable[[int], None] | None = None
        """Told the job number of a process that somebody terminated: its connection has to be dropped."""
        self._store = Store(Limits())
        world.namespace_access = self._sql_access_admits

    @property
    def version_text(self) -> str:
        """`$ZVERSION`."""
        return zversion(self.world.version)

    @property
    def feature_options(self) -> int:
        """What it grants to a client that asks for it at the login."""
        return FAST_SELECT if self.world.doubts.says(FEATURE_OPTIONS, "granted") else 0

    def login(self, request: LoginRequest) -> BackendSession:
        """Authenticate, take a license unit, start a server process. Raises `LoginRefusedError`."""
        process = self.world.login(request)
        job = Job(self.emulation, process)
        if not request.autocommit:
            job.transaction.commit_mode = CommitMode.EXPLICIT
        self.world.watch_process(process.pid, lambda: self._terminated(process))
        return Session(self, job, self._store)

    def grant_select(self, schema: str, name: str, grantee: str, *, namespace: str = "%SYS") -> None:
        """What `GRANT SELECT ON schema.name TO grantee` does, for preparing an instance."""
        self.emulation.sql_privileges.grant(ObjectPrivilege(namespace, schema, name, "s", grantee, "_SYSTEM"))

    def _terminated(self, process: Process) -> None:
        if self.on_terminated is not None:
            self.on_terminated(process.job_number)

    def _sql_access_admits(self, username: str, namespace: str) -> bool:
        """Any SQL privilege in a namespace admits to it without read on its database (facts: iris-security 4.1)."""
        names = [username, *self.world.effective_roles(username)]
        return self.emulation.sql_privileges.anything_in(names, namespace)


class Session:
    """One logged-in connection."""

    def __init__(self, runtime: Runtime, job: Job, store: Store) -> None:
        self._runtime = runtime
        self.job = job
        self._engine = Engine(JobCatalog(job), store=store)
        self._closed = False

    @property
    def job_number(self) -> int:
        """The number of the server process's job."""
        return self.job.process.job_number

    @property
    def info(self) -> str:
        """What the superserver calls itself in the reply to a login."""
        return product_text(self._runtime.world.version)

    def class_method(self, class_name: str, method: str, args: Sequence[Argument]) -> Value:
        """Call a class method. Raises `ThrownError`."""
        self._begin()
        return dispatch.call_class_method(self.job, class_name, method, args)

    def get_property(self, oref: int, name: str) -> Value:
        """Read a property. Raises `ThrownError`."""
        self._begin()
        return dispatch.get_property(self.job, oref, name)

    def set_property(self, oref: int, name: str, value: Value) -> None:
        """Set a property. Raises `ThrownError`."""
        self._begin()
        dispatch.set_property(self.job, oref, name, value)

    def invoke(self, oref: int, method: str, args: Sequence[Argument]) -> Value:
        """Call a method of an object. Raises `ThrownError`."""
        self._begin()
        return dispatch.invoke(self.job, oref, method, args)

    def function(self, label: str, routine: str, args: Sequence[Argument]) -> Value:
        """Call a routine. Raises `ThrownError`."""
        self._begin()
        return routines.call_from_client(
            self.job, label, routine, [each.value if isinstance(each, ByRef) else each for each in args]
        )

    def release(self, orefs: Sequence[int]) -> None:
        """The client dropped these references."""
        self.job.objects.release(orefs)

    def prepare(self, sql: str, parameters: Sequence[Parameter]) -> Prepared:
        """Check an SQL statement. Raises `SqlFailure`."""
        self._begin_sql()
        return self._engine.prepare(sql, parameters)

    def query(self, prepared: Prepared, values: Sequence[Value], max_rows: int) -> Sequence[Sequence[Value]]:
        """Run a query. Raises `SqlFailure`."""
        self._begin_sql()
        return self._engine.query(prepared, values, max_rows)

    def update(self, prepared: Prepared, values: Sequence[Value]) -> int:
        """Run a statement that is no query. Raises `SqlFailure`."""
        self._begin_sql()
        return self._engine.update(prepared, values)

    def prepare_call(self, text: str) -> Prepared:
        """Check a procedure call. Raises `SqlFailure`."""
        self._begin_sql()
        return self._engine.prepare_call(text)

    def call(self, prepared: Prepared, values: Sequence[Value]) -> CallOutcome:
        """Run a procedure. Raises `SqlFailure`."""
        self._begin_sql()
        return self._engine.call(prepared, values)

    def global_operation(
        self, operation: str, name: str, subscripts: Sequence[Value], rest: Sequence[Value]
    ) -> list[Value]:
        """Work on globals, locks and the transaction level. Raises `ThrownError`."""
        self._begin()
        if not self.job.holds(_OPERATION_PRIVILEGES.get(operation, NATIVE_GLOBALS)):
            raise ThrownError("<PROTECT>")
        if operation in ("lock", "unlock", "unlock_all"):
            return self._lock(operation, name, subscripts)
        if operation.startswith("t"):
            return self._transaction(operation)
        return self._global(operation, name, subscripts, rest)

    def set_autocommit(self, *, on: bool) -> None:
        """Each statement is a transaction of its own, or not.

        UNVERIFIED: switching it on commits the open transaction, as JDBC demands of its drivers. Settle: autocommit
        off, INSERT, setAutoCommit(True), rollback(); is the row there?
        """
        if on:
            self.job.transaction.commit()
        self.job.transaction.commit_mode = CommitMode.IMPLICIT if on else CommitMode.EXPLICIT

    def commit(self) -> None:
        """Keep what the transaction changed, and end it."""
        self.job.transaction.commit()

    def rollback(self) -> None:
        """Take back what the transaction changed, and end it."""
        self.job.transaction.roll_back()

    def close(self, *, clean: bool) -> None:
        """The connection ended: what was not committed is taken back, locks and, unless it just vanished, process and
        unit are given back.
        """
        if self._closed:
            return
        self._closed = True
        self.job.transaction.roll_back()
        self.job.emulation.locks.release_all(self.job_number)
        if self.job.process.pid in self.job.world.processes:
            self.job.world.logout(self.job.process, clean=clean)

    def _begin(self) -> None:
        """Each request finds the world as it is by now, and counts on its process's row."""
        if not self._alive():
            raise ThrownError("<HALT>")

    def _begin_sql(self) -> None:
        """The same for SQL, which has codes: -461 is a communication link failure (facts: license-sessions 2.4)."""
        if not self._alive():
            raise SqlFailure(-461, "Communication link failure: the server process was terminated")

    def _alive(self) -> bool:
        self.job.world.tick()
        process = self.job.process
        process.commands += 25
        process.global_refs += 3
        return process.pid in self.job.world.processes

    def _global(
        self, operation: str, name: str, subscripts: Sequence[Value], rest: Sequence[Value]
    ) -> list[Value]:
        store, namespace = self.job.emulation.globals, self.job.namespace
        if operation == "get":
            return [store.get(namespace, name, subscripts)]
        if operation in {"set", "kill"}:
            self._remember(operation, name, subscripts)
        if operation == "set":
            store.set(namespace, name, subscripts, rest[0] if rest else "")
            return []
        if operation == "kill":
            store.kill(namespace, name, subscripts)
            return []
        if operation == "increment":
            return [store.increment(namespace, name, subscripts, rest[0] if rest else 1)]
        if operation == "defined":
            return [store.defined(namespace, name, subscripts)]
        if operation == "order":
            mode = as_integer(rest[0]) if rest else 2
            subscript, value = store.order(
                namespace, name, subscripts, mode, rest[1] if len(rest) > 1 else None
            )
            return [subscript, value]
        raise ThrownError("<UNIMPLEMENTED>")

    def _remember(self, operation: str, name: str, subscripts: Sequence[Value]) -> None:
        """Let a rollback restore the node that is about to change."""
        undo = self.job.transaction.undo
        if undo.depth:
            place = (self.job.namespace, name, subscripts)
            key = ("global", self.job.namespace, name, *map(as_text, subscripts), operation == "kill")
            undo.remember(key, self.job.emulation.globals.before_change(*place, whole=operation == "kill"))

    def _lock(self, operation: str, name: str, subscripts: Sequence[Value]) -> list[Value]:
        locks = self.job.emulation.locks
        if operation == "unlock_all":
            locks.release_all(self.job_number)
            return []
        key = (self.job.namespace.upper(), name, *(as_text(each) for each in subscripts))
        if operation == "unlock":
            locks.unlock(self.job_number, key)
            return []
        return [int(locks.lock(self.job_number, key))]

    def _transaction(self, operation: str) -> list[Value]:
        transaction = self.job.transaction
        if operation == "tstart":
            if transaction.level >= MAXIMUM_LEVEL:
                raise ThrownError("<TRANSACTION LEVEL>")
            transaction.begin()
        elif operation == "tcommit":
            transaction.end_level()
        elif operation == "trollback_one":
            transaction.roll_back_level()
        elif operation == "trollback":
            transaction.roll_back()
        return [transaction.level] if operation == "tlevel" else []
