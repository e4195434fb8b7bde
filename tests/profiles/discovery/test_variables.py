"""Variables with surplus content: addresses with any password, invalid hosts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.profiles.discovery.found import Report, Surroundings
from irisops.profiles.discovery.variables import variables

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30)


async def look(**environment: str) -> Report:
    return await variables(Surroundings(Path("/h"), Path("/h"), environment, "linux", ()))


def shown(report: Report) -> str:
    """Everything that can reach a screen or a file, except the sources of passwords."""
    return repr([replace(each, password=None) for each in report.found]) + report.trouble


@pytest.mark.parametrize(
    "password", ["12/34", "2026#a", "p@ss#1", "pw#1", "a?b", "x:y", "[z]", "a\\b", "ä ö"]
)
async def test_a_password_with_special_characters(password: str) -> None:
    report = await look(DATABASE_URL=f"iris://_SYSTEM:{password}@db.example:1972/USER")
    (found,) = report.found
    assert (found.host, found.port, found.user, found.name) == (
        "db.example",
        1972,
        "_SYSTEM",
        "env-db.example",
    )
    assert found.password is not None
    assert await found.password.read() == password
    assert password not in shown(report)


@given(PRINTABLE)
async def test_no_password_gets_out_of_an_address(password: str) -> None:
    """The output is the same for every password, except for a fixed refusal: so it contains no piece of it."""
    report = await look(DATABASE_URL=f"iris://_SYSTEM:{password}@db.example:1972/USER")
    if report.trouble:
        assert report.found == ()
        assert report.trouble == (await look(DATABASE_URL="iris://x:1?a@b")).trouble
        return
    assert shown(report) == shown(await look(DATABASE_URL="iris://_SYSTEM:x@db.example:1972/USER"))
    (found,) = report.found
    assert found.profile().host == "db.example"
    assert found.password is not None
    assert await found.password.read() in (password, unquote(password))


async def test_an_address_is_found_in_quotation_marks_and_any_case() -> None:
    (found,) = (await look(IRIS_URL='"IRIS://app:pw@db:1980/USER"')).found
    assert (found.host, found.port, found.port_assumed) == ("db", 1980, False)


async def test_an_address_without_a_port_assumes_one() -> None:
    (found,) = (await look(IRIS_URL="iris://app@db/USER")).found
    assert (found.port, found.port_assumed) == (1972, True)


@pytest.mark.parametrize(
    ("environment", "host", "port", "web_port", "scheme"),
    [
        ({"IRIS_HOST": "http://localhost:52773"}, "localhost", 1972, 52773, "http"),
        ({"IRIS_HOST": "https://db.example/"}, "db.example", 1972, None, "https"),
        ({"IRIS_HOSTNAME": "db.example:1973"}, "db.example", 1973, None, "http"),
        ({"IRIS_HOSTNAME": "db.example:1973", "IRIS_PORT": "1973"}, "db.example", 1973, None, "http"),
        ({"IRIS_HOST": '"localhost"', "IRIS_PORT": "'1980'"}, "localhost", 1980, None, "http"),
        ({"IRIS_HOST": "[::1]:1973"}, "::1", 1973, None, "http"),
        ({"IRIS_PORT": "1973"}, "127.0.0.1", 1973, None, "http"),
        # Kubernetes and Docker's links write this for a service or a container called iris.
        ({"IRIS_PORT": "tcp://10.96.0.1:1973"}, "10.96.0.1", 1973, None, "http"),
        ({"IRIS_HOST": "tcp://10.96.0.1:1973"}, "10.96.0.1", 1973, None, "http"),
        (
            {"IRIS_HOST": "db.example:1980", "IRIS_PORT": "tcp://10.96.0.1:1973"},
            "db.example",
            1980,
            None,
            "http",
        ),
    ],
)
async def test_what_is_written_with_a_host_is_taken_apart(
    environment: dict[str, str], host: str, port: int, web_port: int | None, scheme: str
) -> None:
    (found,) = (await look(**environment)).found
    assert (found.host, found.port, found.web_port, found.web_scheme) == (host, port, web_port, scheme)
    found.profile()


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"IRIS_HOST": "http://u:canary@h"}, "IRIS_HOST"),
        ({"IRIS_HOST": "ops@canary"}, "IRIS_HOST"),
        ({"IRIS_HOST": "canary/iris"}, "IRIS_HOST"),
        ({"IRIS_HOST": "${env:canary}"}, "IRIS_HOST"),
        ({"IRIS_HOST": "h", "IRIS_PORT": "²"}, "IRIS_PORT"),
        ({"IRIS_HOST": "h", "IRIS_PORT": "9" * 5000}, "IRIS_PORT"),
        ({"IRIS_HOST": "h:1", "IRIS_PORT": "2"}, "IRIS_PORT"),
    ],
)
async def test_what_is_no_host_or_port_is_told_without_its_words(
    environment: dict[str, str], named: str
) -> None:
    report = await look(**environment)
    assert report.found == ()
    assert named in report.trouble
    assert "canary" not in report.trouble
