"""What is known of a request, and what a stage of its way is. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus

from irisops.contract.quoting import quote
from irisops.contract.wording import harmless
from irisops.instance.models import User
from irisops.instance.security.authentication import UNAUTHENTICATED
from irisops.instance.security.lists import WebApplication
from irisops.instance.security.object_state import login_bits
from irisops.instance.security.request_facts import RequestFacts
from irisops.instance.web import WebAnswer
from irisops.instance.web_answers import unreached

ANONYMOUS = "UnknownUser"
"""Who a visitor without a login is (facts: iris-webapps-gateway 1.3)."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. `right` None where it is not known; `cure` is a line of this tool, `words` are for a person."""

    key: str
    what: str
    right: bool | None
    found: str
    cure: str = ""
    words: str = ""


def good(key: str, what: str, found: str) -> Stage:
    """A stage that is right."""
    return Stage(key, what, right=True, found=found)


def bad(key: str, what: str, found: str, cure: str = "", words: str = "") -> Stage:
    """A stage that is wrong."""
    return Stage(key, what, right=False, found=found, cure=cure, words=words)


def unknown(key: str, what: str, found: str, cure: str = "", words: str = "") -> Stage:
    """A stage of which it is not known."""
    return Stage(key, what, right=None, found=found, cure=cure, words=words)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something wrong, with its cure as in `Stage`."""

    found: str
    cure: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Web:
    """What the web server answered: the page, the gateway's management pages, or why there was no answer."""

    page: WebAnswer | None = None
    management: WebAnswer | None = None
    failure: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True)
class GatewayRoute:
    """Where a CSP.ini of this machine sends the path. `server` is the name of its section."""

    file: str
    path: str
    path_enabled: bool
    server: str
    server_enabled: bool
    port: int | None
    user: str
    sends_password: bool
    tls: bool
    forms: bool = True
    """The management pages are on (SM_Forms)."""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of one request. `path` is without the profile's prefix; `user` "" for what it comes in as."""

    path: str
    today: date
    user: str = ""
    own_user: str = ""
    port: int = 0
    """Of the superserver."""
    tls: bool = False
    """True if this tool reaches the superserver by TLS."""
    version: str = ""
    web: Web | None = None
    route: GatewayRoute | None = None
    facts: RequestFacts | None = None
    unread: str = ""
    """Why there are no facts of the instance."""
    refused: str = ""
    """What the instance said when it refused the last login of this tool; "" if it did not."""
    refusals: tuple[tuple[str, str], ...] = ()
    """What was refused since: the sentence and the line that leads on."""
    log: str = ""
    """What messages.log got since."""

    @property
    def application(self) -> WebApplication | None:
        """The application that serves the path."""
        return self.facts.application if self.facts else None

    @property
    def bits(self) -> int | None:
        """Login methods that application, system and service all allow; None if the application's are not known."""
        facts = self.facts
        if facts is None or facts.settings is None:
            return None
        bits = login_bits(facts.settings)
        if facts.system is not None:
            bits &= facts.system
        return bits & login_bits(facts.service) if facts.service is not None else bits

    @property
    def who(self) -> str:
        """The user whose privileges count: the one asked for, else as whom the request runs first."""
        if self.user:
            return self.user
        open_to_all = bool(self.bits and self.bits & UNAUTHENTICATED)
        return ANONYMOUS if open_to_all else self.own_user

    @property
    def account(self) -> User | None:
        """The account of `who`."""
        users = self.facts.access.users if self.facts else ()
        return next((each for each in users if each.name.casefold() == self.who.casefold()), None)

    @property
    def came(self) -> bool:
        """True if the page came to a visitor without a login."""
        page = self.web.page if self.web else None
        return (
            page is not None
            and page.status < HTTPStatus.MULTIPLE_CHOICES
            and b"IRISPassword" not in page.body
            and not unreached(page)
            and self.who == ANONYMOUS
        )


def standing(user: User, today: date) -> Wrong | None:
    """What keeps an account from logging in."""
    name, quoted = harmless(user.name, 60), quote(user.name)
    if not user.enabled:
        return Wrong(f"{name} is disabled", f"/enable {quoted}")
    if user.expires is not None and user.expires < today and not user.account_never_expires:
        return Wrong(f"{name} expired on {user.expires.isoformat()}", f"/user {quoted} expires=never")
    if user.change_password:
        return Wrong(f"{name} must change its password first", f"/user {quoted} must_change_password=no")
    return None


Judge = Callable[[Known], Stage | None]
"""Judges one stage; None where it does not apply."""
