"""/profile test: connect step by step, to show which step fails and what to do."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass, field

from irisops.background import in_daemon_thread
from irisops.commands.license.locked import guess
from irisops.commands.profiles.connect import find_profile, refused
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Cell, Column, Done, Problem, Progress, Table
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import (
    InstanceProblem,
    LicenseExhausted,
    LoginRefused,
    NamespaceUnknown,
    NotAnInstance,
    NotPermitted,
    Unreachable,
)
from irisops.profiles.model import Profile

DEADLINE = 5.0
"""Seconds for the name lookup, and for opening the port."""

STEPS = {
    "name": "name lookup",
    "port": "port open",
    "protocol": "an IRIS answers",
    "tls": "TLS",
    "login": "login",
    "namespace": "namespace",
    "privilege": "privileges",
}


@dataclass(slots=True)
class _Test:
    """The results so far."""

    profile: Profile
    passed: dict[str, str] = field(default_factory=dict)
    failed: str = ""
    problem: Problem | None = None

    def fail(self, step: str, problem: Problem) -> None:
        self.failed, self.problem = step, problem

    def table(self) -> Table:
        """A row per step."""
        rows: list[dict[str, Cell]] = []
        reached = True
        for step, title in STEPS.items():
            if step == self.failed:
                reached = False
                result, detail = "✕ failed", self.problem.message if self.problem else ""
            elif step in self.passed:
                result, detail = "✓ ok", self.passed[step]
            else:
                result, detail = ("– not used", "") if reached else ("– not reached", "")
            rows.append({"step": title, "result": result, "detail": detail, "name": step})
        return Table(
            name="profile_test",
            title=f"Test of {self.profile.name}",
            columns=[
                Column("step", "STEP"),
                Column("result", "RESULT"),
                Column("detail", "DETAIL", grow=True),
                Column("name", "NAME", hide_under=1000),
            ],
            rows=rows,
            key="name",
        )


async def test(context: Context, command: Command) -> Replies:
    """Test a profile without making it active. A login made for the test is ended."""
    wanted = str(command.args.get("name", ""))
    if wanted:
        profile = find_profile(context, wanted)
    elif context.hub.active is not None:
        profile = context.hub.active.profile
    else:
        raise Refusal(
            "WhichProfile", "Which profile is to be tested?", "/profile test NAME; /profiles lists them."
        )
    found = _Test(profile)
    yield Progress("profile_test", f"Testing {profile.name} at {harmless(profile.address)} …")
    if await _look_up(found) and await _open_port(found):
        await _log_in(context, found)
    yield found.table()
    if found.problem is not None:
        yield found.problem
    else:
        yield Done("profile_test", f"{profile.name} works.", [f"/connect {quote(profile.name)} logs in"])


async def _look_up(found: _Test) -> bool:
    profile = found.profile
    try:
        ipaddress.ip_address(profile.host)
    except ValueError:
        pass
    else:
        found.passed["name"] = f"{profile.host} is an address"
        return True
    try:
        infos = await in_daemon_thread(
            lambda: socket.getaddrinfo(profile.host, profile.port, type=socket.SOCK_STREAM), DEADLINE
        )
    except TimeoutError:
        found.fail(
            "name",
            _unknown(profile, f"The name lookup of {profile.host} took more than {DEADLINE:g} seconds."),
        )
        return False
    except (OSError, UnicodeError):
        found.fail("name", _unknown(profile, f"There is no host called {profile.host}."))
        return False
    addresses = list(dict.fromkeys(str(info[4][0]) for info in infos))
    found.passed["name"] = listed(addresses, most=3)
    return True


def _unknown(profile: Profile, message: str) -> Problem:
    return Problem(
        "HostUnknown",
        message,
        f"Check the name, or give the address: /profile edit {quote(profile.name)} host=",
    )


async def _open_port(found: _Test) -> bool:
    profile = found.profile
    try:
        async with asyncio.timeout(DEADLINE):
            _, writer = await asyncio.open_connection(profile.host, profile.port)
    except TimeoutError:
        found.fail(
            "port",
            Problem(
                "Unreachable",
                f"Port {profile.port} of {profile.host} did not answer within {DEADLINE:g} seconds.",
                "A firewall drops it, or the host is down. Ask for the port to be opened, or go through SSH: "
                f"ssh -L 1972:localhost:{profile.port} {profile.host}",
            ),
        )
        return False
    except OSError as error:
        found.fail("port", _closed(profile, error))
        return False
    writer.close()
    found.passed["port"] = f"{profile.host}:{profile.port} accepts connections"
    return True


def _closed(profile: Profile, error: OSError) -> Problem:
    if not isinstance(error, ConnectionRefusedError):
        return Problem(
            "Unreachable",
            f"{profile.host}:{profile.port} cannot be reached: {error.strerror or type(error).__name__}.",
            "Check the address and the network (a VPN that is off?).",
        )
    cures = {
        "container": f"Start the container, with -p {profile.port}:1972; /discover shows what is published.",
        "Windows": "Start IRIS from the launcher, or check the superserver port in the Management Portal.",
        "Unix": "Start it with: iris start INSTANCE; iris list shows its superserver port.",
    }
    return Problem(
        "PortClosed", f"Nothing listens on port {profile.port} of {profile.host}.", cures[guess(profile)]
    )


async def _log_in(context: Context, found: _Test) -> None:
    profile = found.profile
    link = context.hub.links.get(profile.name.casefold())
    before = link is not None and link.connected
    try:
        await context.hub.connect(profile, activate=False)
    except Refusal as refusal:
        found.fail("login", refusal.problem())
        return
    except InstanceProblem as problem:
        _blame(context, found, problem)
        return
    link = context.hub.links[profile.name.casefold()]
    _works(found, link)
    if not before:
        await link.connection.disconnect()


def _works(found: _Test, link: Link) -> None:
    """Results of an accepted login."""
    profile = found.profile
    info = link.connection.info
    found.passed["protocol"] = info.short if info else ""
    if profile.sslconfig:
        found.passed["tls"] = f"by the configuration {profile.sslconfig}"
    found.passed["login"] = f"as {harmless(profile.user)}"
    namespace = info.namespace if info and info.namespace else profile.namespace
    found.passed["namespace"] = namespace
    missing = [f"{what}: {why}" for what, why in link.connection.capabilities.missing()]
    if not missing:
        found.passed["privilege"] = "everything that this tool uses can be reached"
        return
    said = f"{len(missing)} things that this tool can use are not there"
    if namespace.casefold() != "%sys":
        problem = Problem(
            "NotEverything",
            f"{said}.",
            f"Administration works in %SYS: /profile edit {quote(profile.name)} namespace=%SYS",
        )
        found.fail("namespace", problem)
        found.passed.pop("namespace")
        return
    found.passed["privilege"] = f"{said}; /doctor shows which"


def _blame(context: Context, found: _Test, problem: InstanceProblem) -> None:
    """Set the failed step of a refused login; earlier steps count as passed."""
    step = _step(problem)
    profile = found.profile
    reply = refused(context, profile, problem)
    order = list(STEPS)
    for earlier in order[: order.index(step)]:
        if earlier == "tls" and not profile.sslconfig:
            continue
        found.passed.setdefault(earlier, "")
    found.fail(step, reply)


def _step(problem: InstanceProblem) -> str:
    if isinstance(problem, NotAnInstance):
        return "protocol"
    if isinstance(problem, NamespaceUnknown):
        return "namespace"
    if isinstance(problem, NotPermitted):
        return "privilege"
    if isinstance(problem, LoginRefused | LicenseExhausted):
        return "login"
    if isinstance(problem, Unreachable) and "TLS" in problem.message:
        return "tls"
    return "protocol"
