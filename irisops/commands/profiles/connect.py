"""/connect and /disconnect, and the reply for a refused login."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from irisops.commands.license.locked import guess, locked_out, looks_full
from irisops.connections.connection import web_of
from irisops.contract.chat import Command
from irisops.contract.nearest import nearest
from irisops.contract.quoting import quote
from irisops.contract.replies import Done, Problem, Progress, Refusal
from irisops.contract.wording import harmless
from irisops.engine.code_literals import objectscript
from irisops.engine.context import Context
from irisops.engine.dispatch import problem_of
from irisops.engine.spec import Replies
from irisops.instance.errors import InstanceProblem, LicenseExhausted, PasswordChangeRequired, Unreachable
from irisops.instance.models import SystemInfo
from irisops.profiles.address import AddressError, named, parse_address
from irisops.profiles.model import Profile

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_ENGINES = ("docker", "podman")


def find_profile(context: Context, name: str) -> Profile:
    """A profile by name. Raises `Refusal` with the nearest names."""
    found = context.hub.find(name)
    if found is not None:
        return found
    names = [profile.name for profile in context.hub.profiles()]
    close = nearest(name, names)
    cure = f"Did you mean {', '.join(close)}?" if close else "/profiles lists them; /profile add makes one."
    raise Refusal(
        "NoSuchProfile",
        f"There is no profile {harmless(named(name), 60)}.",
        cure,
        suggestions=[f"/connect {each}" for each in close],
    )


async def connect(context: Context, command: Command) -> Replies:
    """Log in to a profile, or to an address given as iris://user@host:port/NAMESPACE."""
    wanted = str(command.args.get("profile", ""))
    if "://" in wanted:
        try:
            profile = parse_address(wanted)
        except AddressError as error:
            raise Refusal("BadAddress", str(error), "Write it as iris://user@host:1972/NAMESPACE.") from None
        context.hub.add_temporary(profile)
    elif wanted:
        profile = find_profile(context, wanted)
    else:
        profile = _only_profile(context)
    yield Progress("connect", f"Connecting to {profile.name} at {harmless(profile.address)} …")
    try:
        info = await context.hub.connect(profile)
    except PasswordChangeRequired as problem:
        yield refused(context, profile, problem, command.text or command.slash)
        return
    except (LicenseExhausted, Unreachable) as problem:
        if isinstance(problem, Unreachable) and not await looks_full(context, profile, problem):
            raise
        yield problem_of(problem, command.text or command.slash)
        async for reply in locked_out(context, profile, full=isinstance(problem, LicenseExhausted)):
            yield reply
        return
    yield Done("connect", f"Connected to {profile.name}.", details=_greeting(profile, info))


def _only_profile(context: Context) -> Profile:
    """The profile of /connect without a name: the active one, or the only one."""
    if context.hub.active is not None:
        return context.hub.active.profile
    profiles = context.hub.profiles()
    if len(profiles) == 1:
        return profiles[0]
    names = [profile.name for profile in profiles]
    if not names:
        raise Refusal(
            "NoProfile", "There is no profile yet.", "/profile add makes one; irisops demo needs none."
        )
    raise Refusal(
        "WhichProfile",
        "There are several profiles.",
        "Name one of them.",
        suggestions=[f"/connect {name}" for name in names[:3]],
    )


def _greeting(profile: Profile, info: SystemInfo) -> list[str]:
    flags = [word for word, on in (("read-only", profile.read_only), ("guarded", profile.guarded)) if on]
    lines = [f"{info.short} on {harmless(profile.address)} as {harmless(profile.user)}"]
    if info.namespace and info.namespace.casefold() != "%sys":
        lines.append(
            f"Namespace {harmless(info.namespace)}: users and roles can be administered in %SYS only."
        )
    if flags:
        lines.append(f"This profile is {' and '.join(flags)}.")
    return lines


async def disconnect(context: Context, command: Command) -> Replies:
    """Log out of one instance."""
    wanted = str(command.args.get("profile", ""))
    if wanted:
        profile = find_profile(context, wanted)
        link = context.hub.links.get(profile.name.casefold())
    else:
        link = context.hub.active
    if link is None or link.connection.state.name == "off":
        raise Refusal("NotConnected", "That profile is not connected.", "/profiles shows which are.")
    await context.hub.disconnect(link)
    yield Done("disconnect", f"Logged out of {link.name}; its license unit is free again.")


def refused(context: Context, profile: Profile, problem: InstanceProblem, text: str = "") -> Problem:
    """The reply for a refused login; `text` is the typed line. For an expired password it says how to change it.

    The account cannot change it through the driver: the login is refused before anything can be called (facts:
    iris-license-sessions 7, iris-security 6.5). So another login changes it, or somebody on the host.
    """
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
