"""`/api/admin`, the SysAdmin API of 2026.2, as far as it concerns web sessions (facts: license-sessions 6.4).

It keeps no session and takes no license unit; that was measured. Requests prove a login by a JSON web token, here an
opaque text, or by Basic authentication.

UNVERIFIED: that an instance of 2026.1 knows none of these paths; its v1 dialect differs in 28 shapes and lacks 72.
Settle: curl -u _SYSTEM http://host/api/admin/v2/web-sessions on 2026.1.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from irisops.simulator.classes import status
from irisops.simulator.classes.system_basics import zversion
from irisops.simulator.doubts import ADMIN_API
from irisops.simulator.web.applications import plain
from irisops.simulator.web.credentials import basic_credentials, bearer, login_credentials
from irisops.simulator.web.http import Request, Response
from irisops.simulator.world.login import LoginRefused
from irisops.simulator.world.model import Permission, WebSession
from irisops.simulator.world.world import World

ADMIN = "/api/admin"
SINCE = (2026, 2)
TOKEN_SECONDS = 60
"""Lifetime of a token: about a minute (facts: license-sessions 6.4)."""
MOST_TOKENS = 1000
LETTERS = {"R": Permission.READ, "W": Permission.WRITE, "U": Permission.USE}
_HIDDEN = ("%Admin_Wallet",)


@dataclass(frozen=True, slots=True)
class _Login:
    """The user of a token."""

    username: str
    ends: datetime


class AdminApi:
    """The API of one world. Its tokens become invalid when the world is replaced."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._logins: dict[str, _Login] = {}
        self._routes: dict[tuple[str, str], Callable[[Request, str], Response]] = {
            ("GET", "/info"): self._info,
            ("GET", "/v2/web-sessions"): self._web_sessions,
            ("DELETE", "/v2/web-session"): self._end_web_session,
            ("POST", "/logout"): self._log_out,
        }

    def answer(self, path: str, request: Request, client_ip: str) -> Response:
        """Answer a request; `path` has no trailing slash. The caller has ticked the world."""
        application = self._world.application(ADMIN)
        if self._world.version < SINCE or application is None:
            return plain(HTTPStatus.NOT_FOUND)
        full = self._world.license.room < 1 and self._world.doubts.says(ADMIN_API, "refused")
        if full or not application.enabled:
            return plain(HTTPStatus.SERVICE_UNAVAILABLE if full else HTTPStatus.FORBIDDEN)
        endpoint = path[len(ADMIN) :]
        if endpoint == "/login":
            return self._log_in(request, client_ip)
        username = self._user_of(request, client_ip)
        if username is None:
            return Response(HTTPStatus.UNAUTHORIZED, headers=(("WWW-Authenticate", 'Bearer realm="IRIS"'),))
        found = self._routes.get((request.method, endpoint))
        if found is None:
            known = endpoint in {each for _, each in self._routes}
            return plain(HTTPStatus.METHOD_NOT_ALLOWED if known else HTTPStatus.NOT_FOUND)
        return found(request, username)

    # -- authentication -----------------------------------------------------------------------------------------------

    def _log_in(self, request: Request, client_ip: str) -> Response:
        """`POST /login` with `{user, password}`.

        UNVERIFIED: the other fields beside the two tokens. Settle: look at the keys of its answer.
        """
        if request.method != "POST":
            return plain(HTTPStatus.METHOD_NOT_ALLOWED)
        username, password = login_credentials(request)
        try:
            name = self._world.authenticate_web(username, password, client_ip).name
        except LoginRefused:
            return plain(HTTPStatus.UNAUTHORIZED)
        now = self._world.now()
        self._logins = {token: login for token, login in self._logins.items() if login.ends > now}
        if len(self._logins) >= MOST_TOKENS:
            return plain(HTTPStatus.SERVICE_UNAVAILABLE)
        token = secrets.token_urlsafe(48)
        self._logins[token] = _Login(name, now + timedelta(seconds=TOKEN_SECONDS))
        begins = int(now.timestamp())
        content = {
            "access_token": token,
            "refresh_token": secrets.token_urlsafe(48),
            "sub": name,
            "iat": begins,
            "exp": begins + TOKEN_SECONDS,
        }
        return Response(HTTPStatus.OK, json.dumps(content).encode(), "application/json; charset=utf-8")

    def _user_of(self, request: Request, client_ip: str) -> str | None:
        """The authenticated user of the request; None if not authenticated."""
        token = bearer(request)
        if token:
            login = self._logins.get(token)
            return login.username if login is not None and login.ends > self._world.now() else None
        username, password = basic_credentials(request)
        if not username:
            return None
        try:
            return self._world.authenticate_web(username, password, client_ip).name
        except LoginRefused:
            return None

    def _log_out(self, request: Request, _username: str) -> Response:
        self._logins.pop(bearer(request), None)
        return _envelope(HTTPStatus.OK, "")

    # -- endpoints ----------------------------------------------------------------------------------------------------

    def _info(self, _request: Request, username: str) -> Response:
        """The caller and its privileges; 404 for an account that may administer only wallets, or nothing."""
        resources = (each.name for each in self._world.resources.values() if each.name.startswith("%Admin_"))
        held = [name for name in resources if self._holds(username, f"{name}:U")]
        if not set(held) - set(_HIDDEN):
            return plain(HTTPStatus.NOT_FOUND)
        return _envelope(
            HTTPStatus.OK,
            {
                "apiVersion": 2,
                "username": username,
                "serverVersion": zversion(self._world.version),
                "systemMode": "",
                "product": "IRIS",
                "namespaces": [{"name": name} for name in self._world.namespaces.names()],
                "privileges": {name: {"use": True} for name in sorted(held)},
            },
        )

    def _web_sessions(self, _request: Request, username: str) -> Response:
        """The list of `%CSP.Session:SessionInfo`, with the same privileges."""
        refusal = self._refusal(username, "%Admin_Operate:U", "%DB_IRISSYS:R")
        if refusal is not None:
            return refusal
        return _envelope(HTTPStatus.OK, [_shown(session) for session in self._world.sessions.values()])

    def _end_web_session(self, request: Request, username: str) -> Response:
        """Mark the session; the daemon removes it 1.65 to 4.09 s later.

        UNVERIFIED: 200 rather than 202 for a marked session, 400 without an id. Settle: end one by curl -i.
        """
        refusal = self._refusal(username, "%Admin_Operate:U", "%DB_IRISSYS:W")
        if refusal is not None:
            return refusal
        identifier = request.query.get("id", "")
        if not identifier:
            return _failed(HTTPStatus.BAD_REQUEST, status.StatusError(5659, "id"))
        session = self._world.sessions.get(identifier)
        if session is None or session.ending is not None:
            return _failed(HTTPStatus.NOT_FOUND, status.StatusError(5907, identifier))
        self._world.end_session(identifier)
        return _envelope(HTTPStatus.OK, "")

    def _refusal(self, username: str, *privileges: str) -> Response | None:
        """The refusal for the first missing privilege; None if all are held.

        UNVERIFIED: 403 as the status; the number #921 was measured. Settle: end a session as an account without
        %DB_IRISSYS:W.
        """
        for privilege in privileges:
            if not self._holds(username, privilege):
                self._world.audit(
                    "%System",
                    "%Security",
                    "AccessDenied",
                    event_data=f"Operation requires {privilege}",
                    description="Access denied",
                    username=username,
                )
                return _failed(HTTPStatus.FORBIDDEN, status.StatusError(921, privilege))
        return None

    def _holds(self, username: str, privilege: str) -> bool:
        resource, _, letter = privilege.partition(":")
        return self._world.check(username, resource, LETTERS[letter])


