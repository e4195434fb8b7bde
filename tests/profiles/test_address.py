from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.profiles.address import AddressError, parse_address


@pytest.mark.parametrize(
    ("text", "host", "port", "namespace", "user"),
    [
        ("iris://bob@db:1973/USER", "db", 1973, "USER", "bob"),
        ("iris://_SYSTEM@127.0.0.1", "127.0.0.1", 1972, "%SYS", "_SYSTEM"),
        ("iris://_SYSTEM@127.0.0.1:1972/%SYS", "127.0.0.1", 1972, "%SYS", "_SYSTEM"),
        ("iris://_SYSTEM@127.0.0.1:1972/%25SYS/", "127.0.0.1", 1972, "%SYS", "_SYSTEM"),
        ("IRIS://a%40b@[::1]:5/%DB", "::1", 5, "%DB", "a@b"),
    ],
)
def test_reads_an_address(text: str, host: str, port: int, namespace: str, user: str) -> None:
    profile = parse_address(text)
    assert (profile.host, profile.port, profile.namespace, profile.user) == (host, port, namespace, user)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("http://a@b", "iris://"),
        ("iris://b:1972/USER", "no user"),
        ("iris://a@:1972/USER", "no host"),
        ("iris://a@b:port/USER", "port"),
        ("iris://a@b:70000/USER", "port"),
        ("iris://a@b/USER?x=1", "? or #"),
        ("iris://a:canary@b/USER", "process list"),
        ("iris://a@b/A/B", "namespace"),
    ],
)
def test_says_what_is_wrong_and_never_a_password(text: str, part: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(text)
    assert part in str(caught.value)
    assert "canary" not in str(caught.value)


@given(st.text())
def test_any_text_is_a_profile_or_an_error(text: str) -> None:
    try:
        profile = parse_address(f"iris://{text}")
    except AddressError:
        return
    profile.check()
