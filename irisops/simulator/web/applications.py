"""Requests to web applications: log in, open or keep a session, log out.

Facts: license-sessions 2.3, 2.4.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import quote

from irisops.simulator.web.cookies import CookieJar
from irisops.simulator.web.credentials import basic_credentials, bearer
from irisops.simulator.web.http import Request, Response
from irisops.simulator.web.pages import SECURITY_HEADERS, application_page, login_page
from irisops.simulator.web.tokens import ENDPOINTS, Tokens
from irisops.simulator.world.license import LicenseLimitExceededError
from irisops.simulator.world.login import WEB_SERVICE, LoginRefused
from irisops.simulator.world.model import Application, Permission, WebSession
from irisops.simulator.world.seed import PASSWORD_BIT, UNAUTHENTICATED_BIT
from irisops.simulator.world.sessions import ANONYMOUS, Visitor
from irisops.simulator.world.world import World

LOGOUT = ("IRISLogout", "CacheLogout")
HTML = "text/html; charset=utf-8"


class Applications:
    """The web applications of one world behind one web port."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._jar = CookieJar()
        self._tokens = Tokens(world)

    def answer(self, request: Request, client_ip: str, port: int) -> Response:
        """Answer one request. The caller has ticked the world."""
        application = self._find(request.path)
        if application is None:
            return plain(HTTPStatus.NOT_FOUND)
        gateway = self._world.services.get(WEB_SERVICE)
        if not application.enabled or gateway is None or not gateway.enabled:
            # UNVERIFIED: the status for a disabled application. Settle: disable one, open it in a browser.
            return plain(HTTPStatus.FORBIDDEN)
        identifier = self._jar.session_id(request.cookies(), port, application.name)
        session = self._world.sessions.get(identifier) if identifier else None
        try:
            return self._serve(application, session, request, client_ip, port)
        except LoginRefused:
            return self._unauthorized(application, "Login failed")
        except LicenseLimitExceededError:
            # Short and not JSON, starting with S (facts: license-sessions 2.4).
            return plain(HTTPStatus.SERVICE_UNAVAILABLE)

    def _serve(
        self,
        application: Application,
        session: WebSession | None,
        request: Request,
        client_ip: str,
        port: int,
    ) -> Response:
        endpoint = request.path[len(application.name) :].strip("/").lower()
        if application.jwt_enabled and application.dispatch_class and endpoint in ENDPOINTS:
            return self._tokens.answer(application, endpoint, request, client_ip)
        if any(request.query.get(name) == "end" for name in LOGOUT):
            if session is not None:
                self._world.logout_session(session.id)
            return self._unauthorized(application)  # 401 is the success (facts: license-sessions 2.3)
        if not application.dispatch_class and request.path.lower() == application.name.lower():
            # The cookie is for the path with its slash: without the redirect each visit would open a session.
            # UNVERIFIED: that the gateway redirects. Settle: curl -i http://host/csp/user
            return Response(HTTPStatus.FOUND, headers=(("Location", f"{quote(application.name)}/"),))
        if session is not None and session.ending is None:
            return self._continue(application, session, request, client_ip)
        return self._begin(application, request, client_ip, port)

    def refuse_without_login(
        self, application: Application, request: Request, client_ip: str
    ) -> Response | None:
        """A refusal unless the request has valid Basic credentials: for a service that keeps no session."""
        username, password = basic_credentials(request)
        try:
            name = self._world.authenticate_web(username, password, client_ip).name if username else ""
        except LoginRefused:
            name = ""
        if not name:
            return self._unauthorized(application)
        return None if self._admits(application, name) else plain(HTTPStatus.FORBIDDEN)

    def _find(self, path: str) -> Application | None:
        """The application with the longest name that is a prefix of the path, ignoring case."""
        parts = path.rstrip("/").split("/")
        while len(parts) > 1:
            found = self._world.applications.get("/".join(parts))
            if found is not None:
                return found
            parts.pop()
        return None

    def _continue(
        self, application: Application, session: WebSession, request: Request, client_ip: str
    ) -> Response:
        """A page within a session. Its cookie overrides an Authorization header (facts: license-sessions 2.3)."""
        username, password = _form_credentials(request)
        if username:
            user = self._world.authenticate_web(username, password, client_ip)
            if not self._admits(application, user.name):
                return plain(HTTPStatus.FORBIDDEN)
            self._world.login_session(session.id, user.name)
        self._world.request_session(session.id)
        return self._page(application, session, ())

    def _begin(self, application: Application, request: Request, client_ip: str, port: int) -> Response:
        methods = application.authe_enabled & self._world.system.authe_enabled
        username, password = _form_credentials(request)
        if not username:
            username, password = basic_credentials(request)
        if bearer(request):
            owner = self._tokens.user_of(request) if application.jwt_enabled else None
            if owner is None:
                return Response(HTTPStatus.UNAUTHORIZED, headers=(("WWW-Authenticate", "Bearer"),))
            name = owner
        elif username and methods & PASSWORD_BIT:
            name = self._world.authenticate_web(username, password, client_ip).name
        elif methods & UNAUTHENTICATED_BIT:
            name = ""
        else:
            return self._unauthorized(application)
        if not self._admits(application, name):
            return plain(HTTPStatus.FORBIDDEN)
        visitor = Visitor(client_ip, name, request.headers.get("user-agent", "")[:200])
        if not application.use_session:
            self._world.rest_call(application.name, visitor)
            return _rest_answer(self._world, application, name or ANONYMOUS)
        session = self._world.open_session(application.name, visitor)
        self._jar.keep_only(self._world.sessions)
        return self._page(application, session, self._jar.issue(session, port))

    def _page(
        self, application: Application, session: WebSession, headers: Sequence[tuple[str, str]]
    ) -> Response:
        if application.dispatch_class:
            answer = _rest_answer(self._world, application, session.username)
            return Response(answer.status, answer.body, answer.content_type, tuple(headers))
        return Response(HTTPStatus.OK, application_page(session), HTML, (*SECURITY_HEADERS, *headers))

    def _unauthorized(self, application: Application, message: str = "") -> Response:
        """401: with the login form for pages, with a challenge for REST."""
        if application.dispatch_class:
            return Response(HTTPStatus.UNAUTHORIZED, headers=(("WWW-Authenticate", 'Basic realm="IRIS"'),))
        return Response(HTTPStatus.UNAUTHORIZED, login_page(application, message), HTML, SECURITY_HEADERS)

    def _admits(self, application: Application, username: str) -> bool:
        """True if the user may use the application's resource."""
        if not application.resource:
            return True
        return self._world.check(username or ANONYMOUS, application.resource, Permission.USE)


def plain(status: HTTPStatus) -> Response:
    """An answer with only its status."""
    return Response(status, f"{status.phrase}\n".encode())


def _rest_answer(world: World, application: Application, username: str) -> Response:
    """The answer of a REST application: for /api/atelier the server's description, otherwise application and user."""
    if application.name.lower() == "/api/atelier":
        content: dict[str, object] = {
            "version": f"irisops simulator {world.version[0]}.{world.version[1]}",
            "api": 8,
            "namespaces": world.namespaces.names(),
        }
        body: object = {
            "status": {"errors": [], "summary": ""},
            "console": [],
            "result": {"content": content},
        }
    else:
        body = {"application": application.name, "user": username}
    return Response(HTTPStatus.OK, json.dumps(body).encode(), "application/json; charset=utf-8")


def _form_credentials(request: Request) -> tuple[str, str]:
    """IRISUsername and IRISPassword of a posted login form."""
    if request.method != "POST":
        return "", ""
    form = request.form()
    return form.get("IRISUsername", ""), form.get("IRISPassword", "")
