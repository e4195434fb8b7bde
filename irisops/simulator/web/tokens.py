"""Tokens of REST applications with JWT: /login, /refresh, /logout, /revoke (facts: iris-webapps-gateway 2).

A token has the documented contents, but its signature is random: it is compared with those that were given out, as
elliptic curves are not in the standard library and no client checks one.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from irisops.simulator.web.credentials import bearer, json_content, login_credentials
from irisops.simulator.web.http import Request, Response
from irisops.simulator.world.login import LoginRefused
from irisops.simulator.world.model import Application
from irisops.simulator.world.world import World

ENDPOINTS = frozenset({"login", "refresh", "logout", "revoke"})
BROWSER = "CSPBrowserId"
MOST_LOGINS = 1000
_HEADER = {"alg": "ES256", "typ": "JWT"}


@dataclass(slots=True)
class _Login:
    """A server session (`sid`) with the tokens that are good at the moment."""

    username: str
    application: str
    group: str
    browser: str
    access_ends: datetime
    ends: datetime
    """When the refresh token ends."""
    access: str = ""
    refresh: str = ""


class Tokens:
    """The tokens of one world; they become invalid when it is replaced."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._logins: dict[str, _Login] = {}

    def answer(self, application: Application, endpoint: str, request: Request, client_ip: str) -> Response:
        """Answer one of `ENDPOINTS` of an application with JWT.

        UNVERIFIED: 405 for another method than POST. Settle: GET /login of such an application.
        """
        if request.method != "POST":
            return Response(HTTPStatus.METHOD_NOT_ALLOWED)
        if endpoint == "login":
            return self._log_in(application, request, client_ip)
        if endpoint == "refresh":
            found = self._by_refresh(json_content(request).get("refresh_token"))
            return _refused("Bearer") if found is None else self._pair(*found)
        # /logout takes the access token; /revoke that or the refresh token in its body (facts: 2.2)
        ended = self._by_access(bearer(request))
        if ended is None and endpoint == "revoke":
            ended = self._by_refresh(json_content(request).get("refresh_token"))
        if ended is None:
            return _refused("Bearer")
        del self._logins[ended[0]]
        return Response(HTTPStatus.OK)

    def user_of(self, request: Request) -> str | None:
        """The user of a Bearer token of any application; None without a good one (facts: 2.3: app is not compared)."""
        found = self._by_access(bearer(request))
        return found[1].username if found is not None else None

    def _log_in(self, application: Application, request: Request, client_ip: str) -> Response:
        username, password = login_credentials(request)
        browser = request.cookies().get(BROWSER, "")
        if username:
            try:
                name = self._world.authenticate_web(username, password, client_ip).name
            except LoginRefused:
                return _refused("")
        else:
            others = (each for each in self._logins.values() if browser and each.browser == browser)
            known = next(
                (each for each in others if application.group and each.group == application.group), None
            )
            if known is None:
                return _refused("")
            name = known.username
        now = self._world.now()
        self._logins = {sid: each for sid, each in self._logins.items() if each.ends > now}
        if len(self._logins) >= MOST_LOGINS:
            return Response(HTTPStatus.SERVICE_UNAVAILABLE)
        sid = secrets.token_hex(8)
        browser = browser or secrets.token_hex(8)
        self._logins[sid] = _Login(name, f"{application.name}/", application.group, browser, now, now)
        answer = self._pair(sid, self._logins[sid])
        cookie = f"{BROWSER}={browser}; path=/; httpOnly; sameSite=strict"
        return Response(answer.status, answer.body, answer.content_type, (("Set-Cookie", cookie),))

    def _pair(self, sid: str, login: _Login) -> Response:
        """A new pair of tokens; the old ones are dead. Lifetimes are those of the application that logged in."""
        application = self._world.application(login.application.rstrip("/"))
        short = application.jwt_access_seconds if application else 60
        long = application.jwt_refresh_seconds if application else 900
        now = self._world.now()
        begins = now.timestamp()
        login.access_ends, login.ends = now + timedelta(seconds=short), now + timedelta(seconds=long)
        payload = {
            "iat": begins, "exp": int(begins) + short, "iss": "simulator/IRIS", "sub": login.username, "sid": sid,
            "app": login.application,
        }  # fmt: skip
        login.access = _signed(payload)
        later = {key: value for key, value in payload.items() if key != "sub"} | {"exp": int(begins) + long}
        login.refresh = _signed(later)
        content = {
            "access_token": login.access,
            "refresh_token": login.refresh,
            "sub": login.username,
            "iat": begins,
            "exp": payload["exp"],
        }
        return Response(HTTPStatus.OK, json.dumps(content).encode(), "application/json; charset=utf-8")

    def _by_access(self, token: str) -> tuple[str, _Login] | None:
        now = self._world.now()
        return next(
            (
                pair
                for pair in self._logins.items()
                if _same(token, pair[1].access) and pair[1].access_ends > now
            ),
            None,
        )

    def _by_refresh(self, token: object) -> tuple[str, _Login] | None:
        now, text = self._world.now(), token if isinstance(token, str) else ""
        return next(
            (pair for pair in self._logins.items() if _same(text, pair[1].refresh) and pair[1].ends > now),
            None,
        )


def _signed(payload: object) -> str:
    text = f"{_encoded(json.dumps(_HEADER).encode())}.{_encoded(json.dumps(payload).encode())}"
    return f"{text}.{_encoded(secrets.token_bytes(64))}"


def _same(given: str, held: str) -> bool:
    return bool(given) and hmac.compare_digest(given.encode(), held.encode())


def _refused(challenge: str) -> Response:
    """401 with an empty body, whatever was wrong (facts: 2.4)."""
    headers = (("WWW-Authenticate", challenge),) if challenge else ()
    return Response(HTTPStatus.UNAUTHORIZED, headers=headers)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
