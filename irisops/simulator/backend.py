"""The seam between the wire and the world.

The wire layer (`irisops.simulator.wire`) knows bytes and opcodes and nothing of IRIS classes. The runtime behind it
(`irisops.simulator.runtime`) knows classes, SQL and the world, and nothing of bytes. They meet in this module alone.
All methods are synchronous: the world is in memory and answers at once; delays are injected by the wire.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

FAST_SELECT = 1
"""Feature option of a client that reads a feature item before the columns of each query (facts: wire-protocol 7)."""


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object reference on one connection, `number@class_name` in a reply."""

    number: int
    class_name: str


@dataclass(slots=True)
class ByRef:
    """An argument passed by reference. The callee assigns `value`; the wire sends it back."""

    value: Value


Value = None | int | float | Decimal | str | bytes | ObjectRef
"""What crosses the wire. `None` is an undefined or NULL item; `""` is the empty string."""

Argument = Value | ByRef


class LoginRefusedError(Exception):
    """The superserver refuses a connection. `text` goes into the connect reply, then the socket closes.

    `text` None means: close the socket without a reply (facts: license-sessions 2.4, both forms must be coped with).
    """

    def __init__(self, text: str | None) -> None:
        super().__init__(text or "")
        self.text = text


class ThrownError(Exception):
    """An ObjectScript error as IRIS throws it, e.g. `<CLASS DOES NOT EXIST> *No.Such`."""


class SqlFailure(Exception):  # noqa: N818 - it is an outcome with a code, named as the vendor names it
    """A failed SQL statement.

    `sqlcode` is negative as documented (-30); 100 is "no data". `message` is the `%msg` text.
    """

    def __init__(self, sqlcode: int, message: str) -> None:
        super().__init__(f"[SQLCODE: <{sqlcode}>] {message}")
        self.sqlcode = sqlcode
        self.message = message


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """What the client sends to open a connection, unscrambled, with the TCP peer that it came from."""

    namespace: str
    username: str
    password: str
    os_user: str
    client_host: str
    executable: str
    client_ip: str
    client_port: int
    autocommit: bool = True

    def __repr__(self) -> str:
        return f"LoginRequest(namespace={self.namespace!r}, username={self.username!r}, client_ip={self.client_ip!r})"


@dataclass(frozen=True, slots=True)
class Column:
    """One result column. `sql_type` is the xDBC number (4 integer, 12 varchar, -7 bit, 2 numeric, 8 double, 11 ...)."""

    name: str
    sql_type: int = 12
    precision: int = 50
    scale: int = 0
    nullable: bool = True
    table: str = ""
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """How the client describes one parameter: ('?', 0) from the caller, ('c', 4/10/11) a literal it pulled out."""

    kind: str
    code: int


@dataclass(slots=True)
class Prepared:
    """A prepared statement or procedure call. `columns` is None for anything that is not a query."""

    sql: str
    parameters: Sequence[Parameter]
    columns: Sequence[Column] | None
    parameter_count: int
    plan: object = field(default=None, repr=False)


@dataclass(slots=True)
class CallOutcome:
    """What a stored procedure leaves: its parameters after the call, and rows if it returns a result set."""

    parameters: Sequence[Value]
    rows: Sequence[Sequence[Value]] | None


class BackendSession(Protocol):
    """One logged-in connection: one server process, one job."""

    @property
    def job_number(self) -> int:
        """The job number of this process, sent in the connect reply."""
        ...

    @property
    def info(self) -> str:
        """The name and version of the product, sent in the connect reply."""
        ...

    def class_method(self, class_name: str, method: str, args: Sequence[Argument]) -> Value:
        """Call a class method. By-reference arguments are assigned in place. Raises `ThrownError`."""
        ...

    def get_property(self, oref: int, name: str) -> Value:
        """A property of an open object. Raises `ThrownError`."""
        ...

    def set_property(self, oref: int, name: str, value: Value) -> None:
        """Set a property of an open object. Raises `ThrownError`."""
        ...

    def invoke(self, oref: int, method: str, args: Sequence[Argument]) -> Value:
        """Call a method of an open object; by-reference arguments as above. Raises `ThrownError`."""
        ...

    def function(self, label: str, routine: str, args: Sequence[Argument]) -> Value:
        """`$$label^routine(args)`. Raises `ThrownError`."""
        ...

    def release(self, orefs: Sequence[int]) -> None:
        """The client dropped these references."""
        ...

    def prepare(self, sql: str, parameters: Sequence[Parameter]) -> Prepared:
        """`sql` has its parameters as `:%qpar(1)`, `:%qpar(2)` ... Raises `SqlFailure`."""
        ...

    def query(self, prepared: Prepared, values: Sequence[Value], max_rows: int) -> Sequence[Sequence[Value]]:
        """All rows of a prepared query, or the first `max_rows` if that is not 0. Raises `SqlFailure`."""
        ...

    def update(self, prepared: Prepared, values: Sequence[Value]) -> int:
        """Run a statement that is not a query; returns its row count. Raises `SqlFailure`."""
        ...

    def prepare_call(self, text: str) -> Prepared:
        """A stored procedure from `callproc`, e.g. `Security.Users_List ( :%qpar(1) )`. Raises `SqlFailure`."""
        ...

    def call(self, prepared: Prepared, values: Sequence[Value]) -> CallOutcome:
        """Run what `prepare_call` prepared. Raises `SqlFailure`."""
        ...

    def global_operation(
        self, operation: str, name: str, subscripts: Sequence[Value], rest: Sequence[Value]
    ) -> list[Value]:
        """`operation` is get, set, kill, increment, defined, order, lock, unlock, tlevel ... (wire facts, section 6).

        Raises `ThrownError`; returns the reply's items.
        """
        ...

    def set_autocommit(self, *, on: bool) -> None:
        """Whether each statement is a transaction of its own from now on."""
        ...

    def commit(self) -> None:
        """Keep what the open transaction changed."""
        ...

    def rollback(self) -> None:
        """Take back what the open transaction changed."""
        ...

    def close(self, *, clean: bool) -> None:
        """The connection ended: `clean` if the client said so, otherwise the socket dropped."""
        ...


class Backend(Protocol):
    """The instance behind the superserver port."""

    @property
    def feature_options(self) -> int:
        """Bits of the options that it grants to a client that asks for them, such as `FAST_SELECT`."""
        ...

    def login(self, request: LoginRequest) -> BackendSession:
        """Authenticate, take a license unit, start a server process. Raises `LoginRefusedError`."""
        ...
