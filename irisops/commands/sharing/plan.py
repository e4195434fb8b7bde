"""Planning of /share: arguments, preflight and plan. Opens nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from irisops.connections.connection import Link, web_of
from irisops.connections.open_shares import ShareDesk
from irisops.contract import durations
from irisops.contract.chat import Command
from irisops.contract.nearest import find, no_such
from irisops.contract.quoting import quote
from irisops.contract.replies import (
    Cell,
    Change,
    Column,
    Form,
    FormField,
    Plan,
    Progress,
    Refusal,
    Table,
    Tone,
)
from irisops.contract.wording import counted, harmless, listed
from irisops.engine.context import Context
from irisops.files import cure_of, named_file
from irisops.instance.security.lists import list_applications
from irisops.profiles.model import Profile
from irisops.sharing import passes, preflight
from irisops.sharing.errors import AgentFailed, AgentMissing
from irisops.sharing.facts import NOT_ENABLED, SPARE_ATTEMPTS, gather, probe_default_passwords
from irisops.sharing.finder import AgentBinary, default_path, find_agent
from irisops.sharing.installer import install_agent
from irisops.sharing.lease import Where
from irisops.sharing.messages import EndpointSpec
from irisops.sharing.policy import Restrictions, policy_for
from irisops.sharing.preflight import Finding
from irisops.sharing.snapshot import Intent as Sharing
from irisops.sharing.snapshot import ProbeFact

LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}
DEFAULT_TIME = "2h"
WHAT = {"superserver": (True, False), "tcp": (True, False), "web": (False, True), "both": (True, True)}
_MARK = {"red": "■ red", "amber": "▲ amber", "green": "✓ green"}
CAVEAT = "· note"
_TONES: Mapping[str, Tone] = {_MARK["red"]: "bad", _MARK["amber"]: "warn", _MARK["green"]: "good"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The parsed arguments."""

    tcp: bool
    web: bool
    until: datetime
    people: int
    template: passes.Template
    namespace: str
    restrictions: Restrictions
    outlive: bool
    url: str = ""
    app: str = ""
    """The web application that is meant: the whole web port is open, but this one is checked by itself."""


USUAL_NAMESPACE = "USER"
WEB_USER = "team"
"""The user of ngrok's own basic auth on the web port; its password is chosen in the form."""


_APP_HELP = "Checked by itself, as the web port opens all of them; empty: none in particular"


def share_form(link: Link, given: Mapping[str, str]) -> Form:
    """The form of `/share` that does not say which port; `given` are the arguments that it has."""
    profile, applications = link.profile, link.names.applications
    shares = ("superserver", "web", "both") if profile.web_port is not None else ("superserver",)
    form = Form(
        name="share",
        title=f"Share {profile.name}",
        fields=[
            FormField("what", "Share", "choice", shares[-1], shares, required=True),
            *(
                [FormField("app", "Web application", "choice", "", ("", *applications), _APP_HELP)]
                if profile.web_port is not None and applications
                else []
            ),
            FormField("time", "For", value=DEFAULT_TIME, help="2h, 90m, 1d, or until 18:30", required=True),
            FormField("people", "People", "number", 1, help="A pass is made for each"),
            FormField("template", "They may", "choice", passes.DEFAULT_TEMPLATE, tuple(passes.TEMPLATES)),
            FormField("namespace", "Namespace", value=USUAL_NAMESPACE),
            FormField(
                "allow", "Only from", help="Addresses, e.g. 203.0.113.7,198.51.100.0/24; empty: anywhere"
            ),
            FormField("oauth", "Web login by", "choice", "", ("", "google", "github", "microsoft")),
            FormField(
                "web_password",
                "Web password",
                "secret",
                help=f"Asked for by ngrok, user {WEB_USER}; REST clients of IRIS cannot give both. Empty: none",
            ),
            FormField("url", "Web address", help="A fixed ngrok domain, if your plan has one"),
            FormField("outlive", "Goes on when the chat is closed", "flag", value=False),
        ],
        command="share",
        notes=[
            "The instance is looked at first; nothing is opened before you have seen what was found.",
            # facts: ngrok-keyring A3; a domain, by contrast, is an option of a v3 endpoint.
            "The region is left to ngrok: choosing one is deprecated in its agents (version 3).",
        ],
    )
    form.fields = [
        each._replace(value=int(given[each.name]) if each.kind == "number" else given[each.name])
        if each.name in given and (not each.choices or given[each.name] in each.choices)
        else each
        for each in form.fields
    ]
    return form


