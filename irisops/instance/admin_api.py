"""The SysAdmin API of IRIS 2026.2 and newer, `/api/admin` on the web port (facts: iris-license-sessions 6.4).

Another route to web sessions, for when the driver offers none. It costs no license unit (facts: 6.4). One login by
JSON web token, with the password of the driver's login; the token stays in memory and is short-lived. A refused login
is never repeated on the same connection.

The four endpoints of a JWT application (`/login`, `/logout` ...) are in the vendor's documentation of JWT
authentication; the names `access_token` and `State`, and the fields of a session, are those that public code reads
from IRIS 2026.2.

UNVERIFIED: `exp` and `iat` in the answer to a login; without them the token counts as good for a minute. Settle: look
at the keys of the answer to POST /api/admin/login.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, urlencode, urlsplit

from irisops.instance.calls import Answer, Call, ClassMethod, Rows, Value
from irisops.instance.errors import (
    InstanceError,
    InstanceProblem,
    NotAvailable,
    NotPermitted,
    Unreachable,
)
from irisops.instance.failures import scrub
from irisops.instance.web import WebAddress, WebAnswer, WebFailure, WebRequest, ask

BASE = "/api/admin"
SINCE = (2026, 2)
"""The release whose dialect (v2) this is; 2026.1 has another one (facts: 6.4)."""
DEADLINE = 10.0
"""Seconds for one request; for an operation in the background, for all of it."""
TOKEN_SECONDS = 60.0
"""How long a token is good where the login does not say (facts: 6.4)."""
MARGIN = 10.0
"""Seconds before its end at which a token is replaced."""
POLL_EVERY = 0.25
"""Seconds between polls of an operation in the background."""
LOGOUT_DEADLINE = 2.0

SESSION_FIELDS = (
    "id", "username", "preserve", "application", "timeout", "licenseid", "sesprocessid", "allowendsession",
)  # fmt: skip
"""Fields of a web session that are read (facts: iris-license-sessions 3.2); whatever else is sent, is not recorded."""
WEB_SESSIONS = ClassMethod("irisops", "web sessions")
"""Stands for the list of web sessions where calls are recorded; no call of an instance."""

_NUMBER = re.compile(r"#(\d{2,6})\b")
_RELEASE = re.compile(r"(\d{4})\.(\d+)")

Row = dict[str, Value]


@dataclass(frozen=True, slots=True)
class _Token:
    """Proof of a login. `ends` is monotonic time."""

    text: str = field(repr=False)
    ends: float


@dataclass(frozen=True, slots=True)
class _Reply:
    """The envelope `{status, console, result}`; `errors` are the texts in `status`, `code` the number of the first."""

    http: int
    result: object
    errors: tuple[str, ...]
    code: int | None
    location: str


class AdminApi:
    """The API for one login. `address` and `password` are called when needed; the password is not kept."""

    def __init__(
        self,
        release: str,
        user: str,
        address: Callable[[], WebAddress | None],
        password: Callable[[], str | None],
        *,
        encrypted: bool = False,
        deadline: float = DEADLINE,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`release` is the number of the version, e.g. `2026.2`. `encrypted`: the driver's connection uses TLS.
        `deadline`: seconds for one request.
        """
        self.heard: Callable[[Sequence[Call], Sequence[Answer | Exception]], None] | None = None
        """Told of each list of web sessions, as that of a connection is of its calls."""
        self._release = release
        self._user = user
        self._address = address
        self._password = password
        self._encrypted = encrypted
        self._deadline = deadline
        self._monotonic = monotonic
        self._sleep = sleep
        self._token: _Token | None = None
        self._refused = ""
        self._password_refused = False
        self._turn = asyncio.Lock()
        """Held during a login, so that concurrent callers share one token."""

    def __repr__(self) -> str:
        return f"AdminApi({self._release!r}, logged_in={self._token is not None})"

    @property
    def refused(self) -> bool:
        """True if the login was refused: the password must not be tried again automatically."""
        return self._password_refused

    def absence(self) -> str:
        """Why the API cannot be used, in plain words; "" if it can."""
        return self._too_old() or self._out_of_reach() or self._no_login()

    def _too_old(self) -> str:
        found = _RELEASE.match(self._release)
        if found is None:
            return "the instance's version is not known; it takes IRIS 2026.2 or newer"
        if (int(found[1]), int(found[2])) < SINCE:
            return f"it takes IRIS 2026.2 or newer; this is {self._release}"
        return ""

    def remedy(self) -> str:
        """The command that brings it into reach; "" if it is, or if none would do."""
        return "" if self._too_old() else self._out_of_reach().partition("(")[2].rstrip(")")

    def _out_of_reach(self) -> str:
        """Why it is out of reach, with the command that helps in brackets; "" if it is not."""
        address = self._address()
        if address is None:
            return "the profile has no web port (/profile edit NAME web_port=52773)"
        if self._encrypted and not address.tls and not address.local:
            # The driver encrypts the password: it must not cross the same network in clear here.
            return "the password would cross the network in clear (/profile edit NAME web_scheme=https)"
        return ""

    def _no_login(self) -> str:
        return self._refused or ("" if self._password() else "the password is no longer in memory")

    async def web_sessions(self) -> list[Row]:
        """`GET /v2/web-sessions`: rows by lower-cased field name.

        UNVERIFIED: that the list is never cut (others of this API have maxRows, 1,000 by default), and that Timeout is
        UTC as in the class query that it is said to read. Settle: open more than 1,000 sessions, compare with
        %CSP.Session:SessionInfo.

        Raises NotAvailable (not there, out of reach, no login), NotPermitted or InstanceError.
        """
        try:
            rows = await self._web_sessions()
        except InstanceProblem as problem:
            self._tell(problem)
            raise
        cells = [tuple([row.get(each) for each in SESSION_FIELDS]) for row in rows]
        self._tell(Answer(rows=Rows(SESSION_FIELDS, cells)))
        return rows

    def _tell(self, answer: Answer | InstanceProblem) -> None:
        if self.heard is not None:
            self.heard([WEB_SESSIONS], [answer])

    async def _web_sessions(self) -> list[Row]:
        try:
            reply = await self._call("GET", "/v2/web-sessions")
        except WebFailure as failure:
            raise NotAvailable(failure.message, failure.cure) from None
        if not isinstance(reply.result, list):
            raise NotAvailable(f"{BASE}/v2/web-sessions answered with no list.")
        return [_row(item) for item in reply.result if isinstance(item, dict)]

    async def end_web_session(self, session_id: str) -> None:
        """`DELETE /v2/web-session?id=`: the session is marked; it is gone some seconds later (facts: 6.4).

        Raises InstanceError 5907 for an unknown id, NotPermitted or NotAvailable if nothing was done, Unreachable if it
        is not known whether it was.
        """
        try:
            reply = await self._call("DELETE", "/v2/web-session", {"id": session_id})
            if reply.http == HTTPStatus.ACCEPTED:
                await self._finished(reply)
        except WebFailure as failure:
            if failure.sent:
                raise Unreachable(failure.message, failure.cure) from None
            raise NotAvailable(failure.message, failure.cure) from None

    async def log_out(self) -> None:
        """Revoke the token, if any. Never raises: a token that cannot be revoked expires in a minute."""
        token, self._token = self._token, None
        address = self._address()
        if token is None or address is None or token.ends <= self._monotonic():
            return
        request = WebRequest("POST", f"{BASE}/logout", {"Authorization": f"Bearer {token.text}"})
        try:
            await ask(address, request, deadline=LOGOUT_DEADLINE)
        except WebFailure:
            return

    # --- requests -----------------------------------------------------------------------------------------------

    async def _call(self, method: str, path: str, query: Mapping[str, str] | None = None) -> _Reply:
        """One request with a valid token. A refused token (it may have expired) is replaced once.

        Raises WebFailure and the named problems of the answer.
        """
        target = f"{BASE}{path}" + (f"?{urlencode(query)}" if query else "")
        for fresh in (False, True):
            token = await self._logged_in(fresh=fresh)
            answer = await self._ask(
                WebRequest(method, target, {"Accept": "application/json", "Authorization": f"Bearer {token}"})
            )
            if answer.status != HTTPStatus.UNAUTHORIZED:
                break
        reply = await _reply(answer)
        problem = self._problem(reply, path)
        if problem is not None:
            raise problem
        return reply

    async def _ask(self, request: WebRequest) -> WebAnswer:
        address = self._address()
        if address is None:
            raise NotAvailable("The profile no longer has a web port.", "/profile edit NAME web_port=52773")
        return await ask(address, request, deadline=self._deadline)

    async def _logged_in(self, *, fresh: bool) -> str:
        """A valid token. `fresh`: the last one was refused."""
        before = self._token
        async with self._turn:
            token = self._token
            if fresh and token is before:
                token = None
            if token is None or token.ends - MARGIN <= self._monotonic():
                token = self._token = await self._log_in()
            return token.text

    async def _log_in(self) -> _Token:
        """Log in. Raises WebFailure, NotAvailable."""
        absence = self.absence()
        password = self._password()
        if absence or password is None:
            raise NotAvailable(f"The SysAdmin API cannot be used: {absence}.")
        body = json.dumps({"user": self._user, "password": password}).encode()
        begun = self._monotonic()
        answer = await self._ask(
            WebRequest(
                "POST",
                f"{BASE}/login",
                {"Accept": "application/json", "Content-Type": "application/json"},
                body,
            )
        )
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            self._password_refused = True
            self._refused = "the web port refused the login, and a refused login is not repeated"
            raise NotAvailable(
                f"{BASE}/login refused the user and password that the superserver takes.",
                "Look at the service %Service_WebGateway and the web application /api/admin. "
                "It is not tried again before the next /connect.",
            )
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            raise NotAvailable(f"{BASE}/login answered with HTTP 503: no license unit may be free.")
        content = await _json(answer)
        # At the top level, or in the envelope of the other answers: the facts have only the names.
        token = content.get("access_token") if isinstance(content, dict) else None
        if token is None and isinstance(content, dict) and isinstance(content.get("result"), dict):
            content = content["result"]
            token = content.get("access_token")
        if answer.status != HTTPStatus.OK or not isinstance(token, str) or not _sendable(token):
            self._refused = f"{BASE}/login answered with HTTP {answer.status} and no token"
            raise NotAvailable(
                f"The SysAdmin API is not there: {self._refused}.",
                "It exists from IRIS 2026.2 on, as the web application /api/admin.",
            )
        return _Token(token, begun + _life(content))

    async def _finished(self, reply: _Reply) -> None:
        """Follow an operation in the background to its end. Only the id of its address is used.

        Raises InstanceError in the operation's own words, WebFailure when the web port is lost meanwhile.
        """
        found = parse_qs(urlsplit(reply.location).query).get("id")
        began = self._monotonic()
        while found and self._monotonic() - began < DEADLINE:
            try:
                task = (await self._call("GET", "/v2/async-result", {"id": found[0]})).result
            except InstanceProblem:
                # Accepted, but cannot be followed: the list of sessions shows the outcome.
                return
            state = task.get("State") if isinstance(task, dict) else None
            if state in ("Failed", "Cancelled", "Error"):
                reason = task.get("FailureReason") if isinstance(task, dict) else None
                raise _instance_error(str(reason or f"The operation ended as {state}."))
            if state == "Finished":
                return
            await self._sleep(POLL_EVERY)

    def _problem(self, reply: _Reply, path: str) -> InstanceProblem | None:
        """The named problem of an answer; None for success."""
        said = scrub("; ".join(reply.errors), [self._password() or ""])
        if reply.http in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED) and not reply.errors:
            return None
        if reply.http in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) or reply.code in (921, 922, 940):
            return NotPermitted(f"{BASE}{path} refused this account. {said}".strip(), detail=said)
        if reply.http == HTTPStatus.SERVICE_UNAVAILABLE:
            return NotAvailable(f"{BASE}{path} answered with HTTP 503: no license unit may be free.")
        if said:
            # Some errors of input come with status 500 and a precise text (facts: 6.4).
            return _instance_error(said, reply.code)
        redirect = ", a redirect, which is not followed" if 300 <= reply.http < 400 else ""
        return NotAvailable(
            f"{BASE}{path} answered with HTTP {reply.http}{redirect}.",
            "It exists from IRIS 2026.2 on, as the web application /api/admin.",
        )


