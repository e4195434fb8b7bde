from __future__ import annotations

from pathlib import Path

import pytest

from irisops.profiles.places import Places
from irisops.profiles.settings import DEFAULT_POLL_INTERVAL, RememberedStore, SettingsStore


def test_defaults_without_a_file(tmp_path: Path) -> None:
    loaded = SettingsStore(tmp_path / "settings.toml").load()
    assert (loaded.settings.poll_interval, loaded.settings.theme, loaded.problem) == (
        DEFAULT_POLL_INTERVAL,
        "",
        "",
    )


def test_reads_and_keeps_comments_when_the_theme_changes(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.toml")
    store.path.write_text("# mine\npoll_interval = 5\n")
    store.set_theme("dark")
    assert store.load().settings.poll_interval == 5.0
    assert store.load().settings.theme == "dark"
    assert "# mine" in store.path.read_text()


@pytest.mark.parametrize(
    "text", ["poll_interval = 0.1", 'poll_interval = "2"', "theme = 3", "= =", "poll_interval = nan"]
)
def test_what_is_wrong_is_said_and_the_default_stands_in(tmp_path: Path, text: str) -> None:
    store = SettingsStore(tmp_path / "settings.toml")
    store.path.write_text(text)
    loaded = store.load()
    assert str(store.path) in loaded.problem
    assert (loaded.settings.poll_interval, loaded.settings.theme) == (DEFAULT_POLL_INTERVAL, "")


def test_the_first_file_says_what_can_be_set(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "new" / "settings.toml")
    store.set_theme("light")
    assert "poll_interval" in store.path.read_text()
    assert store.load().settings.theme == "light"


def test_remembers_the_last_profile_and_never_stops_for_it(tmp_path: Path) -> None:
    store = RememberedStore(tmp_path / "remembered.toml")
    assert store.load().profile == ""
    assert store.remember('we"ird\\name')
    assert store.load().profile == 'we"ird\\name'
    blocked = RememberedStore(tmp_path / "remembered.toml" / "below-a-file")
    assert not blocked.remember("x")
    assert blocked.load().profile == ""


def test_one_variable_moves_everything(tmp_path: Path) -> None:
    places = Places.find({"IRISOPS_HOME": str(tmp_path)})
    for path in (places.profiles, places.settings, places.remembered, places.prompt_history, places.journals):
        assert tmp_path in path.parents
    elsewhere = Places.find({})
    assert tmp_path not in elsewhere.profiles.parents
    assert "irisops" in elsewhere.profiles.parts
