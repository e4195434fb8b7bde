"""What a web server's answer says of the way to the instance: the gateway's own pages, the signs of IRIS. Pure.

Answers are untrusted: only known words and names of cookies are looked for, never shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from irisops.instance.web import WebAnswer

MANAGEMENT = "/csp/bin/Systems/Module.cxw"
"""The management pages; any page of the gateway here proves that it runs (facts: iris-webapps-gateway 4.2)."""
_LOOKED_AT = 200_000
_COOKIES = ("CSPSESSIONID", "CSPWSERVERID", "IRISSessionToken", "CSPBrowserId")
"""Set by IRIS and its gateway alone (facts: iris-webapps-gateway 4.2)."""
_IRIS_404 = "Page Not Found"
"""The reason phrase of IRIS's own 404; a web server's is Not Found (facts: iris-webapps-gateway 4.1)."""
_UNREACHED: dict[str, tuple[str, str]] = {
    "Server Availability Error": (
        "the gateway says Server Availability Error: it gets no connection to IRIS",
        "CSP.log beside the gateway's CSP.ini says why: a wrong address, IRIS not running, or its login refused.",
    ),
    "Server Unavailable": (
        "the gateway says Server Unavailable: the path or the server is switched off in it",
        "In the gateway's management pages, or in CSP.ini: Enabled in [APP_PATH_INDEX] and [SYSTEM_INDEX].",
    ),
    "Server Busy": (
        "the gateway says Server Busy: none of its connections was free in time",
        "Raise Maximum_Server_Connections of the server in CSP.ini, or free license units: /license",
    ),
    "Server Timeout": (
        "the gateway says Server Timeout: IRIS was silent for too long",
        "Raise Server_Response_Timeout in CSP.ini and Timeout of the web server, or make the page faster.",
    ),
}
"""Text of a page of the gateway -> what it means, and the cure (facts: iris-webapps-gateway 4.1)."""
NOT_ALLOWED = "You are not authorized to use this facility"
"""Of the management pages, for an address that is not in System_Manager."""
_OF_GATEWAY = ("Web Gateway", NOT_ALLOWED, *_UNREACHED)
"""UNVERIFIED: that the management pages hold the gateway's name; without it they tell nothing. Settle: curl -i
http://HOST/csp/bin/Systems/Module.cxw from an address that is let in."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One stage judged by answers: `right` None where they do not tell. `cure` is in words, for a person."""

    right: bool | None
    found: str
    cure: str = ""


def from_iris(answer: WebAnswer) -> bool:
    """True if the answer has a sign of IRIS itself."""
    return (
        any(cookie.startswith(_COOKIES) for cookie in answer.cookies)
        or (answer.status == HTTPStatus.NOT_FOUND and answer.reason == _IRIS_404)
        or b"IRISPassword" in answer.body[:_LOOKED_AT]
        or b'"ERROR #' in answer.body[:_LOOKED_AT]
    )


def _words(answer: WebAnswer) -> str:
    return answer.body[:_LOOKED_AT].decode("utf-8", "replace")


def unreached(answer: WebAnswer) -> str:
    """The words by which the gateway says that it did not reach IRIS; "" if it does not say so."""
    text = _words(answer)
    return next((words for words in _UNREACHED if words in text), "")


def judge_gateway(page: WebAnswer, management: WebAnswer | None) -> Judged:
    """Whether a Web Gateway took the request; `management` is the answer at `MANAGEMENT`, if there was one."""
    if from_iris(page) or any(words in _words(page) for words in _OF_GATEWAY):
        return Judged(right=True, found="its answer comes through a Web Gateway")
    if management is not None and any(words in _words(management) for words in _OF_GATEWAY):
        return Judged(right=True, found="its management pages answer")
    return _own_page(page, management)


def _own_page(page: WebAnswer, management: WebAnswer | None) -> Judged:
    """The same for an answer without a sign of a gateway: the web server's own page, or nobody knows whose."""
    seen = f"HTTP {page.status}"
    own = management is None or management.status in (page.status, HTTPStatus.NOT_FOUND)
    if page.status == HTTPStatus.NOT_FOUND and own:
        return Judged(
            right=False,
            found=f"{seen}, the web server's own page: it does not hand this path to the gateway",
            cure="In the web server's configuration: a <Location> of this path with CSP On (Apache), or the wildcard "
            "mapping by module (IIS).",
        )
    if page.status == HTTPStatus.FORBIDDEN and own:
        return Judged(
            right=False,
            found=f"{seen}, the web server's own page: it may not read the gateway's files",
            cure="Owner and mode of the gateway's folder, its SELinux context, and the web server's own error log.",
        )
    if page.status == HTTPStatus.SERVICE_UNAVAILABLE and "The service is unavailable" in _words(page):
        return Judged(
            right=False, found=f"{seen}: the application pool of IIS stopped", cure="Start it in IIS Manager."
        )
    if page.status in (HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT):
        return Judged(
            right=False,
            found=f"{seen}: the web server does not reach what is behind it",
            cure="Its configuration names where; see that this runs.",
        )
    return Judged(right=None, found=f"{seen}, with no sign of who gave it")


def judge_server(page: WebAnswer) -> Judged:
    """Whether the gateway reached IRIS, where `judge_gateway` saw one."""
    words = unreached(page)
    if words:
        found, cure = _UNREACHED[words]
        return Judged(right=False, found=found, cure=cure)
    if from_iris(page):
        return Judged(right=True, found="IRIS itself gave the answer")
    if page.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Judged(right=True, found=f"the gateway passes on HTTP {page.status}")
    return Judged(right=None, found=f"HTTP {page.status}, with no sign of who gave it")
