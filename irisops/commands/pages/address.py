"""The address of a page as it is typed: http://host:port/path, or a path on the profile's web port. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from irisops.contract.replies import Refusal
from irisops.contract.wording import harmless
from irisops.instance.web import WebAddress

LONGEST = 2_000
_EXAMPLE = "For example /explain http://localhost:52773/csp/user/x.cls or /explain /csp/user"


@dataclass(frozen=True, slots=True)
class PageAddress:
    """A page. `web` None: the profile names no web port. `path` is without the profile's prefix, decoded."""

    web: WebAddress | None
    path: str
    query: str = ""
    """With its question mark; "" for none."""

    @property
    def parts(self) -> tuple[str, str]:
        """The folder, where the session of a page is ended again, and the page in it, escaped, with the query."""
        folder, _, name = self.path.rpartition("/")
        if name and "." not in name:
            folder, name = self.path, ""  # an application itself, or a route
        else:
            name = f"/{name}"
        return folder, quote(name) + self.query


def page_address(text: str, own: WebAddress | None) -> PageAddress:
    """The address that is meant; `own` is the profile's web port. Raises `Refusal`, which shows no password."""
    if len(text) > LONGEST or not text.isprintable():
        raise _bad("An address has at most 2,000 characters, all printable.")
    if text.startswith("/") and not text.startswith("//"):
        path, mark, query = text.partition("?")
        return PageAddress(own, _without(path, own), f"?{query}" if mark else "")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _bad(
            "The port of an address is a number from 1 to 65535, its host a name or an address."
        ) from None
    if parts.scheme.casefold() not in ("http", "https"):
        raise _bad("An address begins with http://, https:// or /.")
    if "@" in parts.netloc:
        raise _bad("An address with a user or password in it is not asked: leave them out.")
    if not parts.hostname or port == 0 or any(sign in parts.netloc for sign in " \\<>\"'"):
        raise _bad("The address has no host, or none that can be one.")
    tls = parts.scheme.casefold() == "https"
    web = WebAddress(parts.hostname, port or (443 if tls else 80), tls)
    if own is not None and (own.host.casefold(), own.port) == (web.host.casefold(), web.port):
        web = own  # its prefix is known
    path = unquote(parts.path) or "/"
    return PageAddress(web, _without(path, web), f"?{parts.query}" if parts.query else "")


def _without(path: str, web: WebAddress | None) -> str:
    """The path without the prefix of the web port, if it begins with it."""
    prefix = web.prefix if web is not None else ""
    return path[len(prefix) :] if prefix and path.startswith(f"{prefix}/") else path


def _bad(message: str) -> Refusal:
    return Refusal("BadAddress", message, f"{harmless(_EXAMPLE)}")
