"""What the web port and a gateway's file of this machine say of a page, asked once and without a login."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from irisops.commands.gateway.showing import read
from irisops.commands.pages.address import PageAddress
from irisops.commands.pages.known import GatewayRoute, Web
from irisops.contract.replies import Refusal
from irisops.gateway.csp_ini import PASSWORD, PATH, SYSTEM, CspIni
from irisops.gateway.places import candidates, found
from irisops.instance.web import WebAddress, WebAnswer, WebFailure, WebRequest, ask
from irisops.instance.web_answers import MANAGEMENT
from irisops.instance.web_login import WebLogin

DEADLINE = 5.0
"""Seconds for each of two requests."""


async def ask_web(address: PageAddress, *, deadline: float = DEADLINE) -> Web | None:
    """The page and the gateway's management pages, both without a login; None without a web port.

    A session that the page opened is ended. No redirect is followed. `deadline` in seconds for each request: of a
    server that gives no answer the first is the only one.
    """
    web = address.web
    if web is None:
        return None
    folder, page_name = address.parts
    visit = WebLogin(web, folder, "", "", deadline=deadline)
    try:
        page = await visit.visit(page_name)
        if not page_name and page.headers.get("location", "").endswith(f"{folder}/"):
            page = await visit.visit("/")  # the slash alone is added: it is no other host's
    except WebFailure as failure:
        return Web(failure=failure.message.rstrip("."), cure=failure.cure)
    finally:
        await visit.close()
    return Web(page, await _management(web, deadline))


async def _management(web: WebAddress, deadline: float) -> WebAnswer | None:
    try:
        return await ask(web, WebRequest("GET", MANAGEMENT), deadline=deadline)
    except WebFailure:
        return None  # the page was answered: only a sign of the gateway is missing


async def local_route(address: PageAddress, environment: Mapping[str, str]) -> GatewayRoute | None:
    """Where a CSP.ini of this machine sends the path; None if there is none or several, or it cannot be read."""
    if address.web is None or not address.web.local:
        return None
    files = await asyncio.to_thread(found, candidates(environment, ()))
    if len(files) != 1:
        return None
    try:
        gateway = read(files[0])
    except Refusal:
        return None  # /gateway says why
    return route_in(gateway.ini, str(files[0]), address.path)


def route_in(ini: CspIni, file: str, path: str) -> GatewayRoute:
    """Where the file sends a path: the longest of its paths that begins it, letter case included.

    (facts: iris-webapps-gateway 4.1, 5.2)
    """
    system, states = ini.section(SYSTEM), ini.section("APP_PATH_INDEX")
    fitting = [each for each in ini.paths if path == each or path.startswith(each.rstrip("/") + "/")]
    best = max(fitting, key=len, default="/")
    server = ini.section(PATH + best).get("Default_Server") or system.get("Default_Server") or "LOCAL"
    section = ini.section(server)
    port = section.get("TCP_Port", "")
    return GatewayRoute(
        file,
        best,
        states.get(best, "Enabled").casefold() != "disabled",
        server,
        ini.section("SYSTEM_INDEX").get(server, "Enabled").casefold() != "disabled",
        int(port) if port.isascii() and port.isdigit() and len(port) < 6 else None,
        section.get("Username", ""),
        bool(section.get(PASSWORD)),
        section.get("Connection_Security_Level", "") in ("4", "10"),
        system.get("SM_Forms", "Enabled").casefold() != "disabled",
        system.get("READONLY", "0") not in ("", "0"),
    )