def _instance_error(text: str, code: int | None = None) -> InstanceError:
    found = _NUMBER.search(text)
    return InstanceError(text, code=int(found[1]) if code is None and found else code, detail=text)


def _sendable(token: str) -> bool:
    """True if a token fits in a header."""
    return 0 < len(token) < 16_000 and token.isascii() and token.isprintable() and " " not in token


def _life(content: object) -> float:
    """Lifetime of a token in seconds, from the answer to the login."""
    if isinstance(content, dict):
        begins, ends = content.get("iat"), content.get("exp")
        if isinstance(begins, int | float) and isinstance(ends, int | float) and 0 < ends - begins < 86_400:
            return float(ends - begins)
    return TOKEN_SECONDS


async def _json(answer: WebAnswer) -> object:
    """The body as JSON; None for anything else. A long body is parsed in a thread."""
    try:
        if len(answer.body) < 65_536:
            return json.loads(answer.body)
        return await asyncio.to_thread(json.loads, answer.body)
    except (ValueError, RecursionError):
        return None


async def _reply(answer: WebAnswer) -> _Reply:
    content = await _json(answer)
    envelope: dict[str, object] = content if isinstance(content, dict) else {}
    status = envelope.get("status")
    listed = status.get("errors") if isinstance(status, dict) else None
    errors = [error for error in listed if error] if isinstance(listed, list) else []
    texts = tuple(_text_of(error) for error in errors)
    return _Reply(
        http=answer.status,
        result=envelope.get("result"),
        errors=texts,
        code=_code_of(errors[0], texts[0]) if errors else None,
        location=answer.headers.get("location", ""),
    )


def _text_of(error: object) -> str:
    """One entry of `status.errors`.

    UNVERIFIED: its fields; `error` and `code` are those of /api/atelier, whose envelope this is, `id` was seen here.
    Settle: DELETE /api/admin/v2/web-session?id=nonsense, look at status.errors.
    """
    if isinstance(error, dict):
        for name in ("error", "summary", "message", "id"):
            if isinstance(text := error.get(name), str) and text:
                return text[:500]
    return str(error)[:500]


def _code_of(error: object, text: str) -> int | None:
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, int) and not isinstance(code, bool):
        return code
    found = _NUMBER.search(text)
    return int(found[1]) if found else None


def _row(item: Mapping[object, object]) -> Row:
    """The plain values of an object; nested ones are left out."""
    return {
        str(name).lower(): value
        for name, value in item.items()
        if value is None or isinstance(value, str | int | float)
    }
