"""What an agent may do on a profile: its level, and the commands of each level."""

from __future__ import annotations

import os
from collections.abc import Collection

from irisops.commands.for_programs import CHANGES, READS
from irisops.contract.chat import Command
from irisops.contract.replies import Refusal
from irisops.contract.wording import harmless, listed
from irisops.engine.spec import LINE, Arg, CommandSpec
from irisops.profiles.model import AGENTS, Profile

WITH_NAMES = frozenset(
    {
        "compare", "app show", "oauth", "diff", "evidence", "history", "denied fix", "undo", "redo", "finish", "locks",
        "lock delete", "log", "production", "indexes validate", "indexes build",
    }
)  # fmt: skip
"""Commands whose answers cannot be told without names: refused where names are hidden."""


def level_of(profile: Profile) -> str:
    """One of `AGENTS`. Nothing is planned on a read-only profile."""
    return "read" if profile.read_only and profile.agents in ("plan", "apply") else profile.agents


def allows(profile: Profile, level: str) -> bool:
    """True if agents may do on the profile what `level` says."""
    return AGENTS.index(level_of(profile)) >= AGENTS.index(level)


def check_level(profile: Profile, level: str) -> None:
    """Raise `Refusal` unless agents may do this on the profile."""
    if not allows(profile, level):
        raise Refusal(
            "NotAllowed",
            f"Agents may not {level} on {profile.name}: its policy is {level_of(profile)}.",
            "Only a person can change that, in irisops or its profiles file; do not try another way.",
        )


def check_command(spec: CommandSpec, level: str, profile: Profile) -> None:
    """Raise `Refusal` unless agents may give this command, to "read" or to "plan"."""
    wanted = READS if level == "read" else CHANGES
    if spec.name not in wanted:
        if level == "read" and spec.name in CHANGES:
            raise Refusal("NeedsPlan", f"/{spec.name} changes something.", "Give the line to the tool plan.")
        raise Refusal(
            "NotForAgents",
            f"/{spec.name} is not for agents.",
            f"The tool {'ask' if level == 'read' else 'plan'} takes: {listed(sorted(wanted), most=len(wanted))}.",
        )
    if profile.agents_names == "hidden" and spec.name in WITH_NAMES:
        raise Refusal(
            "NamesHidden",
            f"Names are hidden from agents on {profile.name}, and /{spec.name} cannot be answered without them.",
            "A person can give that command in irisops.",
        )


def check_places(spec: CommandSpec, command: Command, served: Collection[Profile]) -> None:
    """Raise `Refusal` for a place that leads to this machine's files, or to a profile that may not be read so."""
    if spec.name == "diff" and not command.words("first"):  # the last export's folder, on this machine
        raise Refusal(
            "NotForAgents", "/diff alone reads a folder, and files are not for agents.", "Name a profile."
        )
    profiles = {each.name.casefold(): each for each in served}
    kinds = {part.name: part.kind for part in spec.grammar if isinstance(part, Arg)} | dict(spec.options)
    for name, kind in kinds.items():
        for word in command.words(name):
            if kind == LINE:
                raise Refusal(
                    "NotForAgents", "A command within a command is not for agents.", "Give it alone."
                )
            if kind not in ("file", "profile"):
                continue
            found = profiles.get(word.casefold())
            if found is None or os.sep in word or word.startswith((".", "~")):
                raise Refusal(
                    "NoSuchProfile",
                    f"{harmless(word, 80)} is no profile that agents may read.",
                    f"These are: {listed(sorted(each.name for each in served))}. Files are not for agents.",
                )
            if found.agents_names == "hidden":
                raise Refusal(
                    "NamesHidden",
                    f"Names are hidden from agents on {found.name}, and /{spec.name} cannot be answered without them.",
                    "A person can give that command in irisops.",
                )
