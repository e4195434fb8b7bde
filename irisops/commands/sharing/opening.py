"""/share: preflight, plan, and opening with journal, keeper, addresses and a card for each teammate."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from irisops.commands.sharing.plan import (
    WEB_USER,
    Wanted,
    agent_there,
    arguments,
    endpoints,
    examine,
    findings_folded,
    findings_table,
    named_agent,
    plan_of,
    putting_right,
    share_form,
    understand,
    what_of,
    where_of,
    with_application,
)
from irisops.connections.connection import Link
from irisops.connections.open_shares import Looked, OpenShare
from irisops.contract.chat import Command
from irisops.contract.replies import Column, Facts, Plan, Problem, Progress, Refusal, Table
from irisops.contract.wording import counted, harmless, listed
from irisops.engine.context import Context
from irisops.engine.dispatch import problem_of
from irisops.engine.spec import Registry, Replies
from irisops.instance.errors import InstanceProblem
from irisops.journal import Intent, Journal
from irisops.profiles.model import Profile
from irisops.sharing.client import KeeperClient
from irisops.sharing.errors import AuthtokenRefused, CardNeeded
from irisops.sharing.lease import new_id
from irisops.sharing.messages import EndpointSpec, ShareClosed, ShareRequest
from irisops.sharing.preflight import Finding
from irisops.sharing.team_card import QR_TITLE, address_of, card_for, qr_code


async def share(context: Context, command: Command) -> Replies:
    """Check the instance, then plan the tunnels and accounts. `/share help` shows alternatives."""
    what = what_of(command)
    if what in {"help", "other", "else"}:
        active = context.hub.active
        yield other_ways(active.profile if active else Profile("local"))
        return
    link = context.link()
    if link.profile.read_only:
        raise Refusal(
            "ReadOnly",
            f"{link.name} is a read-only profile: nothing is shared through it.",
            f"If it should be: /profile edit {link.name} read_only=no",
        )
    if not what:
        yield share_form(link, arguments(command))
        return
    async for reply in _look(context, command, link, what):
        yield reply


async def _look(
    context: Context, command: Command, link: Link, what: str, again: Looked | None = None
) -> Replies:
    """The preflight, then the plan or the reason for none. `again`: repeated after a cure."""
    desk = context.sharing_desk()
    wanted = understand(context, command, what)
    specs = endpoints(link.profile, wanted)
    wanted = await with_application(link, wanted)
    facts: Iterable[str] = ()
    warnings: Iterable[str] = ()
    async for step in agent_there(desk, command, fetch=again is None):
        if isinstance(step, Progress):
            yield step
        else:
            facts, warnings = await asyncio.to_thread(desk.agents.look_at, step.path)
    yield Progress("share", f"Looking at the instance{' again' if again else ''} …")
    findings, probes = await examine(
        desk,
        link,
        wanted,
        try_passwords=arguments(command).get("probe") != "no",
        known=again.probes if again else (),
    )
    desk.looked = Looked(command, link.name, probes)
    yield findings_table(context, findings, link)
    reds = [finding.title for finding in findings if finding.level == "red"]
    if reds and not desk.settings.loopback:
        if again is None:
            yield Problem(
                "PreflightRed",
                f"Nothing was shared: {counted(len(reds), 'finding is', 'findings are')} red.",
                "Put right what is red above: Enter on its row shows a plan. /share help shows safer ways.",
                text=command.text or command.slash,
                suggestions=[line for finding in findings if (line := putting_right(context, finding))],
            )
        return
    ambers = sum(finding.level == "amber" for finding in findings)
    risks = [f"{counted(ambers, 'finding is', 'findings are')} amber: see above."] if ambers else []
    if wanted.web and link.profile.path_prefix:
        risks.append(
            f"The tunnel carries the whole web server, not {link.profile.path_prefix} alone: "
            "what else it serves is shared as well."
        )
    if reds:  # loopback: nothing leaves this machine
        red = counted(len(reds), "finding is", "findings are")
        risks.insert(0, f"{red} red: a real share would stop here, see above.")
    risks += warnings
    plan = plan_of(link, wanted, specs, risks, loopback=desk.settings.loopback, facts=facts)
    yield context.plans.add(plan, lambda: _carry_out(context, command, link, wanted, specs, findings), link)


async def after(context: Context, command: Command) -> Replies:
    """Carry out a cure of the preflight by its own plan, then check the instance again; without one only check."""
    link = context.link()
    looked = context.sharing_desk().looked
    if "command" not in command.args:
        if looked is None or looked.profile != link.name:
            raise Refusal(
                "NothingFound",
                f"{link.name} was not looked at for a share yet.",
                "/share looks first, and says what has to be put right.",
            )
        async for reply in _look(context, looked.command, link, what_of(looked.command), looked):
            yield reply
        return
    inner = context.parse(str(command.args["command"]))
    if isinstance(inner, Problem):
        yield inner
        return
    async with aclosing(context.rerun(inner)) as replies:
        async for reply in replies:
            if isinstance(reply, Plan) and looked is not None and looked.profile == link.name:
                what = what_of(looked.command)
                context.plans.then(reply.id, partial(_look, context, looked.command, link, what, looked))
            yield reply


async def _carry_out(  # noqa: PLR0917 - what the plan was made of
    context: Context,
    command: Command,
    link: Link,
    wanted: Wanted,
    specs: tuple[EndpointSpec, ...],
    findings: Sequence[Finding],
) -> Replies:
    """Open with journal entries before and after; show the addresses and a card for each teammate."""
    desk = context.sharing_desk()
    token = await desk.token()
    request = ShareRequest(
        id=new_id(),
        where=where_of(link.profile),
        until=wanted.until,
        leases=str(desk.store.folder),
        endpoints=specs,
        people=wanted.people,
        template=wanted.template.name,
        namespace=wanted.namespace,
        agent=named_agent(desk, command),
        password=await _password(context, link.profile) if wanted.people else "",
        token=token,
        deadlines=desk.settings.deadlines,
    )
    journal = context.journal(link.name)
    spec = context.registry.get("share")
    line = spec.slash({**arguments(command)}) if spec else command.slash
    number = journal.intend(_intent(line, link, wanted, request, findings))
    client: KeeperClient | None = None
    try:
        async for step in desk.open(request, outlive=wanted.outlive):
            if isinstance(step, str):
                yield Progress("share", step)
            else:
                client = step
    except InstanceProblem as problem:
        journal.outcome(number, "failed", f"{problem.name}: {problem.message}")
        if isinstance(problem, AuthtokenRefused):
            await desk.forget_token()
        if isinstance(problem, CardNeeded):
            for reply in _without_card(problem, wanted, link.profile, command, context.registry):
                yield reply
            return
        raise
    assert client is not None  # noqa: S101 - open() ends with it
    opened = client.opened
    assert opened is not None  # noqa: S101 - the state says so
    await desk.keep_token(token)
    cards = tuple(
        card_for(
            each,
            opened.endpoints,
            namespace=wanted.namespace,
            until=opened.until.astimezone(),
            template=wanted.template.title,
            share=opened.id,
            prefix=link.profile.path_prefix,
            application=wanted.app,
        )
        for each in opened.passes
    )
    made = OpenShare(
        client=client,
        opened=opened,
        request=replace(request, password="", token=""),
        profile=link.name,
        since=context.clock.now(),
        cards=cards,
        outlive=wanted.outlive,
        web_password=bool(wanted.restrictions.basic_auth),
    )
    made.on_closed = lambda closed: _journal_end(journal, made, link, closed)
    desk.take(made)
    addresses = [endpoint.public_url for endpoint in opened.endpoints]
    journal.outcome(number, "done", f"{', '.join(addresses)}; {', '.join(p.name for p in opened.passes)}")
    yield findings_folded(context, findings, link)
    page = f"{link.profile.path_prefix}{wanted.app}" + ("/" if wanted.app else "")
    yield _opened(made, page, loopback=desk.settings.loopback)
    for card in cards:
        yield Facts(
            f"team_card {card.name}",  # a name of its own: replies of one name replace each other on the screen
            f"For {card.name}",
            {"name": card.name, "until": opened.until},
            labels={"name": "Pass", "until": "Until"},
            blocks={block.title: block.text for block in card.blocks},
            actions=[
                *(
                    [("q", "QR code", f"/card {card.name} qr")]
                    if address_of(opened.endpoints, "http")
                    else []
                ),
                ("s", "save", f"/card {card.name} FILE|qr"),
                ("x", "send away", f"/kick {card.name}"),
            ],
        )


async def _password(context: Context, profile: Profile) -> str:
    """The password for the keeper, which logs in itself to clean up without the chat."""
    known = await context.hub.secrets.get(profile)
    if known is None and context.hub.ask is not None:
        known = await context.hub.ask("Share", f"Password of {harmless(profile.user)} on {profile.name}")
    if known is None:
        raise Refusal("PasswordNeeded", "The accounts need your password once more.", "/share asks again.")
    return known


def _intent(
    line: str, link: Link, wanted: Wanted, request: ShareRequest, findings: Sequence[Finding]
) -> Intent:
    ambers = [finding.title for finding in findings if finding.level == "amber"]
    looked = f"{len(ambers)} amber: {'; '.join(ambers)}" if ambers else "all green"
    changes = [(spec.upstream, "local", "shared") for spec in request.endpoints]
    changes += [("passes", "0", str(wanted.people)), ("preflight", "", looked)]
    return Intent(
        title=f"Share {request.id}: {listed([spec.upstream for spec in request.endpoints])}",
        command=line,
        instance=link.instance_name,
        user=link.profile.user,
        changes=changes,
        final="a share is ended, not undone: /unshare ends it, /leases shows what is left of one.",
    )


def _journal_end(journal: Journal, share: OpenShare, link: Link, closed: ShareClosed) -> None:
    """Journal the end of a share."""
    changes = [(endpoint.public_url, "shared", "closed") for endpoint in share.opened.endpoints]
    number = journal.intend(
        Intent(
            title=f"End share {share.id}: {closed.reason}",
            command="/unshare",
            instance=link.instance_name,
            user=share.request.where.user,
            changes=changes,
            final="what a share had made is gone: /share makes it anew.",
        )
    )
    journal.outcome(
        number,
        "unknown" if closed.problems else "done",
        "; ".join(closed.problems or (*closed.done, *closed.unread)),
    )


def _opened(share: OpenShare, page: str, *, loopback: bool) -> Facts:
    opened = share.opened
    web = address_of(opened.endpoints, "http")
    web = f"{web}{page}" if web else ""
    notes = ["Stand-in agent: these addresses work on this machine alone."] if loopback else []
    if web and not loopback:
        notes.append("A free ngrok account shows a warning page first: choose Visit.")
    if web and share.web_password:
        notes.append(f"ngrok asks for user {WEB_USER} and the web password that you chose, before IRIS does.")
    if opened.passes:
        notes.append(
            "Hand each pass over by a private channel: Alt+↑ to it, then c copies it alone, s saves it."
        )
    notes.append(f"/tunnels shows who is on; /unshare {opened.id} ends it.")
    return Facts(
        "share",
        f"Shared until {opened.until.astimezone():%H:%M}",
        {
            "share": opened.id,
            "superserver": address_of(opened.endpoints, "tcp") or None,
            "web": web or None,
            "until": opened.until,
            "people": [each.name for each in opened.passes],
            "agent": opened.agent_version,
        },
        labels={
            "share": "Share",
            "superserver": "Superserver",
            "web": "Web",
            "until": "Until",
            "people": "People",
            "agent": "ngrok agent",
        },
        notes=notes,
        blocks={QR_TITLE: qr_code(web)} if web and not opened.passes else {},
    )


def _without_card(
    problem: CardNeeded, wanted: Wanted, profile: Profile, command: Command, registry: Registry
) -> list[Problem | Table]:
    """No TCP tunnel is possible: offer the web port and alternatives."""
    told = problem_of(problem, command.text or command.slash)
    spec = registry.get("share")
    if spec is not None and (wanted.web or profile.web_port is not None):
        told.suggestions = [spec.slash({**arguments(command), "what": "web"})]
    return [told, other_ways(profile)]


def other_ways(profile: Profile) -> Table:
    """Alternatives to ngrok, with ready commands for the ports of a profile (facts: ngrok-keyring A13)."""
    port, web = profile.port, profile.web_port or 52773
    ways = (
        (
            "ssh, to a host that all of you can reach",
            f"ssh -N -R {port}:127.0.0.1:{port} -R {web}:127.0.0.1:{web} YOU@HOST",
            f"ssh -N -L {port}:127.0.0.1:{port} -L {web}:127.0.0.1:{web} THEM@HOST, then 127.0.0.1",
            "everything, encrypted",
        ),
        (
            "cloudflared quick tunnel",
            f"cloudflared tunnel --url http://127.0.0.1:{web}",
            "nothing; the address is public, and no login is asked for by Cloudflare",
            "the web port alone: portal, REST, VS Code",
        ),
        (
            "VS Code port forwarding",
            f"in the Ports view forward {web}; private by default",
            "a GitHub or Microsoft login",
            "the web port; TCP only for those who also run `devtunnel connect`",
        ),
        (
            "Tailscale",
            "tailscale up",
            f"Tailscale as well; then your machine's Tailscale name, port {port}",
            "everything, encrypted and private: the best for a database",
        ),
    )
    return Table(
        name="other_ways",
        title="Other ways to share",
        columns=[
            Column("way", "WAY"),
            Column("command", "HERE", grow=True),
            Column("teammate", "A TEAMMATE", hide_under=120),
            Column("carries", "CARRIES", hide_under=90),
        ],
        rows=[dict(zip(("way", "command", "teammate", "carries"), way, strict=True)) for way in ways],
        key="way",
        notes=["For a database the private ways (ssh, Tailscale) are safer than any public port."],
    )
