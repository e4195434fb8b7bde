"""Arguments of the commands on services, web applications and resources: names, switches and authentication."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from irisops.changes.objects import Wanted
from irisops.changes.plan import plan
from irisops.changes.record import Origin
from irisops.commands.security.kinds import OBJECTS, states
from irisops.contract.chat import Command
from irisops.contract.nearest import find, no_such
from irisops.contract.replies import Plan, Refusal
from irisops.contract.wording import harmless, listed
from irisops.engine.availability import refuse_change
from irisops.engine.context import Context
from irisops.instance.security import authentication
from irisops.instance.security.object_state import FieldValue, Kind, ObjectChange, ObjectState, login_bits
from irisops.instance.security.settings_state import KINDS

SWITCHES = {"enable": True, "disable": False}
"""Switch words after a name. No object of these kinds has such a name."""

Change = Callable[[ObjectState], dict[str, FieldValue]]
"""Fields that a command sets on one object."""


def split_switch(words: Sequence[str]) -> tuple[list[str], bool | None]:
    """Names, and the switch among the words. Raises `Refusal` for both `enable` and `disable`."""
    names = [word for word in words if word.casefold() not in SWITCHES]
    switches = {SWITCHES[word.casefold()] for word in words if word.casefold() in SWITCHES}
    if len(switches) > 1:
        raise Refusal("BadChange", "Enable and disable contradict each other.", "Give one of them.")
    return names, next(iter(switches), None)


def named(kind: Kind, name: str, known: Iterable[str], prefix: str = "") -> str:
    """The name as the instance spells it; `prefix` may be omitted. Raises `Refusal` with the nearest names."""
    names = list(known)
    for attempt in (name, prefix + name, name.rstrip("/")):
        spelled = find(attempt, names)
        if spelled is not None:
            return spelled
    command = KINDS[kind].list_command
    raise no_such(
        f"NoSuch{kind.title()}",
        OBJECTS[kind].noun,
        name,
        names,
        cure=f"{command} lists them.",
        line=lambda each: f"{command.removesuffix('s')} {each}",
    )


def all_named(kind: Kind, names: Sequence[str], known: Sequence[str], prefix: str = "") -> list[str]:
    """The names as the instance spells them, without duplicates. Raises `Refusal` for unknown names or none."""
    if not names:
        raise Refusal(
            "NameNeeded",
            f"Which of the {OBJECTS[kind].plural}?",
            f"{KINDS[kind].list_command} lists them; put the name after the command.",
        )
    return list(dict.fromkeys(named(kind, name, known, prefix) for name in names))


def logins(text: str, allowed: int, where: str) -> Callable[[ObjectState], tuple[str, ...]]:
    """Setter for `auth=`. Raises `Refusal` for an unknown method, or one not allowed there."""

    def apply(state: ObjectState) -> tuple[str, ...]:
        try:
            bits = authentication.changed(login_bits(state), text)
        except ValueError as error:
            sentence = harmless(str(error), 300)
            raise Refusal(
                "BadLogin",
                f"{sentence[:1].upper()}{sentence[1:]}.",
                "For example auth=password, auth=password,ldap or auth=+password,-unauthenticated.",
            ) from None
        wrong = bits & ~allowed & ~login_bits(state)
        if wrong:
            raise Refusal(
                "BadLogin",
                f"{where} cannot have {listed(authentication.words_of(wrong))}.",
                f"There are {listed(authentication.words_of(allowed), most=20)}.",
            )
        return authentication.words_of(bits)

    return apply


async def proposed(
    context: Context,
    command: Command,
    kind: Kind,
    names: Sequence[str],
    change: Change,
    *,
    before: Sequence[ObjectState] | None = None,
    warnings: Sequence[str] = (),
) -> Plan:
    """Read the objects, unless they were read `before`, and make the plan to change them.

    Raises `Refusal` or a named problem.
    """
    link = context.link()
    refuse_change(link, KINDS[kind].save)
    found = await states(link, kind, names) if before is None else before
    changes = [ObjectChange(state, state.with_fields(change(state))) for state in found]
    some = tuple(each for each in changes if each.fields())
    if not some:
        raise Refusal(
            "AlreadySo",
            f"{listed([each.name for each in changes])} {'is' if len(changes) == 1 else 'are'} already set this way.",
            "There is nothing to do.",
        )
    noun = OBJECTS[kind].noun if len(some) == 1 else OBJECTS[kind].plural
    title = f"Change {noun} {listed([each.name for each in some], most=5)}"
    wanted = Wanted(command.name, title, some, Origin(command.slash), warnings=warnings)
    return await plan(context, link, wanted)