def arguments(command: Command) -> dict[str, str]:
    """Typed or submitted arguments as text, without empty ones and without the web password."""
    given: dict[str, str] = {}
    for name, value in (command.fields or command.args).items():
        shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
        text = "" if shown is None else str(shown).strip()
        if text and name != "web_password":
            given[name] = text
    return given


def what_of(command: Command) -> str:
    """What is to be shared, as typed in lower case; a web application is shared by the web port."""
    given = arguments(command)
    return given.get("what", "web" if given.get("app") else "").casefold()


def understand(context: Context, command: Command, what: str) -> Wanted:
    """Parse the arguments and fill in defaults. Raises `Refusal` or a SharingProblem."""
    if what not in WHAT:
        raise Refusal(
            "BadShare", f"“{harmless(what, 30)}” cannot be shared.", "Share superserver, web or both.",
            suggestions=["/share superserver", "/share web", "/share both"],
        )  # fmt: skip
    tcp, web = WHAT[what]
    given = arguments(command)
    app = given.get("app", "")
    if app and not web:
        raise Refusal(
            "BadShare", f"{harmless(app, 80)} is reached by the web port, which is not to be shared.",
            "Share web or both with app=.", suggestions=[f"/share web app={quote(app)}"],
        )  # fmt: skip
    now = context.clock.now()
    web_password = str(command.fields.get("web_password") or "")
    return Wanted(
        tcp=tcp,
        web=web,
        people=int(given.get("people", "1" if tcp else "0")),
        until=durations.moment(given.get("time", DEFAULT_TIME), now, now.astimezone()),
        template=passes.template_named(
            given.get("template", passes.DEFAULT_TEMPLATE if tcp else passes.WEB_TEMPLATE)
        ),
        namespace=given.get("namespace", "").upper(),
        restrictions=Restrictions(
            allow=tuple(part for part in given.get("allow", "").split(",") if part),
            basic_auth=(f"{WEB_USER}:{web_password}",) if web_password and web else (),
            oauth=given.get("oauth", ""),
        ),
        outlive=given.get("outlive") == "yes",
        url=given.get("url", ""),
        app=app,
    )


async def with_application(link: Link, wanted: Wanted) -> Wanted:
    """The application as the instance spells it, and a namespace: its own, or USER, unless one was named.

    Raises `Refusal` with the nearest names.
    """
    if not wanted.app:
        return replace(wanted, namespace=wanted.namespace or USUAL_NAMESPACE)
    found = {each.name: each for each in await list_applications(link.connection)}
    names = list(found)
    spelled = find(wanted.app, names) or find(wanted.app.rstrip("/"), names)
    if spelled is None:
        raise no_such(
            "NoSuchApplication",
            "web application",
            wanted.app,
            names,
            cure="/apps lists them.",
            line=lambda each: f"/share web app={each}",
        )
    own = found[spelled].namespace.upper()
    # A pass reads the databases of its namespace: those of %SYS only if somebody asks for them.
    usual = own if own and own != "%SYS" else USUAL_NAMESPACE
    return replace(wanted, app=spelled, namespace=wanted.namespace or usual)


