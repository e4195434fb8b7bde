from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.profiles.address import Address, AddressError, named, parse_address, read_address


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


@pytest.mark.parametrize(
    ("text", "user", "password", "host", "port"),
    [
        ("iris://_SYSTEM:12/34@db.example:1972/USER", "_SYSTEM", "12/34", "db.example", 1972),
        ("iris://_SYSTEM:2026#a@db.example:1972/USER", "_SYSTEM", "2026#a", "db.example", 1972),
        ("iris://_SYSTEM:p@ss#1@db.example:1972/USER", "_SYSTEM", "p@ss#1", "db.example", 1972),
        ("iris://_SYSTEM:pw#1@db.example:1972/USER", "_SYSTEM", "pw#1", "db.example", 1972),
        ("iris://u:a:b:c@db/USER", "u", "a:b:c", "db", None),
        ("iris://u:[x]/[y]@[::1]:5/USER", "u", "[x]/[y]", "::1", 5),
        ("iris://u:p%40ss%2F@db/USER", "u", "p@ss/", "db", None),
        ("iris://u:100%@db/USER", "u", "100%", "db", None),
        ("iris://u:@db/USER", "u", "", "db", None),
        ("iris://db:1972/USER?x=1", "", None, "db", 1972),
        ("ssh://ops:a/b@box.example:22/run/podman.sock", "ops", "a/b", "box.example", 22),
    ],
)
def test_user_and_password_end_at_the_last_at(
    text: str, user: str, password: str | None, host: str, port: int | None
) -> None:
    found = read_address(text)
    assert (found.user, found.password, found.host, found.port) == (user, password, host, port)
    assert not password or password not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "iris://canary:1972/USER?x=a@canary",  # host `canary` with a query, or a password before the last @
        "iris://u:12@canary?x@db/USER",
        "iris://u/canary@db/USER",
        "iris://u:pw@can ary/USER",
        "iris://u:canary",
        "iris://u:canary@",
        "iris://u:canary@h:²/USER",
        "iris://u:canary@h:70000/USER",
        "iris://u:canary@db/US#ER",
        "iris://u:canary@[::1/USER",
        "canary",
    ],
)
def test_what_is_in_doubt_is_refused_without_a_word_of_it(text: str) -> None:
    for read in (read_address, parse_address):
        with pytest.raises(AddressError) as caught:
            read(text)
        assert "canary" not in str(caught.value)


HOSTS = st.sampled_from(["db.example", "10.0.0.1", "localhost", "[::1]"])
PLACES = st.sampled_from(["", ":1972", ":1972/USER", "/%25SYS", "/USER?autocommit=1"])
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30)


REFUSALS = {
    "iris://u:x@h": "process list",
    "iris://h:1?x@h": "more than one way",
    "iris://u/v@h": "The user of the address",
    "iris://u:x@": "after the last @",
}
"""Addresses that are refused, with words of the reason."""


def refusals() -> set[str]:
    """Every sentence that an address with a password can be refused with."""
    said = set()
    for text in REFUSALS:
        with pytest.raises(AddressError) as caught:
            parse_address(text)
        said.add(str(caught.value))
    return said


def test_each_reason_is_said() -> None:
    assert all(any(words in said for said in refusals()) for words in REFUSALS.values())


@given(PRINTABLE, HOSTS, PLACES)
def test_any_password_is_read_whole_or_the_address_is_refused(password: str, host: str, place: str) -> None:
    """The output is the same for every password: so it contains no piece of one."""
    found = read_or_refused(f"iris://user:{password}@{host}{place}")
    if isinstance(found, str):
        assert found in refusals()
        return
    assert found.password == unescaped(password)
    assert (found.user, found.host) == ("user", host.strip("[]"))
    assert repr(found) == repr(read_or_refused(f"iris://user:x@{host}{place}"))


def read_or_refused(text: str) -> Address | str:
    try:
        return read_address(text)
    except AddressError as error:
        return str(error)


def unescaped(text: str) -> str:
    """An unescaped password that happens to hold an escape is taken for one, as everywhere."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text


@given(PRINTABLE, HOSTS, PLACES)
def test_an_escaped_password_is_always_understood(password: str, host: str, place: str) -> None:
    found = read_address(f"iris://user:{quote(password, safe='')}@{host}{place}")
    assert (found.password, found.host) == (password, host.strip("[]"))


@given(PRINTABLE, HOSTS, PLACES)
def test_a_typed_address_with_a_password_is_refused(password: str, host: str, place: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(f"iris://user:{password}@{host}{place}")
    assert str(caught.value) in refusals()


def test_a_name_that_may_be_an_address_is_not_repeated() -> None:
    assert named("local") == "local"
    for text in ("u:canary@h", "iris:/u:canary@h", "http://canary"):
        assert "canary" not in named(text)
