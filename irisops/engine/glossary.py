"""Terms of the field that people ask about: "what is a license unit"."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """A term, other words for it, and the lines that show more."""

    name: str
    text: str
    also: tuple[str, ...] = ()
    see: tuple[str, ...] = ()


TERMS = (
    # (facts: license-sessions 2.1, 2.2)
    Term(
        "license unit",
        "One of the places that the license key sells. All processes from one address (or of one user at one "
        "address) share a unit, up to 25 connections; with one more, each connection costs a unit of its own. A "
        "web session without a login takes a unit alone.",
        ("unit", "license", "seat", "slot", "lu", "license slot", "license seat"),
        ("/license", "/license why"),
    ),
    # (facts: license-sessions 2.1)
    Term(
        "holder",
        "Whom a license unit is counted for: an address, a user at an address, or a web session without a login.",
        ("license holder", "license user"),
        ("/license",),
    ),
    # (facts: license-sessions 2.3)
    Term(
        "grace period",
        "After a web session that visited a single page, its license unit stays reserved for up to ten minutes.",
        ("grace",),
        ("/license",),
    ),
    # (facts: license-sessions 2.3)
    Term(
        "web session",
        "What the server keeps for a browser or a REST client. It ends after its timeout (15 minutes, if nothing "
        "else is set), by a logout, or when an administrator ends it. Closing the browser ends nothing.",
        ("session", "csp session", "browser session"),
        ("/sessions", "/sessions end WHICH"),
    ),
    # (facts: license-sessions 2.3)
    Term(
        "session timeout",
        "Idle time after which a web session ends, set per web application. The first application that a session "
        "enters decides for the whole session.",
        ("timeout",),
        ("/apps", "/license timeout APPLICATION SECONDS"),
    ),
    # (facts: license-sessions 3.1, iris-webapps-gateway 5.1)
    Term(
        "csp",
        "The name of InterSystems' web pages, and of what serves them: a CSP session is a web session, a CSP "
        "application a web application, and CSP.ini the file of the Web Gateway.",
        ("csp page", "csp application"),
        ("/apps", "/sessions"),
    ),
    # (facts: license-sessions 7.4, 9, iris-security 3.3)
    Term(
        "superserver",
        "The port of IRIS for programs: JDBC, ODBC, Python and this tool connect to it, at 1972 if nothing else "
        "is set. The service %Service_Bindings decides who may.",
        ("super server", "port 1972"),
        ("/service %Service_Bindings", "/share superserver"),
    ),
    # (facts: iris-webapps-gateway 5.1, 5.2, iris-security 2.6)
    Term(
        "web gateway",
        "The program between the web server and IRIS. Its file is CSP.ini; it logs in to IRIS as CSPSystem.",
        ("gateway", "csp gateway"),
        ("/gateway",),
    ),
    # (facts: license-sessions 2.6)
    Term(
        "community edition",
        "The free edition of IRIS. Its key allows eight connections, and each connection counts.",
        ("iris community", "community license"),
        ("/license", "/status"),
    ),
    # (facts: license-sessions 5.2)
    Term(
        "namespace",
        "A name under which a program finds its data and its code; behind it are one or more databases. %SYS is "
        "the one for administration.",
        (),
        ("/status",),
    ),
    # (facts: iris-security 3.2)
    Term(
        "resource",
        "What can be protected: a database (%DB_USER), a service, a part of the administration (%Admin_Manage) or "
        "something of your own. Roles hold permissions on it; its public permission is what everybody has.",
        ("public permission",),
        ("/resources", "/who-can RESOURCE"),
    ),
    # (facts: iris-security 3.2)
    Term(
        "privilege",
        "A permission on a resource: R to read, W to write, U to use it. Users get privileges through their "
        "roles.",
        ("permission",),
        ("/roles", "/explain USER"),
    ),
    # (facts: iris-security 3.1)
    Term(
        "role",
        "A named set of privileges that is granted to users. A role may be granted to another role, too.",
        (),
        ("/roles", "/grant ROLE to USER"),
    ),
    # (facts: iris-security 2.6, 3.1)
    Term(
        "%all",
        "The role that may do everything. SuperUser and _SYSTEM have it from the start.",
        ("superuser",),
        ("/users role=%All",),
    ),
    # (facts: iris-security 2.6)
    Term(
        "unknownuser",
        "The user that somebody is who did not log in. What its roles allow is open to everybody.",
        ("unknown user", "anonymous user"),
        ("/explain UnknownUser",),
    ),
    # (facts: iris-security 3.3)
    Term(
        "service",
        "A way into IRIS, such as %Service_Bindings for programs and %Service_WebGateway for browsers: on or off, "
        "with its methods of login and the addresses that it allows.",
        ("iris service",),
        ("/services",),
    ),
    # (facts: license-sessions 4.1)
    Term(
        "process",
        "A running job of the instance, with its number (pid), user, namespace and routine.",
        ("pid", "job"),
        ("/processes",),
    ),
    # (facts: iris-security 3.7)
    Term(
        "audit log",
        "The record of logins, changes and refusals that IRIS keeps, if auditing is on.",
        ("audit", "auditing"),
        ("/denied", "/denied enable"),
    ),
    Term(
        "pass",
        "The account that a share makes for one teammate, with a password of its own. It is deleted when the "
        "share ends.",
        ("guest", "guest pass"),
        ("/tunnels", "/kick"),
    ),
    Term(
        "lease",
        "The note of what a share has made, kept on this machine until it is taken back, also after a crash.",
        ("leases",),
        ("/leases",),
    ),
)

_MEANING = re.compile(
    r"(?:what (?:does|do|is|are)|whats|what's|explain|define|tell me|meaning of|definition of).*?"
    r"\b(?:the )?(?:term|word|expression|abbreviation|acronym)s? [\"']?(?P<said>[\w%][\w% -]*?)[\"']?"
    r"(?: (?:mean|means|stand for|stands for|here|to me|for me|please))*"
    r"|(?:the )?(?:term|word|expression) [\"']?(?P<first>[\w%][\w% -]*?)[\"']?\s*[,:-].*"
    r"|(?:.*\b)?what (?:does|do|is) [\"']?(?P<meant>[\w%][\w% -]*?)[\"']? (?:mean|means|stand for|meant by)\b.*"
    r"|(?:.*\b)?what [\"']?(?P<that>[\w%][\w% -]*?)[\"']? (?:means|stands for)\b.*"
    r"|(?:.*\b)?(?:the )?(?:meaning|definition) of (?:the (?:term|word) )?[\"']?(?P<of>[\w%][\w% -]*?)[\"']?"
    r"|what is meant by [\"']?(?P<by>[\w%][\w% -]*?)[\"']?",
    re.IGNORECASE,
)
"""A question for the meaning of a word that need not be a term."""
_ASKS = re.compile(
    r"(?:(?:please|pls|can you|could you|tell me|explain(?: to)? me|i want to know)\s+)*"
    r"(?:what(?:'s| is)|explain|define|describe|(?:what is )?(?:the )?meaning of|what is meant by|"
    r"what (?:does|do)(?=.* (?:mean|means|stand for)\b))\s+"
    r"(?:(?:a|an|the|is|term|word|what)\s+)*(?P<term>[\w%][\w% -]*?)"
    r"(?:\s+(?:mean|means|stand for|stands for|exactly|here|good for|for|in iris|please|pls))*"
    r"(?:\s*,.*\b(?:know|heard|hear|understand|understood|word|new here|beginner)\b.*)?",
    re.IGNORECASE,
)


def term(name: str) -> Term | None:
    """A term by its name, or by another word for it, in the plural too."""
    wanted = " ".join(name.casefold().replace("licence", "license").split())
    forms = {wanted, wanted.removesuffix("s"), wanted.removesuffix("es")}
    return next((each for each in TERMS if forms & {each.name, *each.also}), None)


def word_asked(sentence: str) -> str:
    """The word whose meaning a sentence asks for, whether it is a term or not; "" if it asks for none."""
    found = _MEANING.fullmatch(sentence.strip(" ?!."))
    word = next((each for each in found.groups() if each), "") if found else ""
    return re.sub(r"^(?:(?:a|an|the|it|this|that)\s*\b)+\s*", "", word, flags=re.IGNORECASE).strip("\"' ")


def asked(sentence: str) -> Term | None:
    """The term whose meaning a sentence asks for."""
    found = _ASKS.fullmatch(sentence.strip(" ?!."))
    word = found["term"].strip('"') if found else word_asked(sentence)
    return term(word) if word else None
