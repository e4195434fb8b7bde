"""Commands as data: grammar, options, plain-words forms, and the handler that runs them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Literal, NamedTuple

from irisops.contract import quoting
from irisops.contract.replies import Reply

Replies = AsyncGenerator[Reply, None]
"""What a handler returns: an asynchronous generator of replies."""

Group = Literal["this tool", "profiles", "instance", "license", "access", "sharing"]


LINE = "line"
"""Kind of an argument that is the rest of the line as typed: a command within a command."""
SENTENCE = "sentence"
"""Kind of an argument that is the rest of the line as typed, whatever it is."""

_FORMS = {"flag": "yes|no"}


class Arg(NamedTuple):
    """A place for a value. `kind` says what completes it: user, role, profile, command, number, file, text.

    Two kinds take the rest of the line: `LINE` and `SENTENCE`.
    """

    name: str
    kind: str = "text"
    required: bool = True
    many: bool = False
    show: str = ""

    @property
    def display(self) -> str:
        """How `/help` shows it."""
        shown = self.show or self.name.upper()
        return shown if self.required else f"[{shown}]"


class Keyword(NamedTuple):
    """A literal word: the `to` of `/grant ROLE to USER`.

    `alone`: what follows it is given after the word alone, as the kinds of `/export DIR only KIND`.
    """

    word: str
    alone: bool = False

    @property
    def display(self) -> str:
        """How `/help` shows it."""
        return self.word


@dataclass(frozen=True, slots=True)
class Plain:
    """One plain-words form. See `irisops.engine.plain_words` for how `pattern` is written.

    `args` are values that the form implies, beside those of its slots.
    """

    pattern: str
    args: Mapping[str, str | list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command. `name` may have two words (`profile add`)."""

    name: str
    summary: str
    handler: str
    """Name of the function that carries it out (see `resolve`), e.g. `license.board:show`.

    It takes the context and the command and yields replies. It may raise `InstanceProblem` or `Refusal`: both become a
    `Problem`.
    """
    grammar: tuple[Arg | Keyword, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    """`key=value` options that may stand anywhere: key -> kind ("text", "number", "flag", "profile", ...)."""
    plain: tuple[Plain, ...] = ()
    examples: tuple[str, ...] = ()
    """Plain-words lines for `/help`; each of them must be understood (a test checks it)."""
    aliases: tuple[str, ...] = ()
    group: Group = "instance"
    changes: bool = False
    shows: bool = False
    """A command that changes only what it is given, and shows it else, is available on a read-only profile, too. Its
    handler refuses the change there (`availability.refuse_change`)."""
    at_once: bool = False
    """Acts without a plan, and what it ends does not come back: a pick of it waits in the prompt for Enter."""
    live: bool = False
    needs_connection: bool = False
    uses_connection: bool = False
    """Shows more on a connected instance, but works without one."""
    needs: tuple[str, ...] = ()
    """Keys of `irisops.instance.features.FEATURES`: without a route for each the command is greyed out."""
    of_address: tuple[str, str] | None = None
    """Commands that are meant where the first word is a web address or a path: usually, and with `live` as the last
    word."""
    undo: Mapping[str, str] = field(default_factory=dict)
    """Kind of change in the journal -> name of the `irisops.changes.record.Kind` that undoes or finishes it."""
    goes_on: set[str] = field(default_factory=set, init=False, repr=False, compare=False)
    """Second words of longer commands, `delete` for `/app` (`/app delete`). The registry fills it in."""

    @property
    def form(self) -> str:
        """How to write it, without options."""
        parts = [f"/{self.name}"]
        for part, before in zip(self.grammar, (None, *self.grammar), strict=False):
            if isinstance(part, Arg) and isinstance(before, Keyword) and before.alone:
                parts[-1] = f"[{before.display} {part.show or part.name.upper()}]"
            else:
                parts.append(part.display)
        return " ".join(parts)

    @property
    def usage(self) -> str:
        """How to write it, with options, for people."""
        parts = [self.form]
        if len(self.options) > 3:
            parts.append("[key=value …]")
        else:
            parts += [f"[{key}={_FORMS.get(kind, key.upper())}]" for key, kind in self.options.items()]
        return " ".join(parts)

    def keywords(self) -> set[str]:
        """Literal words of the grammar."""
        return {part.word for part in self.grammar if isinstance(part, Keyword)}

    def slash(self, args: Mapping[str, str | list[str]]) -> str:
        """The canonical slash line for `args`; it parses to the same command and arguments."""
        parts = [f"/{self.name}"]
        pending: list[str] = []
        for element in self.grammar:
            if isinstance(element, Keyword):
                pending.append(element.word)
                continue
            value = args.get(element.name)
            if value is None or value == []:
                continue
            parts += pending
            pending = []
            values = value if isinstance(value, list) else [value]
            first = len(parts) == 1
            parts += (
                values
                if element.kind in (LINE, SENTENCE)
                else [self._written(each, first) for each in values]
            )
        for key in self.options:
            option = args.get(key)
            if isinstance(option, str):
                parts.append(f"{key}={quoting.quote(option)}")
        return " ".join(parts)

    def _written(self, value: str, first: bool) -> str:
        option_like = "=" in value and value.split("=", 1)[0].casefold() in self.options
        special = value.casefold() in self.keywords() or option_like or "," in value
        # A name that looks like an address is quoted, or the line would be one of `of_address`; one that is called
        # as another command goes on, or it would be that command.
        special = special or (first and self.of_address is not None and is_address(value))
        special = special or (first and value.casefold() in self.goes_on)
        return quoting.quote(value, force=special)


def is_address(word: str) -> bool:
    """True for a web address, or the path of one."""
    return word.startswith("/") or "://" in word


def resolve(name: str) -> object:
    """The object named `module:attribute`, the module relative to `irisops.commands`; imported at first use.

    The table of all commands is needed at the start, the modules behind it are not. Raises ImportError or
    AttributeError for an unknown name (a test resolves every name that is declared).
    """
    module, _, attribute = name.partition(":")
    return getattr(import_module(f"irisops.commands.{module}"), attribute)


class Registry:
    """All commands, by name and alias, in the order in which `/help` lists them."""

    def __init__(self, specs: Iterable[CommandSpec]) -> None:
        """Raises ValueError if two have one name."""
        self.specs = tuple(specs)
        self.ranker: object = None
        """What compares sentences with those of these commands, once it was needed; kept by `engine.parser`."""
        self._by_name: dict[str, CommandSpec] = {}
        for spec in self.specs:
            for name in (spec.name, *spec.aliases):
                if name in self._by_name:
                    raise ValueError(f"two commands are called {name!r}")
                self._by_name[name] = spec
        for name in self._by_name:
            begin, _, then = name.partition(" ")
            if then and begin in self._by_name:
                self._by_name[begin].goes_on.add(then)

    def get(self, name: str) -> CommandSpec | None:
        """By name or alias, without regard to case."""
        return self._by_name.get(name.casefold())

    @cached_property
    def kinds_of_change(self) -> Mapping[str, str]:
        """`CommandSpec.undo` of all commands."""
        return {kind: name for spec in self.specs for kind, name in spec.undo.items()}

    def starting_with(self, word: str) -> list[CommandSpec]:
        """Commands of two words that begin with `word`: `profile` -> `profile add`, ..."""
        return [spec for spec in self.specs if spec.name.startswith(word.casefold() + " ")]

    def __iter__(self) -> Iterator[CommandSpec]:
        return iter(self.specs)
