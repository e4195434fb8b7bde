"""/profile test: connect step by step, to show which step fails and what to do."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import itertools
import socket
from collections.abc import Mapping

from irisops.background import in_daemon_thread
from irisops.commands.license.locked import guess
from irisops.commands.profiles.connect import find_profile, refused
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Cell, Column, Done, Problem, Progress, Refusal, Table
from irisops.contract.wording import harmless, listed
from irisops.engine.availability import into_sys
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import (
    InstanceProblem,
    LicenseExhausted,
    LoginRefused,
    NamespaceUnknown,
    NotPermitted,
    Unreachable,
)
from irisops.instance.usage.metrics import read_metrics
from irisops.profiles.model import Profile

DEADLINE = 5.0
"""Seconds for the name lookup, and for opening the port."""

PASSED, FAILED = "✓ ok", "✕ failed"
STEPS = {
    "name": "name lookup",
    "port": "port open",
    "protocol": "an IRIS answers",
    "tls": "TLS",
    "login": "login",
    "namespace": "namespace",
    "privilege": "privileges",
    "web": "web port",
}


_STEP_OF = {
    NamespaceUnknown: "namespace",
    NotPermitted: "privilege",
    LoginRefused: "login",
    LicenseExhausted: "login",
}
"""The step at which a login fails with a problem; any other problem means that no IRIS answers."""


class _FailedError(Exception):
    """A step failed; those after it are not reached."""

    def __init__(self, step: str, problem: Problem) -> None:
        super().__init__(problem.message)
        self.step = step
        self.problem = problem


async def test(context: Context, command: Command) -> Replies:
    """Test a profile without making it active. A login made for the test is ended."""
    wanted = str(command.args.get("name", ""))
    if wanted:
        profile = find_profile(context, wanted)
    elif context.hub.active is not None:
        profile = context.hub.active.profile
    else:
        raise Refusal(
            "WhichProfile", "Which profile do you want to test?", "/profile test NAME; /profiles lists them."
        )
    passed: dict[str, str] = {}
    failed: _FailedError | None = None
    yield Progress("profile_test", f"Testing {profile.name} at {harmless(profile.address)} …")
    try:
        passed["name"] = await _look_up(profile)
        passed["port"] = await _open_port(profile)
        await _log_in(context, profile, passed)
        if profile.web_port is not None:
            passed["web"] = await _ask_web_port(context, profile, profile.web_port)
    except _FailedError as error:
        failed = error
    yield _table(profile, passed, failed)
    if failed is not None:
        yield failed.problem
    else:
        yield Done("profile_test", f"{profile.name} works.", [f"/connect {quote(profile.name)} logs in"])


def _table(profile: Profile, passed: Mapping[str, str], failed: _FailedError | None) -> Table:
    """A row per step."""
    rows: list[dict[str, Cell]] = []
    absent = "– not used"
    for step, title in STEPS.items():
        if failed is not None and step == failed.step:
            absent = "– not reached"
            result, detail = FAILED, failed.problem.message
        elif step in passed:
            result, detail = PASSED, passed[step]
        else:
            result, detail = absent, ""
        rows.append({"step": title, "result": result, "detail": detail, "name": step})
    return Table(
        name="profile_test",
        title=f"Test of {profile.name}",
        columns=[
            Column("step", "STEP"),
            Column("result", "RESULT", tones={PASSED: "good", FAILED: "bad"}),
            Column("detail", "DETAIL", grow=True, wrap=4),
            Column("name", "NAME", hide_under=1000),
        ],
        rows=rows,
        key="name",
    )


async def _look_up(profile: Profile) -> str:
    """The addresses of the host. Raises `_FailedError`."""
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(profile.host)
        return f"{profile.host} is an address"
    try:
        infos = await in_daemon_thread(
            lambda: socket.getaddrinfo(profile.host, profile.port, type=socket.SOCK_STREAM), DEADLINE
        )
    except TimeoutError:
        message = f"The name lookup of {profile.host} took more than {DEADLINE:g} seconds."
    except (OSError, UnicodeError):
        message = f"There is no host called {profile.host}."
    else:
        return listed(dict.fromkeys(str(info[4][0]) for info in infos), most=3)
    cure = f"Check the name, or give the address: /profile edit {quote(profile.name)} host="
    raise _FailedError("name", Problem("HostUnknown", message, cure))


async def _open_port(profile: Profile) -> str:
    """Open the superserver port. Raises `_FailedError`."""
    host, port = profile.host, profile.port
    try:
        async with asyncio.timeout(DEADLINE):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        problem = Problem(
            "Unreachable",
            f"Port {port} of {host} did not answer within {DEADLINE:g} seconds.",
            "A firewall drops it, or the host is down. Ask for the port to be opened, or go through SSH: "
            f"ssh -L 1972:localhost:{port} {host}",
        )
    except ConnectionRefusedError:
        cures = {
            "container": f"Start the container, with -p {port}:1972; /discover shows what is published.",
            "Windows": "Start IRIS from the launcher, or check the superserver port in the Management Portal.",
            "Unix": "Start it with: iris start INSTANCE; iris list shows its superserver port.",
        }
        problem = Problem("PortClosed", f"Nothing listens on port {port} of {host}.", cures[guess(profile)])
    except OSError as error:
        problem = Problem(
            "Unreachable",
            f"{host}:{port} cannot be reached: {error.strerror or type(error).__name__}.",
            "Check the address and the network (a VPN that is off?).",
        )
    else:
        writer.close()
        return f"{host}:{port} accepts connections"
    raise _FailedError("port", problem)


async def _log_in(context: Context, profile: Profile, passed: dict[str, str]) -> None:
    """Log in and look at what can be reached. Raises `_FailedError`."""
    link = context.hub.links.get(profile.name.casefold())
    before = link is not None and link.connected
    try:
        await context.hub.connect(profile, activate=False)
    except Refusal as refusal:
        raise _FailedError("login", refusal.problem()) from None
    except InstanceProblem as problem:
        step = _step(problem)
        for earlier in itertools.takewhile(lambda each: each != step, STEPS):
            if earlier != "tls" or profile.sslconfig:
                passed.setdefault(earlier, "")
        raise _FailedError(step, refused(context, profile, problem)) from None
    link = context.hub.links[profile.name.casefold()]
    try:
        _look_round(profile, link, passed)
    finally:
        if not before:
            await link.connection.disconnect()


async def _ask_web_port(context: Context, profile: Profile, port: int) -> str:
    """What the web port answers to a request that needs no login and no unit. Raises `_FailedError`."""
    tls = profile.web_scheme == "https"
    deadline = min(DEADLINE, context.web_deadline)
    try:
        await read_metrics(profile.host, port, tls=tls, prefix=profile.path_prefix, deadline=deadline)
    except NotPermitted as problem:
        return f"an IRIS answers; {problem.message}"
    except InstanceProblem as problem:
        raise _FailedError("web", Problem("WebPort", problem.message, problem.cure)) from None
    return f"{profile.host}:{port} serves the metrics of an IRIS"


def _step(problem: InstanceProblem) -> str:
    if isinstance(problem, Unreachable) and "TLS" in problem.message:
        return "tls"
    return next((step for kind, step in _STEP_OF.items() if isinstance(problem, kind)), "protocol")


def _look_round(profile: Profile, link: Link, passed: dict[str, str]) -> None:
    """The results of an accepted login. Raises `_FailedError` in a namespace that lacks something."""
    info = link.connection.info
    passed["protocol"] = info.short if info else ""
    if profile.sslconfig:
        passed["tls"] = f"by the configuration {profile.sslconfig}"
    passed["login"] = f"as {harmless(profile.user)}"
    namespace = info.namespace if info and info.namespace else profile.namespace
    missing = link.connection.capabilities.missing()
    said = f"{len(missing)} things that this tool can use are not there"
    if missing and namespace.casefold() != "%sys":
        cure = f"Administration works in %SYS: {into_sys(link)}"
        raise _FailedError("namespace", Problem("NotEverything", f"{said}.", cure))
    passed["namespace"] = namespace
    passed["privilege"] = (
        f"{said}; /doctor shows which" if missing else "everything that this tool uses can be reached"
    )
