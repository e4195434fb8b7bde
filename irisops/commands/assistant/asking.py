"""/assistant: ask the model once, and give the command that it chose, in the usual way.

A screen asks it by itself beside "Did you mean"; nothing waits for it. It may only choose. What reads runs; what
changes becomes a plan, and waits for the person's yes as any other.
A slow, lying or dead server costs its deadline and one line.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from irisops.commands.assistant.model import (
    IN_OTHER_WORDS,
    INSTALL_CLIENT,
    Endpoint,
    client_missing,
    endpoint_of,
    line_in,
    messages_for,
)
from irisops.commands.for_programs import CHANGES, READS
from irisops.contract.chat import Command
from irisops.contract.replies import Facts, Form, Plan, Problem, Progress, Refusal
from irisops.contract.secret_words import KEY_OF_MODEL
from irisops.contract.wording import counted, harmless
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Arg, Replies
from irisops.logs import hide
from irisops.profiles.settings import SettingsStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from irisops.commands.assistant.client import Completion

_REFUSED = (401, 403)
_PLACES = ("file", "profile")
"""Kinds of arguments that lead elsewhere: a model may not choose where."""


async def ask(context: Context, command: Command) -> Replies:
    """Ask the model for the command that a sentence means, and run or plan it."""
    sentence = str(command.args.get("sentence", "")).strip()
    settings = SettingsStore(context.places.settings).load().settings
    endpoint = endpoint_of(settings.assistant_url, settings.assistant_model)
    if not sentence:
        told = "and the names of users, roles and the like" if settings.assistant_names else "and no names"
        yield cards.facts_card(
            "assistant",
            "Assistant",
            [("model", "Model", endpoint.model), ("endpoint", "At", endpoint.shown)],
            [f"/assistant SENTENCE sends it that sentence, the list of commands, {told}."],
        )
        return
    specs = [spec for spec in context.registry if spec.name in READS | CHANGES]
    names = _names(context) if settings.assistant_names else []
    messages = messages_for(sentence, specs, names)
    context.sent_to_model[:] = [json.dumps(messages, ensure_ascii=False, indent=1)]
    yield Progress("assistant", f"Asking {harmless(endpoint.model, 60)} …")
    answer = await _answer(context, endpoint, messages, settings.assistant_seconds)
    chosen = await _chosen(context, endpoint, answer)
    said = f"{counted(len(specs), 'command')} and {counted(len(names), 'name')}"
    card = cards.facts_card(
        "assistant",
        f"{harmless(endpoint.model, 60)} chose",
        [
            ("command", "Command", chosen.slash),
            ("model", "", endpoint.model),
            ("endpoint", "", endpoint.shown),
            ("sentence", "", sentence),
        ],
        [f"A model at {endpoint.shown} chose this, not irisops. Sent: your sentence, {said}."],
    )
    card.actions = [("w", "what was sent", "/assistant sent")]
    yield card
    async for reply in context.rerun(chosen):
        if isinstance(reply, Form):  # an editor that opens by itself would take what is being typed
            yield replace(card, actions=[("e", "open the editor", chosen.slash), *card.actions])
            continue
        if isinstance(reply, Plan):  # its question takes no other key than that for its calls
            brief = [
                f"The list of {counted(len(specs), 'command')}, and:",
                *messages[-1]["content"].splitlines(),
            ]
            reply.calls = {
                **reply.calls,
                f"Sent to {harmless(endpoint.model, 60)} at {endpoint.shown}": brief,
            }
        yield reply


async def sent(context: Context, _command: Command) -> Replies:
    """The last messages to the model, as they were sent."""
    if not context.sent_to_model:
        raise Refusal("NothingSent", "Nothing was sent to a model.", "/assistant SENTENCE asks it.")
    messages = context.sent_to_model[0]
    notes = [
        line
        for each in json.loads(messages)
        for line in (f"As {each['role']}:", *each["content"].splitlines())
    ]
    yield Facts("assistant_sent", "Sent to the model", {"messages": messages}, notes=notes)


def _names(context: Context) -> list[tuple[str, str]]:
    link = context.hub.active
    if link is None or not link.connected:
        return []
    known = link.names
    return [
        *((name, "user") for name in known.users),
        *((name, "role") for name in known.roles),
        *((name, "resource") for name in known.resources),
        *((name, "application") for name in known.applications),
    ]


async def _answer(
    context: Context, endpoint: Endpoint, messages: list[dict[str, str]], deadline: float
) -> Completion:
    """The server's answer. A key that it wants is asked for once, and kept. Raises `Refusal`."""
    key = await context.hub.secrets.get_secret(endpoint.account) or "" if endpoint.takes_key else ""
    answer = await _asked(endpoint, messages, key, deadline)
    if answer.status in _REFUSED and endpoint.takes_key and context.hub.ask is not None:
        typed = await context.hub.ask(KEY_OF_MODEL, f"Key for {endpoint.shown}")
        if typed:
            hide(typed)  # whatever the server answers, it is a key
            answer = await _asked(endpoint, messages, typed, deadline)
            if answer.status == 200:
                await context.hub.secrets.keep_secret(endpoint.account, typed)
    if answer.status in _REFUSED:
        await context.hub.secrets.forget_secret(endpoint.account)
        raise Refusal(
            "NoAssistant",
            f"{endpoint.shown} wants a key, or another one.",
            "/assistant SENTENCE asks for it.",
        )
    if answer.status != 200:
        raise Refusal(
            "NoAssistant", f"{endpoint.shown} answered with status {answer.status}.", IN_OTHER_WORDS
        )
    return answer


async def _asked(endpoint: Endpoint, messages: list[dict[str, str]], key: str, deadline: float) -> Completion:
    if client_missing():
        raise Refusal(
            "NoAssistant",
            "Asking a model needs a package more.",
            INSTALL_CLIENT,
        )
    complete = await asyncio.to_thread(_client)
    return await complete(endpoint, messages, key, deadline)


def _client() -> Callable[[Endpoint, Sequence[dict[str, str]], str, float], Awaitable[Completion]]:
    """What asks. Blocking: its library is imported, 0.1 s."""
    from irisops.commands.assistant.client import complete  # noqa: PLC0415 - an extra, and not on the loop

    return complete


async def _chosen(context: Context, endpoint: Endpoint, answer: Completion) -> Command:
    """The command that the model chose. Raises `Refusal` for anything that is none, or that only a person may give."""
    try:
        line = await asyncio.to_thread(line_in, answer.body)
    except ValueError:
        raise Refusal(
            "NoAssistant", f"What {endpoint.shown} sent is no answer of a model.", IN_OTHER_WORDS
        ) from None
    chosen: Command | Problem = context.parse(line) if line else Problem("NotUnderstood", "", IN_OTHER_WORDS)
    if isinstance(chosen, Problem):
        raise Refusal("NoAssistant", "The model knows no command for that, either.", IN_OTHER_WORDS)
    spec = context.registry.get(chosen.name)
    if spec is None or spec.name not in READS | CHANGES:
        raise Refusal(
            "NotForPrograms",
            f"The model chose /{chosen.name}, which only a person may give.",
            IN_OTHER_WORDS,
        )
    places = [part.name for part in spec.grammar if isinstance(part, Arg) and part.kind in _PLACES]
    places += [name for name, kind in dict(spec.options).items() if kind in _PLACES]
    if any(chosen.words(name) for name in places):
        raise Refusal(
            "NotForPrograms",
            f"The model chose a file or another profile for /{chosen.name}, which only a person may do.",
            IN_OTHER_WORDS,
        )
    return chosen
