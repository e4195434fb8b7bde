"""Names hidden from agents, for each profile: what they say and what they are told is in pseudonyms.

A line is understood as if people had no other names, and conditions look at rows as they are shown. So no answer
depends on a name that the agent only guesses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from irisops.agents.calls import Failed
from irisops.agents.pseudonyms import Pseudonyms
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Problem, Refusal, Reply, Table
from irisops.engine.follow_ups import understood
from irisops.engine.spec import Arg, CommandSpec, Registry
from irisops.engine.table_filters import select, selection_notes
from irisops.profiles.model import Profile
from irisops.session import Session

PERSONS = frozenset({"user", "holder"})
"""Kinds of arguments that are people."""
_COLUMNS = ("columns", "cols")
_CONDITION = re.compile(r"([A-Za-z_ ]+?)(!=|>=|<=|=|~|>|<)(.*)", re.DOTALL)
_ANYBODY = frozenset({"all", "everything", "*", "anonymous", "nobody"})
_OF_THIS_MACHINE = frozenset({"found", "guest"})
"""Kinds of names that are no agent's business: instances that were discovered, and passes of shares."""
_NO_NAMES = frozenset({"session", "application", "app"})
"""Columns of what is changed that hold no names."""


def are_hidden(profile: Profile) -> bool:
    """True if agents see no names on the profile."""
    return profile.agents_names == "hidden"


class Hiding:
    """The pseudonyms of one server."""

    def __init__(self, session: Session, registry: Registry) -> None:
        self._session = session
        self._registry = registry
        self._of: dict[str, Pseudonyms] = {}

    def of(self, profile: Profile) -> Pseudonyms:
        """The pseudonyms of a profile."""
        return self._of.setdefault(profile.name.casefold(), Pseudonyms())

    def masking(self, profile: Profile | None) -> Callable[[str], str]:
        """What is done to a text of a profile before an agent sees it."""
        return self.of(profile).hidden if profile is not None and are_hidden(profile) else str

    def failed(self, refusal: Refusal, name: str) -> Failed:
        """A refusal on a profile ("" for none) as the agent may hear it."""
        profile = self._session.hub.find(name) if name else None
        return Failed(refusal.problem(), name, self.masking(profile))

    async def learn(self, link: Link) -> None:
        """Learn the names to hide. Raises `Refusal` if they cannot be read: then nothing is shown."""
        await link.names.learn(link.connection)
        if not link.names.users:
            raise Refusal(
                "NamesUnknown",
                f"Names are hidden from agents on {link.name}, and its users cannot be listed to know them.",
                "A person must give the account %Admin_Secure:U, or show the names.",
            )
        self.of(link.profile).learn("user", sorted({*link.names.users, link.profile.user}))

    # What agents say

    def parse(self, profile: Profile, line: str, served: Sequence[Profile]) -> Command | Problem:
        """A line in which only `served` profiles are known, and people by their pseudonyms where names are hidden."""
        masked = self.masking(profile)

        @cache
        def known(kind: str) -> Sequence[tuple[str, str]]:
            if kind == "profile":
                return [(each.name, "") for each in served]
            if kind in _OF_THIS_MACHINE:
                return []
            return [(masked(value), "") for value, _ in self._session.known(kind)]

        return understood(line, self._registry, None, known)

    def real(self, profile: Profile, spec: CommandSpec, command: Command) -> Command:
        """The command with names. Raises `Refusal` for a name that the agent was not shown."""
        names = self.of(profile)
        kinds = {part.name: part.kind for part in spec.grammar if isinstance(part, Arg)} | dict(spec.options)
        for name in command.args:
            kind = kinds.get(name, "")
            if not all(_fits(names, kind, each) for each in command.words(name)):
                raise Refusal(
                    "NamesHidden",
                    f"Names are hidden from agents on {profile.name}: people and addresses are given as they are "
                    "shown to you, such as user-3.",
                    "The tool users lists them.",
                )
        return _with(spec, command, {name: _real(names, value) for name, value in command.args.items()})

    # What they are told

    def select(self, profile: Profile, reply: Reply, words: Sequence[str]) -> Reply:
        """The rows of a table that fit, as the agent sees them. Raises `Failed` for a wrong condition."""
        if not words or not isinstance(reply, Table):
            return reply
        rows = list(reply.rows)
        shown = self.of(profile).rows(reply.name, rows, reply.columns)
        try:
            found = select(shown, words, reply.columns)
        except Refusal as refusal:  # in the agent's own words, which are no names
            raise Failed(refusal.problem(), profile.name) from None
        of = {id(masked): row for masked, row in zip(shown, rows, strict=True)}
        return replace(
            reply,
            rows=[of[id(masked)] for masked in found.rows],
            total=found.total,
            # Not in the agent's words: a guess among them would come back as its pseudonym.
            notes=[
                *selection_notes(replace(found, described="your conditions"), len(rows), "row"),
                *reply.notes,
            ],
        )


def without_conditions(spec: CommandSpec, command: Command) -> tuple[Command, list[str]]:
    """A reading command for all rows, and the words that choose among them."""
    name = next((part.name for part in spec.grammar if isinstance(part, Arg) and part.kind == "filter"), "")
    words = command.words(name)
    chosen = [word for word in words if word.partition("=")[0].casefold() in _COLUMNS]
    held = [word for word in words if word not in chosen]
    return (_with(spec, command, {**command.args, name: chosen}) if held else command), held


def _with(spec: CommandSpec, command: Command, args: Mapping[str, str | list[str]]) -> Command:
    return replace(command, args=args, slash=spec.slash(args))


def _real(names: Pseudonyms, value: str | list[str]) -> str | list[str]:
    return names.real(value) if isinstance(value, str) else [names.real(each) for each in value]


def _fits(names: Pseudonyms, kind: str, word: str) -> bool:
    """True if what comes of a word tells nothing of a name that was not shown."""
    if kind in PERSONS:
        return names.given(word)
    if kind != "filter":
        return not names.holds(word)
    condition = _CONDITION.fullmatch(word)
    if condition is None:
        return names.given(word) or word.casefold() in _ANYBODY or word.startswith("/")
    column, sign, value = condition[1].strip().casefold(), condition[2], condition[3].strip()
    if names.given(value) or column in _NO_NAMES:
        return sign in ("=", "!=")
    return sign in ("<", ">", "<=", ">=") or value.casefold() in ("yes", "no")
