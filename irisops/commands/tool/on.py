"""/on: a command on other instances, side by side; /dashboard: all instances at a glance."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from irisops.commands.profiles.connect import find_profile
from irisops.commands.profiles.profiles import STATE_TONES, STATES
from irisops.connections.connection import Link
from irisops.contract.chat import Command, ProfileState
from irisops.contract.replies import Cell, Column, Problem, Refusal, Reply, Table
from irisops.engine import cards, dispatch
from irisops.engine.context import Context
from irisops.engine.dispatch import problem_of
from irisops.engine.side_by_side import named, side_by_side
from irisops.engine.spec import Replies
from irisops.instance.errors import InstanceProblem
from irisops.profiles.model import Profile

ALL = "all"
GROUPS = ("instance", "license", "access")
"""Groups of commands that /on can run. Sharing has its own files and processes, and uses the active instance."""


async def on(context: Context, command: Command) -> Replies:
    """Run a line on the named profiles, connecting them if needed. The active profile stays active."""
    line = str(command.args["line"])
    inner = context.parse(line)
    if isinstance(inner, Problem):
        yield inner
        return
    spec = context.registry.get(inner.name)
    if spec is None or spec.group not in GROUPS:
        raise Refusal(
            "NotOnOne",
            f"/{inner.name} is not a command for one instance.",
            f"Give it by itself: {inner.slash}. /on is for those about licenses, sessions, users and the like.",
        )
    profiles = targets(context, str(command.args["where"]))
    if len(profiles) == 1:
        link = await connected(context, profiles[0])
        active = context.hub.active is link
        async with contextlib.aclosing(dispatch.run(dispatch.on(context, link), inner)) as replies:
            async for reply in replies:
                yield reply if active else named(reply, link.name)
        return
    if inner.changes:
        raise Refusal(
            "OneAtATime",
            "A change is made on one instance at a time, each after its own plan.",
            f"Give it for each: /on {profiles[0].name} {line}",
        )
    answers = await asyncio.gather(*(_answers(context, profile, inner) for profile in profiles))
    for reply in side_by_side(list(zip([profile.name for profile in profiles], answers, strict=True))):
        yield reply


def targets(context: Context, where: str) -> list[Profile]:
    """Profiles by names with commas; `all` means those in use, else every profile. Raises `Refusal`."""
    hub = context.hub
    if where.casefold() == ALL and hub.find(ALL) is None:
        found = [link.profile for link in hub.in_use()] or hub.profiles()
        if not found:
            raise Refusal(
                "NoProfile", "There is no profile yet.", "/discover finds instances; /profile add makes one."
            )
        return found
    names = [name for name in where.split(",") if name]
    found = []
    for name in names:
        profile = find_profile(context, name)
        if profile not in found:
            found.append(profile)
    if not found:
        raise Refusal("NoSuchProfile", "No profile is named.", "/profiles lists them.")
    return found


async def connected(context: Context, profile: Profile) -> Link:
    """The profile's link, logged in if needed. Raises `InstanceProblem` or `Refusal`."""
    link = context.hub.links.get(profile.name.casefold())
    if link is None or link.connection.state.name in ("off", "refused"):
        await context.hub.connect(profile, activate=False)
        link = context.hub.links[profile.name.casefold()]
    return link


async def _answers(context: Context, profile: Profile, inner: Command) -> list[Reply]:
    """All replies of one instance; its errors are replies as well."""
    replies: list[Reply] = []
    try:
        link = await connected(context, profile)  # a person who types a password is given the time
        async with asyncio.timeout(context.patience):
            async with contextlib.aclosing(dispatch.run(dispatch.on(context, link), inner)) as source:
                async for reply in source:
                    replies.append(reply)  # noqa: PERF401 - what came before the deadline is shown
    except TimeoutError:
        message = f"{profile.name} gave no answer within {context.patience:g} seconds."
        replies.append(Problem("NoAnswer", message, f"Try it alone: /on {profile.name} {inner.slash}"))
    except Refusal as refusal:
        replies.append(refusal.problem())
    except InstanceProblem as problem:
        replies.append(problem_of(problem))
    return replies


def _units(state: ProfileState) -> str:
    if state.in_use is None:
        return ""
    used = f"{state.in_use}{'+' if state.at_least else ''}"
    return used if state.units_limit is None else f"{used}/{state.units_limit}"


def _flags(state: ProfileState) -> Cell:
    flags = (("active", state.active), ("read-only", state.read_only), ("guarded", state.guarded))
    return [word for word, there in flags if there]


_FIELDS: cards.Fields[ProfileState] = (
    (Column("instance", "INSTANCE"), lambda each: each.name),
    (
        Column("state", "STATE", tones=STATE_TONES),
        lambda each: STATES[each.state] + (", stale" if each.stale and each.state == "connected" else ""),
    ),
    (Column("units", "UNITS"), _units),
    (Column("sessions", "SESSIONS", "number"), lambda each: each.sessions),
    (Column("processes", "PROCESSES", "number"), lambda each: each.processes),
    (Column("read_at", "READ AT", "time", hide_under=90), lambda each: each.updated),
    (Column("why", "WHY", grow=True), lambda each: each.message),
    (Column("version", "VERSION", hide_under=110), lambda each: each.version),
    (Column("address", "ADDRESS", hide_under=120), lambda each: each.address),
    (Column("flags", "FLAGS", "list", hide_under=130), _flags),
    (Column("units_used", "USED", "number", hide_under=1000), lambda each: each.units_used),
    (Column("connections", "CONNECTIONS", "number", hide_under=1000), lambda each: each.connections),
    (Column("units_limit", "LIMIT", "number", hide_under=1000), lambda each: each.units_limit),
)


async def dashboard(context: Context, _command: Command) -> Replies:
    """One row per instance in use, from the polled figures; missing ones are read."""
    profiles = targets(context, ALL)
    troubles = await asyncio.gather(*(_fresh(context, profile) for profile in profiles))
    known = {state.name: state for state in context.hub.states()}
    states = [
        known[profile.name]._replace(message=trouble or known[profile.name].message)
        for profile, trouble in zip(profiles, troubles, strict=True)
    ]
    yield Table(
        name="dashboard",
        title="All instances",
        columns=cards.columns_of(_FIELDS),
        rows=cards.rows_of(_FIELDS, states),
        key="instance",
        notes=_unread(context, states),
        actions=[
            ("enter", "switch to it", "/connect {instance}"),
            ("l", "license", "/on {instance} /license"),
            ("s", "sessions", "/on {instance} /sessions"),
        ],
    )


def _unread(context: Context, states: Sequence[ProfileState]) -> list[str]:
    """Why figures of connected instances are empty, or are the least that they can be."""
    links = [context.hub.links.get(state.name.casefold()) for state in states if state.state == "connected"]
    return [
        f"{link.name}: {note}"
        for link in links
        if link is not None and link.counts
        for note in link.counts.notes
    ]


async def _fresh(context: Context, profile: Profile) -> str:
    """Connect and read once if nothing was polled yet; returns why that failed, or ""."""
    try:
        link = await connected(context, profile)
        if link.counts is None and link.connected:
            async with asyncio.timeout(context.patience):
                link.took(await link.read_figures())
    except TimeoutError:
        return f"No answer within {context.patience:g} seconds."
    except (Refusal, InstanceProblem) as problem:
        return problem.message
    return ""
