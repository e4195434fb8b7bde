"""A configuration as files: read back it is the same, equal ones are equal bytes, and nothing unknown passes."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.configuration.kinds import BY_NAME, KINDS
from irisops.configuration.model import ConfigObject, Configuration, Unread
from irisops.configuration.text import TOP, TextError, configuration_of, file_name, files_of, quoted
from irisops.configuration.values import NoValueError
from tests.configuration.worlds import configurations, names, texts

EMPTY = Configuration({"roles": {}}, "IRIS", "2025.2")


@given(configurations())
def test_what_is_written_is_read_back(configuration: Configuration) -> None:
    files = files_of(configuration)
    read = configuration_of(files)
    assert read.objects == configuration.objects
    assert set(read.unread) == set(configuration.unread)
    assert read.absent == configuration.absent
    assert (read.instance, read.version) == (configuration.instance, configuration.version)
    assert files_of(read) == files


@given(configurations(), st.randoms())
def test_the_order_in_which_things_were_read_changes_no_byte(
    configuration: Configuration, chance: object
) -> None:
    shuffle = chance.shuffle  # type: ignore[attr-defined]  # - a Random, which hypothesis does not type
    mixed = {}
    for kind, objects in configuration.objects.items():
        some = list(objects.values())
        shuffle(some)
        turned = [ConfigObject(each.name, dict(reversed(list(each.values.items())))) for each in some]
        mixed[kind] = {each.key: each for each in turned}
    unread = list(configuration.unread)
    shuffle(unread)
    kinds = dict(reversed(mixed.items()))
    assert files_of(replace(configuration, objects=kinds, unread=tuple(unread))) == files_of(configuration)


@given(texts)
def test_any_text_is_one_line_of_toml_without_invisible_marks(text: str) -> None:
    line = quoted(text)
    assert tomllib.loads(f"a = {line}") == {"a": text}
    assert line.isprintable() or all(
        each.isprintable() or each == "\u3000" or each.isspace() for each in line
    )
    assert not set(line) & set("\n\r\u202e\u2066\u200b\x00\ufeff")


@given(st.sets(names, max_size=5))
def test_files_of_different_objects_have_different_names(some: set[str]) -> None:
    by_key = {name.lower() for name in some}
    files = {file_name(name) for name in some}
    assert len(files) == len(by_key)
    for each in files:
        assert each.isascii()
        assert each == each.lower()
        assert len(each) <= 210
        assert not set(each) & set('/\\:*?"<>| \n')


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Jane", "jane.toml"),
        ("%All", "%25all.toml"),
        ("/csp/app", "%2fcsp%2fapp.toml"),
        ("..", "%2e%2e.toml"),
        ("NUL", "%6eul.toml"),
        ("com1.x", "%63om1.x.toml"),
        ("müller", "m%c3%bcller.toml"),
    ],
)
def test_names_of_files(name: str, expected: str) -> None:
    assert file_name(name) == expected


def test_a_secret_is_a_place_and_never_a_value() -> None:
    users = BY_NAME["users"]
    jane = ConfigObject(
        "Jane",
        {known.name: known.default or "" for known in users.readable}
        | {"Enabled": True, "Roles": ("%SQL",), "EscalationRoles": ()},
    )
    files = files_of(Configuration({"users": {"jane": jane}}, "IRIS", "2025.2"))
    assert 'Password = { secret = "set by hand" }\n' in files["users/jane.toml"]
    told = {**files, "users/jane.toml": 'Name = "Jane"\nPassword = "SYS"\n'}
    with pytest.raises(TextError, match="set by hand") as raised:
        configuration_of(told)
    assert "SYS" not in str(raised.value)


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("roles/a.toml", 'Name = "a"\nDescripton = "x"\n', "did you mean Description"),
        ("roles/a.toml", 'Name = "a"\nDescription = 1\n', "must be text"),
        ("roles/a.toml", 'Name = "a"\nResources = ["X"]\n', "RESOURCE:RW"),
        ("roles/a.toml", 'Name = "a"\nResources = ["X:Q"]\n', "not a permission"),
        ("roles/a.toml", 'Description = "a"\n', "Name is missing"),
        ("roles/a.toml", "Name = ", "no TOML"),
        ("users/a.toml", 'Name = "a"\n', "does not name users"),
        ("rolls/a.toml", 'Name = "a"\n', "no kind of object"),
        (TOP, "format = 2\n", "reads 1"),
        (TOP, 'format = 1\nkinds = ["rolls"]\n', "did you mean roles"),
    ],
)
def test_what_is_no_part_of_an_export_is_refused(path: str, text: str, told: str) -> None:
    with pytest.raises(TextError, match=told):
        configuration_of({**files_of(EMPTY), path: text})


def test_two_files_with_one_object_are_refused() -> None:
    files = files_of(EMPTY) | {"roles/a.toml": 'Name = "a"\n', "roles/b.toml": 'Name = "A"\n'}
    with pytest.raises(TextError, match="another file"):
        configuration_of(files)


def test_what_decides_who_gets_in_is_never_left_to_a_default() -> None:
    files = files_of(Configuration({"applications": {}})) | {"applications/%2fa.toml": 'Name = "/a"\n'}
    with pytest.raises(TextError, match="AutheEnabled is missing"):
        configuration_of(files)


def test_half_a_surrogate_pair_is_refused_rather_than_written() -> None:
    with pytest.raises(NoValueError):
        quoted("\ud800")


def test_the_unknown_says_why() -> None:
    some = Configuration(
        {"users": {}, "roles": {}},
        unread=(Unread("users", "no privilege"), Unread("roles", "odd", "A", "Resources")),
        absent={"roles": ("EscalationOnly",)},
    )
    assert some.why_unknown("users", "x") == "no privilege"
    assert some.why_unknown("roles", "a", "Resources") == "odd"
    assert some.why_unknown("roles", "b", "Resources") == ""
    assert some.why_unknown("roles", "b", "EscalationOnly")
    assert some.why_unknown("services")


def test_each_kind_has_unique_properties_and_the_key_fits_its_class() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    for kind in KINDS:
        found = [known.name for known in kind.properties]
        assert len(set(found)) == len(found)
        for known in kind.readable:
            if known.default is not None:
                assert known.canonical(known.default) == known.default
        for editor in (kind.fields or {}).values():
            assert editor
