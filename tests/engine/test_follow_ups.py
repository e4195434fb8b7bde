"""Lines that refer to the last answer, on the registry of all commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.commands.catalogue import default_registry
from irisops.commands.sessions.listing import COLUMNS as SESSION_COLUMNS
from irisops.contract.chat import About, Command
from irisops.contract.replies import Column, Problem, Row
from irisops.engine.follow_ups import WITH_NAME, understood
from irisops.engine.parser import parse

REGISTRY = default_registry()
NAMES = {
    "user": ["maria", "bob", "dr house", "twice"],
    "role": ["%SQL", "twice"],
    "resource": ["%DB_USER"],
    "application": ["/csp/user"],
    "profile": ["prod"],
    "service": ["%Service_SQL"],
}


def known(kind: str) -> Sequence[tuple[str, str]]:
    return [(name, "") for name in NAMES.get(kind, [])]


def command(line: str) -> Command:
    found = parse(line, REGISTRY)
    assert isinstance(found, Command)
    return found


def answer(
    line: str,
    rows: Sequence[Row] = (),
    columns: Sequence[Column] = (),
    actions: Sequence[tuple[str, str, str]] = (),
) -> About:
    return About(command(line), columns=columns, rows=rows, count=len(rows), actions=actions)


SESSIONS = answer(
    "/sessions user=maria",
    [{"session": f"id{number}", "user": "maria", "application": "/csp/user"} for number in range(5)],
    columns=SESSION_COLUMNS,
    actions=[("x", "end", "/sessions end {session}")],
)
USERS = answer(
    "/users",
    [{"name": "maria", "enabled": True}, {"name": "dr house", "enabled": False}],
    columns=[Column("name", "NAME"), Column("enabled", "ENABLED", "flag"), Column("age", "IDLE", "duration")],
    actions=[("enter", "edit", "/user {name}"), ("d", "disable", "/disable {name}")],
)
PROCESSES = answer(
    "/processes sort=-cpu_ms limit=2",
    [{"pid": 4711}, {"pid": 4712}],
    columns=[Column("pid", "PID", "number")],
    actions=[("enter", "open", "/process {pid}"), ("x", "terminate", "/process terminate {pid}")],
)
BOARD = answer(
    "/license",
    [{"holder": "web 10.0.0.5", "units": 3}, {"holder": "bob", "units": 1}],
    columns=[Column("holder", "HOLDER"), Column("units", "UNITS", "number")],
    actions=[("enter", "why", "/license why {holder}"), ("x", "end its sessions", "/sessions end {holder}")],
)
EXPLAINED = replace(
    answer("/explain bob %DB_USER:W"), offers=[("f", "fix it", "/explain bob %DB_USER:W fix=yes")]
)
GRANTED = replace(USERS, last=command("/grant %SQL to bob"))
DELETABLE = replace(USERS, actions=[*USERS.actions, ("x", "delete", "/user delete {name}")])
UNKNOWN = replace(answer("/users"), suggestions=["/license", "/user USER"])


def said(line: str, about: About | None) -> str:
    """The command, or the name of the problem with the lines it offers."""
    found = understood(line, REGISTRY, about, known)
    if isinstance(found, Command):
        assert found.text == line
        return found.slash
    assert found.text in (line, "")
    assert found.message
    return " | ".join([found.error, *found.suggestions])


@pytest.mark.parametrize(
    ("line", "about", "becomes"),
    [
        # several rows: one plan where the command takes several
        ("end them", SESSIONS, "/sessions end user=maria"),
        ("please kill all of them!", SESSIONS, "/sessions end user=maria"),
        ("end them", replace(SESSIONS, find="csp"), "/sessions end user=maria csp"),
        ("end them", replace(SESSIONS, command=command("/sessions sort=left")), "/sessions end all"),
        ("disable them", USERS, '/disable maria "dr house"'),
        # else the first of them, to pick from
        ("end them", PROCESSES, "WhichOne | /process terminate 4711 | /process terminate 4712"),
        ("end them", BOARD, 'WhichOne | /sessions end "web 10.0.0.5" | /sessions end bob'),
        (
            "end them",
            replace(SESSIONS, command=command("/sessions limit=5")),
            "WhichOne | /sessions end id0 | /sessions end id1 | /sessions end id2",
        ),
        ("disable them", replace(USERS, count=900), "TooMany"),
        # one row: the marked one, the only one, the one named
        ("end it", replace(SESSIONS, marked=3), "/sessions end id3"),
        ("end it", replace(SESSIONS, rows=SESSIONS.rows[:1], count=1), "/sessions end id0"),
        ("kick him out", replace(SESSIONS, rows=SESSIONS.rows[:1], count=1), "/sessions end id0"),
        ("end it", SESSIONS, "WhichOne | /sessions end id0 | /sessions end id1 | /sessions end id2"),
        ("terminate the second one", PROCESSES, "/process terminate 4712"),
        ("kill the last", SESSIONS, "/sessions end id4"),
        ("end the third session", SESSIONS, "/sessions end id2"),
        ("show me the second one", USERS, '/user "dr house"'),
        ("stop number 3", SESSIONS, "/sessions end id2"),
        ("the second one", USERS, '/user "dr house"'),
        ("open the first", BOARD, '/license why "web 10.0.0.5"'),
        ("the ninth one", USERS, "NoSuchRow"),
        ("row 0", USERS, "NoSuchRow"),
        ("open it", replace(USERS, marked=1), '/user "dr house"'),
        ("explain the second", BOARD, "/license why bob"),
        # what the table cannot do
        ("suspend them", USERS, "NotHere"),
        # nothing is deleted that was only to be ended
        ("delete the first", DELETABLE, "/user delete maria"),
        ("end the first", DELETABLE, "/sessions end user=maria"),
        ("kick them out", DELETABLE, 'WhichOne | /sessions end user=maria | /sessions end user="dr house"'),
        ("remove the second one", SESSIONS, "/sessions end id1"),
        ("open the first", SESSIONS, "NotHere"),
        # the rows stay what they were after a change
        ("and maria?", GRANTED, "/grant %SQL to maria"),
        ("disable the first", GRANTED, "/disable maria"),
        ("again", GRANTED, "/grant %SQL to bob"),
        # suggestions and offers
        ("the first one", UNKNOWN, "/license"),
        ("fix it", EXPLAINED, "/explain bob %DB_USER:W fix=yes"),
        ("do it", EXPLAINED, "/explain bob %DB_USER:W fix=yes"),
        # other words about the answer
        ("why?", replace(BOARD, marked=1), "/license why bob"),
        ("why is that so?", BOARD, "/license why"),
        ("why", USERS, "NothingMore"),
        ("more", PROCESSES, "/processes sort=-cpu_ms"),
        ("more", USERS, "NothingMore"),
        ("undo that", GRANTED, "/undo"),
        ("take it back", SESSIONS, "/undo"),
        ("/again", SESSIONS, "/sessions user=maria"),
        ("once more please", SESSIONS, "/sessions user=maria"),
        # filters and order
        ("only the idle ones", SESSIONS, "/sessions user=maria idle>10m"),
        ("only the ones idle for more than 30 minutes", SESSIONS, "/sessions user=maria idle>30m"),
        ("only the enabled ones", USERS, "/users enabled=yes"),
        ("just the disabled ones", USERS, "/users enabled=no"),
        ("only those of maria", USERS, "/users maria"),
        ("only idle>5m", USERS, "/users idle>5m"),
        ("only the purple ones", USERS, "NoSuchRow"),
        ("only bob", BOARD, "/only bob"),
        ("sort by units", BOARD, "/sort -units"),
        ("order them by holder descending", BOARD, "/sort -holder"),
        ("sort by idle", SESSIONS, "/sessions user=maria sort=-idle"),
        ("sort by name", USERS, "/users sort=name"),
        ("sort by colour", USERS, "BadFilter"),
        # another name
        ("and bob?", SESSIONS, "/sessions user=bob"),
        ("what about %SQL?", answer("/role members %All"), "/role members %SQL"),
        ("and maria?", answer("/user bob"), "/user maria"),
        ("and maria?", EXPLAINED, "/explain maria %DB_USER:W"),
        ("and maria?", answer("/explain bob %DB_USER:W fix=yes"), "/explain maria %DB_USER:W"),
        ("same for prod", SESSIONS, "/on prod /sessions user=maria"),
        ("and prod?", answer("/connect local"), "/connect prod"),
        ("and 6?", answer("/license forecast 4 browsers"), "/license forecast 6 browsers"),
        # not a follow-up
        ("and show users", SESSIONS, "/users"),
        ("show sessions", USERS, "/sessions"),
    ],
)  # fmt: skip
def test_a_follow_up_refers_to_the_last_answer(line: str, about: About, becomes: str) -> None:
    assert said(line, about) == becomes


@pytest.mark.parametrize(
    "line", ["end them", "open it", "disable it", "the second one", "why?", "more", "sort by units", "fix it"]
)
@pytest.mark.parametrize("about", [None, answer("/status")], ids=["nothing", "no rows"])
def test_with_nothing_to_refer_to_one_sentence_says_so(line: str, about: About | None) -> None:
    found = understood(line, REGISTRY, about, known)
    assert isinstance(found, Problem)
    assert found.error in ("NothingMeant", "NothingMore")
    assert found.text == line


@pytest.mark.parametrize(
    "line",
    ["delete everything", "kill everything", "end all sessions of the world now", "and", "only", "and now?"],
)
def test_what_names_no_row_is_none(line: str) -> None:
    found = understood(line, REGISTRY, SESSIONS, known)
    assert isinstance(found, Problem) or not found.slash.startswith("/sessions end id")
    assert said(line, SESSIONS) == said(line, None)


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("maria", "/explain maria"),
        ("Maria?", "/explain maria"),
        ('"dr house"', '/explain "dr house"'),
        ("%sql", "/role members %SQL"),
        ("%DB_USER", "/resource %DB_USER"),
        ("prod", "/connect prod"),
        ("and maria?", "/explain maria"),
    ],
)
def test_a_name_alone_offers_what_can_be_done_with_it(line: str, first: str) -> None:
    found = understood(line, REGISTRY, None, known)
    assert isinstance(found, Problem)
    assert found.error == "NameAlone"
    assert found.suggestions[0] == first
    assert len(found.suggestions) == 3


def test_a_command_goes_before_a_name() -> None:
    assert said("license", None) == "/license"
    assert said("nobody-known", None).startswith("NotUnderstood")
    twice = understood("twice", REGISTRY, None, known)
    assert isinstance(twice, Problem)
    assert twice.message == "twice is a user and a role."


@pytest.mark.parametrize("template", [each for lines in WITH_NAME.values() for each in lines])
def test_every_offer_for_a_name_is_a_command(template: str) -> None:
    found = parse(template.replace("{name}", '"a b"'), REGISTRY)
    assert isinstance(found, Command), found


def test_a_secret_in_a_follow_up_is_refused() -> None:
    found = understood("and password=hunter2hunter2", REGISTRY, SESSIONS, known)
    assert isinstance(found, Problem)
    assert found.error == "SecretInLine"


WORDS = st.sampled_from(
    [
        "end",
        "open",
        "show",
        "only",
        "just",
        "sort",
        "by",
        "order",
        "the",
        "first",
        "last",
        "row",
        "7",
        "99",
        "them",
        "it",
        "all",
        "ones",
        "idle",
        "not",
        "of",
        "and",
        "same",
        "for",
        "why",
        "more",
        "again",
        "bob",
        "maria",
        "%SQL",
        "a=b",
        "a>5m",
        ">x",
        "x=",
        "foo~",
        '"q',
        "'w",
        '"a',
        'b"',
        "/",
        "/again",
    ]
)


@given(
    st.lists(WORDS, max_size=7).map(" ".join) | st.text(),
    st.sampled_from([None, SESSIONS, USERS, BOARD, EXPLAINED, UNKNOWN]),
)
def test_no_line_raises(line: str, about: About | None) -> None:
    found = understood(line, REGISTRY, about, known)
    assert isinstance(found, Command | Problem)


def test_it_costs_next_to_nothing() -> None:
    """Processor time of the best of some rounds: a busy machine must not fail it."""

    def taken() -> float:
        began = process_time()
        for _ in range(20):
            understood("only the idle ones", REGISTRY, SESSIONS, known)
        return (process_time() - began) / 20

    assert min(taken() for _ in range(5)) < 0.005
