"""Log in to a web application over the web port as it wants it, call it once, log out (facts: iris-webapps-gateway 2).

Every request goes to the one address that is given; no redirect is followed, and the password is sent once. Answers are
untrusted: their size is bounded, and a token is only looked into, never shown or kept.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal
from urllib.parse import quote, urlencode, urlsplit

from irisops.instance.web import WebAddress, WebAnswer, WebFailure, WebRequest, ask

DEADLINE = 10.0
"""Seconds for one request."""
LOGOUT_DEADLINE = 2.0
_LONGEST_TOKEN = 16_000
_LONGEST_COOKIE = 4_000
_MOST_COOKIES = 20

How = Literal["tokens", "basic", "form", "open"]
"""By JWT, by Basic with each call, by the login page, or without a login."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and its answer. `good`: True if it went as a working application answers."""

    step: str
    request: str
    status: int
    says: str
    good: bool


@dataclass(frozen=True, slots=True)
class TokenContents:
    """What is written in a token, as far as it can be read. Times in seconds since 1970; `life` in seconds."""

    kind: Literal["access", "refresh"]
    algorithm: str
    issuer: str
    subject: str
    application: str
    expires: float | None
    life: float | None
    received: float
    """Monotonic time."""


@dataclass(slots=True)
class _Session:
    """What has to be given back at the end."""

    access: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)
    cookies: dict[str, str] = field(default_factory=dict, repr=False)


