from __future__ import annotations

import threading
from pathlib import Path

import pytest

from irisops.files import CURE_OF_LOCK, cure_of, locked, write_new_atomically


def test_a_new_file_is_private_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    write_new_atomically(path, "text\n")
    assert path.read_bytes() == b"text\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(FileExistsError):
        write_new_atomically(path, "new")
    assert path.read_text(encoding="utf-8") == "old"


def test_a_text_that_cannot_be_written_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_new_atomically(tmp_path / "new.json", "\udcff")
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_another_holds_is_waited_for_no_longer_than_said(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    with locked(path):
        with pytest.raises(TimeoutError, match="has kept profiles") as caught, locked(path, 0.0):
            pytest.fail("two hold it")
        assert cure_of(caught.value) == CURE_OF_LOCK
        with locked(tmp_path / "settings.toml", 0.0):
            pass  # another file has another lock
    with locked(path, 0.0):
        pass


def test_a_lock_that_is_given_back_meanwhile_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    held = locked(path)
    held.__enter__()
    release = threading.Timer(0.05, held.__exit__, (None, None, None))
    release.start()
    with locked(path, 30.0):
        release.join()
