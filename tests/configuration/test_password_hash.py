"""PasswordHash: equal to what `hashlib` makes, and what the public tool made verifies."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.configuration.password_hash import password_hash, refusal_of, verifies

PUBLISHED = (
    "a31d24aecc0bfe560a7e45bd913ad27c667dc25a75cbfd358c451bb595b6bd52bd25c82cafaa23ca1dd30b3b4947d12d3bb0ffb2a717df29"
    "912b743a281f97c1,0a4c463a2fa1e7542b61aa48800091ab688eb0a14bebf536638f411f5454c9343b9aa6402b4694f0a89b624407a5f43f"
    "0a38fc35216bb18aab7dc41ef9f056b1,10000,SHA512"
)
"""In the merge.cpf of intersystems-community/iris-embedded-python-template, of the shipped default password."""


@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1),
    st.binary(min_size=64, max_size=64),
)
def test_a_hash_is_the_one_of_hashlib(password: str, salt: bytes) -> None:
    made = password_hash(password, salt)
    wanted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 10_000).hex()
    assert made == f"{wanted},{salt.hex()},10000,SHA512"
    assert verifies(made, password)
    assert not verifies(made, password + "x")


def test_the_published_sample_verifies() -> None:
    assert verifies(PUBLISHED, "SYS")
    assert not verifies(PUBLISHED, "sys")
    salt = bytes.fromhex(PUBLISHED.split(",")[1])
    assert password_hash("SYS", salt) == PUBLISHED


def test_each_hash_has_a_salt_of_its_own() -> None:
    first, second = password_hash("secret"), password_hash("secret")
    assert first.split(",")[1] != second.split(",")[1]
    assert len(first.split(",")[1]) == 128


def test_the_old_form_does_not_verify() -> None:
    assert not verifies(PUBLISHED.replace("10000", "1024"), "SYS")


@pytest.mark.parametrize("password", ["", "pässword", "漢字", "with\ttab", "nul\0"])
def test_a_password_that_might_not_work_is_refused(password: str) -> None:
    assert refusal_of(password)
    with pytest.raises(ValueError, match=r"ASCII|empty"):
        password_hash(password)
