"""Follow-ups: lines that refer to the last answer ("end them", "the second one", "and bob?", "sort by units").

Pure, as the parser. What a word may do is declared by the table itself: its `actions`, its columns, and the filter of
its command. Nothing is guessed: where several rows could be meant, they are offered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from irisops.contract import quoting
from irisops.contract.chat import About, Command
from irisops.contract.quoting import filled, quote
from irisops.contract.replies import Column, Problem, Refusal
from irisops.contract.secret_words import refusal
from irisops.contract.wording import counted, harmless
from irisops.engine import parser, table_filters
from irisops.engine.plain_words import tidy
from irisops.engine.spec import LINE, Arg, CommandSpec, Registry

Known = Callable[[str], Sequence[tuple[str, str]]]
"""kind -> (value, hint) of all names already known of that kind."""
Answer = Command | Problem
loading = parser.loading
may_be_chosen = parser.may_be_chosen
"""For the session, which imports this module alone."""

_MOST = 3
"""Lines offered where one has to be picked."""
IDLE = "10m"
"""How long "the idle ones" are idle, at least."""

_END = "end kill stop terminate close kick throw log sign take"
_DELETE = "delete remove drop forget clear"
_OPEN = "open show explain edit see view inspect change use"
_MEANINGS = {
    **dict.fromkeys(_END.split(), "end"),
    **dict.fromkeys(_DELETE.split(), "delete"),
    **dict.fromkeys(_OPEN.split(), "open"),
    **dict.fromkeys(("fix", "put", "mend", "repair", "do"), "fix"),
    **dict.fromkeys(("resume", "continue"), "resume"),
    **dict.fromkeys(("suspend", "pause", "freeze"), "suspend"),
    **dict.fromkeys(("why", "explain"), "why"),
    **dict.fromkeys(("disable", "deactivate"), "disable"),
    **dict.fromkeys(("enable", "reactivate", "activate"), "enable"),
}
"""First word of a label or a sentence -> what it means."""
_VERBS = "|".join(sorted({*_MEANINGS} - {"why", "put"}, key=len, reverse=True))
_ORDINALS = {
    word: number
    for number, words in enumerate(
        (
            "first 1st", "second 2nd", "third 3rd", "fourth 4th", "fifth 5th",
            "sixth 6th", "seventh 7th", "eighth 8th", "ninth 9th", "tenth 10th",
        )
    )
    for word in words.split()
}  # fmt: skip
_NOUNS = "one row session process job user account role service application app resource holder guest pass person share"
_PLACE = (
    rf"(?:the )?(?P<place>{'|'.join(_ORDINALS)}|last)(?: (?:{_NOUNS.replace(' ', '|')}))?"
    r"|(?:row|number|no\.?|#) ?(?P<number>\d{1,4})"
)
_ONE = "it|this|that|this one|that one|him|her"
_ALL = "them|these|those|them all|all of them|all of these|all of those|both|both of them|all"
_AWAY = "(?: (?:up|out|off|down|away))?"
_ACT = re.compile(
    rf"(?P<verb>{_VERBS}){_AWAY}(?: me)? (?:(?P<one>{_ONE})|(?P<all>{_ALL})|{_PLACE}){_AWAY}", re.IGNORECASE
)
_ROW = re.compile(_PLACE, re.IGNORECASE)
_WHY = re.compile(r"why(?: (?:is|was) (?:that|this|it)(?: so)?| that| so| not)?", re.IGNORECASE)
_MORE = re.compile(r"(?:show (?:me )?)?(?:more|all of (?:it|them)|the rest)|show (?:me )?all", re.IGNORECASE)
_NAME = r"(?P<name>\"[^\"]+\"|[^\s\"']+?)[\s?.!]*"
_OTHER = re.compile(
    rf"(?:(?:and|what about|how about)\s+(?:for\s+|with\s+)?|(?:and )?(?:the )?same (?:for|on|with)\s+){_NAME}",
    re.IGNORECASE,
)
_ONLY = re.compile(
    r"(?:show (?:me )?)?(?:only|just) (?:(?:the|those|these|ones) )*(?P<which>.+?)(?: ones?| rows?)?",
    re.IGNORECASE,
)
_SORT = re.compile(
    r"(?:sort|order)(?:ed)?(?: (?:it|them|this|these|those))? by (?P<column>.+?)"
    r"(?: (?P<way>ascending|asc|up|descending|desc|down))?",
    re.IGNORECASE,
)
_IDLE_FOR = re.compile(
    r"(?P<column>\w+) (?:for |over |since )?(?:more than |longer than |at least )?(?P<number>\d+) ?"
    r"(?P<unit>s|m|h|d|sec|min|second|minute|hour|day)s?",
    re.IGNORECASE,
)
_LEAD = re.compile(r"(?:(?:of|from|by|on|in|with|for|that are|which are|are|user|role) )+", re.IGNORECASE)
_NO_NAMES = frozenset(["then", "now", "so", "that", "this", "it", "them", "more", "again", "you", "me", "i"])
"""What follows "and" without being a name."""
_NOT_FILTERS = ("sort=", "limit=", "columns=", "cols=")
_ASKED_ONCE = ("fix",)
"""Options that ask for a change beside an answer: another name gets the answer alone."""
_OPPOSITES = {"disabled": "enabled", "public": "", "off": "enabled"}


def understood(text: str, registry: Registry, about: About | None, known: Known) -> Answer:
    """A line as `parser.understood` takes it, or one that refers to the last answer, or a lone name."""
    try:
        found = _resolved(text, registry, about, known) if refusal(text) is None else None
    except Refusal as refused:  # a column that the rows do not have
        return refused.problem(text)
    if found is not None:
        return replace(found, text=text)
    parsed = parser.understood(text, registry, known)
    if isinstance(parsed, Command):
        if parsed.name == "again" and about is not None:
            return replace(about.last or about.command, text=text)
        return parsed
    return _lone_name(text, known) or parsed


def _resolved(text: str, registry: Registry, about: About | None, known: Known) -> Answer | None:
    line = text.strip()
    if line.startswith("/") or len(line) > 200:
        return None
    sentence = tidy(line)
    found = _ACT.fullmatch(sentence)
    if found and (about is None or not _MORE.fullmatch(sentence)):
        return _acted(found, about, registry)
    for form, answer in _FORMS.items():
        if found := form.fullmatch(sentence):
            return answer(found, about, registry) if about is not None else NOTHING
    if about is None:
        return None
    if about.columns and (found := _ONLY.fullmatch(sentence)):
        return _only(found["which"], about, registry)
    found = _OTHER.fullmatch(line)
    return _instead(found["name"].strip('"'), about, registry, known) if found else None


# Rows

ENDINGS = {"users": "/sessions end user={name}"}
"""Command whose rows are not ended themselves -> what "end it" means for one of them."""
NOTHING = Problem(
    "NothingMeant",
    "There is no answer with rows that this could mean.",
    "Ask for a list first; then “end them” or “the second one” refers to it.",
    suggestions=["/license", "/sessions", "/users"],
)
"""Answer to a line that refers to nothing."""


def _acted(found: re.Match[str], about: About | None, registry: Registry) -> Answer:
    """`end it`, `open the second one`, `disable them`."""
    verb = _MEANINGS[found["verb"].casefold()]
    if about is None or not (about.rows or about.offers or about.suggestions):
        return NOTHING
    offer = next((line for _, label, line in about.offers if _meaning(label) == verb), None)
    if offer is not None and not found["place"] and not found["number"]:
        return parser.parse(offer, registry)
    if found["all"]:
        return _on_all(verb, about, registry)
    if found["one"]:
        return _on_row(verb, about.marked if about.count != 1 else 0, about, registry)
    return _on_row(verb, _place(found, about), about, registry)


def _place(found: re.Match[str], about: About) -> int:
    if found["number"]:
        return int(found["number"]) - 1
    word = found["place"].casefold()
    most = about.count or len(about.suggestions)
    return most - 1 if word == "last" else _ORDINALS[word]


def _on_row(verb: str, number: int | None, about: About, registry: Registry) -> Answer:
    """What the verb means for one row, or for one suggestion; None for `number` offers the rows."""
    if not about.rows and number is not None and 0 <= number < len(about.suggestions):
        return parser.parse(about.suggestions[number], registry)
    if not about.rows:
        return NOTHING
    template = _template(verb, about)
    if template is None:
        return _impossible(verb, about)
    if number is None:
        return _which(template, about)
    if not 0 <= number < len(about.rows):
        return Problem(
            "NoSuchRow",
            f"The last answer shows {counted(about.count, 'row')}.",
            "Say the first, the second … or the last.",
        )
    line = filled(template, about.rows[number])
    return parser.parse(line, registry) if line else _impossible(verb, about)


def _template(verb: str, about: About) -> str | None:
    """The table's own action for what was said; opening is what Enter does.

    Something is deleted only if that was said, as "end them" of a list of users means what they do. What can only be
    ended may be "removed", too.
    """
    found = {_meaning(label): template for _, label, template in reversed(about.actions)}
    opening = next((template for key, _, template in about.actions if key == "enter"), None)
    if verb in found:
        return found[verb]
    if verb == "end":
        return ENDINGS.get(about.command.name)
    return found.get("end") if verb == "delete" else opening if verb in ("open", "why") else None


def _meaning(label: str) -> str:
    word = label.split(maxsplit=1)[0].casefold() if label.strip() else ""
    return _MEANINGS.get(word, word)


def _on_all(verb: str, about: About, registry: Registry) -> Answer:
    """What the verb means for all rows: one plan if the command takes several, else the first few to pick from."""
    template = _template(verb, about)
    if template is None:
        return _impossible(verb, about)
    if about.count == 1:
        return _on_row(verb, 0, about, registry)
    first = parser.parse(filled(template, about.rows[0]), registry)
    spec = registry.get(first.name) if isinstance(first, Command) else None
    arg = next((each for each in spec.grammar if isinstance(each, Arg) and each.many), None) if spec else None
    if isinstance(first, Problem) or spec is None or arg is None:
        return _which(template, about, "It takes one at a time.")
    if arg.kind == "filter":
        # The ending takes the words of the list itself; ids cannot be given together, as all words must hold.
        words = about.command.words("filter")
        cut = any(word.casefold().startswith(("limit=",)) for word in words)
        if about.command.name != spec.name.rsplit(" ", 1)[0] or cut:
            return _which(template, about, "It takes one at a time.")
        chosen = [word for word in words if not word.casefold().startswith(_NOT_FILTERS)]
        chosen += [about.find] if about.find else []
        line = spec.slash({arg.name: chosen or ["all"]})
    else:
        if about.count > len(about.rows):
            return Problem(
                "TooMany",
                f"{counted(about.count, 'row')} are too many to name in one line.",
                f"Show fewer first, e.g. “only …”; {len(about.rows)} can be named.",
            )
        columns = set(re.findall(r"\{(\w+)\}", template))
        line = filled(template, {each: [str(row.get(each)) for row in about.rows] for each in columns})
    return parser.parse(line, registry)


def _which(template: str, about: About, why: str = "") -> Problem:
    lines = [line for row in about.rows[:_MOST] if (line := filled(template, row))]
    return Problem(
        "WhichOne",
        f"Which of the {counted(about.count, 'row')}?{f' {why}' if why else ''}",
        "Pick one, say “the second one”, or mark its row first (Alt+↑, then the arrows).",
        suggestions=lines,
    )


def _impossible(verb: str, about: About) -> Problem:
    can = [label for _, label, _ in (*about.actions, *about.offers)]
    does = f"What can be done with a row: {', '.join(can)}. " if can else ""
    return Problem(
        "NotHere",
        f"The rows of {about.command.slash or 'the last answer'} have nothing for “{harmless(verb, 20)}”.",
        f"{does}→ in the table shows all of a row.",
    )


# The answer itself


def _row(found: re.Match[str], about: About, registry: Registry) -> Answer:
    return _on_row("open", _place(found, about), about, registry)


def _why(_found: re.Match[str], about: About, registry: Registry) -> Answer:
    template = next((each for _, label, each in about.actions if _meaning(label) == "why"), None)
    number = about.marked if about.count != 1 else 0
    if template is not None and about.rows and number is not None:
        return parser.parse(filled(template, about.rows[number]), registry)
    spec = registry.get(f"{about.command.name} why")
    if spec is not None:
        return parser.parse(f"/{spec.name}", registry)
    if template is not None and about.rows:
        return _which(template, about)
    return Problem(
        "NothingMore",
        "The last answer says all that is known of it.",
        "Ask about a name in it, e.g. “why can't bob log in”.",
    )


def _more(_found: re.Match[str], about: About, registry: Registry) -> Answer:
    words = about.command.words("filter")
    fewer = [word for word in words if not word.casefold().startswith("limit=")]
    if fewer != words:
        return _again(about.command, registry, filter=fewer)
    return Problem("NothingMore", "All of the last answer is shown.", "Ctrl+O unfolds a long card.")


def _sorted(found: re.Match[str], about: About, registry: Registry) -> Answer:
    name, way = found["column"], found["way"] or ""
    if not about.columns:
        return NOTHING
    spec = registry.get(about.command.name)
    column = table_filters.column_named(name, about.columns)
    falls = way.casefold() in ("descending", "desc", "down") or (
        not way and column.kind in ("number", "duration", "time")
    )
    wish = f"{'-' if falls else ''}{column.name}"
    if _filters(spec):
        words = [word for word in about.command.words("filter") if not word.casefold().startswith("sort=")]
        return _again(about.command, registry, filter=[*words, f"sort={wish}"])
    return parser.parse(f"/sort {quote(wish)}", registry)


def _only(which: str, about: About, registry: Registry) -> Answer:
    words = _conditions(_LEAD.sub("", which.strip(), count=1), about)
    if isinstance(words, Problem):
        return words
    if not _filters(registry.get(about.command.name)):
        return parser.parse(f"/only {' '.join(map(quote, words))}", registry)
    old = [word for word in about.command.words("filter") if word not in words]
    return _again(about.command, registry, filter=[*old, *words])


def _conditions(which: str, about: About) -> list[str] | Problem:
    """Words of a filter for an adjective, a span, a name, or conditions as they are typed."""
    parts = which.split()
    if all(table_filters.is_condition(part) for part in parts):
        return parts
    negated = parts[0].casefold() in ("not", "un") and len(parts) > 1
    word = " ".join(parts[1:] if negated else parts)
    if word.casefold() in _OPPOSITES and _OPPOSITES[word.casefold()]:
        word, negated = _OPPOSITES[word.casefold()], not negated
    if (span := _IDLE_FOR.fullmatch(word)) and (column := _column(span["column"], about.columns, "duration")):
        return [f"{column.name}>{span['number']}{span['unit'][:1].casefold()}"]
    if column := _column(word, about.columns, "flag"):
        return [f"{column.name}={'no' if negated else 'yes'}"]
    if column := _column(word, about.columns, "duration"):
        return [f"{column.name}>{IDLE}"]
    test = table_filters.condition(word, about.columns)
    if negated or not any(map(test, about.rows)):
        return Problem(
            "NoSuchRow",
            f"No row of the last answer has “{harmless(which, 60)}”.",
            f"Its columns are {', '.join(column.title.lower() for column in about.columns)}.",
        )
    return [word]


def _column(name: str, columns: Sequence[Column], kind: str) -> Column | None:
    wanted = name.casefold().replace(" ", "_")
    names = (each for each in columns if each.kind == kind)
    return next((each for each in names if wanted in (each.name, each.title.casefold())), None)


def _filters(spec: CommandSpec | None) -> bool:
    return spec is not None and any(
        isinstance(each, Arg) and each.name == "filter" and each.many for each in spec.grammar
    )


def _again(command: Command, registry: Registry, **changed: str | list[str]) -> Answer:
    """The command once more, with some arguments changed."""
    spec = registry.get(command.name)
    line = spec.slash({**command.args, **changed}) if spec is not None else command.slash
    return parser.understood(line, registry)


_FORMS = {_MORE: _more, _ROW: _row, _WHY: _why, _SORT: _sorted}
"""Forms of sentences that can refer to nothing but the last answer."""


# Another name in the same command


def _instead(name: str, about: About, registry: Registry, known: Known) -> Answer | None:
    """`and bob?`, `same for prod`: the last command for another name; None if it has none."""
    command = about.last or about.command
    spec = registry.get(command.name)
    if spec is None or name.casefold() in _NO_NAMES or registry.get(name) is not None:
        return None
    command = replace(
        command, args={key: value for key, value in command.args.items() if key not in _ASKED_ONCE}
    )
    kinds = _kinds(name, known)
    args = [
        each
        for each in spec.grammar
        if isinstance(each, Arg) and each.kind not in (LINE, "filter") and len(command.words(each.name)) == 1
    ]
    args.sort(key=lambda each: each.kind not in kinds)
    if args and (args[0].kind in kinds or not kinds):
        new = [name] if args[0].many else name
        return _again(command, registry, **{args[0].name: new})
    words = command.words("filter")
    places = [place for place, word in enumerate(words) if _names_something(word)]
    if "profile" not in kinds and len(places) == 1:
        key, sign, _ = words[places[0]].rpartition("=")
        words[places[0]] = f"{key}{sign}{name}"
        return _again(command, registry, filter=words)
    if "profile" in kinds:
        return parser.understood(f"/on {quote(name)} {command.slash}", registry)
    if kinds and _filters(spec):
        return _again(command, registry, filter=[*words, name])
    return None


def _names_something(word: str) -> bool:
    """True for `user=maria` and `maria`, not for `idle>10m` or `sort=-units`."""
    kept = not word.casefold().startswith(_NOT_FILTERS)
    return kept and (not table_filters.is_condition(word) or not set("<>~!") & set(word))


# A name alone

WITH_NAME = {
    "user": ("/explain {name}", "/sessions user={name}", "/user {name}"),
    "role": ("/role members {name}", "/role {name}", "/users role={name}"),
    "resource": ("/resource {name}", "/who-can {name}", "/roles {name}"),
    "application": ("/app {name}", "/who-can {name}", "/sessions application={name}"),
    "service": ("/service {name}", "/service {name} disable", "/services {name}"),
    "profile": ("/connect {name}", "/on {name} /license", "/profile edit {name}"),
}
"""Kind of a name -> what can be done with it, most harmless first."""
_WORDS = {"application": "web application"}


def _kinds(name: str, known: Known) -> list[str]:
    return [kind for kind in WITH_NAME if _spelled(name, known(kind)) is not None]


def _spelled(name: str, names: Iterable[tuple[str, str]]) -> str | None:
    wanted = name.casefold()
    return next((each for each, _ in names if each.casefold() == wanted), None)


def _lone_name(text: str, known: Known) -> Problem | None:
    """What can be done with a known name that was typed alone."""
    try:
        parts = quoting.split(tidy(text))
    except quoting.UnclosedQuoteError:
        return None
    if len(parts) != 1:
        return None
    name = parts[0].value
    kinds = _kinds(name, known)
    if not kinds:
        return None
    spelled = _spelled(name, known(kinds[0])) or name
    lines = [template.replace("{name}", quote(spelled)) for kind in kinds for template in WITH_NAME[kind]]
    nouns = " and a ".join(_WORDS.get(kind, kind) for kind in kinds)
    return Problem(
        "NameAlone",
        f"{harmless(spelled, 80)} is a {nouns}.",
        "Pick what to do with it.",
        text=text,
        suggestions=lines[:_MOST],
    )
