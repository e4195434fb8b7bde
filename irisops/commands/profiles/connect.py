"""/connect and /disconnect."""

from __future__ import annotations

from irisops.commands.license.locked import locked_out, looks_full
from irisops.commands.profiles.expired_password import refused
from irisops.contract.chat import Command
from irisops.contract.nearest import nearest
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Done, Progress
from irisops.contract.wording import harmless
from irisops.engine.context import Context
from irisops.engine.dispatch import problem_of
from irisops.engine.spec import Replies
from irisops.instance.errors import LicenseExhausted, PasswordChangeRequired, Unreachable
from irisops.instance.models import SystemInfo
from irisops.profiles.address import AddressError, named, parse_address
from irisops.profiles.model import Profile


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
        if isinstance(problem, Unreachable) and not await looks_full(profile, problem):
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
