"""Named problems of an instance, each with its cure.

Every error carries `message` (one plain sentence: what happened) and `cure` (what to do now). Neither holds a secret.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class InstanceProblem(Exception):  # noqa: N818 - the subclasses are the names that people see
    """Base of all named problems. `--json` and the cards show `name`."""

    default_cure = "Try again; /doctor shows what the instance offers."

    def __init__(self, message: str, cure: str | None = None, *, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure or self.default_cure
        self.detail = detail
        """The text of the instance or the driver."""

    @property
    def name(self) -> str:
        """The public name of the error."""
        return type(self).__name__


class Unreachable(InstanceProblem):
    """Nothing answers there, or the connection was lost."""

    default_cure = "Check that IRIS runs and that host and port are right, then /connect."


class NoAnswer(Unreachable):
    """A call missed its deadline; the driver process was replaced."""

    default_cure = (
        "The tool reconnects by itself. If it happens again, the instance or the network is overloaded."
    )


class DriverCrashed(Unreachable):
    """The driver process died (a malformed reply can do that). The tool starts another one."""

    default_cure = (
        "The tool reconnects by itself. Please report it with the output of /doctor if it happens again."
    )


class EndedByServer(DriverCrashed):
    """The driver process ended at an order of a server: to end, or to import a module (facts: iris-operations 4).

    Never mended by itself: no real IRIS is known to send that, and the login would be handed out again and again.
    """

    default_cure = (
        "The tool does not reconnect by itself. Make sure that host and port are those of your IRIS and that nobody "
        "stands in between (TLS: sslconfig), then /connect."
    )


class ReplyTooBig(Unreachable):
    """The server announced more data at once than the driver process may hold. Only that process was lost."""

    default_cure = (
        "Ask for less, with a filter. If it happens at the login, something other than IRIS answers there."
    )


class NotAnInstance(InstanceProblem):
    """Something else listens on that port."""

    default_cure = "Use the superserver port (1972 by default), not the web port (52773)."


class LoginRefused(InstanceProblem):
    """User or password refused. Never retried by itself: accounts get locked."""

    default_cure = "Check user and password, then /connect. The tool does not try a refused password again."


class LoginsOff(LoginRefused):
    """The instance takes no logins of this kind, whatever the password is."""

    default_cure = "Enable the service %Service_Bindings with password authentication, then /connect."


class PasswordChangeRequired(LoginRefused):
    """The account must change its password before it can log in through the driver."""

    default_cure = (
        "Change it once in a terminal: iris session INSTANCE -U %SYS, then "
        '##class(Security.Users).UnExpireUserPasswords("NAME"), or log in to the portal and follow its prompt.'
    )


class AccountDisabled(LoginRefused):
    """The account is disabled or has expired."""

    default_cure = "An administrator must enable it: /enable NAME."


LOGIN_REFUSALS = frozenset(
    each.__name__ for each in (LoginRefused, LoginsOff, PasswordChangeRequired, AccountDisabled)
)
"""Problems after which a login is not tried again automatically. Only `LoginRefused` itself is about user and password:
the others, and a full license, say nothing about the password."""


class LicenseExhausted(InstanceProblem):
    """No license unit was free for the login."""

    default_cure = (
        "End something that holds a unit, or wait for a web session to time out. "
        "/locked shows what can still be read and how to get in."
    )


class NamespaceUnknown(InstanceProblem):
    """The namespace does not exist or may not be entered."""

    default_cure = (
        "Check the namespace of the profile. To enter one, an account needs read on its database; for %SYS, where "
        "administration works, that is %DB_IRISSYS:R."
    )


class NotPermitted(InstanceProblem):
    """A privilege is missing; `privilege` names it (e.g. `%Admin_Secure:U`) when it is known."""

    default_cure = "Ask an administrator for the privilege, or connect as another user."

    def __init__(
        self, message: str, cure: str | None = None, *, privilege: str = "", detail: str = ""
    ) -> None:
        super().__init__(message, cure, detail=detail)
        self.privilege = privilege


class NotAvailable(InstanceProblem):
    """No route to the fact or action on this version or for this account; the message names the routes tried."""

    default_cure = "/doctor shows which classes, methods and queries this instance has."


class InstanceError(InstanceProblem):
    """The instance answered with an error: a %Status text, a thrown ObjectScript error, an SQLCODE.

    `code` is the number of `ERROR #n` or the negative SQLCODE, when there is one.
    """

    default_cure = "The text is the instance's own. Nothing was retried."

    def __init__(
        self, message: str, cure: str | None = None, *, code: int | None = None, detail: str = ""
    ) -> None:
        super().__init__(message, cure, detail=detail)
        self.code = code


async def or_note(read: Awaitable[T], notes: list[str], unread: str) -> T | None:
    """The result of `read`; None if the instance refuses it, with a note: `unread` and why. Raises Unreachable."""
    try:
        return await read
    except Unreachable:
        raise
    except InstanceProblem as problem:
        notes.append(f"{unread}: {problem.message}")
        return None
