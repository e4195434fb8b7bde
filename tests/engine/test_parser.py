from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from irisops.commands.catalogue import ALL, default_registry
from irisops.contract.chat import Command
from irisops.contract.replies import Problem
from irisops.engine import glossary
from irisops.engine.parser import parse
from irisops.engine.spec import LINE, Arg, CommandSpec, Registry

REGISTRY = default_registry()


def slash(text: str) -> str:
    found = parse(text, REGISTRY)
    assert isinstance(found, Command), found
    return found.slash


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("who holds my license", "/license"),
        ("Who is using up the licence units?", "/license"),
        ("why is my license full", "/license"),
        ("license limit exceeded", "/license"),
        ("give appuser %SQL", "/grant %SQL to appuser"),
        ("give %SQL to appuser", "/grant %SQL to appuser"),
        ("please give the user appuser the role %SQL.", "/grant %SQL to appuser"),
        ("Could you grant %SQL, %Developer and X to bob, please", "/grant %SQL %Developer X to bob"),
        ('give "my user" "my role"', '/grant "my role" to "my user"'),
        ("make bob a superuser", "/grant %All to bob"),
        ("take %SQL from bob", "/revoke %SQL from bob"),
        ("remove the role %SQL from the user bob", "/revoke %SQL from bob"),
        ("take away %SQL from bob", "/revoke %SQL from bob"),
        ("show users", "/users"),
        ("who are the superusers?", "/users role=%All"),
        ("show the sessions of bob", "/sessions user=bob"),
        ("show me all processes", "/processes"),
        ("undo", "/undo"),
        ("undo change 12", "/undo 12"),
        ("connect to local", "/connect local"),
        ("how is the instance?", "/status"),
        ("what can you do?", "/help"),
        ("help me with grant", "/help grant"),
        ("bye", "/quit"),
        ("who's holding my license?", "/license"),
        ("is my license full", "/license"),
        ("are we out of licenses", "/license"),
        ("what's running", "/processes"),
        ("show maria's sessions", "/sessions user=maria"),
        ("which users have %SQL", "/users role=%SQL"),
        ("users with %SQL", "/users role=%SQL"),
        ("what roles does appuser have?", "/users name=appuser"),
        ("show bob's roles", "/users name=bob"),
        ("give appuser the %SQL role", "/grant %SQL to appuser"),
        ("give the %SQL role to appuser", "/grant %SQL to appuser"),
        ("remove the %SQL role from appuser", "/revoke %SQL from appuser"),
        ("revoke appuser's %SQL", "/revoke %SQL from appuser"),
        ("change theme", "/theme"),
        ("edit the prod profile", "/profile edit prod"),
        ("help me", "/help"),
        ("check the instance", "/doctor"),
        ("save the transcript to notes.md", "/save notes.md"),
        ("license", "/license"),
        ("free the units of closed browsers", "/license free"),
        ("free up licenses", "/license free"),
        ("end the unused sessions", "/sessions sweep"),
        ("end maria's sessions", "/sessions end maria"),
        ("which sessions expire soon?", "/sessions sort=left"),
        ("when is a unit free", "/license"),
        ("how long until the next unit is free", "/license"),
        ("what is using the cpu", "/processes sort=-cpu_ms"),
        ("share my database for 2 hours", "/share for 2h"),  # its form asks which port
        ("share iris with 4 teammates for 90 minutes", "/share for 90m people 4"),
        ("share everything for 2 hours", "/share both for 2h"),
        ("share the web for an hour with 3 friends", "/share web for 1h people 3"),
        ("share superserver for 2h", "/share superserver for 2h"),
        ("how do I share", "/share help"),
        ("who's on?", "/sessions"),
        ("who is on the tunnel", "/tunnels"),
        ("why can maria not log in", "/denied user=maria"),
        ("why can't maria log in?", "/denied user=maria"),
        ("show sessions of user {user}", "/sessions user={user}"),
        ("users role=%All", "/users role=%All"),
    ],
)
def test_plain_words_become_a_slash_command(text: str, expected: str) -> None:
    assert slash(text) == expected


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.name)
def test_every_example_means_its_command(spec: CommandSpec) -> None:
    for line in spec.examples:
        found = parse(line, REGISTRY)
        assert isinstance(found, Command)
        assert found.name == spec.name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/grant %SQL to bob", "/grant %SQL to bob"),
        ("  /GRANT %SQL TO bob ", "/grant %SQL to bob"),
        ("/grant %SQL,%Developer to bob", "/grant %SQL %Developer to bob"),
        ("/grant %SQL, %Developer to bob", "/grant %SQL %Developer to bob"),
        ('/grant "to" to "a b"', '/grant "to" to "a b"'),
        ("/profile add x port=1973 host=h", "/profile add x host=h port=1973"),
        ("/profile edit x read_only=on", "/profile edit x read_only=yes"),
        ("/profile remove x", "/profile remove x"),
        ("/undo 007", "/undo 7"),
        ("/licence", "/license"),
        ("/users role=%All sort=name", "/users role=%All sort=name"),
    ],
)
def test_slash_lines_become_canonical(text: str, expected: str) -> None:
    assert slash(text) == expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("/grant %SQL bob", "needs the word “to”"),
        ("/grant to bob", "needs a ROLE"),
        ("/grant %SQL to", "needs a USER"),
        ("/grant %SQL to bob extra", "“extra”"),
        ('/grant "" to bob', "An empty name"),
        ("/undo x", "whole number"),
        ("/profile add x port=a", "whole number"),
        ("/profile add x guarded=perhaps", "yes or no"),
        ("/profile add x host=a host=b", "given twice"),
        ('/grant "x to bob', "never closed"),
        ("/nonsense", "no command /nonsense"),
        ("/", "needs a command"),
        ("", "Nothing was typed"),
        ("qwrtz qwrtz", "not understood"),
        ("colourless green ideas", "Did you mean"),
    ],
)
def test_what_is_wrong_is_said(text: str, part: str) -> None:
    found = parse(text, REGISTRY)
    assert isinstance(found, Problem)
    assert found.error == "NotUnderstood"
    assert part in found.message
    assert found.text == text
    assert 1 <= len(found.suggestions) <= 3


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("/licens", "/license"),
        ("lisence", "/license"),
        ("/usres", "/users [FILTER]"),
        ("grant something", "/grant ROLE to USER"),
        ("sessoins of bob", "/sessions user=bob"),
    ],
)
def test_the_nearest_command_comes_first(text: str, near: str) -> None:
    found = parse(text, REGISTRY)
    assert (found.slash if isinstance(found, Command) else found.suggestions[0]) == near


