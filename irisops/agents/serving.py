"""`irisops mcp`: the server on the profiles of its person, by standard input and output or on a port."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec

from irisops import streams
from irisops.agents.service import AgentService
from irisops.commands.catalogue import default_registry
from irisops.contract.chat import Notice
from irisops.contract.replies import Refusal
from irisops.contract.wording import harmless, listed
from irisops.demo import DemoError, running, simulator_options
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.profiles.settings import start_log
from irisops.run_command import Exit, take_password, until_signal
from irisops.session import Session


def serve(options: argparse.Namespace) -> int:
    """Run the server until its client leaves. Returns the exit status."""
    if find_spec("mcp") is None:
        return _ends("irisops mcp needs a package more: pip install '.[mcp]' in a clone of irisops")
    try:
        return asyncio.run(until_signal(_serve(options)))
    except KeyboardInterrupt:
        return Exit.DONE
    except DemoError as error:
        return _ends(str(error))


async def _serve(options: argparse.Namespace) -> int:
    password = take_password()
    if options.demo:
        with running(simulator_options(options)) as demo:
            # An instance of its own, thrown away at the end: agents may try everything there, with a person's yes.
            profile = replace(demo.profile, agents="apply")
            secrets = Secrets(None)
            secrets.remember(profile, demo.password)
            session = Session(demo.places, secrets=secrets, extra=[profile], polling=False)
            return await _run(session, [profile.name], options.http)
    places = Places.find()
    start_log(places, options.log_level)
    session = Session(places, polling=False)
    session.load_profiles()
    named = list(options.profiles)
    if password is not None and len(named) == 1 and (profile_named := session.hub.find(named[0])) is not None:
        session.hub.secrets.remember(profile_named, password)
    return await _run(session, named, options.http)


async def _run(session: Session, named: list[str], port: int | None) -> int:
    session.subscribe(lambda: None, _say)
    service = AgentService(session, default_registry(), named)
    try:
        known = service.profiles()
        missing = {name.casefold() for name in named} - {each.name.casefold() for each in known}
        if missing or not known:
            what = listed(sorted(missing)) if missing else "any"
            return _ends(
                f"There is no profile for agents: {what}. /profiles lists them; their agents= may be off."
            )
        await _serve_on(service, port)
    except Refusal as refusal:
        return _ends(f"{refusal.message} {refusal.cure}")
    finally:
        await service.close()
        await session.close()
    return Exit.DONE


async def _serve_on(service: AgentService, port: int | None) -> None:
    """Serve until the client leaves, or on a port until the program is ended. Raises `Refusal`."""
    # By name, as the SDK behind them is an extra.
    if port is None:
        serve_stdio: Callable[[AgentService], Awaitable[None]] = import_module(
            "irisops.agents.server"
        ).serve_stdio
        await serve_stdio(service)
        return
    serve_http: Callable[..., Awaitable[None]] = import_module("irisops.agents.over_http").serve_http
    try:
        await serve_http(service, port, service.session.places.state / "agents", _tell)
    except OSError as error:
        raise Refusal(
            "NotServed",
            f"Port {port} of this machine cannot be served: {error.strerror or error}.",
            "Give another port, or 0 for a free one; the state folder must be writable.",
        ) from None


def _tell(message: str) -> None:
    streams.say(f"irisops: {message}", sys.stderr)


def _say(notice: Notice) -> None:
    streams.say(f"irisops: {harmless(f'{notice.message} {notice.cure}'.strip(), 2000)}", sys.stderr)


def _ends(message: str) -> int:
    streams.say(f"irisops: {harmless(message, 2000)}", sys.stderr)
    return Exit.NOT_UNDERSTOOD
