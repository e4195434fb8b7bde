"""Secrets in a line: none is shown or kept, and nothing harmless is hidden."""

from __future__ import annotations

import json
import re
from pathlib import Path
from time import process_time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from irisops import logs
from irisops.commands.catalogue import ALL
from irisops.contract.replies import Problem
from irisops.contract.secret_words import ASKS, COMMANDS, has_secret, show_names, without_secrets
from irisops.engine.parser import understood
from irisops.engine.spec import LINE, Arg, Registry
from irisops.ui.history import History
from irisops.ui.record import Entry, transcript_markdown
from tests.commands.fakes import World
from tests.ui.fake_chat import NOW

REGISTRY = Registry(ALL)

SENTENCES = (
    "set the password of bob to {}",
    "set the password of bob on clinic to {}",
    "set the password for the user bob to {} please",
    "change bob's password to {}",
    "change the password of bob from old to {}",
    "reset the password of bob, who forgot it, to {}",
    "reset the password of bob {}",
    "reset the password bob {}",
    "the password is {}",
    "the password of bob is still {}",
    "is the password of _SYSTEM still {}",
    "bob's new password should be {}",
    "password: {}",
    "password of bob: {}",
    "password {}",
    "pw {}",
    "use {} as the password",
    "log in as bob with password {}",
    "connect to local with {}",
    "log in to local using {}",
    "please let bob log in using {}",
    "{} is the password of bob",
    "make {} the password of bob",
    "make {} his password",
    "give bob the password {}",
    "my token is {}",
    "here is my authtoken {}",
    "the ngrok token is {}",
    "api key {}",
    "our pass is {}",
    "alter user bob identify by {}",
    "secret-key: {}",
)
"""Plain words with a secret in the place of {}."""

COMMAND_LINES = (
    "/password bob {}",
    "/password bob to {}",
    '/password "bob smith" {}',
    "/password bob generate=no {}",
    "/password bob password={}",
    "/password bob new={}",
    "/password bob to={}",
    "/password bob generate=no value={}",
    "/secrets unlock with={}",
    "/pasword bob {}",
    "/passw bob {}",
    "/pass bob {}",
    "/on clinic /passwrod bob {}",
    "/authtokn {}",
    "/profile add x host=bob:{}@db.example",
    "aws_secret-key={}",
    "/user add bob {}",
    "/user add bob password={}",
    "/user bob {}",
    "/user enable bob {}",
    "/connect local {}",
    "/connect local password {}",
    "/connect iris://bob:{}@db.example:1972/USER",
    "/connect bob:{}@db.example",
    "/profile add x host=h password={}",
    "/profile add x pw={} port=1972",
    "/profile add x {}",
    "/secrets unlock {}",
    "/secrets file {}",
    "/secrets {}",
    "/on clinic /password bob {}",
    "/share after /password bob {}",
    "/share superserver basic_auth=u:{}",
    "/share superserver web_password={}",
    "/share superserver authtoken={}",
    "/passwd bob {}",
    "/token {}",
    "/ngrok {}",
    "NGROK_AUTHTOKEN={}",
    "export NGROK_AUTHTOKEN={}",
    "IRISOPS_PASSWORD={} irisops",
    "pw={}",
    "Passwort: {}",
    "kennwort={}",
    "contraseña: {}",
    "mot de passe: {}",
    "basic_auth=u:{}",
    "ngrok config add-authtoken {}",
    "curl -u bob:{} http://h/x",
    "irisops --password {}",
    "DRIVER={{InterSystems IRIS ODBC35}};SERVER=h;PORT=1972;DATABASE=USER;UID=bob;PWD={}",
    "DRIVER={{InterSystems IRIS ODBC35}};SERVER=h;PWD={};UID=bob",
    "jdbc:IRIS://h:1972/USER?user=bob&password={}",
    '{{"username": "bob", "password": "{}"}}',
)
"""Lines with a secret in the place of {} that no command takes."""

SIGNS = "abcdXYZ0189!#$%^&*+-_.:/@;=?~é"
SECRETS = st.text(SIGNS, min_size=6, max_size=24)


def a_secret(text: str) -> str:
    """A generated secret: letters and digits, sometimes with a sign."""
    return f"q7{text}Zk"


