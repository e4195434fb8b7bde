"""Protocols of the statements that a session runs itself: on users, roles and privileges, and on its transaction.

The runtime implements them for one logged-in session; `Catalog` passes them to the engine.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Protocol


class Action(Enum):
    """Action on an object, by its letter in `Security.SQLPrivileges` (facts: iris-security 3.8)."""

    SELECT = "s"
    INSERT = "i"
    UPDATE = "u"
    DELETE = "d"
    ALTER = "a"
    REFERENCES = "r"
    EXECUTE = "e"
    USE = "l"


class ObjectKind(Enum):
    """Kind of object of a privilege, by its number in `CheckPrivilege` (facts: iris-security 4.1)."""

    TABLE = 1
    SCHEMA = 5
    PROCEDURE = 9


@dataclass(frozen=True, slots=True)
class SqlObject:
    """The object of a GRANT. A schema has an empty `name`; `ON *` is the schema `*` with the kind TABLE."""

    kind: ObjectKind
    schema: str
    name: str = ""


class SecurityStatements(Protocol):
    """The statements that change users, roles and privileges, run as the session's user.

    Every method raises `SqlFailure` with the code of the facts (security 4.1): -99 no privilege, -118 the user or role
    exists already or is unknown, 100 an unknown role to grant, -112 neither owner nor ADMIN OPTION, -400 with `%msg`
    for a refused password. Names are unquoted, in the case as written.
    """

    def create_user(self, name: str, password: str) -> None:
        """`CREATE USER name IDENTIFY BY password`; the new user has no roles."""
        ...

    def alter_user(self, name: str, password: str) -> None:
        """`ALTER USER name IDENTIFY BY password`."""
        ...

    def drop_user(self, name: str, *, if_exists: bool) -> None:
        """`DROP USER [IF EXISTS] name`."""
        ...

    def create_role(self, name: str) -> None:
        """`CREATE ROLE name`."""
        ...

    def drop_role(self, name: str, *, if_exists: bool) -> None:
        """`DROP ROLE [IF EXISTS] name`: also revoked from all its holders."""
        ...

    def grant_roles(self, roles: Sequence[str], grantees: Sequence[str], *, admin_option: bool) -> None:
        """`GRANT role[, role] TO grantee[, grantee] [WITH ADMIN OPTION]`. A grantee is a user or a role."""
        ...

    def revoke_roles(self, roles: Sequence[str], grantees: Sequence[str], *, admin_option_only: bool) -> None:
        """`REVOKE [ADMIN OPTION FOR] role[, role] FROM grantee[, grantee]`. A role or grantee `*` means all."""
        ...

    def grant_privileges(
        self,
        actions: Collection[Action],
        objects: Sequence[SqlObject],
        grantees: Sequence[str],
        *,
        grant_option: bool,
    ) -> None:
        """`GRANT SELECT[, ...] ON object[, ...] TO grantee[, ...] [WITH GRANT OPTION]`, in the session's namespace."""
        ...

    def revoke_privileges(
        self,
        actions: Collection[Action],
        objects: Sequence[SqlObject],
        grantees: Sequence[str],
        *,
        cascade: bool,
    ) -> None:
        """`REVOKE SELECT[, ...] ON object[, ...] FROM grantee[, ...] [CASCADE|RESTRICT]`."""
        ...

    def grant_admin_privileges(
        self, privileges: Sequence[str], grantees: Sequence[str], *, admin_option: bool
    ) -> None:
        """`GRANT %CREATE_TABLE[, ...] TO grantee`: upper-case names that start with `%` and are not roles."""
        ...

    def revoke_admin_privileges(self, privileges: Sequence[str], grantees: Sequence[str]) -> None:
        """`REVOKE %CREATE_TABLE[, ...] FROM grantee`."""
        ...

    def holds(self, action: Action, target: SqlObject) -> bool:
        """`%CHECKPRIV action ON object`: True if the session's user holds the privilege."""
        ...

    def holds_admin(self, privilege: str) -> bool:
        """`%CHECKPRIV privilege` for an administrative privilege or role of the session's user."""
        ...


class CommitMode(IntEnum):
    """`%COMMITMODE`, numbered as the option AutoCommit (class reference, `%SYSTEM.SQL.Util`)."""

    NONE = 0
    IMPLICIT = 1
    EXPLICIT = 2


class Isolation(IntEnum):
    """The isolation level, numbered as the option IsolationMode (class reference, `%SYSTEM.SQL.Util`)."""

    READ_UNCOMMITTED = 0
    READ_COMMITTED = 1
    READ_VERIFIED = 3


class TransactionStatements(Protocol):
    """The transaction of one session. The two settings last until changed."""

    commit_mode: CommitMode
    isolation: Isolation

    @property
    def level(self) -> int:
        """`$TLEVEL`; 0 if no transaction is open."""
        ...

    def start(self) -> None:
        """`START TRANSACTION` and `%BEGTRANS`; no effect inside a transaction."""
        ...

    def commit(self) -> None:
        """`COMMIT`."""
        ...

    def roll_back(self) -> None:
        """`ROLLBACK`."""
        ...

    def statement(self) -> AbstractContextManager[None]:
        """Context of a statement that changes rows or definitions; undoes all of it on an exception."""
        ...

    def savepoint(self, name: str) -> None:
        """`SAVEPOINT name`."""
        ...

    def rollback_to(self, name: str) -> None:
        """`ROLLBACK TO SAVEPOINT [name]`. Raises `SqlFailure` for an unknown savepoint."""
        ...