@pytest.mark.parametrize(
    ("text", "message", "suggested"),
    [
        ("/kick", "/kick needs a name, e.g. guest-fox-1.", ["/kick guest-owl-2", "/kick guest-elk-5"]),
        ("/unlock", "/unlock needs a USER.", ["/unlock maria", "/unlock bob"]),
        ("/grant %SQL to", "/grant needs a USER.", ["/grant %SQL to maria", "/grant %SQL to bob"]),
        ("/compare", "/compare needs an A.", ["/compare maria B", "/compare bob B"]),
        ("/compare maria", "/compare needs a B.", ["/compare maria maria", "/compare maria bob"]),
        (
            "/watch",
            "/watch needs license, sessions, processes, status or off.",
            ["/watch license", "/watch sessions"],
        ),
        ("/extend", "/extend needs 1h or 18:30.", ["/extend 1h", "/extend 18:30"]),
    ],
)
def test_a_missing_argument_is_offered_from_what_is_known(
    text: str, message: str, suggested: list[str]
) -> None:
    names = {"guest": ["guest-owl-2", "guest-elk-5"], "user": ["maria", "bob"]}
    found = parse(text, REGISTRY, lambda kind: [(name, kind) for name in names.get(kind, ())])
    assert isinstance(found, Problem)
    assert found.message == message
    assert list(found.suggestions)[:2] == suggested


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("/grant bob %SQL", ["/grant ROLE to USER"]),
        ("/grant bob %DB_USER", ["/grant ROLE to USER"]),
        ("/grant dormant user of resource", ["/grant ROLE to USER"]),
        ("/grnt %SQL to bob", ["/grant ROLE to USER"]),
        ('/grant "x to bob', ["/grant ROLE to USER"]),
        ("/undo x", ["/undo [N]"]),
        ("/explain", ["/explain USER", "/explain web", "/explain live"]),
        ("/user", ["/user USER", "/users", "/user add"]),
        ("/kill", ["/process terminate PID", "/process", "/process"]),
        ("/license fre", ["/license", "/license free", "/license"]),
        ("/profile edti x", ["/profiles", "/profile", "/profile"]),
        ("/disable", ["/disable USER"]),
    ],
)
def test_what_is_suggested_after_a_wrong_line_is_of_the_same_noun_or_verb(
    text: str, suggested: list[str]
) -> None:
    found = parse(text, REGISTRY)
    assert isinstance(found, Problem)
    assert len(found.suggestions) == len(suggested), found.suggestions
    for usage, begins in zip(found.suggestions, suggested, strict=True):
        assert usage.startswith(begins), found.suggestions


@pytest.mark.parametrize("spec", REGISTRY, ids=lambda spec: spec.name)
@pytest.mark.parametrize("rest", ["", "user role resource dormant license session", '"never closed'])
def test_no_wrong_line_of_any_command_suggests_one_of_another_noun_or_verb(
    spec: CommandSpec, rest: str
) -> None:
    found = parse(f"/{spec.name} {rest}", REGISTRY)
    if isinstance(found, Command):
        return
    nouns = {name.split()[0].rstrip("s") for name in (spec.name, *spec.aliases)}
    for usage in found.suggestions:
        words = usage[1:].split()
        suggested = REGISTRY.get(" ".join(words[:2])) or REGISTRY.get(words[0])
        assert suggested is not None
        names = (suggested.name, *suggested.aliases)
        assert nouns & {name.split()[0].rstrip("s") for name in names}, (usage, found.suggestions)


