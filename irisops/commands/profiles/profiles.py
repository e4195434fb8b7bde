"""/profiles and /profile add|edit|remove."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import replace

from irisops.commands.profiles.connect import find_profile
from irisops.commands.profiles.specs import OPTIONS
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import (
    Cell,
    Change,
    Column,
    Done,
    Form,
    FormField,
    Plan,
    Problem,
    Refusal,
    Table,
    Tone,
)
from irisops.contract.wording import harmless
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.profiles.model import (
    AGENTS,
    COLOURS,
    DEFAULT_PORT,
    DEFAULT_USER,
    NAMES,
    Profile,
    ProfileInvalidError,
    fit_prefix,
)
from irisops.profiles.secrets import PLACES
from irisops.profiles.store import ProfileExistsError

STATES = {
    "connected": "● connected",
    "connecting": "◐ connecting",
    "lost": "◌ lost",
    "off": "○ off",
    "refused": "✕ refused",
}


STATE_TONES: Mapping[str, Tone] = {
    STATES["connected"]: "good",
    STATES["connecting"]: "warn",
    STATES["lost"]: "bad",
    STATES["refused"]: "bad",
    STATES["off"]: "quiet",
}


async def list_profiles(context: Context, _command: Command) -> Replies:
    """All profiles with their state. The file is read again, so that edits made elsewhere show."""
    loaded = context.hub.reload()
    if loaded.problem is not None:
        yield Problem(
            "ProfilesFile",
            f"The profiles cannot be read. {loaded.problem}.",
            f"{loaded.problem.cure} The file was left untouched.",
        )
    rows: list[dict[str, Cell]] = [
        {
            "name": state.name,
            "state": STATES[state.state],
            "address": state.address,
            "user": state.user,
            "version": state.version,
            "flags": [
                word for word, on in (("read-only", state.read_only), ("guarded", state.guarded)) if on
            ],
            "active": state.active,
            "message": state.message,
        }
        for state in context.hub.states()
    ]
    notes = list(loaded.warnings)
    if not rows:
        notes.append("There is no profile yet: /profile add makes one, irisops demo needs none.")
    yield Table(
        name="profiles",
        title="Profiles",
        columns=[
            Column("name", "NAME"),
            Column("state", "STATE", tones=STATE_TONES),
            Column("address", "ADDRESS", grow=True),
            Column("user", "USER"),
            Column("version", "VERSION", hide_under=100),
            Column("flags", "FLAGS", "list", hide_under=90),
            Column("active", "ACTIVE", "flag", hide_under=110),
            Column("message", "WHY", hide_under=120),
        ],
        rows=rows,
        key="name",
        notes=notes,
        actions=[
            ("enter", "connect", "/connect {name}"),
            ("e", "edit", "/profile edit {name}"),
            ("x", "remove", "/profile remove {name}"),
        ],
    )


async def form_of(
    context: Context, profile: Profile, command: str, title: str, errors: Mapping[str, str] | None = None
) -> Form:
    """The editor of a profile."""
    kept = PLACES[await context.hub.secrets.first_place()].capitalize()
    return Form(
        name="profile",
        title=title,
        fields=[
            FormField("name", "Name", value=profile.name, required=True, help="Your name for it"),
            FormField("host", "Host", value=profile.host, required=True),
            FormField("port", "Superserver port", "number", profile.port, help="1972 by default, not 52773"),
            FormField("namespace", "Namespace", value=profile.namespace, help="%SYS to administer"),
            FormField("user", "User", value=profile.user, required=True),
            FormField("password", "Password", "secret", "", help=f"{kept}; empty: asked for"),
            FormField("colour", "Colour", "choice", profile.colour, ("", *COLOURS)),
            FormField("read_only", "Read-only", "flag", profile.read_only, help="Hides every change"),
            FormField("guarded", "Guarded", "flag", profile.guarded, help="A change asks for its name"),
            FormField(
                "web_port", "Web port", "number", profile.web_port, help="Portal and REST, often 52773"
            ),
            FormField("web_scheme", "Web scheme", "choice", profile.web_scheme, ("http", "https")),
            FormField(
                "path_prefix", "Path prefix", value=profile.path_prefix, help="On the web port, e.g. /iris-a"
            ),
            FormField("sslconfig", "TLS configuration", value=profile.sslconfig, help="In SSLDefs.ini"),
            FormField(
                "poll_interval", "Poll interval", value=profile.poll_interval, help="Seconds; empty: setting"
            ),
            FormField(
                "password_command",
                "Password command",
                value=profile.password_command,
                help="Prints it, e.g. pass show iris/local",
            ),
            FormField("agents", "Agents", "choice", profile.agents, AGENTS, help="May do, by irisops mcp"),
            FormField(
                "agents_names",
                "Names for agents",
                "choice",
                profile.agents_names,
                NAMES,
                help="hidden: pseudonyms",
            ),
        ],
        command=command,
        errors=errors or {},
    )


def apply_values(profile: Profile, values: Mapping[str, Cell | list[str]]) -> Profile:
    """The profile with typed or submitted values. Raises `ProfileInvalidError` on the first wrong field."""
    changed: dict[str, object] = {}
    for field in dataclasses.fields(Profile):
        if field.name not in values:
            continue
        value = values[field.name]
        if field.name in ("read_only", "guarded"):
            changed[field.name] = value in (True, "yes")
        elif field.name in ("port", "web_port", "poll_interval"):
            changed[field.name] = _number(field.name, value)
        elif field.name == "path_prefix":
            changed[field.name] = fit_prefix(str(value if value is not None else ""))
        else:
            changed[field.name] = str(value if value is not None else "").strip()
    fresh = replace(profile, **changed)  # type: ignore[arg-type]  # `check` looks at each
    fresh.check()
    return fresh


def _number(name: str, value: object) -> int | float | None:
    text = str(value if value is not None else "").strip()
    if not text:
        return DEFAULT_PORT if name == "port" else None
    try:
        return float(text) if name == "poll_interval" else int(text)
    except ValueError:
        raise ProfileInvalidError(name, f"The {name.replace('_', ' ')} is a number.") from None


async def add(context: Context, command: Command) -> Replies:
    """Add a profile from options or a submitted form; without either, open the form."""
    refuse_broken_file(context)
    name = str(command.args.get("name", ""))
    given = command.fields or {key: value for key, value in command.args.items() if key in OPTIONS}
    start = Profile(name=name, user="")
    if not command.fields and (not name or not given):
        yield await form_of(
            context,
            replace(start, user=DEFAULT_USER),
            f"/profile add {quote(name)}" if name else "/profile add",
            "Add a profile",
        )
        return
    try:
        profile = apply_values(start, given)
        context.hub.store.add(profile)
    except (ProfileInvalidError, ProfileExistsError) as error:
        yield await _wrong(context, error, start, given, command, title="Add a profile")
        return
    async for reply in _saved(context, profile, command, f"Profile {profile.name} is added."):
        yield reply


async def edit(context: Context, command: Command) -> Replies:
    """Change a profile by options or a submitted form; without either, open the form."""
    refuse_broken_file(context)
    old = find_profile(context, str(command.args["name"]))
    refuse_temporary(context, old)
    given = command.fields or {key: value for key, value in command.args.items() if key in OPTIONS}
    if not given:
        yield await form_of(context, old, f"/profile edit {quote(old.name)}", f"Profile {old.name}")
        return
    try:
        profile = apply_values(old, given)
        context.hub.store.replace(old.name, profile)
    except (ProfileInvalidError, ProfileExistsError) as error:
        yield await _wrong(context, error, old, given, command, title=f"Profile {old.name}")
        return
    context.hub.rename(old.name, profile)
    async for reply in _saved(context, profile, command, f"Profile {profile.name} is saved."):
        yield reply


async def _saved(context: Context, profile: Profile, command: Command, message: str) -> Replies:
    details = [f"Kept in {context.hub.store.path}"]
    password = command.fields.get("password")
    if isinstance(password, str) and password:
        kept = await context.hub.secrets.keep(profile, password)
        why = "" if kept.lasting else f": {kept.reason}"
        details.append(f"The password is kept {kept.where}{why}")
    context.hub.reload()
    login = f"/connect {quote(profile.name)}"
    details.append(f"{login} logs in")
    connected = any(each.name == profile.name for each in context.hub.states() if each.state == "connected")
    yield Done("profile", message, details=details, offer="" if connected else login)


async def _wrong(
    context: Context,
    error: ProfileInvalidError | ProfileExistsError,
    profile: Profile,
    given: Mapping[str, Cell | list[str]],
    command: Command,
    *,
    title: str,
) -> Form | Problem:
    """The form with the error on its field, or a problem for a typed line. The password is not echoed."""
    field = error.field if isinstance(error, ProfileInvalidError) else "name"
    if not command.fields:
        return Problem("ProfileInvalid", str(error), f"Correct {field}= and try again.", text=command.text)
    form = await form_of(context, profile, command.slash, title, {field: str(error)})
    form.fields = [
        each if each.kind == "secret" or each.name not in given else each._replace(value=given[each.name])
        for each in form.fields
    ]
    return form


async def remove(context: Context, command: Command) -> Replies:
    """Plan the removal of a profile. The instance is not touched."""
    refuse_broken_file(context)
    profile = find_profile(context, str(command.args["name"]))
    refuse_temporary(context, profile)
    link = context.hub.links.get(profile.name.casefold())
    if link is not None and link.connected:
        raise Refusal(
            "StillConnected", f"{profile.name} is connected.", f"/disconnect {quote(profile.name)} first."
        )

    async def carry_out() -> Replies:
        context.hub.store.remove(profile.name)
        await context.hub.secrets.forget(profile)
        context.hub.links.pop(profile.name.casefold(), None)
        context.hub.reload()
        yield Done("profile", f"Profile {profile.name} is removed, its password forgotten.")

    yield context.plans.add(
        Plan(
            name="profile",
            title=f"Remove profile {profile.name}?",
            instance="this computer",
            changes=[
                Change(
                    f"profile {profile.name}",
                    harmless(f"{profile.user} on {profile.address}"),
                    "gone",
                    "gone",
                )
            ],
            effects=["The instance itself is not touched.", "Its journal stays, so /history is not lost."],
        ),
        carry_out,
    )


def refuse_temporary(context: Context, profile: Profile) -> None:
    """Raise `Refusal` for a temporary profile, which cannot be changed."""
    if context.hub.temporary(profile.name):
        raise Refusal(
            "TemporaryProfile",
            f"{profile.name} exists for this run alone and is in no file.",
            "/profile add makes one that stays.",
        )


def refuse_broken_file(context: Context) -> None:
    """Raise `ProfilesFileError` for a broken file, which must not be overwritten."""
    loaded = context.hub.reload()
    if loaded.problem is not None:
        raise loaded.problem
