"""Requests to web applications: log in, open or keep a session, log out.

Facts: license-sessions 2.3, 2.4.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import quote

from irisops.simulator.doubts import DISABLED_APPLICATION, UNLICENSED_PAGE
from irisops.simulator.web.cookies import CookieJar
from irisops.simulator.web.credentials import basic_credentials, bearer
from irisops.simulator.web.http import Request, Response
from irisops.simulator.web.pages import SECURITY_HEADERS, application_page, login_page
from irisops.simulator.web.tokens import ENDPOINTS, Tokens
from irisops.simulator.world.license import LicenseLimitExceededError
from irisops.simulator.world.login import WEB_SERVICE, LoginRefused
from irisops.simulator.world.model import Application, Database, Permission, WebSession
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
        shut = self._shut(application)
        if shut is not None:
            return shut
        identifier = self._jar.session_id(request.cookies(), port, application.name)
        session = self._world.sessions.get(identifier) if identifier else None
        try:
            return self._serve(application, session, request, client_ip, port)
        except LoginRefused:
            return self._unauthorized(application, "Login failed")
        except LicenseLimitExceededError:
            if not application.dispatch_class and self._world.doubts.says(UNLICENSED_PAGE, "404"):
                return plain(HTTPStatus.NOT_FOUND)
            # Short and not JSON, starting with S (facts: license-sessions 2.4).
            return plain(HTTPStatus.SERVICE_UNAVAILABLE)

    def _shut(self, application: Application) -> Response | None:
        """What everybody gets of an application that does not serve; None for one that does."""
        if not application.enabled:
            gone = self._world.doubts.says(DISABLED_APPLICATION, "404")
            return plain(HTTPStatus.NOT_FOUND if gone else HTTPStatus.FORBIDDEN)
        service = self._world.services.get(WEB_SERVICE)
        if service is None or not service.enabled:
            # UNVERIFIED: the status while the service is off. Settle: disable it, open a page in a browser.
            return plain(HTTPStatus.FORBIDDEN)
        if self._world.namespace(application.namespace) is None or self._dismounted(application):
            # No namespace (facts: iris-webapps-gateway 4.1). UNVERIFIED: the same for a dismounted database. Settle:
            # dismount one, curl -i a page of its namespace.
            return plain(HTTPStatus.NOT_FOUND)
        return None

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
            # 401 is the success (facts: license-sessions 2.3)
            return self._unauthorized(application, page_status=HTTPStatus.UNAUTHORIZED)
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
            refused = self._refused(application, request, user.name)
            if refused is not None:
                return refused
            self._world.login_session(session.id, user.name)
        self._world.request_session(session.id)
        return self._page(application, session, ())

    def _begin(self, application: Application, request: Request, client_ip: str, port: int) -> Response:
        # All three must allow one (facts: iris-webapps-gateway 4.1).
        methods = application.authe_enabled & self._world.system.authe_enabled
        service = self._world.services.get(WEB_SERVICE)
        methods &= service.authe_enabled if service is not None else 0
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
            # Visitors alone, whom the system forbids (facts: iris-webapps-gateway 4.1).
            forbidden = application.authe_enabled == UNAUTHENTICATED_BIT
            return plain(HTTPStatus.FORBIDDEN) if forbidden else self._unauthorized(application)
        if not self._world.check(name or ANONYMOUS, WEB_SERVICE, Permission.USE):
            return self._unauthorized(application)  # (facts: iris-webapps-gateway 4.1)
        refused = self._refused(application, request, name)
        if refused is not None:
            return refused
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

    def _unauthorized(
        self, application: Application, message: str = "", page_status: HTTPStatus = HTTPStatus.OK
    ) -> Response:
        """The login form for pages, 401 with a challenge for REST (facts: iris-webapps-gateway 4.1)."""
        if application.dispatch_class:
            return Response(HTTPStatus.UNAUTHORIZED, headers=(("WWW-Authenticate", 'Basic realm="IRIS"'),))
        return Response(page_status, login_page(application, message), HTML, SECURITY_HEADERS)

    def _dismounted(self, application: Application) -> bool:
        return any(not each.mounted for each in self._databases(application))

    def _databases(self, application: Application) -> list[Database]:
        """The databases of the application's namespace."""
        namespace = self._world.namespace(application.namespace)
        names = {namespace.globals_database, namespace.routines_database} if namespace else set()
        return [each for each in self._world.databases.values() if each.name in names]

    def _refused(self, application: Application, request: Request, username: str) -> Response | None:
        """What somebody gets who logged in, or need not, in place of a page; None for nothing."""
        name = username or ANONYMOUS
        if not self._admits(application, name):
            self._denied(
                name,
                f"ERROR #862: User {name} is restricted from running application {application.name}, "
                f"{application.resource}:U required -- cannot execute. Web Application: {application.name}",
            )
            # UNVERIFIED: the status, likely in the facts. Settle: an application with a resource, curl -i without it.
            return plain(HTTPStatus.FORBIDDEN)
        if self._world.web_reads_databases and not self._reads(application, name):
            return _unusable(application)
        return self._broken(application, request)

    def _denied(self, username: str, text: str) -> None:
        self._world.audit(
            "%System",
            "%Security",
            "AccessDenied",
            event_data=text,
            description="Access denied",
            username=username,
        )

    def _reads(self, application: Application, username: str) -> bool:
        """True if the user, with the application's roles, may read its databases; else it is audited."""
        user = self._world.users.get(username)
        roles = [*(user.roles if user else ()), *application.match_roles.get("", ())]
        held = self._world.tables.role_closure(roles)
        roles += [
            role for match, targets in application.match_roles.items() if match in held for role in targets
        ]
        for database in self._databases(application):
            if not self._world.tables.roles_permission(roles, database.resource) & Permission.READ:
                # UNVERIFIED: that it names the application. Settle: as in instance/security/denials.py.
                data = f"<PROTECT>%CSPpage *^oddCOM,{database.directory} Web Application: {application.name}"
                self._world.audit_log.write(
                    "%System", "%Security", "Protect", event_data=data, username=username,
                    namespace=application.namespace,
                )  # fmt: skip
                return False
        return True

    def _broken(self, application: Application, request: Request) -> Response | None:
        """What its code answers if something is wrong with it (facts: iris-webapps-gateway 3.2, 4.1).

        UNVERIFIED: 404 for a class that is not compiled, and 500 for a Python module that is not found. Settle: curl -i
        such an application.
        """
        keys = (application.dispatch_class, application.name, request.path)
        trouble = next(
            (self._world.code[key.lower()] for key in keys if key.lower() in self._world.code), None
        )
        if trouble in ("missing", "not compiled", "no page"):
            return plain(HTTPStatus.NOT_FOUND)
        if trouble == "other method":
            return plain(HTTPStatus.METHOD_NOT_ALLOWED)
        if trouble in ("no module", "no folder"):
            now = self._world.now()
            head = f"{now:%m/%d/%y-%H:%M:%S}:000 (4711) 2 [Utility.Event] "
            if trouble == "no folder":
                text = f"Could not switch to a given WSGI app's directory: {application.wsgi_location}"
            else:
                text = (
                    "No WSGI app found with the given configuration:\n"
                    f"App location: {application.wsgi_location}\nFile containing callable: {application.wsgi_name}\n"
                    "Callable name: app\nAn exception of type ModuleNotFoundError occurred while importing the WSGI "
                    "app with this config. Arguments:"
                )
            self._world.messages += (head + text).split("\n")
        return plain(HTTPStatus.INTERNAL_SERVER_ERROR) if trouble else None

    def _admits(self, application: Application, username: str) -> bool:
        """True if the user may use the application's resource."""
        if not application.resource:
            return True
        return self._world.check(username or ANONYMOUS, application.resource, Permission.USE)


def _unusable(application: Application) -> Response:
    """No read on a database: JSON of a service, 403 of pages (facts: iris-webapps-gateway 4.1)."""
    if not application.dispatch_class:
        return plain(HTTPStatus.FORBIDDEN)
    text = f"ERROR #8754: Unable to use namespace: {application.namespace}."
    body = json.dumps({"errors": [{"code": 8754, "error": text}], "summary": text}).encode()
    return Response(HTTPStatus.FORBIDDEN, body, "application/json; charset=utf-8")


def plain(status: HTTPStatus) -> Response:
    """An answer with only its status; 404 with the words that IRIS has (facts: iris-webapps-gateway 4.1)."""
    reason = "Page Not Found" if status is HTTPStatus.NOT_FOUND else ""
    return Response(status, f"{reason or status.phrase}\n".encode(), reason=reason)


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
