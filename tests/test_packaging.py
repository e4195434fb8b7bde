"""The package and its styles work from a checkout, an editable install and a built wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

SHOW = """
import irisops
from irisops.ui.themes import styles_folder
folder = styles_folder()
print(irisops.__file__)
print(folder)
print(sorted(path.name for path in folder.glob("*.tcss")))
"""

SHOW_HELPER = """
from irisops.instance.helper import source
print(len(source().splitlines()))
"""


def run(code: str, *, python_path: Path | None, cwd: Path) -> list[str]:
    """Run code in an interpreter that sees the dependencies, and irisops only through `python_path`.

    `-S` leaves out site-packages' .pth files, so that an editable install of this checkout cannot help.
    """
    folders = [str(python_path)] if python_path else []
    folders.append(sysconfig.get_paths()["purelib"])
    folders.append(sysconfig.get_paths()["platlib"])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
        timeout=120,
    )
    return done.stdout.splitlines()


def build(kind: str, target: Path) -> Path:
    """Build a "wheel" or an "editable" wheel with the declared backend, without isolation."""
    code = f"import hatchling.build as b; print(b.build_{kind}({str(target)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    return target / done.stdout.splitlines()[-1]


def test_checkout(tmp_path: Path) -> None:
    package, folder, names = run(SHOW, python_path=ROOT, cwd=tmp_path)
    assert Path(package).parent.parent == ROOT
    assert Path(folder) == ROOT / "styles"
    assert "app.tcss" in names


def test_wheel(tmp_path: Path) -> None:
    wheel = build("wheel", tmp_path)
    installed = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)  # noqa: S202 - a wheel of ours
        top = {name.split("/")[0] for name in archive.namelist()}
    assert top == {"irisops", f"{wheel.name.split('-')[0]}-{wheel.name.split('-')[1]}.dist-info"}
    package, folder, names = run(SHOW, python_path=installed, cwd=tmp_path)
    assert Path(package).parent == installed / "irisops"
    assert Path(folder) == installed / "irisops" / "styles"
    assert names == str(sorted(path.name for path in (ROOT / "styles").glob("*.tcss")))
    # What is installed on an instance is in the wheel, too.
    helper = (ROOT / "irisops" / "instance" / "helper" / "ZIrisOps.Helper.cls").read_text()
    assert run(SHOW_HELPER, python_path=installed, cwd=tmp_path) == [str(len(helper.splitlines()))]
    # So is what a sentence is compared with.
    for name in ("sentences.txt", "synonyms.txt"):
        assert (installed / "irisops" / "engine" / name).is_file()


def test_sdist(tmp_path: Path) -> None:
    """What is needed to carry on from it: pages, facts, `make` and its scripts."""
    with tarfile.open(build("sdist", tmp_path)) as archive:
        found = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    pages = {str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))}
    scripts = {f".ci/{name}" for name in ("check", "clients", "run", "test")}
    assert found >= {*pages, *scripts, "Makefile", "requirements.lock"}


def test_editable(tmp_path: Path) -> None:
    wheel = build("editable", tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        pth = next(name for name in archive.namelist() if name.endswith(".pth"))
        added = archive.read(pth).decode().strip()
    package, folder, names = run(SHOW, python_path=Path(added), cwd=tmp_path)
    assert Path(package).parent.parent == ROOT
    assert Path(folder) == ROOT / "styles"
    assert "app.tcss" in names


@pytest.mark.parametrize("module", ["irisops.cli", "irisops"])
def test_version_is_the_packages(module: str, tmp_path: Path) -> None:
    declared = next(
        line.split('"')[1]
        for line in (ROOT / "pyproject.toml").read_text().splitlines()
        if line.startswith("version")
    )
    code = f"import {module}; import irisops; print(irisops.__version__)"
    assert run(code, python_path=ROOT, cwd=tmp_path) == [declared]
