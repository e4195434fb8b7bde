"""What a request meets before the instance: the web server, the Web Gateway and its login.

UNVERIFIED: the status and the markup of the gateway's own pages; their titles are documented (facts:
iris-webapps-gateway 4.1, 6). Settle: stop IRIS, then curl -i a page.
"""

from __future__ import annotations

import base64
from http import HTTPStatus

from irisops.simulator.web.http import Request, Response
from irisops.simulator.world import login as logins
from irisops.simulator.world.gateway import Way
from irisops.simulator.world.login import WEB_SERVICE, LoginRefused
from irisops.simulator.world.model import Permission
from irisops.simulator.world.seed import PASSWORD_BIT, UNAUTHENTICATED_BIT
from irisops.simulator.world.world import World

MANAGEMENT = "/csp/bin/"
_PAGE = "<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1>{text}</body></html>\n"
_HTML = "text/html; charset=utf-8"
_OWN = {
    "path": (HTTPStatus.NOT_FOUND, "404 Not Found", "The requested URL was not found on this server."),
    "rights": (HTTPStatus.FORBIDDEN, "403 Forbidden", "You don't have permission to access this resource."),
    "pool": (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Service Unavailable",
        "HTTP Error 503. The service is unavailable.",
    ),
    "proxy": (HTTPStatus.BAD_GATEWAY, "502 Bad Gateway", "The server received an invalid response."),
}
"""Pages of the web server itself, by fault."""
_GATEWAY = {"unavailable": "Server Unavailable", "busy": "Server Busy", "timeout": "Server Timeout"}


def before_instance(world: World, request: Request, client_ip: str) -> Response | None:
    """The answer that a request gets on its way; None if it reaches the instance."""
    gateway = world.gateway
    if gateway.fault in _OWN:
        status, title, text = _OWN[gateway.fault]
        body = _PAGE.format(title=title, text=f"<p>{text}</p>").encode()
        return Response(status, body, _HTML, (("Server", "Apache"),))
    way = gateway.way(request.path)
    if request.path.lower().startswith(MANAGEMENT):
        return _management(world, way)
    if gateway.fault in _GATEWAY or not way.enabled:
        return _page(_GATEWAY.get(gateway.fault, "Server Unavailable"))
    if way.port not in (0, gateway.superserver):
        return Response(
            HTTPStatus.NOT_FOUND, reason="Page Not Found"
        )  # another instance, which has no such page
    if not gateway.connected:
        gateway.connected = _logs_in(world, way, client_ip)
    return None if gateway.connected else _page("Server Availability Error")


def _page(title: str) -> Response:
    body = _PAGE.format(title=title, text="<p>Web Gateway</p>").encode()
    return Response(HTTPStatus.SERVICE_UNAVAILABLE, body, _HTML)


def _management(world: World, way: Way) -> Response:
    """The management pages (facts: iris-webapps-gateway 5.5)."""
    if world.gateway.fault == "address":
        text = "<p>Web Gateway</p><p>You are not authorized to use this facility</p>"
        return Response(HTTPStatus.OK, _PAGE.format(title="Web Gateway", text=text).encode(), _HTML)
    if not way.forms:
        return Response(HTTPStatus.NOT_FOUND, _PAGE.format(title="Web Gateway", text="").encode(), _HTML)
    form = '<form method="post"><label>Password <input type="password" name="CSPPWD"></label></form>'
    return Response(HTTPStatus.OK, _PAGE.format(title="Web Gateway Management", text=form).encode(), _HTML)


def _logs_in(world: World, way: Way, client_ip: str) -> bool:
    """The gateway's login, with which it builds its connections (facts: iris-webapps-gateway 5.5)."""
    if world.gateway.tls_alone and not way.tls:
        return False
    service = world.services.get(WEB_SERVICE)
    clear = way.password
    if clear.startswith("]]]"):
        clear = base64.b64decode(clear[3:]).decode("latin-1")
    wanted = PASSWORD_BIT if clear else UNAUTHENTICATED_BIT
    if service is None or not service.enabled or not service.authe_enabled & wanted:
        return False
    if service.client_systems and client_ip not in service.client_systems:
        return False
    user = world.users.get(way.user)
    if user is None or not world.check(user.name, WEB_SERVICE, Permission.USE):
        return False
    try:
        if clear:
            world.authenticate_web(way.user, clear, client_ip)
        return logins.standing(world.tables, user, world.now()) is None and user.enabled
    except LoginRefused:
        return False
