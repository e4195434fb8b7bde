"""/profile copy and move, /profiles export and import. Passwords are never in a file, so none travels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from irisops.commands.profiles.connect import find_profile
from irisops.commands.profiles.profiles import refuse_broken_file, refuse_temporary
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Change, Done, Plan, Refusal
from irisops.contract.wording import counted, harmless, listed
from irisops.engine.context import Context
from irisops.engine.file_argument import file_of
from irisops.engine.spec import Replies
from irisops.files import refuse_other
from irisops.profiles.model import Profile, ProfileInvalidError
from irisops.profiles.store import ProfileExistsError, ProfileStore


def _file(command: Command, cure: str) -> Path:
    """The named file, whether it exists or not. Raises `Refusal` for anything else than a file."""
    path = file_of(command, cure)
    try:
        refuse_other(path)
    except OSError as error:
        raise Refusal("NoFile", f"{harmless(path)} cannot be used: {error.strerror}.", cure) from error
    return path


async def copy(context: Context, command: Command) -> Replies:
    """Copy a profile; the copy of a temporary one is permanent."""
    refuse_broken_file(context)
    old = find_profile(context, str(command.args["name"]))
    fresh = replace(old, name=str(command.args["new"]))
    try:
        context.hub.store.add(fresh)
    except ProfileInvalidError as error:
        raise Refusal("ProfileInvalid", str(error), "Choose another name.") from None
    context.hub.reload()
    yield Done(
        "profile",
        f"Profile {fresh.name} is a copy of {old.name}.",
        [
            f"/profile edit {quote(fresh.name)} changes it",
            "It logs in with the same password while user and host are the same",
        ],
    )


async def move(context: Context, command: Command) -> Replies:
    """Change the order in which profiles are listed; the first is offered first."""
    refuse_broken_file(context)
    profile = find_profile(context, str(command.args["name"]))
    refuse_temporary(context, profile)
    where = str(command.args["position"])
    count = len(context.hub.loaded.profiles)
    positions = {"first": 1, "top": 1, "last": count, "end": count}
    position = positions.get(where.casefold()) or (int(where) if where.isdecimal() and len(where) < 6 else 0)
    if not 1 <= position <= count:
        raise Refusal(
            "NotUnderstood", f"There is no place {harmless(where, 20)}.", f"Say first, last or 1 to {count}."
        )
    context.hub.store.move(profile.name, position - 1)
    loaded = context.hub.reload()
    yield Done(
        "profile",
        f"Profile {profile.name} is number {position} now.",
        [listed(each.name for each in loaded.profiles)],
    )


async def export(context: Context, command: Command) -> Replies:
    """Write all profiles to a new file for a colleague: no passwords, and no commands that would run there."""
    refuse_broken_file(context)
    path = _file(command, "Name a file that does not exist yet.")
    profiles = [_for_others(profile) for profile in context.hub.loaded.profiles]
    if not profiles:
        raise Refusal("NoProfile", "There is no profile to export.", "/profile add makes one.")
    if path.exists():
        raise Refusal("FileExists", f"{path} exists already.", "Name a file that does not exist yet.")
    store = ProfileStore(path)
    for profile in profiles:
        store.add(profile)
    yield Done(
        "profiles",
        f"{counted(len(profiles), 'profile')} written to {path}.",
        ["Without passwords and password commands", f"There: /profiles import {quote(path.name)}"],
    )


def _for_others(profile: Profile) -> Profile:
    """The profile without its password command, which would run unseen on another machine.

    Nobody else decides that agents may change something there.
    """
    return replace(profile, password_command="", agents="off" if profile.agents == "off" else "read")


async def take_in(context: Context, command: Command) -> Replies:
    """Plan to add the profiles of a file. Existing profiles are kept."""
    refuse_broken_file(context)
    path = _file(command, "Name a file that /profiles export has written.")
    if not path.exists():
        raise Refusal(
            "NoSuchFile",
            f"There is no file {harmless(path)}.",
            "Name a file that /profiles export has written.",
        )
    loaded = ProfileStore(path).load()
    if loaded.problem is not None:
        raise loaded.problem
    taken = {profile.name.casefold() for profile in context.hub.profiles()}
    fresh = [profile for profile in loaded.profiles if profile.name.casefold() not in taken]
    known = [profile.name for profile in loaded.profiles if profile.name.casefold() in taken]
    commands = [profile.name for profile in fresh if profile.password_command]
    warnings = [*loaded.warnings]
    if known:
        warnings.append(f"Left out, because there is one of that name: {listed(known)}.")
    if commands:
        warnings.append(f"Password commands are not taken from others: {listed(commands)}.")
    if not fresh:
        raise Refusal(
            "NothingToImport",
            f"{harmless(path)} holds no profile that is not here already.",
            " ".join(warnings),
        )

    async def carry_out() -> Replies:
        added = []
        for profile in fresh:
            try:
                context.hub.store.add(_for_others(profile))
            except ProfileExistsError:
                continue  # added by another irisops meanwhile: kept
            added.append(profile.name)
        context.hub.reload()
        yield Done(
            "profiles", f"{counted(len(added), 'profile')} added: {listed(added)}.", ["/profiles lists them"]
        )

    yield context.plans.add(
        Plan(
            name="profiles",
            title=f"Add {counted(len(fresh), 'profile')} from {harmless(path.name)}?",
            instance="this computer",
            changes=[
                Change(
                    f"profile {profile.name}",
                    "not there",
                    harmless(f"{profile.user} on {profile.address}"),
                    "made",
                )
                for profile in fresh
            ],
            effects=["No password comes along: each is asked for at its first login."],
            warnings=warnings,
        ),
        carry_out,
    )
