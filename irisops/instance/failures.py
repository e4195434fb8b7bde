"""The named problem behind an error text of the driver or the instance.

The driver raises one and the same type for every failed connect and surfaces no code, so the text decides (facts:
iris-license-sessions 7.3). The word ERROR is localised on the instance; numbers and angle-bracket names are not (facts:
iris-security 1.1), so these are looked at first. All functions here are pure and never raise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from irisops.instance.calls import HELPER, Call, ClassMethod, ObjectCall, Ref, Update
from irisops.instance.errors import (
    AccountDisabled,
    InstanceError,
    InstanceProblem,
    LicenseExhausted,
    LoginRefused,
    LoginsOff,
    NamespaceUnknown,
    NotAnInstance,
    NotPermitted,
    PasswordChangeRequired,
    ReplyTooBig,
    Unreachable,
)

MASK = "•••"

_CODE = re.compile(r"#(\d{2,6})\b")
_SQLCODE = re.compile(r"SQLCODE:?\s*<?\s*(-?\d{1,4})")
_PRIVILEGE = re.compile(r"[Rr]equires (%?[\w%.-]+(?::[A-Za-z,]+)?) privilege(?: on resource (%?[\w%.-]+))?")
_PASSWORD_AT = {
    "security.users.create": 2,
    "security.users.copy": 5,
    f"{HELPER}.ModifySecurity".lower(): 3,
    f"{HELPER}.CreateObject".lower(): 3,
}
"""Class method -> the place of a password among its arguments."""
_SECRET_PROPERTY = re.compile("password|secret|token", re.IGNORECASE)
_SECRET_SQL = re.compile(r"\b(?:IDENTIF(?:Y|IED)|PASSWORD)\b", re.IGNORECASE)
_SQL_LITERAL = re.compile(r"'((?:[^']|'')*)'")

_LICENSE = re.compile(
    r"<LICENSE (?:LIMIT|ALLOCATION) EXCEEDED>|<LICENSE SERVER UNAVAILABLE>|<UNLICENSED>|#5915\b|allocate a license|"
    r"license (?:limit|allocation) exceeded",
    re.IGNORECASE,
)
_CHANGE_PASSWORD = re.compile(r"#935\b|#992\b|password change required|password has expired", re.IGNORECASE)
_DISABLED = re.compile(
    r"#828\b|#959\b|#960\b|account is disabled|account has expired|account is inactive|is inactive",
    re.IGNORECASE,
)
_SERVICE_OFF = re.compile(r"#800\b|logins for service .* are disabled", re.IGNORECASE | re.DOTALL)
# UNVERIFIED: the text for a namespace that does not exist or may not be entered. Settle: connect to NOSUCH.
_NAMESPACE = re.compile(
    r"#821\b|cannot access|<NAMESPACE>|namespace.{0,80}(?:not found|does not exist|invalid|unavailable|not available)|"
    r"invalid namespace",
    re.IGNORECASE | re.DOTALL,
)
_REFUSED = re.compile(
    r"#82[24]\b|#831\b|access denied|invalid (?:username|user ?name|name) or password|invalid username/password|"
    r"authentication failed|login failed|SQLCODE:?\s*<?-(?:402|417)\b",
    re.IGNORECASE,
)
_TOO_OLD = re.compile(r"protocol is not compatible|incompatible client/server protocol", re.IGNORECASE)
_OTHER_SERVICE = re.compile(
    r"message out of order|invalid message sequence|unknown message code", re.IGNORECASE
)
_TLS = re.compile(r"<SSL Error>|\bSSL\b|\bTLS\b")
# The driver's words for a TLS configuration that is missing on this side, measured on 5.4.1.
_TLS_UNSET = re.compile(r"Environment variable '(ISC_SSLconfigurations)' not defined")
_TLS_FILE = re.compile(r"Could not open SSL configuration file '([^\n]*)'")
_TLS_NAME = re.compile(r'Could not read SSL configuration "([^\n]*)" from File ([^\n]*)')
_TLS_REASON = re.compile(r"Reason: \(\d+\) ([^\n]+)")
_NO_HOST = re.compile(r"getaddrinfo|name or service not known|Error code: -2\b", re.IGNORECASE)
_LOST = re.compile(
    r"<COMMUNICATION LINK ERROR>|<COMMUNICATION ERROR>|communication timed out|broken pipe|connection reset|"
    r"message out of order|Error code: (?:110|104|32)\b|(?:connection|socket) (?:is |was |has been )?closed|"
    r"SQLCODE:?\s*<?-461\b",
    re.IGNORECASE,
)
_TOO_BIG = re.compile(r"\bstd::bad_alloc\b|\bstd::length_error\b|^MemoryError$")
"""What the driver's process says when it meets its bound of memory (seen with driver 5.4.1)."""
_PROTECTED = re.compile(
    r"<PROTECT>|SQLCODE:?\s*<?-99\b|#822\b|#92[1-4]\b|#940\b|insufficient privilege", re.IGNORECASE
)
NO_SQL_PRIVILEGE = -99
_MISSING = re.compile(
    r"<(?:CLASS|METHOD|PROPERTY|PARAMETER) DOES NOT EXIST>|<NOROUTINE>|<NOLINE>|<INVALID OREF>|"
    # -1 -12: a parser that does not take the form; -29 -30 no such field or table; -359 -428 no such function or
    # procedure; -460 what some versions may answer for these.
    r"SQLCODE:?\s*<?-(?:1|12|29|30|359|428|460)\b",
    re.IGNORECASE,
)


