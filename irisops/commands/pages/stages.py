"""The stages of a request, from the web server to the answer, each judged by what is known. Pure.

(facts: iris-webapps-gateway 4.1)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from irisops.commands.pages.application_stages import APPLICATION
from irisops.commands.pages.gateway_stages import BEFORE, MANAGEMENT
from irisops.commands.pages.known import Known, Stage, bad, good, unknown
from irisops.contract.wording import counted, harmless
from irisops.instance.security.authentication import UNAUTHENTICATED


def stages(known: Known) -> Iterator[Stage]:
    """The stages in order, up to and with the first that is wrong. Those that do not apply are left out."""
    for judge in (
        MANAGEMENT if known.path.casefold().startswith("/csp/bin/") else (*BEFORE, *APPLICATION, *_AFTER)
    ):
        stage = judge(known)
        if stage is None:
            continue
        yield stage
        if stage.right is False:
            return


def _license(known: Known) -> Stage | None:
    free = known.facts.free_units if known.facts and known.application else None
    if free is None:
        return None
    page = known.web.page if known.web else None
    # Without a unit IRIS answers as if there were no page (facts: iris-webapps-gateway 4.1).
    refused = page is None or page.status in (HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
    what = "license"
    if free < 1 and refused:
        words = "End what holds one: /license shows who, /free what can be ended."
        return bad(
            "license", what, "no unit is free: IRIS answers as if there were no page", "/license", words
        )
    # The counter of a Community Edition may say more than is free (facts: iris-license-sessions 2.6).
    count = f"{counted(free, 'unit')} free, by the instance's own counter"
    return good("license", what, count if free > 0 else "no unit is free, but the page came")


def _answer(known: Known) -> Stage | None:
    page = known.web.page if known.web else None
    if page is None or known.application is None:
        return None
    what, seen = "answer", f"HTTP {page.status}"
    login = not (known.bits or 0) & UNAUTHENTICATED
    root = not known.path.casefold().rstrip("/").removeprefix(known.application.name.casefold().rstrip("/"))
    if page.status == HTTPStatus.UNAUTHORIZED or b"IRISPassword" in page.body:
        if login or known.bits is None:
            return good("answer", what, f"{seen}: it asks for a login")
        words = "/denied shows what the audit log says of it."
        return bad("answer", what, f"{seen}, although it takes visitors without a login", words=words)
    if page.status < HTTPStatus.BAD_REQUEST:
        return good("answer", what, seen)
    if page.status == HTTPStatus.NOT_FOUND and root:
        return unknown("answer", what, f"{seen} at its own address: give that of a page", words="")
    told, words = _ERRORS.get(
        page.status, (f"{seen}: an answer of its code", "messages.log and ^%ISCLOG tell more.")
    )
    return bad("answer", what, told, words=words)


_ERRORS: Mapping[int, tuple[str, str]] = {
    403: (
        "HTTP 403, although nothing of the above forbids it",
        "/denied shows what the audit log says of it.",
    ),
    404: (
        "HTTP 404: the application has no such page, file or route",
        "The address, letter case included; of a REST class its UrlMap.",
    ),
    405: (
        "HTTP 405: the route is there for another method than GET",
        "The UrlMap of the class names its methods.",
    ),
    500: (
        "HTTP 500: its code fails",
        "Compile the class anew if IRIS or its container was replaced; messages.log and ^%ISCLOG tell more.",
    ),
    503: ("HTTP 503: unavailable", "/license shows whether a unit is free."),
}
"""(facts: iris-webapps-gateway 4.1)"""


def _log(known: Known) -> Stage | None:
    if known.facts is None:
        return None
    what = "refusals"
    if known.refusals:
        found, line = known.refusals[0]
        return bad("log", what, found, line)
    errors = [line for line in known.log.splitlines() if re.search(r"\(\d+\) [23] ", line)]
    if errors:
        return bad("log", what, f"messages.log: {harmless(errors[-1], 160)}", words="The code that wrote it.")
    return good("log", what, "none since, by the audit log")


_AFTER = (_license, _answer, _log)
