from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from irisops.commands.catalogue import ALL, default_registry
from irisops.contract.chat import Command
from irisops.contract.replies import Problem
from irisops.engine.example_sentences import (
    EXAMPLES,
    command_of,
    example_names,
    example_sentences,
    with_examples,
)
from irisops.engine.parser import loading, parse, understood
from irisops.engine.spec import CommandSpec
from tests.engine.understanding import REGISTRY, corpus, figures, known, name_of, offered

EXAMPLE_SENTENCES = example_sentences()
SENTENCES = {
    spec.name: [
        (line, sentence)
        for line, sentences in EXAMPLE_SENTENCES.items()
        if command_of(line, REGISTRY) is spec
        for sentence in sentences
    ]
    for spec in ALL
}


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.name)
def test_each_command_has_eight_sentences_that_mean_it(spec: CommandSpec) -> None:
    assert len(SENTENCES[spec.name]) >= 8
    wrong = []
    for line, sentence in SENTENCES[spec.name]:
        found = parse(with_examples(sentence), REGISTRY, example_names)
        lines = [found.slash] if isinstance(found, Command) else list(found.suggestions)
        if name_of(lines[0]) != spec.name:
            wrong.append((line, sentence, lines))
    assert not wrong


def test_every_line_is_one_of_a_command() -> None:
    for line in EXAMPLE_SENTENCES:
        filled = re.sub(r"\{([a-z]+)\d?\}", lambda place: _value(place[1]), re.sub(r"[\[\]]", "", line))
        found = parse(filled, REGISTRY)
        assert isinstance(found, Command), found


def _value(kind: str) -> str:
    return {"seconds": "300", "line": "/license"}.get(kind, EXAMPLES[kind])


@pytest.mark.parametrize(
    ("name", "first", "among_three"),
    [
        ("building", 0.97, 0.98),
        ("second", 0.96, 0.98),
        ("third", 0.95, 0.97),
        ("fourth", 0.96, 0.98),
        ("fifth", 0.97, 0.98),  # before anybody had looked at it: 0.865 and 0.932
        ("sixth", 0.96, 0.98),  # before anybody had looked at it: 0.897 and 0.948
        ("seventh", 0.97, 0.98),  # before anybody had looked at it: 0.889 and 0.940
        ("kinds", 0.95, 0.97),  # arguments: spans, orders of names, choices, misspelt names
    ],
)
def test_the_corpus_is_understood(name: str, first: float, among_three: float) -> None:
    found = figures(corpus(name))
    # Of the third, "which resources are public" and two more run another look than was expected of them.
    assert len(found.ran_wrong) <= (3 if name == "third" else 0), found.ran_wrong
    assert not found.ran_for_nothing
    assert found.first >= first, found.missed
    assert found.among_three >= among_three, found.missed


@pytest.mark.parametrize(
    "text",
    [
        "delete everything", "stop it", "drop the USER database", "shut down", "kill all processes", "wipe it all",
        "give everybody %All", "disable everyone", "delete the user", "drop the role", "kick everybody out",
        "remove all users", "disable the account", "don't delete bob", "never disable maria", "revoke it from him",
        "get rid of them", "kick him", "format the disk", "reset all passwords",
        "opne tunnels?", "maria said she would delete the role Nurses", "please do not end maria's sessions",
    ],
)  # fmt: skip
def test_what_is_dangerous_and_vague_is_never_done(text: str) -> None:
    ran, _ = offered(text)
    assert ran is None or not ran.changes, ran


@pytest.mark.parametrize(
    "text",
    [
        "delete everything", "stop it", "drop the USER database", "wipe this", "wipe everything", "end it all",
        "kill them", "nuke the whole thing", "kick everybody out", "disable everyone", "remove all users",
        "delete all users", "disable all logins", "make everybody admin", "delete the database IRISSYS",
        "drop table users", "delete the journal files", "truncate the table HR.Person", "clear the database",
        "stop the database", "remove the namespace", "drop the index By_Name of HR.Person", "give everyone all rights",
    ],
)  # fmt: skip
def test_for_what_is_dangerous_and_vague_nothing_is_offered_that_acts(text: str) -> None:
    _, lines = offered(text)
    acting = [
        line
        for line in lines
        if (spec := REGISTRY.get(name_of(line))) is not None
        and (spec.at_once or (spec.changes and not spec.shows))
    ]
    assert lines
    assert not acting, acting


