from __future__ import annotations

import multiprocessing
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.profiles.model import COLOURS, Profile, ProfileInvalidError
from irisops.profiles.store import NoSuchProfileError, ProfileExistsError, ProfilesFileError, ProfileStore

LOCAL = Profile("local", "127.0.0.1", 1972, "%SYS", "_SYSTEM")
MINE = """\
# my instances
title = "kept"

[profiles.local]   # the laptop
host = "127.0.0.1"
port = 1972
namespace = "%SYS"
user = "_SYSTEM"
future_key = [1, 2]
"""


@pytest.fixture
def store(tmp_path: Path) -> ProfileStore:
    return ProfileStore(tmp_path / "config" / "profiles.toml")


def written(store: ProfileStore, text: str) -> ProfileStore:
    store.path.parent.mkdir(parents=True, exist_ok=True)
    store.path.write_text(text)
    return store


def test_a_missing_file_is_empty_and_not_made_by_reading(store: ProfileStore) -> None:
    loaded = store.load()
    assert (loaded.profiles, loaded.problem) == ((), None)
    assert not store.path.parent.exists()


def test_the_file_is_private(store: ProfileStore) -> None:
    store.add(LOCAL)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    host = st.text(st.characters(categories=("L", "Nd")), min_size=1, max_size=20)
    return Profile(
        name=draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,20}", fullmatch=True)),
        host=draw(host),
        port=draw(st.integers(1, 65535)),
        namespace=draw(st.sampled_from(["%SYS", "USER", 'A"B'])),
        user=draw(st.text(max_size=20)),
        colour=draw(st.sampled_from(["", *COLOURS])),
        read_only=draw(st.booleans()),
        guarded=draw(st.booleans()),
        web_port=draw(st.none() | st.integers(1, 65535)),
        path_prefix=draw(st.sampled_from(["", "/iris-a", "/a/b.c"])),
        sslconfig=draw(st.text(max_size=10)),
        poll_interval=draw(st.none() | st.sampled_from([0.5, 2.0, 60.0])),
    )


@given(st.lists(profiles(), max_size=4, unique_by=lambda profile: profile.name.casefold()))
def test_what_is_added_is_loaded(tmp_path_factory: pytest.TempPathFactory, wanted: list[Profile]) -> None:
    store = ProfileStore(tmp_path_factory.mktemp("store") / "profiles.toml")
    for profile in wanted:
        store.add(profile)
    loaded = store.load()
    assert loaded.problem is None
    assert list(loaded.profiles) == wanted


def test_an_edit_keeps_comments_order_and_foreign_keys(store: ProfileStore) -> None:
    written(store, MINE)
    store.replace("LOCAL", replace(LOCAL, host="10.0.0.7", guarded=True))
    text = store.path.read_text()
    assert text == MINE.replace("127.0.0.1", "10.0.0.7").rstrip("\n") + "\nguarded = true\n"
    store.replace("local", LOCAL)
    assert store.load().profiles == (LOCAL,)


def test_renaming_and_removing(store: ProfileStore) -> None:
    written(store, MINE)
    store.replace("local", replace(LOCAL, name="laptop"))
    assert [profile.name for profile in store.load().profiles] == ["laptop"]
    assert "future_key" in store.path.read_text()
    store.remove("Laptop")
    assert store.load().profiles == ()
    assert "# my instances" in store.path.read_text()


def test_names_are_taken_once_and_must_exist(store: ProfileStore) -> None:
    store.add(LOCAL)
    with pytest.raises(ProfileExistsError):
        store.add(replace(LOCAL, name="LOCAL"))
    store.add(replace(LOCAL, name="b"))
    with pytest.raises(ProfileExistsError):
        store.replace("b", LOCAL)
    with pytest.raises(NoSuchProfileError):
        store.remove("c")
    with pytest.raises(NoSuchProfileError):
        store.replace("c", LOCAL)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[profiles.a]\nhost = = 1\n", 2),
        ("x = 1\nx = 2\n", 2),
        ("[profiles.a\n", 1),
        ('profiles = "no"\n', 1),
        ("a = 1\n\n[profiles.b]\nhost = '\n", 4),
    ],
)
def test_a_broken_file_is_reported_with_its_line_and_left_untouched(
    store: ProfileStore, text: str, line: int
) -> None:
    written(store, text)
    problem = store.load().problem
    assert problem is not None
    assert problem.line == line
    assert f"line {line}" in str(problem)
    with pytest.raises(ProfilesFileError):
        store.add(LOCAL)
    assert store.path.read_text() == text


def test_bytes_that_are_no_text_are_reported_with_their_line(store: ProfileStore) -> None:
    store.path.parent.mkdir(parents=True)
    store.path.write_bytes(b"a = 1\nb = '\xff'\n")
    problem = store.load().problem
    assert problem is not None
    assert problem.line == 2


@pytest.mark.parametrize(
    "field",
    [
        'port = "1972"',
        "port = 0",
        "guarded = 1",
        "host = 5",
        'colour = "pink"',
        "port = true",
        'host = "a b"',
    ],
)
def test_one_wrong_profile_is_left_out_with_its_line_and_the_rest_stays(
    store: ProfileStore, field: str
) -> None:
    written(store, f'[profiles.good]\nhost = "h"\n\n[profiles.bad]\nuser = "u"\n{field}\n')
    loaded = store.load()
    assert [profile.name for profile in loaded.profiles] == ["good"]
    assert len(loaded.warnings) == 1
    assert "bad" in loaded.warnings[0]
    assert "line 6" in loaded.warnings[0]


def test_a_profile_that_cannot_be_right_is_never_written(store: ProfileStore) -> None:
    for wrong in (replace(LOCAL, port=0), replace(LOCAL, name="a b"), replace(LOCAL, host="")):
        with pytest.raises(ProfileInvalidError):
            store.add(wrong)
    assert not store.path.exists()


def test_a_link_stays_a_link(store: ProfileStore, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "profiles.toml"
    real.parent.mkdir()
    real.write_text(MINE)
    store.path.parent.mkdir()
    store.path.symlink_to(real)
    store.add(replace(LOCAL, name="b"))
    assert store.path.is_symlink()
    assert "profiles.b" in real.read_text()


def test_a_failed_write_leaves_the_old_file_and_no_litter(store: ProfileStore) -> None:
    written(store, MINE)
    before = sorted(path.name for path in store.path.parent.iterdir())
    with pytest.raises(NoSuchProfileError):
        store.remove("nobody")
    assert store.path.read_text() == MINE
    after = sorted(path.name for path in store.path.parent.iterdir() if path.name != ".profiles.toml.lock")
    assert after == before


def _add_many(path: str, start: int) -> None:
    store = ProfileStore(Path(path))
    for number in range(start, start + 8):
        store.add(replace(LOCAL, name=f"p{number}"))


def test_two_programs_never_lose_each_others_edits(store: ProfileStore) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add_many, args=(str(store.path), start)) for start in (0, 100)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert len(store.load().profiles) == 16