def endpoints(profile: Profile, wanted: Wanted) -> tuple[EndpointSpec, ...]:
    """The tunnels. Upstreams are 127.0.0.1: some machines do not know `localhost` (facts: ngrok-keyring C2.8)."""
    if profile.host.casefold() not in LOCAL_HOSTS:
        raise Refusal(
            "NotLocal",
            f"{profile.name} is not on this machine ({harmless(profile.host)}), and a tunnel begins where IRIS is.",
            "Run irisops on that machine, or see /share help.",
        )
    specs = []
    if wanted.tcp:
        policy = policy_for("tcp", wanted.restrictions)
        specs.append(EndpointSpec("iris-superserver", "tcp", f"127.0.0.1:{profile.port}", policy))
    if wanted.web:
        if profile.web_port is None:
            raise Refusal(
                "NoWebPort",
                f"The web port of {profile.name} is not known.",
                f"Set it: /profile edit {profile.name} web_port=52773",
            )
        upstream = f"{profile.web_scheme}://127.0.0.1:{profile.web_port}"
        policy = policy_for("http", wanted.restrictions)
        specs.append(EndpointSpec("iris-web", "http", upstream, policy, wanted.url))
    return tuple(specs)


def named_agent(desk: ShareDesk, command: Command) -> str:
    """Absolute path of the named agent, or "". The keeper, which starts it, runs in another folder.

    Raises AgentMissing for a name that no file can have.
    """
    named = arguments(command).get("agent", "") or desk.settings.agent
    try:
        return str(named_file(named).absolute()) if named else ""
    except OSError as error:
        raise AgentMissing(
            f"{named} cannot be used as the agent: {error.strerror}.", "Name another file, or none."
        ) from error


async def agent_there(
    desk: ShareDesk, command: Command, *, fetch: bool
) -> AsyncIterator[Progress | AgentBinary]:
    """Find an agent before anything else; `fetch` downloads one. Yields progress, then the agent.

    Raises the named problem.
    """
    named = named_agent(desk, command)
    if fetch and arguments(command).get("install") == "yes" and not named:
        async for step in install_agent(default_path()):
            yield Progress("share", step.message, step.fraction)
        try:
            await asyncio.to_thread(desk.agents.remember, default_path())
        except OSError as error:
            raise AgentFailed(
                f"What was fetched could not be noted: {error.filename}: {error.strerror}.",
                cure_of(error),
            ) from error
    yield await asyncio.to_thread(find_agent, Path(named) if named else None)


async def examine(
    desk: ShareDesk, link: Link, wanted: Wanted, *, try_passwords: bool, known: Sequence[ProbeFact] = ()
) -> tuple[list[Finding], tuple[ProbeFact, ...]]:
    """Gather facts over the chat's connection and check the rules; also returns the results of password tries.

    `known` are earlier tries: an account whose password was refused is not tried again.
    """
    facts = await gather(link.connection)
    if try_passwords and facts.users is not None:
        settled = {probe.user.casefold(): probe for probe in known if probe.outcome == "refused"}
        probes = await probe_default_passwords(
            link.connection,
            desk.settings.connector,
            where_of(link.profile),
            [user for user in facts.users if user.name.casefold() not in settled],
        )
        facts = replace(facts, probes=(*settled.values(), *probes))
    profile = link.profile
    findings = preflight.examine(
        facts,
        Sharing(
            tcp=wanted.tcp,
            web=wanted.web,
            people=wanted.people,
            restrictions=wanted.restrictions,
            tls=bool(profile.sslconfig),
            profile=profile.name,
            guarded=profile.guarded,
            app=wanted.app,
        ),
    )
    return findings, facts.probes


def where_of(profile: Profile) -> Where:
    """The login of a share's keeper."""
    web = web_of(profile)
    return Where(
        profile.name, profile.host, profile.port, profile.user, profile.sslconfig, web.page("") if web else ""
    )


def cure_line(finding: Finding) -> str:
    """The command that fixes a finding, or "". Names of the instance are quoted."""
    return " ".join(quote(word) for word in finding.cure)


AFTER = "share after"
"""Prefix of a command that runs another one and then checks again."""


def putting_right(context: Context, finding: Finding) -> str:
    """The cure as a line for one key; one that changes something is followed by another check."""
    line = cure_line(finding)
    command = context.parse(line) if line else None
    return f"/{AFTER} {line}" if isinstance(command, Command) and command.changes else line


