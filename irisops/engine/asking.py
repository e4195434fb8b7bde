"""Ask for a new secret, which is typed twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from irisops.contract.chat import Command
from irisops.contract.replies import Refusal
from irisops.engine.context import Context


@dataclass(frozen=True, slots=True)
class NewSecret:
    """What is asked for: `noun` is "password" or "passphrase", `left` what happened without one."""

    noun: str
    title: str
    prompt: str
    left: str = "Nothing was changed"
    refusal_of: Callable[[str], str] = lambda _secret: ""
    """Why it cannot be used, as the end of a sentence; "" if it can."""


async def ask_twice(context: Context, command: Command, wanted: NewSecret) -> str:
    """The secret, typed twice. Raises `Refusal`."""
    ask, noun = context.hub.ask, wanted.noun
    if ask is None:
        raise Refusal(
            f"{noun.capitalize()}Needed", f"Nobody can be asked for the {noun}.", "Run it in a terminal."
        )
    again = f"{command.slash} asks again."
    secret = await ask(wanted.title, wanted.prompt)
    if not secret:
        raise Refusal("Declined", f"{wanted.left}: no {noun} was given.", again)
    if why := wanted.refusal_of(secret):
        raise Refusal(f"Bad{noun.capitalize()}", f"This {noun} cannot be used: {why}.", again)
    if secret != await ask(wanted.title, "The same once more"):
        raise Refusal("NotTheSame", f"{wanted.left}: the two were not the same.", again)
    return secret