class WebLogin:
    """One try at one application. `contents` are those of the tokens that it was given, the newest last."""

    def __init__(
        self,
        address: WebAddress,
        application: str,
        user: str,
        password: str,
        *,
        deadline: float = DEADLINE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`deadline`: seconds for one request."""
        self._address, self._deadline = address, deadline
        self._base = quote(application.rstrip("/"), safe="/")
        self._user, self._password = user, password
        self._monotonic = monotonic
        self._held = _Session()
        self.contents: list[TokenContents] = []

    def __repr__(self) -> str:
        return f"WebLogin({self._base!r})"

    @property
    def keeps_session(self) -> bool:
        """True while a session cookie or a token is held: the server keeps something for us."""
        return bool(self._held.access or any(name.startswith("CSPSESSIONID") for name in self._held.cookies))

    async def run(self, how: How) -> AsyncGenerator[Asked, None]:
        """The requests in order, until one fails. Raises WebFailure; call `close` in any case."""
        steps = {
            "tokens": self._by_tokens,
            "basic": self._by_basic,
            "form": self._by_form,
            "open": self._openly,
        }
        async for asked in steps[how]():
            yield asked

    async def visit(self, page: str) -> WebAnswer:
        """One page, without a login, as it was answered. Raises WebFailure; call `close` after."""
        return await self._ask("GET", page, {})

    async def close(self) -> list[Asked]:
        """Log out of what is open. Never raises: what cannot be closed ends by its timeout."""
        found: list[Asked] = []
        deadline = min(LOGOUT_DEADLINE, self._deadline)
        try:
            if self._held.access:
                answer = await self._ask("POST", "/logout", self._bearer(), deadline=deadline)
                good = answer.status == HTTPStatus.OK
                says = "Both tokens are dead." if good else _why(answer.status)
                found.append(Asked("log out", self._line("POST", "/logout"), answer.status, says, good))
            if any(name.startswith("CSPSESSIONID") for name in self._held.cookies):
                # The unit of a visitor of one page stays reserved for ten minutes (facts: iris-license-sessions 2.3).
                answer = await self._ask("GET", "/", {}, deadline=deadline)
                says = "So that no license unit stays reserved for a visitor of one page."
                found.append(Asked("a second page", self._line("GET", "/"), answer.status, says, good=True))
                answer = await self._ask("GET", "/?IRISLogout=end", {}, deadline=deadline)
                # 401 is the success (facts: iris-license-sessions 2.3).
                good = answer.status in (HTTPStatus.OK, HTTPStatus.UNAUTHORIZED, HTTPStatus.FOUND)
                says = "The session is closed." if good else _why(answer.status)
                found.append(
                    Asked("log out", self._line("GET", "/?IRISLogout=end"), answer.status, says, good)
                )
        except WebFailure as failure:
            found.append(Asked("log out", self._line("POST", "/logout"), 0, failure.message, good=False))
        self._held = _Session()
        return found

    # --- ways ---------------------------------------------------------------------------------------------------

    async def _by_tokens(self) -> AsyncGenerator[Asked, None]:
        body = json.dumps({"user": self._user, "password": self._password}).encode()
        answer = await self._ask("POST", "/login", _JSON, body)
        given = self._take(answer)
        yield self._judged("log in", "POST", "/login", answer, _LOGIN, good=given, says="It gave two tokens.")
        if not given:
            return
        answer = await self._ask("GET", "/", self._bearer())
        good = answer.status not in _NO_ENTRY
        yield self._judged("a call", "GET", "/", answer, _CALL, good=good, says=_ANSWERED)
        body = json.dumps({"refresh_token": self._held.refresh, "grant_type": "refresh_token"}).encode()
        answer = await self._ask("POST", "/refresh", _JSON, body)
        good = self._take(answer)
        says = "It gave two new tokens; the old ones are dead."
        yield self._judged("refresh", "POST", "/refresh", answer, _REFRESH, good=good, says=says)

    async def _by_basic(self) -> AsyncGenerator[Asked, None]:
        pair = base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
        answer = await self._ask("GET", "/", {"Authorization": f"Basic {pair}"})
        good = answer.status not in _NO_ENTRY
        yield self._judged("log in and call", "GET", "/", answer, _CALL, good=good, says=_ANSWERED)

    async def _by_form(self) -> AsyncGenerator[Asked, None]:
        answer = await self._ask("GET", "/", {})
        page = _is_login_page(answer)
        says = "It shows its login page." if page else "It answers without a login page."
        good = page or answer.status == HTTPStatus.OK
        yield self._judged("open a page", "GET", "/", answer, {}, good=good, says=says)
        if not page:
            return
        body = urlencode({"IRISUsername": self._user, "IRISPassword": self._password}).encode()
        answer = await self._ask("POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}, body)
        again = _is_login_page(answer)
        good = answer.status in (HTTPStatus.OK, HTTPStatus.FOUND, HTTPStatus.NOT_FOUND) and not again
        refused = {answer.status: f"It shows its login page again: {_REFUSED}"} if again else _CALL
        yield self._judged("log in", "POST", "/", answer, refused, good=good, says=_ANSWERED)

    async def _openly(self) -> AsyncGenerator[Asked, None]:
        answer = await self._ask("GET", "/", {})
        good = answer.status not in _NO_ENTRY
        says = "It answers without a login, as UnknownUser."
        yield self._judged("a call", "GET", "/", answer, _OPEN, good=good, says=says)

    # --- requests -----------------------------------------------------------------------------------------------

    async def _ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        deadline: float | None = None,
    ) -> WebAnswer:
        sent = dict(headers)
        if self._held.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._held.cookies.items())
        answer = await ask(
            self._address,
            WebRequest(method, f"{self._base}{path}", sent, body),
            deadline=self._deadline if deadline is None else deadline,
        )
        for text in answer.cookies[:_MOST_COOKIES]:
            name, _, value = text.split(";", 1)[0].partition("=")
            if name.strip() and len(text) < _LONGEST_COOKIE and text.isascii() and text.isprintable():
                self._held.cookies[name.strip()] = value.strip()
        return answer

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._held.access}"}

    def _take(self, answer: WebAnswer) -> bool:
        """Take the tokens of an answer; False if it has none."""
        try:
            content = json.loads(answer.body) if answer.status == HTTPStatus.OK else None
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            return False
        access, refresh = content.get("access_token"), content.get("refresh_token")
        if not (_sendable(access) and _sendable(refresh)):
            return False
        self._held.access, self._held.refresh = str(access), str(refresh)
        self.contents = [
            contents_of(str(access), "access", self._monotonic()),
            contents_of(str(refresh), "refresh", self._monotonic()),
        ]
        return True

    def _line(self, method: str, path: str) -> str:
        return f"{method} {self._base}{path}"

    def _judged(
        self,
        step: str,
        method: str,
        path: str,
        answer: WebAnswer,
        meaning: Mapping[int, str],
        *,
        good: bool,
        says: str,
    ) -> Asked:
        if not good:
            says = _redirected(answer) or meaning.get(answer.status) or _why(answer.status)
        elif answer.status == HTTPStatus.NOT_FOUND:
            says = "It took the login, and has nothing at this address: that is up to its routes and pages."
        elif answer.status >= HTTPStatus.BAD_REQUEST:
            says = f"It took the login and answered {answer.status}: that is up to its code."
        if "gzip" in answer.headers.get("content-encoding", ""):
            says += " The content is compressed, which was not asked for; it was not looked at."
        return Asked(step, self._line(method, path), answer.status, says, good)


_JSON = {"Content-Type": "application/json", "Accept": "application/json"}
_ANSWERED = "It took the login and answered."
_REFUSED = (
    "user or password is wrong, or the account is disabled, expired or must change its password; IRIS does not say "
    "which. /denied shows what its audit log says."
)
_NO_ENTRY = frozenset({301, 302, 307, 308, 401, 403, 500, 502, 503, 504})
"""Answers that do not come from the code of the application, or not as they should."""
_NOT_REACHED = (
    "No application, a disabled one, no namespace, no license unit or no class: IRIS answers all of them alike; or the "
    "web server or its gateway does not know the path."
)
_LOGIN = {
    200: "It answered, but not with tokens: the class may have a route of its own named login.",
    401: f"Refused: {_REFUSED}",
    404: "There is no /login: the application is not reached or disabled, or its class does not extend %CSP.REST or "
    "names the address otherwise.",
}
_CALL = {
    401: f"Refused: {_REFUSED}",
    403: "The login was taken, but the account may not use the application's resource, or its database.",
    404: _NOT_REACHED,
}
_REFRESH = {
    200: "It answered, but not with tokens.",
    401: "The refresh token was not taken: it has run out, or the instance has new keys.",
}
_OPEN = {
    401: "It wants a login, although it is set to be open.",
    403: "Refused: the system as a whole may forbid access without a login, or UnknownUser lacks the resource.",
    404: _NOT_REACHED,
}


def _why(status: int) -> str:
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return "Unavailable: no license unit may be free, or the gateway does not reach the instance."
    if status in (HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT):
        return "The web server does not reach what is behind it."
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return "An error in the application or its class: messages.log and ^%ISCLOG tell more."
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return "The address does not take this method."
    if status == HTTPStatus.NOT_FOUND:
        return _NOT_REACHED
    return f"An answer that is not expected here: {status}."


def _redirected(answer: WebAnswer) -> str:
    """A sentence on a redirect, which is not followed; "" for any other answer."""
    if not 300 <= answer.status < 400:
        return ""
    try:
        host = urlsplit(answer.headers.get("location", "")).hostname
    except ValueError:
        host = "an address that is none"
    return f"It sends elsewhere{f', to {host[:100]}' if host else ''}; that was not followed."


def _is_login_page(answer: WebAnswer) -> bool:
    # UNVERIFIED: the name of the field in the login page. Settle: curl an application of pages that takes a password.
    return b"IRISPassword" in answer.body[:200_000]


def _sendable(token: object) -> bool:
    return (
        isinstance(token, str)
        and 0 < len(token) < _LONGEST_TOKEN
        and token.isascii()
        and token.isprintable()
        and " " not in token
    )


def contents_of(token: str, kind: Literal["access", "refresh"], received: float) -> TokenContents:
    """What is written in a token; empty fields where it cannot be read (facts: iris-webapps-gateway 2.3)."""
    parts = token.split(".")
    header, payload = (_decoded(part) for part in (*parts, "", "")[:2])

    def text(of: Mapping[str, object], key: str) -> str:
        value = of.get(key)
        return value[:200] if isinstance(value, str) else ""

    begins, ends = (_seconds(payload.get(key)) for key in ("iat", "exp"))
    life = ends - begins if begins is not None and ends is not None else None
    return TokenContents(
        kind,
        text(header, "alg"),
        text(payload, "iss"),
        text(payload, "sub"),
        text(payload, "app"),
        ends,
        life,
        received,
    )


def _seconds(value: object) -> float | None:
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    return number if number is not None and 0 < number < 1e11 else None


def _decoded(part: str) -> Mapping[str, object]:
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def way_of(kind: str, ways: Sequence[str], *, jwt: bool) -> How | None:
    """How one logs in to an application of this kind with these methods; None if no way is one for a password."""
    if "password" in ways:
        if kind == "REST" and jwt:
            return "tokens"
        return "form" if kind == "CSP" else "basic"
    return "open" if "unauthenticated" in ways else None