def tries_note(probes: Sequence[ProbeFact]) -> list[str]:
    """Notes on failed logins that the password tries caused."""
    refused = [each.user for each in probes if each.outcome == "refused" and each.reason != NOT_ENABLED]
    note = (
        f"The default password was tried once, which IRIS counts as a failed login of {harmless(listed(refused))}. "
        f"Tries stop while an account has {SPARE_ATTEMPTS - 1} left before its lock; probe=no leaves them out."
    )
    return [note] if refused else []


def findings_table(context: Context, findings: Sequence[Finding], link: Link) -> Table:
    """The preflight card."""
    counts: Counter[str] = Counter()
    rows: list[dict[str, Cell]] = []
    for finding in findings:
        counts[finding.rule] += 1
        number = counts[finding.rule]
        rows.append(
            {
                "rule": finding.rule if number == 1 else f"{finding.rule} {number}",
                "level": CAVEAT if finding.caveat else _MARK[finding.level],
                "title": harmless(finding.title),
                "detail": harmless(finding.detail, 400),
                "cure": cure_line(finding),
                "key": putting_right(context, finding),
            }
        )
    return Table(
        name="preflight",
        title=f"Before sharing {link.name}",
        columns=[
            Column("level", "LEVEL", tones=_TONES),
            Column("title", "FOUND", grow=True, wrap=2),
            Column("detail", "WHAT TO DO", hide_under=100, wrap=3),
            Column("cure", "CURE", hide_under=120),
        ],
        rows=rows,
        key="rule",
        notes=[
            (
                "Red would stop a real share; this one stays on this machine."
                if context.sharing_desk().settings.loopback
                else f"Red stops a share; with amber the name {harmless(link.name)} has to be typed."
            ),
            (
                "Enter on a row that can be fixed shows its plan; leave an open question with Esc first. After the fix "
                "the instance is checked again."
            ),
            *(tries_note(looked.probes) if (looked := context.sharing_desk().looked) else ()),
        ],
        actions=[("enter", "put right", "{!key}")],
    )


def findings_folded(context: Context, findings: Sequence[Finding], link: Link) -> Table:
    """The preflight card after a pass: one line, so that the addresses below stay visible."""
    whole = findings_table(context, findings, link)
    counts = [f"{sum(finding.level == level for finding in findings)} {level}" for level in _MARK]
    # The row stands for all findings, so it has no cure.
    whole.rows = [
        {"rule": "all", "level": "✓ accepted", "title": ", ".join(counts), "detail": "", "cure": ""}
    ]
    whole.notes = ["/history has what was found."]
    whole.actions = []
    return whole


def plan_of(
    link: Link,
    wanted: Wanted,
    specs: Sequence[EndpointSpec],
    ambers: Sequence[str],
    *,
    loopback: bool,
    facts: Iterable[str] = (),
) -> Plan:
    """The plan; `facts` are shown with it."""
    until = wanted.until.astimezone()
    where = "an address on this machine (stand-in agent)" if loopback else "a public ngrok address"
    changes = [Change(spec.upstream, "reachable on this machine", where, "made") for spec in specs]
    effects = [f"Open until {until:%Y-%m-%d %H:%M}; then, on /unshare and on /quit everything is taken back."]
    if wanted.people:
        changes += [
            Change("accounts", "none", f"{counted(wanted.people, 'pass', 'passes')} named guest-…", "made"),
            Change("role", "none", f"irisops_share_…: {wanted.template.title} in {wanted.namespace}", "made"),
        ]
        effects += [f"Each may: {wanted.template.allows}.", f"Not: {wanted.template.refuses}."]
    if wanted.outlive:
        effects.append("It goes on when the chat is closed, until its time is up.")
    if wanted.app:
        effects.append("The tunnel carries the whole web port: other applications can be reached by it, too.")
    effects += facts
    of = f"{harmless(wanted.app, 80)} by " if wanted.app else ""
    return Plan(
        name="share",
        title=f"Share {of}{listed([spec.upstream for spec in specs])}",
        instance=link.instance_name,
        changes=changes,
        effects=effects,
        warnings=list(ambers),
        confirm_word=link.name if ambers else "",
    )
