"""Rules of the layout: arrows between the layers, and the imports of a start."""

from __future__ import annotations

import ast
import graphlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from irisops.changes.objects import ObjectKind
from irisops.changes.record import Again
from irisops.commands.catalogue import default_registry
from irisops.engine.spec import resolve

ROOT = Path(__file__).resolve().parent.parent


def modules_after(code: str) -> set[str]:
    """Names in `sys.modules` of a fresh interpreter that ran `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('\\n'.join(sys.modules))"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(done.stdout.split())


def test_layer_contracts_hold() -> None:
    """In a process of its own: import-linter configures logging, which switches off every logger that exists."""
    code = (
        "import sys; from importlinter.cli import lint_imports;"
        ' sys.exit(lint_imports(config_filename="pyproject.toml", no_cache=True))'
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        # The driver is compiled and may crash: it lives in the child process alone.
        (
            "import irisops.app",
            {
                "iris",
                "irisops.simulator",
                "keyring",
                "pyngrok",
                "sqlglot",
                "segno",
                "cryptography",
                "plotext",
            },
        ),
        # With OpenSSL's digests 0.8 MB, which no idle chat needs.
        ("import irisops.session, irisops.profiles.remembered", {"hashlib"}),
        # The first frame needs no session.
        (
            "import irisops.cli, irisops.start, irisops.app",
            {
                "irisops.session",
                "irisops.engine",
                "irisops.commands",
                "irisops.connections",
                "irisops.instance",
                "irisops.journal",
                "irisops.profiles.model",
                "irisops.profiles.secrets",
                "hashlib",
                "secrets",
            },
        ),
        (
            "import irisops.session",
            {"iris", "textual", "rich", "keyring", "pyngrok", "irisops.simulator", "sqlglot"},
        ),
        ("import irisops.instance.connection", {"iris", "textual", "irisops.commands", "irisops.simulator"}),
        # The driver's process has its own copy of each: 0.5 MB and more.
        (
            "import irisops.instance.driver_process.driver",
            {"asyncio", "ssl", "socket", "subprocess", "logging", "base64", "irisops.instance.features"},
        ),
        # Each connection reads the names of users and roles, few an object.
        (
            "import irisops.instance.security.lists",
            {"irisops.instance.helper", "irisops.instance.security.object_state"},
        ),
        (
            "import irisops.simulator.main",
            {"iris", "textual", "irisops.instance", "irisops.commands", "keyring"},
        ),
        # `irisops --version` and `--help` must not pay for a screen.
        (
            "import irisops.cli",
            {"textual", "iris", "keyring", "pyngrok", "sqlglot", "irisops.simulator", "asyncio"},
        ),
    ],
)
def test_import_keeps_its_hands_clean(code: str, unwanted: set[str]) -> None:
    assert not modules_after(code) & unwanted


def test_no_module_outside_the_driver_names_it() -> None:
    """import-linter sees static imports; this catches `importlib` by name too."""
    offenders = [
        path
        for path in (ROOT / "irisops").rglob("*.py")
        if path.name != "driver.py"
        and ('import_module("iris")' in path.read_text() or '__import__("iris")' in path.read_text())
    ]
    assert offenders == []


def test_no_test_patches_the_product() -> None:
    """What a test replaces is an argument, or a field of what it was given."""
    patches = re.compile(r"monkeypatch\.(set|del)attr|mock\.patch|unittest(\.| import )mock")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if patches.search(line)
    ]
    assert found == []


def product_imports() -> dict[str, set[str]]:
    """Module -> modules that it imports, anywhere in it, of the product without the simulator; type-only ones too."""
    graph = grimp.build_graph("irisops", cache_dir=None)
    modules = {name for name in graph.modules if not name.startswith("irisops.simulator")}
    return {name: graph.find_modules_directly_imported_by(name) & modules for name in modules}


def test_no_modules_import_each_other_in_a_circle() -> None:
    sorter = graphlib.TopologicalSorter(product_imports())
    sorter.prepare()  # raises CycleError, which names the circle


def test_imports_inside_functions_are_few() -> None:
    """Each is there for a start that a benchmark measures; the table of commands resolves its handlers by name."""
    found = []
    for path in sorted((ROOT / "irisops").rglob("*.py")):
        if "simulator" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found += [
                    f"{path.relative_to(ROOT)}:{each.lineno}"
                    for each in ast.walk(node)
                    if isinstance(each, ast.ImportFrom) and (each.module or "").startswith("irisops")
                ]
    assert len(set(found)) <= 20, "\n".join(sorted(set(found)))


@pytest.mark.parametrize("name", [spec.name for spec in default_registry()])
def test_every_handler_is_there_and_takes_a_context_and_a_command(name: str) -> None:
    spec = default_registry().get(name)
    assert spec is not None
    handler = resolve(spec.handler)
    assert inspect.isfunction(handler), spec.handler
    names = [each.removeprefix("_") for each in inspect.signature(handler).parameters]
    assert names == ["context", "command"]


@pytest.mark.parametrize(("kind", "name"), list(default_registry().kinds_of_change.items()))
def test_every_kind_of_change_is_there(kind: str, name: str) -> None:
    assert isinstance(resolve(name), Again | ObjectKind), kind
