from __future__ import annotations

from pathlib import Path

import pytest

from irisops.files import write_new_atomically


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
