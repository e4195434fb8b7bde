"""/explain USER WHAT: allowed or not, by which path; if not, offers the smallest change that would allow it.

WHAT is a resource (with or without a permission), a web application, or `sql` and a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from irisops.commands.access import fix as access_fix
from irisops.commands.access.explain_sql import explain_sql
from irisops.commands.access.names import (
    application_named,
    meant,
    permission_of,
    resource_named,
    split_privilege,
    user_named,
)
from irisops.commands.access.privileges import LABELS, paths, privileges_of, standing
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Facts
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.models import User
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.lists import WebApplication
from irisops.instance.security.permissions import Permission, applicable
from irisops.instance.security.smallest_fix import smallest_fix
from irisops.instance.security.whole_applications import read_application


async def explain(context: Context, command: Command) -> Replies:
    """Say whether a user may do something, and why."""
    name = str(command.args["user"])
    if "what" not in command.args:
        access = await read_access(context.link().connection)
        user = user_named(access, name, lambda each: f"/explain {each}")
        yield privileges_of(access, user, context.clock.now().date())
        return
    what = meant(str(command.args["what"]))
    if what.casefold() == "sql" or "object" in command.args:
        async for reply in explain_sql(context, command):
            yield reply
        return
    link = context.link()
    access = await read_access(link.connection)
    user = user_named(access, name, lambda each: f"/explain {each} {quote(what)}")
    link.names.remember(access)
    asked = Asked(context, link, access, user, command)
    async for reply in _application(asked, what) if what.startswith("/") else _resource(asked, command):
        yield reply


@dataclass(frozen=True, slots=True)
class Asked:
    """The question: a user, and the data read to answer."""

    context: Context
    link: Link
    access: Access
    user: User
    command: Command

    @property
    def narrow(self) -> bool:
        """True to propose a role with exactly what is missing, even if an existing role has it."""
        return self.command.args.get("narrow") == "yes"


async def _resource(asked: Asked, command: Command) -> Replies:
    access, user = asked.access, asked.user
    name, wanted = split_privilege(str(command.args["what"]))
    if "access" in command.args:
        wanted = permission_of(str(command.args["access"]))
    written = quote(user.name)
    resource = resource_named(access, name, lambda each: f"/explain {written} {each}")
    application = await _inside(asked, command)
    if application is not None:
        access = access.with_application(application)
    inside = application.name if application else ""
    # With no permission named, all sensible ones are shown and no change is proposed.
    permissions = wanted if wanted is not None else _sensible(access, user, resource)
    told = access.model.check(user.name, resource, permissions, inside)
    held = permissions & ~told.missing
    facts: dict[str, bool | str | None] = {
        "user": user.name,
        "what": f"{told.resource}:{permissions.letters}" if wanted is not None else told.resource,
        "allowed": told.allowed if wanted is not None else bool(held),
        "held": held.letters or "nothing",
        "missing": told.missing.letters or None,
        "application": inside or None,
    }
    notes = standing(user, asked.context.clock.now().date()) + paths(told)
    if wanted is None and told.missing:
        notes.append(
            f"/explain {written} {quote(told.resource)}:{told.missing.letters} offers the smallest change."
        )
    if access.resources and not any(each.name == told.resource for each in access.resources):
        notes.append(f"There is no resource {harmless(told.resource)} any longer: only a role names it.")
    missing = {told.resource: told.missing} if told.missing and wanted is not None else {}
    async for reply in _answer(asked, facts, notes, missing):
        yield reply


def _sensible(access: Access, user: User, resource: str) -> Permission:
    """The permissions that the resource's name suggests, and those that the user has."""
    full = Permission.R | Permission.W | Permission.U
    if access.model.is_superuser(user.name):
        return applicable(resource)
    return applicable(resource) | (full & ~access.model.check(user.name, resource, full).missing)


async def _inside(asked: Asked, command: Command) -> WebApplication | None:
    """The application named by `in=`, with all its fields."""
    name = command.args.get("in")
    if not isinstance(name, str):
        return None
    what, who = quote(str(command.args["what"])), quote(asked.user.name)
    found = application_named(asked.access, name, lambda each: f"/explain {who} {what} in={each}")
    return await read_application(asked.link.connection, found)


@dataclass(frozen=True, slots=True)
class _Need:
    """A privilege needed to enter an application, and why."""

    resource: str
    permission: Permission
    why: str