def scrub(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`. A secret of under four characters goes only where it stands as a word."""
    for secret in sorted({s for s in secrets if s}, key=len, reverse=True):
        if len(secret) < 4:
            # "SYS" is a common first password and part of many innocent names, "%SYS" above all.
            text = re.sub(rf"(?<![\w%]){re.escape(secret)}(?!\w)", MASK, text)
        else:
            text = text.replace(secret, MASK)
    return text


def secrets_of(call: Call) -> tuple[str, ...]:
    """Texts in a call that may be passwords, to be removed from errors that quote the call."""
    match call:
        case Update(sql, params) if _SECRET_SQL.search(sql):
            literals = _SQL_LITERAL.findall(sql)
            # As written (with doubled quotes), and as meant.
            return (*literals, *(text.replace("''", "'") for text in literals), *_texts(params))
        case ClassMethod(class_name, method, args):
            at = _PASSWORD_AT.get(f"{class_name}.{method}".lower())
            if at is not None:
                return _texts(args[at : at + 1])
            if "password" in method.lower():
                return _texts(args[:3])
            return ()
        case ObjectCall(steps=steps):
            return tuple(t for s in steps if _SECRET_PROPERTY.search(s.name) for t in _texts(s.args))
        case _:
            return ()


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    plain = (value.value if isinstance(value, Ref) else value for value in values)
    return tuple(value for value in plain if isinstance(value, str) and value)


def connect_failure(
    text: str, *, secrets: Iterable[str] = (), elapsed: float | None = None, timeout: float | None = None
) -> InstanceProblem:
    """The named error of a failed connect. `elapsed` and `timeout` in seconds tell a hang-up from silence."""
    detail = scrub(text, secrets).strip()
    if _TOO_BIG.search(detail):
        return too_big(detail)
    said = _inner(detail)
    refused = _refusal(text, said, detail)
    if refused is not None:
        return refused
    if _TOO_OLD.search(text):
        return NotAnInstance(
            "The server there speaks an older protocol than the driver.",
            "The driver needs InterSystems IRIS (2022.2 and later are known to work); Caché is out of reach.",
            detail=detail,
        )
    if _OTHER_SERVICE.search(text):
        return NotAnInstance("Something answers there, but it is not an IRIS superserver.", detail=detail)
    return _unreachable(text, detail, elapsed, timeout)


_REFUSALS: tuple[tuple[re.Pattern[str], type[InstanceProblem], str], ...] = (
    (_LICENSE, LicenseExhausted, "The instance has no free license unit for this login."),
    (_CHANGE_PASSWORD, PasswordChangeRequired, "The account must change its password before it can log in."),
    (_DISABLED, AccountDisabled, "The account cannot log in: {said}"),
    (_SERVICE_OFF, LoginsOff, "The instance takes no logins of this kind: {said}"),
    (_NAMESPACE, NamespaceUnknown, "The namespace cannot be entered: {said}"),
    (_REFUSED, LoginRefused, "The instance refused user or password: {said}"),
    (re.compile("<PROTECT>"), NotPermitted, "The instance refused access: {said}"),
)
"""Refusals of a login, the first match counts: `said` are the instance's own words."""


def _refusal(text: str, said: str, detail: str) -> InstanceProblem | None:
    """The problem that the instance itself answered to the login, if it did."""
    for pattern, kind, message in _REFUSALS:
        if pattern.search(text):
            return kind(message.replace("{said}", said), detail=detail)
    if "Invalid Message received; Details:" in text and not _OTHER_SERVICE.search(text):
        # The server answered with an unknown text: treat it as a refusal, which is not tried again.
        return LoginRefused(
            f"The instance refused the login: {said}", "Read the text above, then /connect.", detail=detail
        )
    return None


def _unreachable(text: str, detail: str, elapsed: float | None, timeout: float | None) -> Unreachable:
    if _TLS.search(text):
        return _tls_set_up_wrong(text, detail) or Unreachable(
            "The TLS handshake failed.",
            "Set sslconfig for a server that wants TLS, and leave it empty for one that does not.",
            detail=detail,
        )
    if _NO_HOST.search(text):
        return Unreachable(
            "There is no host of that name.", "Check the host name of the profile.", detail=detail
        )
    if "Communication timed out" in text or "Error code: 104" in text:
        # The driver says "timed out" for a closed socket too (facts: license-sessions 7.3): only the time tells.
        if elapsed is not None and timeout is not None and elapsed >= timeout * 0.9:
            return Unreachable(f"Nothing answered within {timeout:g} seconds.", detail=detail)
        return Unreachable(
            "The server closed the connection during the login.",
            "It may be starting, stopping or out of license units. Check it, then /connect.",
            detail=detail,
        )
    if "Error code: -1" in text:
        return Unreachable("Nothing listens on that host and port.", detail=detail)
    return Unreachable(
        f"The connection failed: {_inner(detail) or 'the driver gave no reason'}", detail=detail
    )


def _tls_set_up_wrong(text: str, detail: str) -> Unreachable | None:
    """A TLS setup that is incomplete on this machine (facts: iris-license-sessions 7.1); nothing was sent yet."""
    found = _TLS_REASON.search(text)
    reason = f" ({found[1].strip()})" if found else ""
    if _TLS_UNSET.search(text):
        what = "ISC_SSLconfigurations is not set"
        cure = (
            "Set it to the file that holds the configuration named by sslconfig, and start irisops again; or leave "
            "sslconfig empty for a server without TLS."
        )
    elif found := _TLS_FILE.search(text):
        what = f"the file of ISC_SSLconfigurations, {found[1] or '(an empty name)'}, cannot be opened{reason}"
        cure = "Correct ISC_SSLconfigurations, and start irisops again."
    elif found := _TLS_NAME.search(text):
        if reason:
            what = f"{found[2].strip()}, the file of ISC_SSLconfigurations, cannot be read{reason}"
            cure = "Correct ISC_SSLconfigurations, and start irisops again."
        else:
            what = f"there is no configuration {found[1]} in {found[2].strip()}"
            cure = f"Correct sslconfig in the profile, or write a section [{found[1]}] into that file."
    else:
        return None
    return Unreachable(f"TLS is not set up on this machine: {what}.", cure, detail=detail)


def call_failure(text: str, *, secrets: Iterable[str] = ()) -> InstanceProblem:
    """The named error of a failed call, from the driver's exception text."""
    detail = scrub(text, secrets).strip()
    if _TOO_BIG.search(detail):
        return too_big(detail)
    said = _inner(detail)
    if _LICENSE.search(text):
        return LicenseExhausted("The instance ran out of license units.", detail=detail)
    if _PROTECTED.search(text):
        return not_permitted(said, detail)
    if _LOST.search(text) and not _SQLCODE.search(text.replace("-461", "")):
        return Unreachable("The connection to the instance was lost.", detail=detail)
    return InstanceError(said or "The driver failed without a text.", code=_code_of(text), detail=detail)


def status_failure(text: str, *, secrets: Iterable[str] = ()) -> InstanceProblem:
    """The named error of a %Status, from its text (`ERROR #n: ...`, in whatever language)."""
    detail = scrub(text, secrets).strip()
    said = " ".join(detail.split())
    if _LICENSE.search(text):
        return LicenseExhausted("The instance has no free license unit.", detail=detail)
    if _PROTECTED.search(text):
        return not_permitted(said, detail)
    return InstanceError(
        said or "The instance answered with an error status without a text.",
        code=_code_of(text),
        detail=detail,
    )


def too_big(detail: str = "") -> ReplyTooBig:
    """The problem of a reply, sent or only announced, larger than the driver process may hold."""
    return ReplyTooBig("The server's reply does not fit into the driver's memory (1 GB).", detail=detail)


def not_permitted(said: str, detail: str = "", privilege: str = "") -> NotPermitted:
    """A missing privilege, named when the text or the caller names it."""
    named = privilege or _privilege_in(said)
    if named:
        return NotPermitted(
            f"This account lacks {named}.",
            f"Ask an administrator for {named}, or connect as another user.",
            privilege=named,
            detail=detail or said,
        )
    return NotPermitted(f"This account may not do that: {said}", detail=detail or said)


def lacks_sql_privilege(problem: InstanceProblem) -> bool:
    """True if SQL refused the statement for want of an SQL privilege (SQLCODE -99)."""
    return _code_of(problem.detail) == NO_SQL_PRIVILEGE


def is_missing(problem: Exception) -> bool:
    """True if the route does not exist (no such class, method, table, procedure): the next one may be tried."""
    return (
        isinstance(problem, InstanceError) and _MISSING.search(problem.detail or problem.message) is not None
    )


def _privilege_in(text: str) -> str:
    found = _PRIVILEGE.search(text)
    if found is None:
        return ""
    privilege, resource = found.groups()
    return f"{resource}:{privilege}" if resource else str(privilege)


def _code_of(text: str) -> int | None:
    sql = _SQLCODE.search(text)
    if sql:
        number = int(sql.group(1))
        return -abs(number) if number != 100 else 100
    found = _CODE.search(text)
    return int(found.group(1)) if found else None


def _inner(text: str) -> str:
    """The innermost words of the driver's chain `A; Details: B; Details: C`, on one line."""
    parts = [part.strip() for part in text.split("Details:") if part.strip(" ;\r\n")]
    return " ".join(parts[-1].split()) if parts else " ".join(text.split())
