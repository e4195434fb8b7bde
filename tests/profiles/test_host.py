"""Valid hosts, and texts that only look like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.profiles.host import HostField, is_host, port_number, split_host


@pytest.mark.parametrize(
    "text",
    [
        "localhost",
        "db.example",
        "10.0.0.1",
        "::1",
        "fe80::1%eth0",
        "my_host",
        "bücher.example",
        "例え.jp",
        "h.",
    ],
)
def test_hosts(text: str) -> None:
    assert is_host(text)
    assert split_host(text) == HostField(text)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "a b", "a/b", "a@b", "a:b", "-oProxyCommand=x", "a..b", ".", "[::1]", "::1%a/b", "h\n", "${env:H}",
        '"h"', "a?b", "a#b", "x" * 64, "a²", "h\x1b[0m", "a\\b",
    ],
)  # fmt: skip
def test_no_hosts(text: str) -> None:
    assert not is_host(text)


@pytest.mark.parametrize(
    ("text", "host", "port", "scheme"),
    [
        ("http://localhost:52773", "localhost", 52773, "http"),
        ("HTTPS://db.example/", "db.example", None, "https"),
        ("iris://db.example:1972", "db.example", 1972, "iris"),
        ("db.example:1973", "db.example", 1973, ""),
        ("[::1]:1973", "::1", 1973, ""),
        ("[fe80::1]", "fe80::1", None, ""),
    ],
)
def test_what_was_written_with_a_host(text: str, host: str, port: int | None, scheme: str) -> None:
    assert split_host(text) == HostField(host, port, scheme)


@pytest.mark.parametrize(
    "text",
    [
        "localhost/iris", "ops@box", "http://u:p@h", "h:", "h:²", "h:0", "h:65536", "h:" + "9" * 5000, "ftp://h",
        "http://h/csp", "[h]:1", "a:1:b", "http://h?x",
    ],
)  # fmt: skip
def test_what_cannot_be_taken_apart_is_refused(text: str) -> None:
    assert split_host(text) is None


@pytest.mark.parametrize(
    "text", ["", "0", "65536", "²", "١٩٧٢", "1_972", "+1972", " 1972", pytest.param("9" * 5000, id="long")]
)
def test_no_ports(text: str) -> None:
    assert port_number(text) is None


@given(st.text())
def test_any_text_is_split_or_refused(text: str) -> None:
    found = split_host(text)
    assert found is None or is_host(found.host)
    port_number(text)
