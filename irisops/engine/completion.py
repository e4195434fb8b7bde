"""Complete the word under the cursor from names already known, without asking an instance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from irisops.connections.connection import Names
from irisops.contract import quoting
from irisops.contract.chat import Completion
from irisops.contract.quoting import Word
from irisops.engine.spec import LINE, Arg, CommandSpec, Keyword, Registry
from irisops.instance.security.authentication import METHODS, SERVICES

MOST = 50
"""Most completions offered at once."""

PERMISSIONS = (("none", "nobody by itself"), ("R", "read"), ("RW", "read and write"), ("U", "use"))

Known = Callable[[str], Sequence[tuple[str, str]]]
"""kind -> (value, hint) of all known values of that kind."""


def complete(text: str, cursor: int, registry: Registry, known: Known) -> list[Completion]:
    """Completions of the word that ends at `cursor`, most likely first."""
    before = text[: max(0, min(cursor, len(text)))]
    if not before.lstrip().startswith("/"):
        return _plain(before, known)
    start = len(before) - len(before.lstrip())
    parts, fragment, at = _split(before)
    if not parts:
        if fragment.startswith("/"):
            return _commands(fragment[1:], start, registry)
        return []
    spec, consumed = _spec_of(before[start + 1 :], registry)
    if spec is None:
        return _second_words(parts, fragment, at, registry)
    inner = _line_within(spec, parts[consumed:], at)
    if inner is not None:
        return [
            each._replace(start=each.start + inner)
            for each in complete(before[inner:], len(before) - inner, registry, known)
        ]
    found = _arguments(spec, parts[consumed:], fragment, at, known)
    if len(parts) == 1 and consumed == 1:
        found = _second_words(parts, fragment, at, registry) + found
    return found[:MOST]


def _line_within(spec: CommandSpec, done: list[Word], at: int) -> int | None:
    """Start of the command within a command (`/on clinic /li`), if the cursor is in it."""
    for position, element in enumerate(spec.grammar):
        if isinstance(element, Arg) and element.kind == LINE:
            if len(done) < position:
                return None
            return done[position].start if len(done) > position else at
    return None


def _split(before: str) -> tuple[list[Word], str, int]:
    """Finished words, the unfinished one, and its position."""
    try:
        parts = quoting.split(before)
    except quoting.UnclosedQuoteError as error:
        parts = quoting.split(before[: error.position])
        return parts, before[error.position :], error.position
    if parts and parts[-1].end == len(before):
        last = parts[-1]
        return parts[:-1], before[last.start :], last.start
    return parts, "", len(before)


def _spec_of(line: str, registry: Registry) -> tuple[CommandSpec | None, int]:
    """The command at the start of a line (without its slash), and the number of words in its name."""
    tokens = line.split()
    if len(tokens) > 1 or (tokens and line.endswith(" ")):
        two = registry.get(" ".join(tokens[:2]))
        if two is not None and len(tokens) >= 2 and (len(tokens) > 2 or line.endswith(" ")):
            return two, 2
        return registry.get(tokens[0]), 1
    return None, 0


def _commands(fragment: str, start: int, registry: Registry) -> list[Completion]:
    """Commands whose name contains the fragment: those that begin with it first, `users` before `users dormant`."""
    specs = sorted(registry, key=lambda spec: " " in spec.name)
    matching = _ranked(fragment, [(spec.name, spec.summary) for spec in specs])
    return [Completion(f"/{name} ", start, hint) for name, hint in matching]


def _second_words(parts: list[Word], fragment: str, at: int, registry: Registry) -> list[Completion]:
    if len(parts) != 1:
        return []
    first = parts[0].value.lstrip("/")
    rest = [(spec.name.split(" ", 1)[1], spec.summary) for spec in registry.starting_with(first)]
    return [Completion(f"{name} ", at, hint) for name, hint in _ranked(fragment, rest)]


def _arguments(spec: CommandSpec, done: list[Word], fragment: str, at: int, known: Known) -> list[Completion]:
    """Completions by the grammar, and options not given yet."""
    given = {word.value.partition("=")[0].casefold() for word in done if "=" in word.value}
    plain = [
        word for word in done if word.quoted or word.value.partition("=")[0].casefold() not in spec.options
    ]
    found: list[Completion] = []
    key, equals, value = fragment.partition("=")
    if equals and key.casefold() in spec.options:
        choices = _choices(spec.options[key.casefold()], known)
        offset = at + len(key) + 1
        return [Completion(quoting.quote(name) + " ", offset, hint) for name, hint in _ranked(value, choices)]
    for element in _next(spec, plain):
        if isinstance(element, Arg) and element.kind == LINE:
            return found  # completed as a line of its own, in `complete`
        if isinstance(element, Keyword):
            choices = [(element.word, "")]
            found += [Completion(f"{name} ", at, hint) for name, hint in _ranked(fragment, choices)]
        else:
            choices = _choices(element.kind, known)
            taken = {word.value.casefold() for word in done}
            found += [
                Completion(f"{quoting.quote(name)} ", at, hint)
                for name, hint in _ranked(fragment, choices)
                if name.casefold() not in taken
            ]
    options = [(f"{name}=", kind) for name, kind in spec.options.items() if name not in given]
    return found + [Completion(name, at, hint) for name, hint in _ranked(fragment, options)]


def _next(spec: CommandSpec, done: list[Word]) -> list[Arg | Keyword]:
    """The grammar's elements that may follow the given words."""
    elements = list(spec.grammar)
    position = 0
    filled = False
    for word in done:
        while position < len(elements):
            element = elements[position]
            following = elements[position + 1] if position + 1 < len(elements) else None
            if isinstance(element, Keyword):
                position += 1
                filled = False
                break
            ends = isinstance(following, Keyword) and word.value.casefold() == following.word
            if ends and not word.quoted:
                position += 1
                continue
            filled = True
            position += 0 if element.many else 1
            break
    after = elements[position : position + 1]
    if after and isinstance(after[0], Arg) and (filled and after[0].many):
        after += elements[position + 1 : position + 2]
    return after


def _choices(kind: str, known: Known) -> Sequence[tuple[str, str]]:
    return (("yes", ""), ("no", "")) if kind == "flag" else known(kind)


def _ranked(fragment: str, choices: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Choices that begin with the fragment, then those that contain it, ignoring case."""
    wanted = fragment.strip("\"'").casefold()
    begins = [each for each in choices if each[0].casefold().startswith(wanted)]
    contains = [each for each in choices if wanted in each[0].casefold() and each not in begins]
    return [*begins, *contains][:MOST]


def _plain(before: str, known: Known) -> list[Completion]:
    """In plain words: complete a name once two of its letters are typed."""
    parts, fragment, at = _split(before)
    if not parts or len(fragment.strip("\"'%")) < 2:
        return []
    found: dict[str, str] = {}
    for kind in ("user", "role", "profile"):
        for name, _hint in known(kind):
            if name.casefold().startswith(fragment.strip("\"'").casefold()):
                found.setdefault(name, kind)
    return [Completion(f"{quoting.quote(name)} ", at, kind) for name, kind in found.items()][:MOST]


def offered(kind: str, names: Names) -> Sequence[tuple[str, str]]:
    """(value, hint) for an argument of a kind; empty for a kind unknown here."""
    if kind == "service":
        return [(name, "service") for name in names.services or SERVICES]
    if kind == "application":
        return [(name, "web application") for name in names.applications]
    if kind == "login":
        return [(word, "way to log in") for word in METHODS.values()]
    return PERMISSIONS if kind == "permission" else ()
