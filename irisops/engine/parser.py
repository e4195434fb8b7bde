"""A typed line -> a `Command`, or a `Problem` with the nearest commands. Pure: no clock, no instance, no files.

Slash lines are parsed by the command's grammar; other lines are matched with the plain-words forms of all commands, in
the registry's order. No input raises.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import replace

from irisops.contract import quoting
from irisops.contract.chat import Command
from irisops.contract.quoting import Word
from irisops.contract.replies import Problem
from irisops.contract.secret_words import refusal
from irisops.contract.wording import harmless
from irisops.engine import plain_words
from irisops.engine.spec import LINE, Arg, CommandSpec, Keyword, Registry

Args = dict[str, str | list[str]]
_SUGGESTED = 3
_PERHAPS = "Perhaps one of these was meant; /help lists everything."
_COMPARED = 120
"""Characters of an unknown line that are compared with known ones."""


class _Wrong(Exception):  # noqa: N818 - never leaves this module
    """The arguments do not fit the grammar; the text says why."""


def parse(text: str, registry: Registry) -> Command | Problem:
    """Parse one line."""
    line = text.strip()
    if not line:
        return _not_understood(
            text, "Nothing was typed.", registry, cure="Type /help to see what can be asked."
        )
    if line.startswith("/"):
        return _parse_slash(text, line, registry)
    if len(line) <= plain_words.MAX_LENGTH:
        sentence = plain_words.tidy(line)
        for spec in registry:
            for plain in spec.plain:
                found = plain_words.match(spec, plain, sentence)
                if found is not None and _fits(found):
                    return _command(found.spec, found.args, text)
    bare = _bare_command(text, line, registry)
    return bare or _not_understood(text, "That is not understood.", registry)


def understood(text: str, registry: Registry) -> Command | Problem:
    """As `parse`, including a line within the line (`/on clinic /license`): live if that one is.

    If the inner line is not understood, its problem is returned. A line that holds a secret is refused.
    """
    refused = refusal(text)
    if refused is not None:
        return refused
    found = parse(text, registry)
    if isinstance(found, Problem):
        return found
    spec = registry.get(found.name)
    lines = (
        [element.name for element in spec.grammar if isinstance(element, Arg) and element.kind == LINE]
        if spec
        else []
    )
    for name in lines:
        inner = parse(str(found.args.get(name, "")), registry)
        if isinstance(inner, Problem):
            return replace(inner, text=text)
        found = replace(found, live=inner.live, changes=inner.changes)
    return found


def _command(spec: CommandSpec, args: Args, text: str) -> Command:
    return Command(
        name=spec.name, args=args, slash=spec.slash(args), text=text, live=spec.live, changes=spec.changes
    )


def _bare_command(text: str, line: str, registry: Registry) -> Command | None:
    """`license` or `connect local` without the slash, when the rest fits the grammar exactly.

    Commands that change something need a slash or a whole sentence, to be sure that they are meant.
    """
    found = _parse_slash(text, "/" + line, registry)
    if isinstance(found, Problem) or found.changes or "\n" in line:
        return None
    return found


def _parse_slash(text: str, line: str, registry: Registry) -> Command | Problem:
    try:
        parts = quoting.split(line[1:])
    except quoting.UnclosedQuoteError as error:
        return Problem(
            "NotUnderstood",
            f"Character {error.position + 2}: the quotation mark {error.quote} is never closed.",
            'Close it, or write \\" inside a quoted name.',
            text=text,
            suggestions=_near_slash(line, registry),
        )
    if not parts or parts[0].quoted:
        return _not_understood(text, "A slash needs a command after it.", registry)
    spec, rest = _find(parts, registry)
    if spec is None:
        return Problem(
            "NotUnderstood",
            f"There is no command /{harmless(parts[0].value, 40)}.",
            _PERHAPS,
            text=text,
            suggestions=_near_slash(line, registry),
        )
    try:
        args = _arguments(spec, rest, line[1:])
    except _Wrong as wrong:
        return Problem(
            "NotUnderstood",
            str(wrong),
            f"Write it as {spec.usage}",
            text=text,
            suggestions=_usages(_with_kin(spec, _by_likeness(line, registry))),
        )
    return _command(spec, args, text)


def _find(parts: list[Word], registry: Registry) -> tuple[CommandSpec | None, list[Word]]:
    """The longest command name that the line begins with."""
    if len(parts) > 1 and not parts[1].quoted:
        two = registry.get(f"{parts[0].value} {parts[1].value}")
        if two is not None:
            return two, parts[2:]
    return registry.get(parts[0].value), parts[1:]


def _arguments(spec: CommandSpec, given: list[Word], raw: str) -> Args:
    """Match words with a grammar; `raw` is the text that contains them. Raises `_Wrong`."""
    args: Args = {}
    rest = _take_options(spec, given, args)
    elements = list(spec.grammar)
    for index, element in enumerate(elements):
        if isinstance(element, Keyword):
            _take_keyword(spec, element, elements[index + 1 :], rest)
            continue
        if element.kind == LINE and rest:
            args[element.name] = raw[rest[0].start :].strip()
            rest.clear()
            continue
        _take_values(spec, element, elements[index + 1 :], rest, args)
    if rest:
        raise _Wrong(f"/{spec.name} does not know what to do with “{harmless(rest[0].value, 60)}”.")
    return args


def _take_options(spec: CommandSpec, given: list[Word], args: Args) -> list[Word]:
    rest: list[Word] = []
    for word in given:
        key, equals, value = word.value.partition("=")
        name = key.casefold()
        if word.quoted or not equals or name not in spec.options:
            rest.append(word)
            continue
        if name in args:
            raise _Wrong(f"{name}= is given twice.")
        args[name] = _checked(name, spec.options[name], value)
    return rest


def _take_keyword(spec: CommandSpec, keyword: Keyword, after: list[Arg | Keyword], rest: list[Word]) -> None:
    """Consume the keyword. It may be missing only if everything after it may be."""
    if rest and not rest[0].quoted and rest[0].value.casefold() == keyword.word:
        rest.pop(0)
        return
    if any(isinstance(part, Arg) and part.required for part in after):
        raise _Wrong(f"/{spec.name} needs the word “{keyword.word}”.")


def _take_values(
    spec: CommandSpec, arg: Arg, after: list[Arg | Keyword], rest: list[Word], args: Args
) -> None:
    stops = {part.word for part in after if isinstance(part, Keyword)}
    taken: list[str] = []
    while rest and not (not rest[0].quoted and rest[0].value.casefold() in stops):
        word = rest.pop(0)
        if arg.many and not word.quoted and "," in word.value.strip(",") and arg.kind == "role":
            taken += [piece for piece in word.value.split(",") if piece]  # a role's name has no comma
        else:
            value = word.value if word.quoted or arg.kind != "role" else word.value.rstrip(",")
            if value or word.quoted:
                taken.append(value)
        if not arg.many:
            break
    if not taken:
        if arg.required:
            raise _Wrong(f"/{spec.name} needs {_article(arg.show or arg.name)}.")
        return
    if any(not value for value in taken):
        raise _Wrong(f"An empty name is not {_article(arg.show or arg.name)}.")
    checked = [_checked(arg.name, arg.kind, value) for value in taken]
    args[arg.name] = checked if arg.many else checked[0]


def _article(name: str) -> str:
    word = name.upper()
    return f"{'an' if word[0] in 'AEIO' else 'a'} {word}"


def _checked(name: str, kind: str, value: str) -> str:
    """The value in its canonical form. Raises `_Wrong`."""
    if kind == "number":
        if not re.fullmatch(r"[0-9]{1,9}", value):
            raise _Wrong(f"{name.upper()} is a whole number, not “{harmless(value, 40)}”.")
        return str(int(value))
    if kind == "flag":
        answer = _FLAGS.get(value.casefold())
        if answer is None:
            raise _Wrong(f"{name}= is yes or no, not “{harmless(value, 40)}”.")
        return answer
    return value


_FLAGS = {
    **dict.fromkeys(("yes", "y", "on", "true", "1"), "yes"),
    **dict.fromkeys(("no", "n", "off", "false", "0"), "no"),
}


def _fits(found: plain_words.Match) -> bool:
    """True if the grammar allows the values of a sentence; canonical ones replace them."""
    kinds = {part.name: part.kind for part in found.spec.grammar if isinstance(part, Arg)} | dict(
        found.spec.options
    )
    try:
        for name, value in found.args.items():
            values = value if isinstance(value, list) else [value]
            if not all(values):
                return False
            checked = [_checked(name, kinds[name], each) for each in values]
            found.args[name] = checked if isinstance(value, list) else checked[0]
    except _Wrong:
        return False
    return True


def _not_understood(text: str, message: str, registry: Registry, cure: str = "") -> Problem:
    suggestions = _usages(_by_likeness(text, registry))
    return Problem(
        "NotUnderstood",
        message,
        cure or _PERHAPS,
        text=text,
        suggestions=suggestions,
    )


def _usages(specs: Iterable[CommandSpec]) -> list[str]:
    return [spec.usage for spec in specs][:_SUGGESTED]


def _near_slash(line: str, registry: Registry) -> list[str]:
    """Usages to suggest for a slash line that names no command or cannot be split.

    Only those with the noun or verb of the nearest, if its name was hardly mistyped; else the nearest of all.
    """
    nearest, *others = _by_likeness(line, registry)
    if _named(_first_word(_tidy(line)), nearest) < _MISTYPED:
        return _usages([nearest, *others])
    return _usages(_with_kin(nearest, others))


def _with_kin(spec: CommandSpec, others: Iterable[CommandSpec]) -> list[CommandSpec]:
    """The command, then those of `others` that begin with the same noun or verb (`user`, `users`, `user add`)."""
    words = _first_words(spec)
    return [spec, *(each for each in others if each.name != spec.name and _first_words(each) & words)]


def _first_words(spec: CommandSpec) -> set[str]:
    return {_first_word(name).rstrip("s") for name in (spec.name, *spec.aliases)}


def _first_word(line: str) -> str:
    return line.split(" ", 1)[0]


def _tidy(text: str) -> str:
    return " ".join(text.casefold().split())[:_COMPARED].lstrip("/")


def _by_likeness(text: str, registry: Registry) -> list[CommandSpec]:
    """All commands, the one most similar to a line first."""
    line = _tidy(text)
    stems = _stems(line)
    return sorted(registry, key=lambda spec: -_likeness(line, stems, spec))


def _named(first: str, spec: CommandSpec) -> float:
    """Similarity of a word to the names of a command."""
    return max(difflib.SequenceMatcher(None, first, name).ratio() for name in (spec.name, *spec.aliases))


def _likeness(line: str, stems: set[str], spec: CommandSpec) -> float:
    """Similarity of a line to a command: of its first word to the name, of its words to the description."""
    candidates = (spec.name, *spec.aliases, *spec.examples)
    close = max(difflib.SequenceMatcher(None, line, candidate.casefold()).ratio() for candidate in candidates)
    named = _named(_first_word(line), spec)
    known = _stems(" ".join((spec.name, spec.summary, *spec.aliases, *spec.examples)).casefold())
    shared = len(stems & known) / (len(stems) or 1)
    # A first word close to the command's name counts more than words shared with its examples.
    mistyped = _MISTYPED_BONUS if named >= _MISTYPED else 0.0
    return max(close, named) + shared + mistyped


def _stems(text: str) -> set[str]:
    """Words without plural s and without `_EMPTY_WORDS`."""
    return {word.rstrip("s") for word in re.findall(r"[a-z%]+", text) if word not in _EMPTY_WORDS}


_MISTYPED = 0.8
_MISTYPED_BONUS = 0.5

_EMPTY_WORDS = frozenset(
    {
        "a", "an", "and", "are", "be", "by", "can", "do", "does", "for", "from", "get", "have", "how", "i", "in",
        "into", "is", "it", "its", "me", "my", "of", "on", "or", "our", "please", "show", "tell", "that", "the",
        "their", "them", "then", "there", "this", "to", "us", "was", "we", "what", "when", "which", "who", "why",
        "will", "with", "you", "your",
    }
)  # fmt: skip