@pytest.mark.parametrize(
    "text", ["make everyone a manager", "make everybody a developer", "turn everyone into operators"]
)
def test_no_role_is_offered_for_everybody(text: str) -> None:
    ran, lines = offered(text)
    assert ran is None
    assert lines
    assert not [line for line in lines if name_of(line) == "grant"]


def test_the_example_sentences_are_loaded_only_for_a_line_that_no_form_fits() -> None:
    registry = default_registry()
    assert loading("/license", registry) is None
    assert loading("who holds my license", registry) is None
    assert registry.ranker is None
    load = loading("gimme a look at the seats", registry)
    assert load is not None
    load()
    assert registry.ranker is not None


@pytest.mark.parametrize("text", ["yes", "y", "Yes!", "ok", "no", "n", "yep"])
def test_a_lone_answer_offers_nothing(text: str) -> None:
    found = understood(text, REGISTRY, known)
    assert isinstance(found, Problem)
    assert found.message == "Nothing is waiting for a yes."
    assert not found.suggestions


@pytest.mark.parametrize("text", ["hello", "Hi!", "good morning", "hello there"])
def test_a_greeting_runs_nothing_and_offers_help(text: str) -> None:
    assert offered(text) == (None, ["/help"])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("who is anna", "/users anna"),
        ("find user garcia", "/users garcia"),
        ("kick maria out", "/sessions end maria"),
        ("why cant bob log in", "/denied user=bob"),
        ("why cant i log in", "/locked"),
        ("who is admin here", "/users role=%All"),
        ("i closed my browser but the unit is still used", "/license"),
        ("show users role=%All", "/users role=%All"),
        ("share superserver for 2h people 3", "/share superserver for 2h people 3"),
        ("end sessions older than 10 minutes", "/sessions end idle>10m"),
        ("wich usrs have the role %Developer", "/users role=%Developer"),
        ("what is a license unit", "/help license unit"),
        ("what does CSP mean?", "/help csp"),
        ("any sessions on clinic", "/on clinic /sessions"),
        ("kill process 4711", "/process terminate 4711"),
        ("who has %Development", "/who-can %Development"),
        ("can bob use sql?", "/explain bob sql"),
        ("give bob sql rights", "/grant %SQL to bob"),
        ("make bob a developer", "/grant %Developer to bob"),
        ("turn maria into a manager", "/grant %Manager to maria"),
        ("turn bob into an administrator", "/grant %All to bob"),
        ("my license is full, what can i do", "/license"),
        ("can i see the processes of bob", "/processes user=bob"),
        ("plot the units of the last hour", "/plot units 1h"),
        ("please explain me what is a license unit, i not know this word", "/help license unit"),
    ],
)
def test_what_is_beyond_doubt_is_a_command(text: str, line: str) -> None:
    ran, lines = offered(text)
    assert ran is not None, lines
    assert lines == [line]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("end all idle sessions", "/sessions end idle>10m"),
        ("set the timeout to 5 minutes", "/license timeout APPLICATION 300"),
        ("grant something", "/grant ROLE to USER"),
        ("let maria read the shop", "/explain maria"),
        ("change tims password", "/password tims"),
        ("make reader a developer", "/grant %Developer to reader"),  # a role is called so, too
        ("make carla a developer", "/user add carla template=developer"),
        ("throw out the browser sessions", "/sessions end all"),
        ("throw out the browser sessions", "/sessions"),
    ],
)
def test_what_is_in_doubt_is_offered(text: str, line: str) -> None:
    found = understood(text, REGISTRY, known)
    assert isinstance(found, Problem)
    assert found.message == "Did you mean one of these?"
    assert any(each.startswith(line) for each in found.suggestions), found.suggestions


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("monday morning, coffee in hand, lets get into prod2", "/connect prod2"),
        ("make nina a user just like anna", "/user copy anna to nina"),
        ("adopt docker:iris-3 as training", "/profile adopt docker:iris-3 name=training"),
        ("show the license on prod and lab next to each other", "/on prod,lab /license"),
        ("give teh share 2 houers more", "/extend 2h"),
        ("sort the last answer by user", "/sort user"),
        ("only the rows with nurse", "/only nurse"),
        ("write the settings from ./conf to iris", "/apply ./conf"),
        ("free units?", "/license"),
        (
            "nobody remembers the password of the web gateway management pages, set a new one",
            "/gateway password",
        ),
        ("can the password of lab live in the encrypted file instead", "/secrets move lab to file"),
        ("what differs between ./conf and the instance", "/diff ./conf"),
        (
            "http://localhost:52773/csp/shop/a.csp gives 404, why",
            "/explain web http://localhost:52773/csp/shop/a.csp",
        ),
    ],
)
def test_a_story_a_new_name_or_a_slip_hides_no_wish(text: str, line: str) -> None:
    ran, lines = offered(text)
    assert line in [each.replace('"', "") for each in lines]
    assert ran is None or ran.slash.replace('"', "") == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("write the config as text to ./conf, just users and roles", "/export ./conf only users,roles"),
        ("differences of prod and prod2, nothing but services", "/diff prod prod2 only services"),
        (
            "write a merge file new.cpf with the passwords of anna and bob",
            "/export merge new.cpf passwords=anna,bob",
        ),
        ("watch the way to /csp/shop live while anna clicks", "/explain live /csp/shop as anna"),
        ("switch off the accounts anna, bob and kenji", "/disable anna bob kenji"),
        ("hand %SQL and Billing over to bob", "/grant %SQL Billing to bob"),
        (
            "%Service_Bindings auth with password and ldap",
            "/service %Service_Bindings auth=password,ldap",
        ),
        ("jobs in state LOCKW", "/processes LOCKW"),
        ("which resources of type Application do we have", "/resources Application"),
        ("unused accounts which hold %All", "/users dormant role=%All"),
        ("how do i use license forecast", "/help license forecast"),
        ("what does mirroring mean", "/help mirroring"),
        ("who holds %DB_HR on lab as well as lab2", "/on lab,lab2 /who-can %DB_HR"),
        ("log in to iris://admin1@10.0.0.5:1972/USER", "/connect iris://admin1@10.0.0.5:1972/USER"),
        ("i am locked out by that license limit again", "/locked"),
        ("profile lab: set the path prefix to /iris", "/profile edit lab path_prefix=/iris"),
        ("restart HL7.Out in CLINIC", "/component restart HL7.Out in CLINIC"),
        ("get the HR production running", "/production start HR"),
        ("run the PurgeErrors task", "/task run PurgeErrors"),
        ("rebuild index NameIdx on Shop.Order", "/indexes build Shop.Order NameIdx"),
        ("mount USER read only", "/database mount USER readonly=yes"),
        ("umount the CLINIC database", "/database dismount CLINIC"),
        ("a user maxm with full name Max Muster please", "/user add maxm full_name=Max Muster"),
        ("status of the clinic instance", "/on clinic /status"),
    ],
)
def test_the_grammar_of_a_command_is_reached_by_words(text: str, line: str) -> None:
    """Options, kinds, names of a list and filters that no example line has."""
    _, lines = offered(text)
    assert line in [each.replace('"', "") for each in lines]


