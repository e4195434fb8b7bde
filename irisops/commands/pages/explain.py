"""/explain with an address: the way of a request, stage by stage, up to the first that is broken, and its cure."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from irisops.commands.access.names import user_named
from irisops.commands.pages.address import PageAddress, page_address
from irisops.commands.pages.gateway_stages import CONNECT, NOBODY
from irisops.commands.pages.known import ANONYMOUS, Known, Stage
from irisops.commands.pages.probe import ask_web, local_route
from irisops.commands.pages.stages import stages
from irisops.connections.connection import Link, Watched, web_of
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Column, Progress, Refusal, Table
from irisops.contract.wording import harmless
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.operations.log import log_since, log_size
from irisops.instance.security.audit import AuditRecord, list_denials
from irisops.instance.security.denials import application_of, causes_of
from irisops.instance.security.lists import list_applications
from irisops.instance.security.request_facts import (
    GATEWAY_USER,
    RequestFacts,
    read_request_facts,
)

RECORDS = 50
"""Refusals that are read, newest first."""
READ_AGAIN = 20.0
"""Seconds after which a watch reads the instance again: each refresh between costs the audit log alone."""
FORGOTTEN = 60.0
"""Seconds without a refresh after which a watch begins anew."""
STATES = {True: "✓", False: "✗", None: "?"}

_FIELDS: cards.Fields[Stage] = (
    (Column("state", "", tones={"✓": "good", "✗": "bad", "?": "warn"}), lambda each: STATES[each.right]),
    (Column("what", "STAGE", wrap=2), lambda each: each.what),
    (Column("found", "FOUND", grow=True, wrap=4), lambda each: each.found),
    (Column("cure", "CURE", hide_under=110, wrap=3), lambda each: each.cure),
    (Column("stage", "KEY", hide_under=1000), lambda each: each.key),
)


@dataclass(frozen=True, slots=True)
class _Before:
    """What the instance had written before the page was asked for."""

    newest: int
    log: int | None


async def explain(context: Context, command: Command) -> Replies:
    """Ask for the page once, and walk the stages. Raises `Refusal` or a named problem."""
    link = _link(context)
    address = await _address(link, command, _refused(context))
    facts, unread = await _facts(link, address, command)
    user = _user(facts, command)
    before = await _mark(link, facts) if address.web is not None else None
    yield Progress(command.name, f"Asking for {harmless(address.path, 80)} …")
    web, route = await asyncio.gather(ask_web(address), local_route(address, context.environment))
    since = await _since(link, before)
    log = await _log(link, facts, before)
    known = replace(
        _known(context, link, address, user),
        web=web,
        route=route,
        facts=facts,
        unread=unread,
        refusals=_refusals([each for each in since if _concerns(each, user, link, facts)], facts),
        log=log,
    )
    yield _table(known, link, live=False)


async def watch(context: Context, command: Command) -> Replies:
    """The stages without asking for the page: somebody clicks, and what is refused since appears."""
    link = context.link()
    address = await _address(link, command)
    records = await _since(link, None)
    seen = await _watched(link, address, command, max((each.index or 0 for each in records), default=0))
    user = _user(seen.facts, command)
    own = link.connection.info.pid if link.connection.info is not None else None
    since = [each for each in records if (each.index or 0) > seen.newest and (own is None or each.pid != own)]
    known = replace(_known(context, link, address, user), facts=seen.facts)
    yield _table(replace(known, refusals=_refusals(since, seen.facts)), link, live=True)


async def _watched(link: Link, address: PageAddress, command: Command, newest: int) -> Watched:
    """The watch of this page: begun now, or going on, with the instance read again after a while."""
    now, seen, what = link.clock.monotonic(), link.watched, command.slash
    if seen is None or seen.what != what or now - seen.asked_at > FORGOTTEN:
        seen = link.watched = Watched(what, await _read(link, address, command), newest, now, now)
    elif now - seen.read_at > READ_AGAIN:
        seen.facts = await _read(link, address, command)
        seen.read_at = now
    seen.asked_at = now
    return seen


def _link(context: Context) -> Link | None:
    """The active link, if it is connected: the web server can be asked without one."""
    active = context.hub.active
    return active if active is not None and active.connected else None


def _refused(context: Context) -> Link | None:
    """The active link, if its last login was refused."""
    active = context.hub.active
    return active if active is not None and active.connection.state.name == "refused" else None


async def _address(link: Link | None, command: Command, refused: Link | None = None) -> PageAddress:
    """The page that is meant. Raises `Refusal`."""
    text = str(command.args.get("address", ""))
    of = link or refused
    own = web_of(of.profile) if of is not None else None
    if text:
        if of is None and text.startswith("/"):
            raise Refusal(
                "NotConnected",
                "A path needs an instance: nothing is connected.",
                "/connect, or give the whole address.",
            )
        return page_address(text, own)
    names: Sequence[str] = ()
    if link is not None:
        names = link.names.applications or [each.name for each in await list_applications(link.connection)]
    raise Refusal(
        "WhichPage",
        "Which page? It is explained by its address.",
        "For example /explain http://localhost:52773/csp/user/x.cls or /explain /csp/user",
        suggestions=[f"/explain {quote(each)}" for each in names[:3]],
    )


async def _facts(
    link: Link | None, address: PageAddress, command: Command
) -> tuple[RequestFacts | None, str]:
    """What the instance knows; None with the reason if it cannot be read. Raises Unreachable."""
    if link is None:
        return None, "nothing is connected"
    try:
        return await _read(link, address, command), ""
    except Unreachable:
        raise
    except InstanceProblem as problem:
        return None, problem.message.rstrip(".")


async def _read(link: Link, address: PageAddress, command: Command) -> RequestFacts:
    """What the instance knows. Raises a named problem."""
    info = link.connection.info
    own_name = (info.instance_name or "") if info else ""
    user = str(command.args.get("user", ""))
    facts = await read_request_facts(link.connection, address.path, own_name, link.profile.namespace, user)
    link.names.remember(facts.access)
    return facts


def _user(facts: RequestFacts | None, command: Command) -> str:
    """The user asked for, as the instance spells it; "" for none. Raises `Refusal`."""
    name = str(command.args.get("user", ""))
    if not name or facts is None:
        return name
    path = quote(str(command.args.get("address", "")))
    return user_named(facts.access, name, lambda each: f"/explain {path} as {each}").name


async def _mark(link: Link | None, facts: RequestFacts | None) -> _Before | None:
    """Where the audit log and messages.log end now; None if the audit log cannot be read."""
    if link is None or facts is None or facts.application is None:
        return None
    try:
        records, _ = await list_denials(link.connection, 1)
    except Unreachable:
        raise
    except InstanceProblem:
        return None
    size = None
    if facts.manager_directory:
        try:
            size = await log_size(link.connection, facts.manager_directory)
        except Unreachable:
            raise
        except InstanceProblem:
            size = None
    return _Before(max((each.index or 0 for each in records), default=0), size)


async def _since(link: Link | None, before: _Before | None) -> list[AuditRecord]:
    """The refusals since then; without a mark the newest."""
    if link is None:
        return []
    try:
        records, _ = await list_denials(link.connection, RECORDS)
    except Unreachable:
        raise
    except InstanceProblem:
        return []
    return [each for each in records if before is None or (each.index or 0) > before.newest]


async def _log(link: Link | None, facts: RequestFacts | None, before: _Before | None) -> str:
    if link is None or facts is None or before is None or before.log is None:
        return ""
    try:
        return await log_since(link.connection, facts.manager_directory, before.log)
    except Unreachable:
        raise
    except InstanceProblem:
        return ""


def _concerns(record: AuditRecord, user: str, link: Link | None, facts: RequestFacts | None) -> bool:
    """True if a refusal may come of the request that was just made: others go on working meanwhile, and so do we."""
    info = link.connection.info if link is not None else None
    if info is not None and info.pid is not None and record.pid == info.pid:
        return False
    name = facts.application.name if facts is not None and facts.application is not None else ""
    if name and application_of(record).rstrip("/").casefold() == name.rstrip("/").casefold():
        return True
    # Not the account of this tool, unless it is the one asked about: its other ways in are refused things as well.
    return record.username.casefold() in {each.casefold() for each in (ANONYMOUS, GATEWAY_USER, user) if each}


def _refusals(records: Sequence[AuditRecord], facts: RequestFacts | None) -> tuple[tuple[str, str], ...]:
    """What was refused, in words, and the line that leads on."""
    return tuple(
        (
            f"{each.event} of {harmless(each.username or 'nobody', 40)}: {harmless(each.missing or each.why, 120)}",
            f"/denied fix {each.id}",
        )
        for each in causes_of(records, facts.access if facts else None)
    )


def _known(context: Context, link: Link | None, address: PageAddress, user: str) -> Known:
    """What is known before anything was read."""
    today = context.clock.now().date()
    if link is None:
        refused = _refused(context)
        if refused is None:
            return Known(address.path, today, user)
        message = refused.connection.state.message
        return Known(address.path, today, user, refused.profile.user, refused=message)
    info, profile = link.connection.info, link.profile
    version = info.version if info is not None else ""
    return Known(address.path, today, user, profile.user, profile.port, bool(profile.sslconfig), version)


def _table(known: Known, link: Link | None, *, live: bool) -> Table:
    found = list(stages(known))
    if live:
        found = [each for each in found if each.key != "web_server"]
    broken = next((each for each in found if each.right is False), None)
    open_ones = [each for each in found if each.right is None]
    notes = []
    if broken is not None:
        notes.append(f"✗ First broken stage: {broken.what}.")
        if broken.words:
            notes.append(broken.words)
        if broken.cure:
            notes.append(f"→ {'Then' if broken.words else 'Cure'}: {harmless(broken.cure, 300)}")
    elif not open_ones:
        notes.append(
            f"Nothing is broken {'on the way' if known.facts is not None else 'before the instance'}."
        )
    if open_ones:
        notes.append(f"{'' if broken else 'Nothing else is broken. '}What has a ? could not be read.")
        notes += [each.words for each in open_ones if each.words]
    if known.facts is None:
        notes += [
            f"The instance could not be asked: {harmless(known.unread, 300)}.",
            *([f"{CONNECT}. {NOBODY}"] if link is None and not known.refused else []),
        ]
    if live:
        notes.append("Click now: what is refused from now on appears here.")
    elif known.web is not None and known.application is not None and broken is None:
        notes.append(f"/app test {quote(known.application.name)} logs in to it as well.")
    read_only = link is not None and link.profile.read_only
    offered = broken is not None and broken.cure and not read_only
    return Table(
        name="explain_page",
        title=f"The way to {harmless(known.path, 100)}"
        + (f" as {harmless(known.user, 60)}" if known.user else ""),
        columns=cards.columns_of(_FIELDS),
        rows=cards.rows_of(_FIELDS, found),
        key="stage",
        notes=[*notes, *(harmless(each, 400) for each in (known.facts.notes if known.facts else ()))],
        actions=[("enter", "mend", "{!cure}")] if offered else [],
        offer=broken.cure if offered and broken is not None and not live else "",
    )
