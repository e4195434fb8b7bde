"""Help for an account that must change its password first, such as those of a fresh container.

No fact tells of a way for the account to change it through the driver: the login is refused before anything can be
called (facts: iris-license-sessions 7, iris-security 6.5). So another login changes it, or somebody on the host.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from irisops.commands.license.locked import guess
from irisops.connections.connection import web_of
from irisops.contract.quoting import quote
from irisops.contract.replies import Problem
from irisops.contract.wording import harmless
from irisops.engine.code_literals import objectscript
from irisops.engine.context import Context
from irisops.engine.dispatch import problem_of
from irisops.instance.errors import InstanceProblem, PasswordChangeRequired
from irisops.profiles.model import Profile

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_ENGINES = ("docker", "podman")


def refused(context: Context, profile: Profile, problem: InstanceProblem, text: str = "") -> Problem:
    """The reply for a refused login; `text` is the typed line."""
    reply = problem_of(problem, text)
    if isinstance(problem, PasswordChangeRequired):
        reply.suggestions = _through_another(context, profile)
        offered = ["Change it from here, through another login to the same instance, as below."]
        reply.cure = " ".join([*(offered if reply.suggestions else ()), *_by_hand(profile)])
    return reply


def _through_another(context: Context, profile: Profile) -> Sequence[str]:
    """Commands that change it through another login, an open one if possible."""
    others = [each for each in context.hub.profiles() if _other_login(each, profile)]
    for other in others:
        link = context.hub.links.get(other.name.casefold())
        if link is not None and link.connected and link.connection.capabilities.available("users.edit")[0]:
            return [f"/on {quote(other.name)} /password {quote(profile.user)}"]
    if not others:
        return []
    name = quote(others[0].name)
    return [f"/connect {name}", f"/on {name} /password {quote(profile.user)}"]


def _other_login(other: Profile, profile: Profile) -> bool:
    """True for a writable profile of another account of the same instance."""
    hosts = {each.host.casefold() for each in (other, profile)}
    same = other.port == profile.port and (len(hosts) == 1 or hosts <= _HERE)
    return same and not other.read_only and other.user.casefold() != profile.user.casefold()


def _by_hand(profile: Profile) -> Sequence[str]:
    """The command for the kind of host, with an explanation; the portal if its address is known."""
    inside = f"##class(Security.Users).UnExpireUserPasswords({objectscript(profile.user)})"
    kind = guess(profile)
    if kind == "container":
        engine, _, container = profile.name.partition(":")
        engine = engine.casefold() if engine.casefold() in _ENGINES else _ENGINES[0]
        where, line = "On the host", f"{engine} exec {container or 'CONTAINER'} iris session IRIS"
    elif kind == "Windows":
        where, line = "In the Terminal of the IRIS launcher, in namespace %SYS", ""
    elif profile.host.casefold() in _HERE:
        where, line = "On this machine", "iris session INSTANCE"
    else:
        where, line = f"On {harmless(profile.host, 80)}", "iris session INSTANCE"
    command = f"{line} -U %SYS {shlex.quote(inside)}" if line else f"write {inside}"
    said = [f"{where}: {command} (the account then keeps the password that it has)."]
    web = web_of(profile)
    if web is not None:
        page = web.page("/csp/sys/UtilHome.csp")
        said.append(f"Or log in to {page} as {harmless(profile.user, 60)}: the portal asks for a new one.")
    return said