@pytest.mark.parametrize("line", ["/record off", "/record stop", "/record end", "stop recording"])
def test_a_recording_is_ended_by_each_word_for_it(line: str) -> None:
    """Not a recording to a file of the name "stop"."""
    found = parse(line, REGISTRY)
    assert isinstance(found, Command)
    assert found.name == "record off"


def test_the_first_word_of_a_longer_name_may_be_an_alias() -> None:
    found = parse("/alerts off", REGISTRY)
    assert isinstance(found, Command)
    assert (found.name, found.slash) == ("alert off", "/alert off")


def test_a_bare_word_never_changes_anything() -> None:
    assert isinstance(parse("grant %SQL to bob", REGISTRY), Command)  # a sentence
    assert isinstance(parse("profile remove x", REGISTRY), Problem)  # only a slash says that


@given(st.text(max_size=700))
@settings(max_examples=300)
def test_any_text_is_a_command_or_a_problem(text: str) -> None:
    found = parse(text, REGISTRY)
    assert found.text == text


_VOCABULARY = (
    "/ grant to from give the role user %SQL bob license who holds my and , \" ' undo 3 profile add host=x"
)
_WORDS = st.sampled_from(_VOCABULARY.split())


@given(st.lists(_WORDS, max_size=12).map(" ".join))
@settings(max_examples=300)
def test_any_mix_of_known_words_is_a_command_or_a_problem(text: str) -> None:
    found = parse(text, REGISTRY)
    if isinstance(found, Command):
        again = parse(found.slash, REGISTRY)
        assert isinstance(again, Command)
        assert (again.name, again.args) == (found.name, found.args)


def command_for(spec: CommandSpec, args: dict[str, str | list[str]]) -> Command:
    return Command(spec.name, args, spec.slash(args), live=spec.live, changes=spec.changes)


@st.composite
def commands(draw: st.DrawFn) -> Command:
    """A command with any values that its grammar allows."""
    spec = draw(st.sampled_from(ALL))
    args: dict[str, str | list[str]] = {}
    name = st.text(min_size=1, max_size=12)
    omitted = False
    for element in spec.grammar:
        if not isinstance(element, Arg):
            continue
        if omitted or (not element.required and draw(st.booleans())):
            omitted = True
            continue
        kinds = {
            "number": st.integers(0, 10**8).map(str),
            "age": name.filter(lambda text: not text.isdecimal()),  # a bare number is written as days
            LINE: st.sampled_from(["/license", '/grant "to" to "a b"']),
        }
        value = kinds.get(element.kind, name)
        args[element.name] = draw(st.lists(value, min_size=1, max_size=3)) if element.many else draw(value)
    for key, kind in spec.options.items():
        if draw(st.booleans()):
            values = {
                "number": st.integers(0, 99999).map(str),
                "flag": st.sampled_from(["yes", "no"]),
                "age": st.text(max_size=8).filter(lambda text: not text.isdecimal()),
            }
            args[key] = draw(values.get(kind, st.text(max_size=8)))
    return command_for(spec, args)


@given(commands())
@example(command_for(REGISTRY.get("explain") or ALL[0], {"user": "/"}))
@example(command_for(REGISTRY.get("app") or ALL[0], {"applications": ["DELETE"]}))
@settings(max_examples=400)
def test_the_canonical_form_parses_to_the_same_command(command: Command) -> None:
    again = parse(command.slash, REGISTRY)
    assert isinstance(again, Command), (command, again)
    assert again.name == command.name
    assert again.args == command.args
    assert again.slash == command.slash


_NAMES = st.text(min_size=1, max_size=20) | st.text(alphabet="ab,\"' =to%[]\\", min_size=1, max_size=8)


@given(_NAMES, _NAMES)
def test_names_reach_the_command_unharmed(role: str, user: str) -> None:
    spec = REGISTRY.get("grant")
    assert spec is not None
    found = parse(command_for(spec, {"roles": [role], "user": user}).slash, REGISTRY)
    assert isinstance(found, Command)
    assert found.args == {"roles": [role], "user": user}


def test_two_commands_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="help"):
        Registry([ALL[0], ALL[0]])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("/users dormant 180", "/users dormant 180d"),
        ("/export ./conf only users,roles", "/export ./conf only users roles"),
        ("/diff only users, roles", "/diff only users roles"),
    ],
)
def test_days_and_kinds_have_one_form(text: str, line: str) -> None:
    found = parse(text, REGISTRY)
    assert isinstance(found, Command)
    assert found.slash == line


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('what does "zen method" mean?', "zen method"),
        ("the term zen, what is that", "zen"),
        ("what is meant by zen", "zen"),
        ("could you tell me what zen means", "zen"),
        ("explain the word zen to me please", "zen"),
        ("what does it mean that the license is full", ""),
        ("what may bob do", ""),
    ],
)
def test_a_question_for_the_meaning_of_a_word_is_known_as_one(text: str, word: str) -> None:
    assert glossary.word_asked(text) == word