async def _application(asked: Asked, name: str) -> Replies:
    user = asked.user
    written = quote(user.name)
    found = application_named(asked.access, name, lambda each: f"/explain {written} {each}")
    application = await read_application(asked.link.connection, found)
    access = asked.access.with_application(application)
    notes = standing(user, asked.context.clock.now().date())
    missing: dict[str, Permission] = {}
    if application.resource is None:
        notes.append("Which resource it asks for cannot be read; it is explained as if it asked for none.")
    elif not application.resource:
        notes.append("It asks for no resource: every user who logs in is let in.")
    for need in _needs(access, application):
        # UNVERIFIED: that the resource is asked before the application's roles are added. Settle: an application whose
        # role holds its own resource; open it as a user without. What runs inside has the roles.
        inside = application.name if need.why.startswith("its code") else ""
        told = access.model.check(user.name, need.resource, need.permission, inside)
        state = "held" if told.allowed else "missing"
        notes.append(f"{need.why}: {harmless(need.resource)}:{need.permission.letters}, {state}.")
        notes += paths(told)
        if told.missing:
            missing[need.resource] = missing.get(need.resource, Permission.NONE) | told.missing
    if not application.enabled:
        notes.append("The application is disabled: nobody is let in.")
    if application.unauthenticated:
        notes.append("Visitors without a login are let in as UnknownUser, with the privileges of that user.")
    added = [
        role
        for _, role in access.model.roles_in(access.model.user(user.name), access.model.application(name))
    ]
    extra = added[len(user.roles) :]
    if extra:
        notes.append(f"Inside, {harmless(user.name)} also has: {harmless(', '.join(extra))}.")
    facts: dict[str, bool | str | None] = {
        "user": user.name,
        "what": application.name,
        "allowed": application.enabled and not missing,
        "missing": ", ".join(f"{key}:{value.letters}" for key, value in missing.items()) or None,
        "namespace": application.namespace or None,
    }
    async for reply in _answer(asked, facts, notes, missing):
        yield reply


def _needs(access: Access, application: WebApplication) -> list[_Need]:
    needs = []
    if application.resource:
        needs.append(_Need(application.resource, Permission.U, "It asks for its resource"))
    # UNVERIFIED: that the namespace's database has a resource of the same name; where it has not, nothing is said of
    # it. Settle: compare Config.Namespaces, SYS.Database.ResourceName on an instance with mapped namespaces.
    database = f"%db_{application.namespace}".casefold()
    needs += [
        _Need(resource.name, Permission.R, "its code and data are read")
        for resource in access.resources
        if resource.name.casefold() == database
    ]
    return needs


_VERBS = {"R": "read", "W": "write", "U": "use"}


def _question(user: str, what: str, *, allowed: bool) -> str:
    """`Can reader write %DB_IRISSYS? No`."""
    name, _, letters = what.partition(":")
    usual = "enter" if name.startswith("/") else "use"
    verbs = listed([_VERBS[letter] for letter in letters]) or usual
    return f"Can {harmless(user, 60)} {verbs} {harmless(name, 80)}? {'Yes' if allowed else 'No'}"


async def _answer(
    asked: Asked,
    facts: dict[str, bool | str | None],
    notes: Sequence[str],
    missing: Mapping[str, Permission],
) -> Replies:
    """The facts. If something is `missing` (resource -> permissions), the smallest change is offered, or planned."""
    told, user, access = list(notes), asked.user, asked.access
    fix = None
    if missing:
        found = smallest_fix(access.model, access.model.user(user.name), missing)
        fix = access_fix.chosen(found, missing, narrow=asked.narrow)
        told.append(access_fix.sentence(user, fix, found))
    title = _question(user.name, str(facts["what"]), allowed=bool(facts["allowed"]))
    labels = {key: label for key, label in LABELS.items() if facts.get(key) is not None}
    actions = access_fix.offers(asked.context, asked.link, asked.command) if fix is not None else []
    yield Facts(
        "explain",
        title,
        facts,
        labels=labels,
        notes=[*told, *access.notes],
        actions=actions,
        tones={"allowed": "good" if facts["allowed"] else "bad", "missing": "bad"},
    )
    if fix is not None and access_fix.wanted(asked.command):
        plan = await access_fix.plan_of(asked.context, asked.link, access, user, fix)
        if plan is not None:
            yield plan
