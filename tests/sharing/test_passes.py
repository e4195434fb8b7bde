"""Name, permissions and password strength of a pass."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.sharing import passes
from irisops.sharing.errors import SharingProblem
from irisops.sharing.passes import TEMPLATES, TeamPass

UNTIL = datetime(2026, 5, 1, 23, 30, tzinfo=UTC)


@given(st.integers(0, passes.MOST_PEOPLE))
def test_names_are_free_and_each_person_is_another_animal(count: int) -> None:
    taken = {f"GUEST-{animal.upper()}-1" for animal in passes.ANIMALS[:12]}
    names = passes.guest_names(count, taken)
    assert len({name.split("-")[1] for name in names}) == count
    assert not {name.casefold() for name in names} & {name.casefold() for name in taken}
    assert all(re.fullmatch(r"guest-[a-z]+-\d+", name) for name in names)


def test_there_are_animals_for_everybody() -> None:
    assert len(set(passes.ANIMALS)) == len(passes.ANIMALS) >= passes.MOST_PEOPLE


@pytest.mark.parametrize("count", [-1, passes.MOST_PEOPLE + 1])
def test_numbers_that_make_no_sense(count: int) -> None:
    with pytest.raises(SharingProblem):
        passes.guest_names(count, ())


def test_passwords() -> None:
    made = {passes.new_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        assert len(password) == 20
        assert password.isalnum()
        assert any(map(str.isupper, password))
        assert any(map(str.islower, password))
        assert any(map(str.isdigit, password))
        assert not set(password) & set("lIO01")


def test_a_password_without_a_digit_is_thrown_away() -> None:
    stream = iter("a" * 20 + "aB2" + "c" * 17)
    assert passes.new_password(lambda _letters: next(stream)) == "aB2" + "c" * 17


@pytest.mark.parametrize(
    ("template", "resources"),
    [
        ("sql-read", "%DB_USER:R,%Service_SQL:U"),
        ("sql", "%DB_USER:RW,%Service_SQL:U"),
        (
            "developer",
            (
                "%DB_USER:RW,%Development:U,%Native_ClassExecution:U,%Native_GlobalAccess:U,"
                "%Native_Transaction:U,%Service_Object:U,%Service_SQL:U"
            ),
        ),
        ("rest", "%DB_USER:R"),
    ],
)
def test_the_role_carries_exactly_this(template: str, resources: str) -> None:
    call = passes.create_role("ab12", TEMPLATES[template], ["%DB_USER"])
    assert (call.class_name, call.method) == ("Security.Roles", "Create")
    name, description, privileges, granted = call.args
    assert name == "irisops_share_ab12"
    assert isinstance(description, str)
    assert "," not in description
    assert (privileges, granted) == (resources, "")


def test_no_template_administers() -> None:
    for template in TEMPLATES.values():
        assert not [name for name in template.resources if "Admin" in name or name == "%All"]
        assert template.refuses


def test_the_account_call_is_positional_and_complete() -> None:
    call = passes.create_user("ab12", TeamPass("guest-fox-1", "secret"), "USER", UNTIL)
    assert call.args[:3] == ("guest-fox-1", "irisops_share_ab12", "secret")
    assert call.args[4:9] == ("USER", "", "2026-05-03", 0, 1)
    assert "secret" not in repr(call)
    assert "secret" not in repr(TeamPass("guest-fox-1", "secret"))


def test_the_expiry_is_never_before_the_deadline_anywhere_on_earth() -> None:
    assert passes.expiry(UNTIL) == date(2026, 5, 3)
    assert passes.latest_extension(UNTIL).date() < passes.expiry(UNTIL)


def test_unknown_template() -> None:
    with pytest.raises(SharingProblem, match="no template") as caught:
        passes.template_named("root")
    assert "sql-read" in caught.value.cure
    assert passes.template_named(" SQL ").name == "sql"
