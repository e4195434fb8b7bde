"""Run a command: check it first, and turn errors of instance and user into `Problem` replies."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace

from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Plan, Problem, Refusal
from irisops.engine.availability import check, refused_of_recording
from irisops.engine.context import Context
from irisops.engine.spec import CommandSpec, Replies, resolve
from irisops.instance.errors import InstanceProblem, NotPermitted
from irisops.journal import JournalError
from irisops.logs import LOG
from irisops.profiles.store import ProfilesFileError


async def run(context: Context, command: Command) -> Replies:
    """Run one command in a context."""
    spec = context.registry.get(command.name)
    if spec is None:
        yield Problem(
            "NotUnderstood", f"There is no command {command.name}.", "See /help.", text=command.text
        )
        return

    LOG.info("command %s", command.name)

    async def checked() -> Replies:
        check(spec, context.hub)
        link = context.hub.active
        with link.reading(spec.name) if link and spec.needs_connection else contextlib.nullcontext():
            async with contextlib.aclosing(_handler(spec)(context, command)) as replies:
                async for reply in replies:
                    if isinstance(reply, Plan) and link is not None and link.recorded:
                        raise refused_of_recording(link)
                    yield reply

    async with contextlib.aclosing(guarded(checked, command.text or command.slash)) as replies:
        async for reply in replies:
            if isinstance(reply, Problem):
                LOG.info("command %s: %s", command.name, reply.error)
            yield reply


def _handler(spec: CommandSpec) -> Callable[[Context, Command], Replies]:
    found = resolve(spec.handler)
    if not callable(found):
        raise TypeError(f"the handler of /{spec.name} is no function")
    handler: Callable[[Context, Command], Replies] = found
    return handler


async def guarded(start: Callable[[], Replies], text: str = "") -> Replies:
    """The replies of `start()`; a named problem ends them as a `Problem`. `text` is the line typed."""
    try:
        async with contextlib.aclosing(start()) as replies:
            async for reply in replies:
                yield reply
    except Refusal as refusal:
        yield refusal.problem(text)
    except InstanceProblem as problem:
        yield problem_of(problem, text)
    except ProfilesFileError as error:
        yield Problem("ProfilesFile", str(error), error.cure, text=text)
    except JournalError as error:
        yield Problem("Journal", str(error), error.cure, text=text)
    except Exception:
        LOG.exception("the program failed")  # the screen reports it
        raise


def on(context: Context, link: Link) -> Context:
    """The context for a command on one connection, whichever is active.

    A plan made in it stays with that connection: its closures hold this context.
    """
    scoped = replace(context, hub=context.hub.seen_from(link))
    scoped.rerun = lambda command: run(scoped, command)
    return scoped


def problem_of(error: InstanceProblem, text: str = "") -> Problem:
    """The reply for a named problem of the instance layer."""
    cure = error.cure
    if isinstance(error, NotPermitted) and error.privilege and error.privilege not in error.message:
        cure = f"It needs {error.privilege}. {cure}"
    return Problem(error.name, error.message, cure, text=text, detail=error.detail)