@given(st.sampled_from((*SENTENCES, *COMMAND_LINES)), SECRETS, st.booleans())
def test_a_secret_is_in_nothing_that_is_shown_or_kept(template: str, text: str, capitals: bool) -> None:
    secret = a_secret(text)
    line = template.replace("{{", "{").replace("}}", "}").replace("{}", secret)
    if capitals and line[0] != "/":
        line = line[0].upper() + line[1:]
    assume("=" not in secret or not re.search(r"[;&](?:uid|port)", secret))
    history = History()
    history.add(line)
    assert history.lines == []
    shown = without_secrets(line)
    for piece in (secret, secret[: len(secret) // 2], secret[len(secret) // 2 :]):
        assert piece not in shown, (line, shown)
        assert piece not in transcript_markdown([Entry(NOW, line, line)])
    assert without_secrets(shown) == shown
    refused = understood(line, REGISTRY)
    assert isinstance(refused, Problem)
    assert secret not in repr(refused)
    assert refused.error == "SecretInLine"


@pytest.mark.parametrize(
    "template",
    ["connect clinic {}", "log in as bob {}", "login bob/{}", "login bob / {}", "reconnect to x {}"],
)
def test_a_word_behind_the_name_of_a_login_is_no_name(template: str) -> None:
    line = template.format("q7hunterZk")
    assert "q7hunterZk" not in without_secrets(line)
    assert isinstance(understood(line, REGISTRY), Problem)


@pytest.mark.parametrize("written", ['"pass show {}"', "pass show {}", "'echo {}'", "{}"])
def test_a_password_command_is_taken_and_shown_masked(written: str) -> None:
    secret = "q7hunterZk"
    line = f"/profile edit local host=h password_command={written.format(secret)}"
    assert secret not in without_secrets(line)
    assert "host=h" in without_secrets(line)
    parsed = understood(line, REGISTRY)
    history = History()
    history.add(line)
    assert history.lines == []
    if written != "pass show {}":
        assert not isinstance(parsed, Problem)
        assert secret in str(parsed.args["password_command"])
        assert secret not in without_secrets(parsed.slash)


GUESSED = ["enable", "disable", "unlock", "lock", "show", "edit", "change", "rename", "grant", "revoke"]
"""Verbs that a person may write behind /user, where the command begins with the verb."""

HARMLESS = (
    "/share after /password bob",
    "reset the password of agarcia120",
    "reset agarcia120's password",
    "reset the password of bob and agarcia120",
    "reset the password of bob, agarcia120",
    "/password agarcia120",
    "/password agarcia120 generate=yes",
    "where are my passwords",
    "forget the stored password of local",
    "bob forgot his password",
    "bob has forgotten the password",
    "move the password of local to the keyring",
    "move local's password into the encrypted file",
    "who changed the password of bob",
    "when does the password of bob expire",
    "does the password of bob expire in 7 days",
    "password expired",
    "the password is wrong",
    "the password is not known",
    "the password that everybody knows",
    "all users with default password",
    "give bob a new password",
    "tell the password to bob",
    "what is a token",
    "who can log in with bob",
    "the ngrok token is refused",
    "generate a password for bob",
    "reset the password for the user on clinic",
    "must bob change the password at next login",
    "/profile adopt docker:iris-1 password=yes name=a",
    '/profile adopt code name="a b"',
    "/user bob must_change_password=yes password_never_expires=no",
    "/profile edit a password_command=",
    "/settings keep_passwords=memory",
    "/service %Service_Bindings auth=password,ldap",
    "/grant %App_Token:RW to bob",
    "/explain bob %App_Token:U",
    "/secrets move local to keyring",
    "/secrets forget local",
    "/help password",
    "/passes agarcia120",
    "/card guest-fox-12 pass-fox-12.md",
    "/profile agarcia120 local99",
    "connect to clinic99",
    "connect clinic01 please",
    "connect local99 and show the license",
    "log in as agarcia120 on clinic99",
    "connect 10.0.0.7 1972",
    "/connect iris://bob@db.example:1972/%SYS",
    "log in to iris://bob@db.example:1972/USER",
    "http://127.0.0.1:52773/csp/sys/UtilHome.csp",
    "share superserver for 2h people=3",
    *(f"/user {verb} bob" for verb in GUESSED),
    "/user rename bob to agarcia120",
    "nobody remembers the password of the web gateway management pages, set a new one",
    "can the password of lab live in the encrypted file instead",
    "i forgot the password of the web gateway's management pages and need a new one",
    "the web gateway logs in with the wrong password again, show me what it sends and what is expected",
    "%Service_Bindings should take password and ldap as auth",
    "token lifetime of the oauth server",
    "how long does the token live",
    "set the token timeout to 10 minutes",
    "number of wrong password attempts",
    "connect clinic with tls",
    "password complexity and rotation",
)


@pytest.mark.parametrize(
    "line",
    [
        "the password of the web gateway management pages is correcthorse",
        "set the password of the gateway pages to correcthorse",
        "the password of lab correcthorse in the file",
        "set the password of lab to live in the file",
        "the password of the web gateway's management pages is correcthorse",
        "set the password of the web gateway's pages to correcthorse",
        "the password of the gateway's pages correcthorse",
        "the password of bob is what is correcthorse",
        "use password and ldap, the password is correcthorse",
    ],
)
def test_what_a_password_is_of_hides_the_password_itself_no_less(line: str) -> None:
    assert "correcthorse" not in without_secrets(line)
    assert "live" not in without_secrets(line)


@pytest.mark.parametrize("line", HARMLESS)
def test_nothing_is_hidden_in_a_harmless_line(line: str) -> None:
    assert without_secrets(line) == line
    assert not has_secret(line)


def test_nothing_is_hidden_in_what_the_commands_themselves_offer() -> None:
    for spec in ALL:
        for line in (*spec.examples, spec.usage, spec.form):
            assert without_secrets(line) == line


@given(st.from_regex(r"[a-z]{1,8}[0-9]{0,4}", fullmatch=True), st.sampled_from(HARMLESS[:14]))
def test_whoever_is_named_is_shown(user: str, line: str) -> None:
    line = line.replace("agarcia120", user).replace("bob", user)
    assert without_secrets(line) == line


def test_a_name_that_is_known_is_no_password() -> None:
    line = "reset the password agarcia777"
    assert "agarcia777" not in without_secrets(line)
    show_names(["AGarcia777"])
    assert without_secrets(line) == line
    assert "q7hunterZk" not in without_secrets(f"{line} q7hunterZk")


def test_a_secret_that_was_given_to_a_question_is_known_in_a_line() -> None:
    logs.hide("plainwordsecret")
    logs.hide("Tiny")
    assert without_secrets("  plainwordsecret ") == "  ••• "
    assert without_secrets("is it plainwordsecret") == "is it •••"
    assert without_secrets("Tiny") == "•••"
    assert without_secrets("show Tiny things") == "show Tiny things"


def test_the_table_names_commands_that_are_there_with_their_names() -> None:
    foreign = {"passwd", "pass", "pw", "pwd", "login", "token", "authtoken", "passphrase", "ngrok"}
    foreign |= {f"user {verb}" for verb in GUESSED}
    for name, count in COMMANDS.items():
        spec = REGISTRY.get(name)
        assert (spec is None) is (name in foreign), name
        if spec is not None:
            places = [part for part in spec.grammar if isinstance(part, Arg) and part.kind != LINE]
            assert len(places) == count, name
    assert all(REGISTRY.get(name) for name in ASKS)


@given(st.text(max_size=60))
def test_any_line_can_be_looked_at(line: str) -> None:
    shown = without_secrets(line)
    assert without_secrets(shown) == shown
    assert has_secret(line) is (shown != line)


@pytest.mark.parametrize(
    "piece", ["a", " ", "a-", "://a:", "password ", "password=", "connect with ", "/password ", '"', "x@"]
)
def test_a_huge_paste_is_looked_at_in_a_moment(piece: str) -> None:
    line = piece * (200_000 // len(piece))
    began = process_time()
    shown = without_secrets(f"{line} q7hunterZk pw=q7hunterZk")
    assert process_time() - began < 2.0, "quadratic"
    assert "q7hunterZk" not in shown


def test_a_history_of_an_earlier_version_is_cleaned(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    lines = [
        "/users",
        "/password bob q7hunterZk",
        "NGROK_AUTHTOKEN=q7hunterZk",
        "/roles",
        "basic_auth=u:q7hunterZk",
    ]
    records = [json.dumps({"at": f"2026-01-0{day}", "text": line}) for day, line in enumerate(lines, 1)]
    path.write_text("\n".join([*records, "damaged password=q7hunterZk", "damaged"]) + "\n")
    history = History(path)
    assert history.lines == ["/users", "/roles"]
    assert history.search("") == ["/roles", "/users"]
    history.add("/status")
    assert "q7hunterZk" not in path.read_text()
    assert "damaged" in path.read_text()
    assert History(path).lines == ["/users", "/roles", "/status"]
    assert path.stat().st_mode & 0o077 == 0


async def test_the_session_refuses_such_a_line_and_says_how(world: World) -> None:
    refused = world.session.parse("/password bob q7hunterZk")
    assert isinstance(refused, Problem)
    assert refused.error == "SecretInLine"
    assert "q7hunterZk" not in repr(refused)
    assert "/password NAME" in refused.cure


async def test_users_that_were_read_are_shown(connected: World) -> None:
    users = connected.session.hub.active.names.users  # type: ignore[union-attr]
    assert users
    line = f"reset the password {users[-1]}"
    assert without_secrets(line) == line
