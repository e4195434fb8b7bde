from __future__ import annotations

from pathlib import Path

import pytest

from irisops.profiles.places import Places
from irisops.profiles.remembered import RememberedStore
from irisops.profiles.settings import (
    DEFAULT_POLL_INTERVAL,
    SCHEMA,
    SettingInvalidError,
    Settings,
    SettingsStore,
)


def test_defaults_without_a_file(tmp_path: Path) -> None:
    loaded = SettingsStore(tmp_path / "settings.toml").load()
    assert (loaded.settings.poll_interval, loaded.settings.theme) == (DEFAULT_POLL_INTERVAL, "")
    assert loaded.problems == ()


def test_reads_and_keeps_comments_when_the_theme_changes(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.toml")
    store.path.write_text("# mine\npoll_interval = 5\n")
    store.change({"theme": "dark"})
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
    assert str(store.path) in loaded.problems[0]
    assert (loaded.settings.poll_interval, loaded.settings.theme) == (DEFAULT_POLL_INTERVAL, "")


def test_the_first_file_says_what_can_be_set(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "new" / "settings.toml")
    store.change({"theme": "light"})
    assert "poll_interval" in store.path.read_text()
    assert store.load().settings.theme == "light"


def test_remembers_the_last_profile_and_never_stops_for_it(tmp_path: Path) -> None:
    store = RememberedStore(tmp_path / "remembered.toml")
    assert store.load() == ""
    assert store.remember('we"ird\\name')
    assert store.load() == 'we"ird\\name'
    blocked = RememberedStore(tmp_path / "remembered.toml" / "below-a-file")
    assert not blocked.remember("x")
    assert blocked.load() == ""


def test_one_variable_moves_everything(tmp_path: Path) -> None:
    places = Places.find({"IRISOPS_HOME": str(tmp_path)})
    for path in (places.profiles, places.settings, places.remembered, places.prompt_history, places.journals):
        assert tmp_path in path.parents
    elsewhere = Places.find({})
    assert tmp_path not in elsewhere.profiles.parents
    assert "irisops" in elsewhere.profiles.parts


def test_bad_values_are_named_by_line_and_ignored_one_by_one(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.toml")
    store.path.write_text(
        'poll_interval = 5\ntraffic = "much"\n# a comment\nmouse = "yes"\nunknown = 1\nreduced_poll_interval = -1\n'
        'log_level = "debug"\n'
    )
    loaded = store.load()
    assert loaded.settings == Settings(poll_interval=5.0, log_level="debug")
    assert [problem.partition(":")[0].rpartition("line ")[2] for problem in loaded.problems] == [
        "2",
        "4",
        "5",
        "6",
    ]
    assert "auto, full, reduced" in loaded.problems[0]
    assert dict(loaded.given) == {"poll_interval": 5.0, "log_level": "debug"}
    store.path.write_text("poll_interval = 5\n= 3\n")
    assert "line 2" in store.load().problems[0]


def test_the_schema_and_the_values_are_of_one_piece() -> None:
    present = Settings()
    for setting in SCHEMA:
        assert getattr(present, setting.name) == setting.default
        assert setting.checked(setting.default) == setting.default


def test_a_new_file_says_everything_and_a_change_uncomments_its_line(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.toml")
    store.change({"traffic": "reduced", "mouse": False, "poll_interval": 3.0})
    text = store.path.read_text()
    assert store.load() == SettingsStore(store.path).load()
    assert store.load().problems == ()
    assert store.load().settings == Settings(traffic="reduced", mouse=False, poll_interval=3.0)
    lines = text.splitlines()
    assert 'traffic = "reduced"' in lines
    assert '# log_level = "warning"' in lines
    for setting in SCHEMA:
        assert sum(line.removeprefix("# ").startswith(f"{setting.name} =") for line in lines) == 1
    store.change({"traffic": "full"})
    assert store.path.read_text() == text.replace('"reduced"', '"full"')


def test_a_change_leaves_tables_and_broken_files_alone(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.toml")
    store.path.write_text("[mine]\n# theme = 1\nx = 1\n")
    store.change({"theme": "light"})
    assert store.load().settings.theme == "light"
    assert "[mine]\n# theme = 1\nx = 1" in store.path.read_text()
    store.path.write_text("= =")
    with pytest.raises(ValueError, match="line 1"):
        store.change({"theme": "light"})
    assert store.path.read_text() == "= ="
    with pytest.raises(SettingInvalidError):
        store.change({"mouse": "maybe"})


@pytest.mark.parametrize(
    ("traffic", "environment", "reduced", "interval"),
    [
        ("auto", {}, False, 2.0),
        ("auto", {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, True, 10.0),
        ("auto", {"SSH_TTY": "/dev/pts/1"}, True, 10.0),
        ("full", {"SSH_TTY": "/dev/pts/1"}, False, 2.0),
        ("reduced", {}, True, 10.0),
    ],
)
def test_traffic_is_reduced_over_ssh_unless_said_otherwise(
    traffic: str, environment: dict[str, str], reduced: bool, interval: float
) -> None:
    settings = Settings(traffic=traffic)
    assert settings.reduced(environment) is reduced
    assert settings.interval(environment) == interval
    assert Settings(traffic=traffic, poll_interval=60.0).interval(environment) == 60.0


def test_values_as_they_are_typed() -> None:
    by_name = {setting.name: setting for setting in SCHEMA}
    assert by_name["mouse"].parsed("off") is False
    assert by_name["poll_interval"].parsed(" 2.5 ") == 2.5
    assert by_name["traffic"].parsed("Full") == "full"
    for name, text in (
        ("mouse", "perhaps"),
        ("poll_interval", "x"),
        ("poll_interval", "nan"),
        ("traffic", "x"),
    ):
        with pytest.raises(SettingInvalidError):
            by_name[name].parsed(text)