def _shown(session: WebSession) -> dict[str, object]:
    """One row, with the types that public code for 2026.2 reads."""
    return {
        "ID": session.id,
        "Username": session.username,
        "Preserve": int(session.preserve),
        "Application": session.application,
        "Timeout": f"{session.expires:%Y-%m-%d %H:%M:%S}",
        "LicenseId": session.license_id,
        "SesProcessId": str(session.pid) if session.preserve and session.pid is not None else "",
        "AllowEndSession": session.allow_end,
    }


def _envelope(http: HTTPStatus, result: object, errors: tuple[dict[str, object], ...] = ()) -> Response:
    """`{status, console, result}` (facts: license-sessions 6.4)."""
    content = {
        "status": {"errors": list(errors), "summary": "; ".join(str(each["error"]) for each in errors)},
        "console": [],
        "result": result,
    }
    return Response(http, json.dumps(content).encode(), "application/json; charset=utf-8")


def _failed(http: HTTPStatus, error: status.StatusError) -> Response:
    """An error in the envelope.

    UNVERIFIED: the fields of an entry of `errors` are those of /api/atelier. Settle: DELETE /v2/web-session?id=none.
    """
    return _envelope(http, "", ({"error": str(error), "code": error.code, "domain": "%ObjectErrors"},))
