"""Names that the sentences of the tests speak of, and how a line is compared with the right one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from irisops.commands.catalogue import default_registry
from irisops.contract.chat import Command
from irisops.contract.secret_words import show_names
from irisops.engine.parser import parse, understood

REGISTRY = default_registry()
NAMES: Mapping[str, Sequence[str]] = {
    "user": [
        "_SYSTEM", "Admin", "SuperUser", "CSPSystem", "UnknownUser", "admin1", "anna", "appuser", "bob",
        "intern1", "j.garcia", "kenji", "lukas", "maria", "priya", "reader", "svc_blue", "svc_etl", "svc_green",
    ],
    "role": [
        "%All", "%Developer", "%Manager", "%Operator", "%SQL", "Analysts", "Auditors", "Billing", "DevLite",
        "Clerk", "Nurses", "Payroll", "Reader", "ShopRead", "Trainers",
    ],
    "profile": ["clinic", "home", "lab", "lab2", "local", "prod", "prod2", "vienna"],
    "resource": [
        "%Admin_Manage", "%Admin_Operate", "%DB_CLINIC", "%DB_HR", "%DB_SALES", "%DB_SHOP", "%DB_USER",
        "%Development", "%Admin_Secure", "%DB_PAYROLL", "Shop_Orders",
    ],
    "application": ["/api/shop", "/api/v1", "/csp/billing", "/csp/shop", "/csp/sys", "/csp/test", "/csp/user"],
}  # fmt: skip

show_names(name for kind in ("user", "role", "profile") for name in NAMES[kind])  # as after a login


def known(kind: str) -> Sequence[tuple[str, str]]:
    """The names above."""
    return [(name, kind) for name in NAMES.get(kind, ())]


def offered(text: str) -> tuple[Command | None, list[str]]:
    """The command that runs, if one does, and the lines: that of the command, or those to choose from."""
    found = understood(text, REGISTRY, known)
    return (found, [found.slash]) if isinstance(found, Command) else (None, list(found.suggestions))


def name_of(line: str) -> str:
    """The command of a line, which may lack arguments."""
    words = line.lstrip("/").split()
    spec = REGISTRY.get(" ".join(words[:2])) or REGISTRY.get(words[0])
    return spec.name if spec else ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the corpus; `right` are lines that it may become, the best first: none, if it means nothing."""

    text: str
    right: tuple[str, ...]
    kind: str
    loose: bool = False

    def means(self, line: str) -> bool:
        """True if a line is one of the right ones; of a loose sentence only the command counts."""
        if self.loose:
            return name_of(line) in {name_of(each) for each in self.right}
        return _meaning(line) in {_meaning(each) for each in self.right}


def _meaning(line: str) -> object:
    # `/explain bob %DB_USER access=R` is `/explain bob %DB_USER:R`.
    line = re.sub(r"^/((?:explain|who-can) .*?) access=([RWU]+)$", r"/\1:\2", line)
    line = line.replace(" ns=", " namespace=")  # the short name of the column
    line = re.sub(
        r"^(/explain .* sql \S+) access=select", r"\1", line
    )  # what is asked if nothing else is said
    line = line.replace("/users name=", "/users ")  # the row of one user
    # A word alone is looked for as a user, too: `/sessions maria` is `/sessions user=maria`.
    line = re.sub(
        rf"^(/sessions(?: leaks| sweep| end)?) user=({'|'.join(map(re.escape, NAMES['user']))})$",
        r"\1 \2",
        line,
    )
    found = parse(line, REGISTRY)
    if not isinstance(found, Command):
        return line
    return found.name, tuple(sorted((name, _value(value)) for name, value in found.args.items()))


def _value(value: object) -> str:
    """An argument: `24h` is `1d`."""
    text = str(value).casefold()
    if re.fullmatch(r"(?:\d+[dhm])+", text):
        minutes = {"d": 1440, "h": 60, "m": 1}
        return str(sum(int(number) * minutes[unit] for number, unit in re.findall(r"(\d+)(\w)", text)))
    return text


def corpus(name: str) -> list[Sentence]:
    """The sentences of a file in `corpus/`."""
    path = Path(__file__).parent / "corpus" / f"{name}.toml"
    return [
        Sentence(each["text"], tuple(each["right"]), each["kind"], bool(each.get("loose")))
        for each in tomllib.loads(path.read_text("utf-8"))["sentence"]
    ]


@dataclass(frozen=True, slots=True)
class Figures:
    """How well the sentences of a corpus are understood. The shares are of those that mean something."""

    first: float
    among_three: float
    missed: tuple[str, ...]
    ran_wrong: tuple[str, ...]
    """Sentences that ran something else than what they mean; every one with nothing to run."""
    ran_for_nothing: tuple[str, ...]
    """Those with nothing to run."""


def figures(sentences: Sequence[Sentence]) -> Figures:
    """Count."""
    first = three = 0
    missed: list[str] = []
    wrong: list[str] = []
    nothing: list[str] = []
    meaning = [each for each in sentences if each.right]
    for sentence in sentences:
        ran, lines = offered(sentence.text)
        right = bool(lines) and sentence.means(lines[0])
        if ran is not None and not right:
            wrong.append(f"{sentence.text} -> {ran.slash}")
        if not sentence.right:
            nothing += [wrong[-1]] if ran is not None else []
            continue
        first += right
        three += any(sentence.means(line) for line in lines)
        if not right:
            missed.append(f"{sentence.text} -> {lines} for {sentence.right}")
    return Figures(first / len(meaning), three / len(meaning), tuple(missed), tuple(wrong), tuple(nothing))