_OBJECTS = (
    "user",
    "users",
    "role",
    "roles",
    "applications",
    "resources",
    "services",
    "pid",
    "profile",
    "name",
)


def _named(command: Command, text: str) -> bool:
    """True if every object of a command is in the text: a name, or what stands for it."""
    said = text.casefold().replace("'", "").replace('"', "")
    for name in _OBJECTS:
        for value in command.words(name):
            word = value.casefold().replace("'", "").replace('"', "")
            if word not in ("%all", "enable", "disable", "all") and word not in said:
                return False
    return True


_WORDS = st.sampled_from(
    [
        *{
            word
            for each in SENTENCES.values()
            for _, sentence in each
            for word in with_examples(sentence).split()
        },
        *[
            "maria",
            "bob",
            "%All",
            "everything",
            "all",
            "them",
            "it",
            "the",
            "user",
            "role",
            "database",
            "xxanna",
            "delete",
            "kill",
            "drop",
            "4711",
            "/csp/user",
        ],
    ]
)


@given(st.lists(_WORDS, max_size=9).map(" ".join) | st.text(max_size=80))
@example("delete the user bob and all others")
@example("½ + ² of ٣ %")
@example("kill ١٢٣")
@settings(max_examples=400, deadline=None)
def test_no_text_changes_what_it_does_not_name(text: str) -> None:
    found = understood(text, REGISTRY, known)
    if isinstance(found, Command) and found.changes:
        assert _named(found, text), (text, found.slash)
