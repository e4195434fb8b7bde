"""Every documented refusal of ngrok has one sentence and a cure, and none shows a token."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.sharing.errors import WALLS, AgentFailed, NoInternet, SharingProblem, explain, ngrok_code, redact

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
