"""/discover and /profile adopt: find local instances and make profiles of them."""

from __future__ import annotations

from dataclasses import replace

from irisops.commands.profiles.profiles import refuse_broken_file
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Cell, Column, Done, Progress, Refusal, Table
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.profiles.discovery.found import Found
from irisops.profiles.model import DEFAULT_USER, Profile, ProfileInvalidError
from irisops.profiles.programs import ProgramError
from irisops.profiles.store import ProfileExistsError

NOTHING = (
    "Nothing was found on this machine: no installed instance, no container, no VS Code setting, no IRIS_ variable, "
    "no standard port."
)
NOTHING_READ = "No instance was found on this machine."
"""Said if a source could not be read: it may hold an instance."""
ELSEWHERE = "For an instance elsewhere, /profile add opens a form. To try irisops without one: irisops demo"


async def discover(context: Context, _command: Command) -> Replies:
    """List possible instances; Enter on a row makes a profile and connects."""
    yield Progress("discover", "Looking for instances on this machine …")
    seen = await context.discoverer.look()
    rows: list[dict[str, Cell]] = []
    offer = ""
    for each in seen.found:
        known = known_as(context, each)
        rows.append(
            {
                "name": each.name,
                "source": each.source,
                "address": each.address,
                "user": each.user,
                "state": f"profile {known.name}" if known else _state(each),
                "password": each.password.where if each.password else "",
                "about": each.about,
            }
        )
        if not offer and not known and not each.problem and not each.aside:
            offer = f"/profile adopt {quote(each.name)}"
    notes = list(seen.troubles)
    if offer:
        notes.append(
            "Enter makes one a profile and connects. A password found there is used only if you add password=yes "
            "(p on a row)."
        )
    if not rows:
        notes = [" ".join([NOTHING_READ if seen.troubles else NOTHING, *seen.troubles]), ELSEWHERE]
        offer = "/profile add"
    yield Table(
        name="discovered",
        title="Found on this machine",
        columns=[
            Column("name", "NAME"),
            Column("address", "ADDRESS"),
            Column("source", "FOUND BY"),
            Column("state", "STATE", grow=True),
            Column("user", "USER", hide_under=100),
            Column("password", "PASSWORD IN", hide_under=120),
            Column("about", "ABOUT", hide_under=140),
        ],
        rows=rows,
        key="name",
        notes=notes,
        actions=[
            ("enter", "make it a profile", "/profile adopt {name}"),
            ("p", "with the password found there", "/profile adopt {name} password=yes"),
        ],
        offer=offer,
    )


def _state(found: Found) -> str:
    if found.problem:
        return found.problem
    assumed = f"{found.port} assumed" if found.port_assumed else ""
    return ", ".join(each for each in (found.state or "perhaps", assumed) if each)


def known_as(context: Context, found: Found) -> Profile | None:
    """An existing profile for the same instance, and the same user if the source names one."""
    for profile in context.hub.profiles():
        other_user = found.user and found.user.casefold() != profile.user.casefold()
        if not found.problem and not other_user and found.goes_to(profile):
            return profile
    return None


async def adopt(context: Context, command: Command) -> Replies:
    """Make a profile of a found instance and connect."""
    refuse_broken_file(context)
    found = await context.discoverer.find(str(command.args["found"]))
    if found.problem:
        raise Refusal("NotReady", found.problem, found.cure)
    profile = known_as(context, found)
    password = None
    if command.args.get("password") == "yes":
        rivals = context.discoverer.rivals(found)
        if rivals:
            raise Refusal(
                "PortAssumed",
                f"Port {found.port} is only assumed for {found.name}, and {listed(rivals)} may be there as well: "
                "the password could go to the wrong instance.",
                f"/profile adopt {quote(found.name)} takes it without the password; then set its port.",
            )
        password = await _password(found)
        if profile is not None and profile.user.casefold() != (found.user or DEFAULT_USER).casefold():
            profile = None  # another account's password would count as a failed login
    if profile is None:
        profile = _add(context, found, str(command.args.get("name", "")))
        details = [harmless(f"{profile.user} on {profile.address}, found by {found.source}")]
        if not found.user:
            details.append(
                f"The source names no user: {profile.user} is assumed; /profile edit {profile.name} user="
            )
        if found.port_assumed:
            details.append(
                f"The source names no superserver port: {profile.port} is assumed; /profile edit {profile.name} port="
            )
        yield Done("profile", f"Profile {profile.name} is added.", details=details)
    if password is not None:
        # The person asked for it, so it takes precedence over a kept one.
        await context.hub.connect(profile, password, keep=True)
    async for reply in context.rerun(
        Command("connect", {"profile": profile.name}, f"/connect {quote(profile.name)}")
    ):
        yield reply


def _add(context: Context, found: Found, name: str) -> Profile:
    try:
        profile = found.profile()
        if name:
            profile = replace(profile, name=name)
        context.hub.store.add(profile)
    except ProfileInvalidError as error:
        raise Refusal("ProfileInvalid", str(error), "Type it instead: /profile add.") from None
    except ProfileExistsError:
        raise Refusal(
            "ProfileExists",
            f"There is a profile {name or found.name} already, for another address or user.",
            f"Give this one another name: /profile adopt {quote(found.name)} name=NEW",
        ) from None
    context.hub.reload()
    return profile


async def _password(found: Found) -> str:
    """The stored password that the person asked to use. Raises `Refusal` if it is missing."""
    cure = f"/profile adopt {quote(found.name)} asks for it."
    if found.password is None:
        raise Refusal("NoPasswordFound", f"No password is stored where {found.name} was found.", cure)
    try:
        password = await found.password.read()
    except ProgramError as error:
        raise Refusal(
            "NoPasswordFound", f"{found.password.where} cannot be read: it {error}.", cure
        ) from None
    if not password:
        raise Refusal("NoPasswordFound", f"There is no {found.password.where}.", cure)
    return password
