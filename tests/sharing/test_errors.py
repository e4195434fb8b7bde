"""Every documented refusal of ngrok has one sentence and a cure, and no text shows a token."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.sharing.errors import (
    SAYINGS,
    WALLS,
    AccountRefused,
    AgentCannotRun,
    AgentFailed,
    ClockWrong,
    LocalPortDead,
    NoInternet,
    SharingProblem,
    explain,
    ngrok_code,
    redact,
)

DOCUMENTED = {4018, 105, 107, 108, 120, 121, 123, 8013, 324, 334, 725, 726, 727, 718, 5001, 1808, 3004, 8012}
DOCUMENTED |= {9040, 8014, 103}


def test_every_documented_code_is_known() -> None:
    assert set(WALLS) == DOCUMENTED


@pytest.mark.parametrize("code", sorted(DOCUMENTED))
def test_one_sentence_and_a_cure(code: int) -> None:
    problem = explain(f'{{"details":{{"err":"failed: words.\\r\\n\\r\\nERR_NGROK_{code}\\r\\n"}}}}')
    assert problem.code == code
    assert problem.message.count(".") == 1
    assert problem.message.endswith(".")
    assert problem.cure
    assert type(problem) is WALLS[code].kind


def test_an_unknown_code_points_to_its_page() -> None:
    problem = explain("boom ERR_NGROK_999999")
    assert problem.code == 999999
    assert "err_ngrok_999999" in problem.cure


@pytest.mark.parametrize(
    "text",
    [
        'err="dial tcp: lookup connect.ngrok-agent.com: no such host"',
        "ngrok is not yet ready to start tunnels",
        "read: i/o timeout",
    ],
)
def test_no_internet(text: str) -> None:
    assert isinstance(explain(text), NoInternet)


TUNNEL = "failed to send authentication request: "
IN_THE_FIELD: list[tuple[str, type[SharingProblem], str]] = [
    # what people met (field-reports K16)
    ("failed to fetch CRL. errors encountered: asn1: timed out fetching CRL", NoInternet, "revoked"),
    (
        f"{TUNNEL}tls: failed to verify certificate: x509: certificate signed by unknown authority",
        NoInternet,
        "intercepts",
    ),
    ("x509: certificate is valid for tunnel.eu.ngrok.com, not korgn.eu.lennut.com", NoInternet, "intercepts"),
    ("resolved tunnel.eu.ngrok.com has no records", NoInternet, "looked up"),
    (f"{TUNNEL}read tcp 10.0.0.2:50112->3.1.2.3:443: read: connection reset by peer", NoInternet, "blocks"),
    ("tls: first record does not look like a TLS handshake", NoInternet, "intercepts"),
    ("407 Proxy Authentication Required", NoInternet, "proxy"),
    ("dial tcp 3.1.2.3:443: connect: no route to host", NoInternet, "blocks"),
    ("dial tcp 3.1.2.3:443: connect: operation timed out", NoInternet, "blocks"),
    ("net/http: TLS handshake timeout", NoInternet, "blocks"),
    ("Your account is not authorized to run the agent with custom CAs.", AccountRefused, "of its own choice"),
    (
        "x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:00Z",
        ClockWrong,
        "clock",
    ),
    (
        "Failed to dial upstream: dial tcp 127.0.0.1:1972: connect: connection refused",
        LocalPortDead,
        "local port",
    ),
    # variants of the kinds that stand in no list
    ("remote error: tls: unrecognized name", NoInternet, "intercepts"),
    ("x509: certificate relies on legacy Common Name field", NoInternet, "intercepts"),
    (
        "<urlopen error [SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate in chain>",
        NoInternet,
        "intercepts",
    ),
    ("EOF while reading the CRL of the server", NoInternet, "revoked"),
    (
        "dial tcp: lookup connect.ngrok-agent.com on 127.0.0.53:53: server misbehaving",
        NoInternet,
        "looked up",
    ),
    ("lookup x.ngrok.com: dial tcp 127.0.0.1:53: connect: connection refused", NoInternet, "looked up"),
    ("<urlopen error [Errno -3] Temporary failure in name resolution>", NoInternet, "looked up"),
    ("proxyconnect tcp: dial tcp 127.0.0.1:3128: connect: connection refused", NoInternet, "proxy"),
    ("<urlopen error Tunnel connection failed: 407 authenticationrequired>", NoInternet, "proxy"),
    ("connectex: A socket operation was attempted to an unreachable network.", NoInternet, "blocks"),
    ("wsarecv: An existing connection was forcibly closed by the remote host.", NoInternet, "blocks"),
    (f"{TUNNEL}unexpected EOF", NoInternet, "blocks"),
    ("dial tcp [::1]:52773: connect: connection refused", LocalPortDead, "local port"),
    ("dial tcp localhost:52773: i/o timeout", LocalPortDead, "local port"),
    ("x509: certificate is not yet valid", ClockWrong, "clock"),
    (
        "[WinError 225] Operation did not complete successfully because the file contains a virus",
        AgentCannotRun,
        "virus",
    ),
    ("fork/exec ngrok: exec format error", AgentCannotRun, "another processor"),
    ("[Errno 86] Bad CPU type in executable: '/x/ngrok'", AgentCannotRun, "another processor"),
    ("[WinError 193] %1 is not a valid Win32 application", AgentCannotRun, "another processor"),
]


@pytest.mark.parametrize(("text", "kind", "said"), IN_THE_FIELD)
def test_words_without_a_code_are_named_by_their_kind(
    text: str, kind: type[SharingProblem], said: str
) -> None:
    problem = explain(text)
    assert type(problem) is kind
    assert said in problem.message
    assert "Try /share again" not in problem.cure or kind is AccountRefused
    assert problem.detail == text


@given(
    st.sampled_from(IN_THE_FIELD),
    st.sampled_from(["", "failed to reconnect session: ", "t=2026-11-29T10:00:00Z lvl=eror msg=x err="]),
    st.sampled_from(["", "\r\n", " id=6d940ec69880", "\nlater: something odd"]),
    st.booleans(),
)
def test_the_kind_does_not_hang_on_what_stands_around_it(
    known: tuple[str, type[SharingProblem], str], before: str, after: str, loud: bool
) -> None:
    text, kind, said = known
    problem = explain(before + (text.upper() if loud else text) + after)
    assert type(problem) is kind
    assert said in problem.message


@given(
    st.sampled_from(["x509: ", "tls: ", "remote error: tls: "]),
    st.text(alphabet="abcdefghij ", max_size=30),
)
def test_any_trouble_with_certificates_is_interception(head: str, rest: str) -> None:
    assert isinstance(explain(head + rest), NoInternet)


def test_each_kind_of_words_is_one_sentence() -> None:
    for _pattern, wall in SAYINGS:
        problem = wall.problem()
        assert problem.message.count(".") == 1, problem.message
        assert problem.message.endswith(".")
        assert problem.cure


def test_a_code_says_more_than_the_words() -> None:
    assert explain("connection refused ERR_NGROK_8013").code == 8013


def test_what_nobody_knows_keeps_its_first_line() -> None:
    problem = explain("\n  something odd \nmore")
    assert isinstance(problem, AgentFailed)
    assert "something odd" in problem.message
    assert isinstance(explain(""), SharingProblem)


def test_the_last_code_counts() -> None:
    assert ngrok_code("ERR_NGROK_1 then ERR_NGROK_8013") == 8013
    assert ngrok_code("nothing") is None


@pytest.mark.parametrize(
    "text",
    [
        "Your authtoken: 2abcSECRET",
        "authtoken=2abcSECRET",
        '"authtoken": "2abcSECRET"',
        "API key: 2abcSECRET",
    ],
)
def test_texts_of_the_service_that_repeat_the_token(text: str) -> None:
    assert "2abcSECRET" not in redact(text)


@given(st.text(), st.text(min_size=4), st.text())
def test_a_known_secret_never_survives(before: str, secret: str, after: str) -> None:
    shown = redact(before + secret + after, [secret])
    assert secret not in shown or secret in "•••" or secret in before + "•••" + after
