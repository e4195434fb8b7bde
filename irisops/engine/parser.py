"""A typed line -> a `Command`, or a `Problem` with the nearest commands. Pure: no clock, no instance.

Slash lines are parsed by the command's grammar; other lines are matched with the plain-words forms of all commands, in
the registry's order, and ranked by their likeness to example sentences if none fits. No input raises.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import exp
from typing import TYPE_CHECKING

from irisops.contract import quoting
from irisops.contract.chat import Command
from irisops.contract.nearest import find
from irisops.contract.quoting import Word
from irisops.contract.replies import Problem
from irisops.contract.secret_words import refusal
from irisops.contract.wording import harmless, listed
from irisops.engine import glossary, plain_words, weights
from irisops.engine.spec import LINE, SENTENCE, Arg, CommandSpec, Keyword, Registry, is_address

if TYPE_CHECKING:
    from irisops.engine.guesses import Guess
    from irisops.engine.ranking import Ranker

Known = Callable[[str], Sequence[tuple[str, str]]]
"""kind -> (value, hint) of all known values of that kind, as for completion."""


def nothing_known(_kind: str) -> Sequence[tuple[str, str]]:
    """A `Known` without names."""
    return ()


Args = dict[str, str | list[str]]
_SUGGESTED = 3
_PERHAPS = "Perhaps one of these was meant; /help lists everything."
_OTHER_WORDS = "Otherwise say it in other words; /help lists everything."
_FOR_EXAMPLE = "This is what can be asked, for example; /help lists everything."
_EXAMPLES = ("/license", "/users", "/help")
_GREETS = re.compile(r"(?:hello|hi|hey|good (?:day|morning|evening))(?: there| you)?[.!]*", re.IGNORECASE)
_FORBIDS = re.compile(
    r"(?:do not|don[’']?t|never)\s+(?:ever\s+)?(?:kick|throw|delete|remove|drop|erase|wipe|end|kill|terminate|stop|"
    r"close|disable|enable|block|lock|unlock|ban|revoke|take|grant|give|share|undo|change|log|reset|make|create)\b"
    r"(?!.*\b(?:just|but|instead)\b)",
    re.IGNORECASE,
)
"""What shall not be done, unless something else shall: `don't kill 4711, just pause it`."""
_ANSWERS = frozenset(
    {"yes", "y", "yes please", "yep", "yeah", "ok", "okay", "no", "n", "nope", "sure", "go", "do it"}
)
"""Answers to a question, where none is open."""
_COMPARED = 120
"""Characters of an unknown line that are compared with known ones."""


class _Wrong(Exception):  # noqa: N818 - never leaves this module
    """A line does not fit the grammar; the text says why. `spec` is the command that it names."""

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(message)
        self.cure = cure
        self.spec: CommandSpec | None = None
        self.missing: Arg | None = None


def parse(text: str, registry: Registry, known: Known = nothing_known) -> Command | Problem:
    """Parse one line; `known` gives the names by which the objects of a sentence are recognised."""
    line = text.strip()
    if not line:
        return Problem("NotUnderstood", "Nothing was typed.", _FOR_EXAMPLE, text=text, suggestions=_EXAMPLES)
    if line.startswith("/") and not _is_path(line, registry):
        return _parse_slash(text, line, registry, known)
    sentence = plain_words.tidy(line) if len(line) <= plain_words.MAX_LENGTH else ""
    answer = _no_wish(line, sentence)
    if answer:
        return Problem("NotUnderstood", *answer, text=text)
    return (
        _by_form(text, sentence, registry, known)
        or _bare_command(text, line, registry, known)
        or _ranked(text, sentence, registry, known)
    )


def _no_wish(line: str, sentence: str) -> tuple[str, str] | None:
    """Message and cure for an answer to no question, and for what shall not be done."""
    if line.casefold().rstrip(".! ") in _ANSWERS:
        return "Nothing is waiting for a yes.", ""
    if _FORBIDS.match(sentence):
        return "That says what not to do: nothing was done.", _OTHER_WORDS
    return None


def _by_form(text: str, sentence: str, registry: Registry, known: Known) -> Command | None:
    """The command of the first plain-words form that fits; a question for a term of the glossary."""
    term, helping = glossary.asked(sentence), registry.get("help")
    if term is not None and helping is not None:
        return _command(helping, {"command": term.name.split()}, text)
    asks = text.rstrip().endswith("?") and sentence.count(" ") < 2  # `free units?` wants no change
    for spec in registry:
        for plain in spec.plain:
            found = plain_words.match(spec, plain, sentence)
            if found is not None and found.spec.changes and asks:
                continue
            if found is not None and _fits(found, text, registry, known):
                return _command(found.spec, found.args, text)
    return None


def _is_path(line: str, registry: Registry) -> bool:
    """True for a sentence that begins with a web application: `/csp/user must ask for a login`."""
    first, _, rest = line.partition(" ")
    return bool(rest) and "/" in first[1:] and registry.get(first[1:]) is None


def _ranked(text: str, sentence: str, registry: Registry, known: Known) -> Command | Problem:
    """The likeliest command if there is no doubt about it, else up to three to choose from."""
    guesses = _ranker(registry).rank(sentence, known)
    said = _suggested(guesses)
    word, helping = glossary.word_asked(sentence), registry.get("help")
    if word and helping is not None and len(word.split()) < _SUGGESTED:
        said = [helping.slash({"command": word.split()}), *said][:_SUGGESTED]
    elif said and guesses[0].sure:
        found = _parse_slash(text, said[0], registry, known)
        if isinstance(found, Command) and not (found.changes and text.rstrip().endswith("?")):
            return found  # a question is never beyond doubt a wish for a change
    if not said or _GREETS.fullmatch(text.strip()):
        return _nothing(text)
    return Problem("NotUnderstood", "Did you mean one of these?", _OTHER_WORDS, text=text, suggestions=said)


def _suggested(guesses: Sequence[Guess]) -> list[str]:
    """Lines to choose from; none if no example is like the sentence."""
    if not guesses or (guesses[0].score < weights.LIKELY and not guesses[0].names):
        return []
    best: dict[str, float] = {}
    for each in guesses:
        best.setdefault(each.spec.name, each.score)
    whole: dict[str, float] = defaultdict(float)
    chance: dict[str, float] = {}
    shares: list[tuple[str, str, float]] = []
    for each in guesses:
        if each.line in chance:
            continue
        name = each.spec.name
        chance[each.line] = share = exp((each.score - best[name]) / weights.LINES)
        whole[name] += share
        shares.append((each.line, name, share))
    top = guesses[0].score
    for line, name, share in shares:
        chance[line] = exp((best[name] - top) / weights.COMMANDS) * share / whole[name]
    chance.pop(guesses[0].line)
    return [guesses[0].line, *sorted(chance, key=lambda line: -chance[line])[: _SUGGESTED - 1]]


def _ranker(registry: Registry) -> Ranker:
    from irisops.engine.ranking import Ranker  # noqa: PLC0415 - not before the first sentence without a pattern

    if not isinstance(registry.ranker, Ranker):
        registry.ranker = Ranker(registry)
    return registry.ranker


def loading(text: str, registry: Registry, known: Known = nothing_known) -> Callable[[], None] | None:
    """What to run first, from any thread, for a line that no form fits: it takes half a second. None if not needed."""
    line = text.strip()
    if not line or refusal(line) is not None:
        return None
    if line.startswith("/") and not _is_path(line, registry):
        return None
    sentence = plain_words.tidy(line) if len(line) <= plain_words.MAX_LENGTH else ""
    if (
        _no_wish(line, sentence)
        or _by_form(text, sentence, registry, known)
        or _bare_command(text, line, registry, known)
    ):
        return None

    def load() -> None:
        _ranker(registry)

    return load


def may_be_chosen(text: str, registry: Registry, known: Known) -> bool:
    """True if a model may choose the command for a sentence that is not understood.

    Not for a word, a greeting, or what wishes nothing; nor for what would lose something without saying what.
    """
    line = text.strip()
    sentence = plain_words.tidy(line) if len(line) <= plain_words.MAX_LENGTH else ""
    if " " not in line or not sentence or _GREETS.fullmatch(line) or _no_wish(line, sentence):
        return False
    return not _ranker(registry).vague(sentence, known)


def _nothing(text: str) -> Problem:
    if _GREETS.fullmatch(text.strip()):
        return Problem("NotUnderstood", "Hello.", _FOR_EXAMPLE, text=text, suggestions=("/help",))
    return Problem("NotUnderstood", "That is not understood.", _FOR_EXAMPLE, text=text, suggestions=_EXAMPLES)


def understood(text: str, registry: Registry, known: Known = nothing_known) -> Command | Problem:
    """As `parse`, including a line within the line (`/on clinic /license`): live if that one is.

    If the inner line is not understood, its problem is returned. A line that holds a secret is refused.
    """
    refused = refusal(text)
    if refused is not None:
        return refused
    found = parse(text, registry, known)
    if isinstance(found, Problem):
        return found
    spec = registry.get(found.name)
    lines = (
        [element.name for element in spec.grammar if isinstance(element, Arg) and element.kind == LINE]
        if spec
        else []
    )
    for name in lines:
        if name not in found.args:
            continue
        inner = parse(str(found.args[name]), registry, known)
        if isinstance(inner, Problem):
            return replace(inner, text=text)
        found = replace(found, live=inner.live, changes=inner.changes)
    return found


def _command(spec: CommandSpec, args: Args, text: str) -> Command:
    return Command(
        name=spec.name, args=args, slash=spec.slash(args), text=text, live=spec.live, changes=spec.changes
    )


def _bare_command(text: str, line: str, registry: Registry, known: Known) -> Command | None:
    """`license` or `connect local` without the slash, when the rest fits the grammar exactly.

    Commands that change something need a slash or a whole sentence, to be sure that they are meant.
    """
    try:
        found = _read_slash(text, "/" + line, registry)
    except _Wrong:
        return None
    if found.changes or "\n" in line:
        return None
    spec = registry.get(found.name)
    kinds = {part.name: part.kind for part in spec.grammar if isinstance(part, Arg)} if spec else {}
    for name, value in found.args.items():
        kind = kinds.get(name, "text")
        values = [value] if isinstance(value, str) else value
        if kind == "text" and len(values) > 2:
            return None  # words of a sentence
        if kind == "command" and glossary.term(" ".join(values)) is not None:
            continue
        for each in values:
            no_file = kind == "file" and not set(each) & set("./~")  # `save licences` is no file
            if no_file or (kind in _GUARDED and not _may_be(kind, each, line, registry, nothing_known)):
                return None
            names = [name for name, _ in known(kind)] if kind in ("user", "role", "profile") else []
            if (
                names
                and find(each, names) is None
                and each != "all"
                and "://" not in each
                and "," not in each
            ):
                return None
    return found


def _parse_slash(text: str, line: str, registry: Registry, known: Known) -> Command | Problem:
    try:
        return _read_slash(text, line, registry)
    except _Wrong as wrong:
        if wrong.spec is None:
            suggestions = _near_slash(line, registry)
        elif wrong.missing is not None and (values := _values(wrong.missing, known)):
            suggestions = [_continued(line, wrong.spec, wrong.missing, value) for value in values]
        else:
            suggestions = _usages(_with_kin(wrong.spec, _by_likeness(line, registry)))
        return Problem("NotUnderstood", str(wrong), wrong.cure, text=text, suggestions=suggestions)


def _read_slash(text: str, line: str, registry: Registry) -> Command:
    """Raises `_Wrong`."""
    try:
        parts = quoting.split(line[1:])
    except quoting.UnclosedQuoteError as error:
        raise _Wrong(
            f"Character {error.position + 2}: the quotation mark {error.quote} is never closed.",
            'Close it, or write \\" inside a quoted name.',
        ) from None
    if not parts or parts[0].quoted:
        raise _Wrong("A slash needs a command after it.", _PERHAPS)
    spec, rest = _find(parts, registry)
    if spec is None:
        raise _Wrong(f"There is no command /{harmless(parts[0].value, 40)}.", _PERHAPS)
    try:
        return _command(spec, _arguments(spec, rest, line[1:]), text)
    except _Wrong as wrong:
        wrong.spec = spec
        wrong.cure = f"Write it as {spec.usage}"
        raise


def _find(parts: list[Word], registry: Registry) -> tuple[CommandSpec | None, list[Word]]:
    """The longest command name that the line begins with; its first word may be an alias (`/alerts off`)."""
    spec, rest = registry.get(parts[0].value), parts[1:]
    if rest and not rest[0].quoted:
        for begin in (parts[0].value, *((spec.name,) if spec is not None else ())):
            two = registry.get(f"{begin} {rest[0].value}")
            if two is not None:
                return two, rest[1:]
    if spec is None or spec.of_address is None or not rest or rest[0].quoted or not is_address(rest[0].value):
        return spec, rest
    usual, live = spec.of_address
    if len(rest) > 1 and not rest[-1].quoted and rest[-1].value.casefold() == "live":
        return registry.get(live), rest[:-1]
    return registry.get(usual), rest


def _arguments(spec: CommandSpec, given: list[Word], raw: str) -> Args:
    """Match words with a grammar; `raw` is the text that contains them. Raises `_Wrong`."""
    args: Args = {}
    rest = _take_options(spec, given, args)
    elements = list(spec.grammar)
    without = False
    for index, element in enumerate(elements):
        if isinstance(element, Keyword):
            without = not _take_keyword(spec, element, elements[index + 1 :], rest) and element.alone
            continue
        if without:
            continue
        if element.kind in (LINE, SENTENCE) and rest:
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


def _take_keyword(spec: CommandSpec, keyword: Keyword, after: list[Arg | Keyword], rest: list[Word]) -> bool:
    """Consume the keyword; False if it is missing. It may be missing only if everything after it may be."""
    if rest and not rest[0].quoted and rest[0].value.casefold() == keyword.word:
        rest.pop(0)
        return True
    if any(isinstance(part, Arg) and part.required for part in after):
        raise _Wrong(f"/{spec.name} needs the word “{keyword.word}”.")
    return False


def _take_values(
    spec: CommandSpec, arg: Arg, after: list[Arg | Keyword], rest: list[Word], args: Args
) -> None:
    stops = {part.word for part in after if isinstance(part, Keyword)}
    taken: list[str] = []
    while rest and not (not rest[0].quoted and rest[0].value.casefold() in stops):
        word = rest.pop(0)
        without_commas = arg.kind in ("role", "configuration kind")
        if arg.many and not word.quoted and "," in word.value.strip(",") and without_commas:
            taken += [piece for piece in word.value.split(",") if piece]
        else:
            value = word.value if word.quoted or not without_commas else word.value.rstrip(",")
            if value or word.quoted:
                taken.append(value)
        if not arg.many:
            break
    if not taken:
        if arg.required:
            wrong = _Wrong(f"/{spec.name} needs {_wanted(arg)}.")
            wrong.missing = None if rest else arg
            raise wrong
        return
    if any(not value for value in taken):
        raise _Wrong(f"An empty name is not {_article(arg.show or arg.name)}.")
    checked = [_checked(arg.name, arg.kind, value) for value in taken]
    args[arg.name] = checked if arg.many else checked[0]


def _wanted(arg: Arg) -> str:
    """What an argument is: `a USER`, `1h or 18:30`, `a name, e.g. guest-fox-1`."""
    choices = _choices(arg)
    if len(choices) > 1:
        return listed(choices, "or")
    return f"{_article(arg.name).lower()}, e.g. {choices[0]}" if choices else _article(arg.show or arg.name)


def _choices(arg: Arg) -> list[str]:
    """The words that the form of an argument shows, if it shows words and not a name in capitals."""
    words = arg.show.split("|")
    return (
        words if arg.show and all(word == word.lower() and not word.startswith("/") for word in words) else []
    )


def _values(arg: Arg, known: Known) -> list[str]:
    """Up to three values for a missing argument: known ones, or those that its form shows. Never %All."""
    values = [value for value, _ in known(arg.kind) if value != "%All"][:_SUGGESTED]
    return values or (_choices(arg)[:_SUGGESTED] if "|" in arg.show else [])


def _continued(line: str, spec: CommandSpec, missing: Arg, value: str) -> str:
    """The line with a value for what is missing at its end, and the places that must still be filled."""
    after = spec.grammar[spec.grammar.index(missing) + 1 :]
    needed = any(isinstance(part, Arg) and part.required for part in after)
    return " ".join([line.strip(), quoting.quote(value), *(part.display for part in after if needed)])


def _article(name: str) -> str:
    word = name.upper()
    return f"{'an' if word[0] in 'AEIO' else 'a'} {word}"


def _checked(name: str, kind: str, value: str) -> str:
    """The value in its canonical form. Raises `_Wrong`."""
    if kind == "number":
        if not re.fullmatch(r"[0-9]{1,9}", value):
            raise _Wrong(f"{name.upper()} is a whole number, not “{harmless(value, 40)}”.")
        return str(int(value))
    if kind == "age" and value.isdecimal():
        return f"{value}d"
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


def _fits(found: plain_words.Match, text: str, registry: Registry, known: Known) -> bool:
    """True if the grammar allows the values of a sentence and they can be names; canonical ones replace them."""
    kinds = {part.name: part.kind for part in found.spec.grammar if isinstance(part, Arg)} | dict(
        found.spec.options
    )
    if not all(_may_be(kind, value, text, registry, known) for kind, value in found.names):
        return False
    for part in found.spec.grammar:
        choices = _choices(part) if isinstance(part, Arg) else []
        value = found.args.get(part.name) if isinstance(part, Arg) else None
        if (
            len(choices) > 1
            and all(map(str.isalpha, choices))
            and isinstance(value, str)
            and value not in choices
        ):
            return False
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


def _may_be(kind: str, value: str, text: str, registry: Registry, known: Known) -> bool:
    """True if a word caught by a form may be a name of that kind: no common word, no known name of another kind."""
    name = value.casefold()
    if f'"{value}"' in text or f"'{value}'" in text:
        return True
    if kind == "command":
        return registry.get(name.lstrip("/")) is not None
    kinds = {each for each in _NAME_KINDS if any(name == one.casefold() for one, _ in known(each))}
    if kinds:
        # A database is often called as the role for it is.
        return kind in kinds or kind in ("name", "resource")
    if kind == "guest":
        return name.startswith("guest-")
    if kind == "filter":  # a word alone is searched for; of a sentence it is none
        return not name.isalpha()
    foreign = kind in ("user", "role", "profile") and (
        name[0] == "/" or _SPAN.fullmatch(name) or (kind, name[0]) == ("user", "%")
    )
    foreign = foreign or (kind == "role" and _RESOURCE.match(name) is not None)
    foreign = foreign or (kind in ("name", "user", "role") and name.startswith(("./", "../", "~/")))
    # USER is a namespace of every instance, with a database of that name.
    return not foreign and (name not in plain_words.COMMON or (kind == "resource" and name == "user"))


_RESOURCE = re.compile(r"%(?:db|admin|native|secure|system)_|%development$")
_SPAN = re.compile(r"\d+[smhdw]")
_GUARDED = ("user", "role", "resource", "filter", "holder", "guest", "command")
_NAME_KINDS = ("user", "role", "profile", "guest")


def _usages(specs: Iterable[CommandSpec]) -> list[str]:
    return [spec.usage for spec in specs][:_SUGGESTED]


def _near_slash(line: str, registry: Registry) -> list[str]:
    """Usages to suggest for a slash line that names no command or cannot be split.

    Only those with the noun or verb of the nearest, if its name was hardly mistyped; else the nearest of all.
    """
    nearest, *others = _by_likeness(line, registry)
    if _named(_tidy(line), nearest) < _MISTYPED:
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
    """All commands, the one whose name is most like the beginning of a line first."""
    line = _tidy(text)
    return sorted(registry, key=lambda spec: -_named(line, spec))


def _named(line: str, spec: CommandSpec) -> float:
    """Likeness of a name of a command to the words at the beginning of a line, from 0 to 1."""
    from rapidfuzz import fuzz  # noqa: PLC0415 - not before the first mistyped line

    words = line.split(" ")
    return max(
        fuzz.ratio(" ".join(words[: len(name.split())]), name) / 100 for name in (spec.name, *spec.aliases)
    )


_MISTYPED = 0.8
