"""Public clients of other people's making, unmodified, against the simulator.

Each runs in an interpreter of its own. One that is installed beside the tests is used as it is. The others need other
versions of the driver (`sqlalchemy-iris` pins 5.3) or carry one (`django-iris`, `sqlalchemy-iris` 0.15: a driver in
pure Python that shares nothing with the official one but the protocol), so they are skipped unless asked for, with the
folder to install them in: `pytest tests/simulator/clients --public-clients /tmp/clients`.

Also tried by hand, on the same Python 3.11: `airflow-provider-iris` 1.3.9 (its hook queries), `intersystems-iris` 5.3.3
(only another name for the official driver), `superset-iris` 0.4.0 (is `sqlalchemy-iris` 0.15.5). These stop at CREATE
FUNCTION, whose code the simulator does not run: `dbt-iris` 1.9.2 (`dbt debug` passes, `dbt run` does not),
`langchain-iris` 0.2.2 (its distance function) and `iris-pgwire` 1.7.2. `mcp-server-iris` 0.3.0 is a syntax error before
Python 3.12.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.staging import stage
from tests.simulator.conformance.target import Target, simulator

ROOT = Path(__file__).parents[3]
SECONDS = 60
TABLES = ["Applications", "Resources", "Roles", "Services", "SQLAdminPrivilegeSet", "SQLPrivileges", "Users"]


@dataclass(frozen=True)
class Client:
    """A client: its requirements, and the distribution that shows whether it is installed."""

    distribution: str
    pinned: str
    also: tuple[str, ...] = ()
    folder: str = ""
    """The name of its environment, where it is not alone under its own."""

    def __str__(self) -> str:
        return f"{self.distribution}=={self.pinned}"


SQLALCHEMY_OFFICIAL = Client("sqlalchemy-intersystems-iris", "1.0.2")
SQLALCHEMY = Client("sqlalchemy-iris", "0.20.0")
PANDAS = Client("sqlalchemy-iris", "0.20.0", ("pandas==3.1.1",), folder="pandas")
SQLALCHEMY_PURE = Client("sqlalchemy-iris", "0.15.5")
DJANGO = Client("django-iris", "0.3.0", ("django>=5,<5.1",))
TOOL = Client("iristool", "0.4.1")
GLOBALS = Client("iris-global-reference", "0.1.3")
DEVTESTER = Client("iris-devtester", "1.21.0", ("intersystems-irispython==5.4.1",))
REQUESTS = Client("requests", "2.34.2")
# It declares no driver; with the official one alone it does not find `iris.dbapi`.
CLI = Client("irissqlcli", "0.6.0", ("sqlalchemy-iris==0.20.0",))

Interpreter = Callable[[Client], Path]
Answers = dict[str, Any]


@pytest.fixture
def target() -> Iterator[Target]:
    """A separate instance for each client, because clients leave tables behind."""
    with simulator() as served:
        yield served


@pytest.fixture
def interpreter(request: pytest.FixtureRequest) -> Interpreter:
    """The Python that has the client; skips the test if none has it."""
    folder = request.config.getoption("--public-clients")

    def find(client: Client) -> Path:
        if folder is None:
            if not client.also and _installed(client):
                return Path(sys.executable)
            pytest.skip(f"{client} is not installed: give --public-clients DIR to install it there")
        return _installed_in(Path(folder), client)

    return find


def _installed(client: Client) -> bool:
    try:
        return version(client.distribution) == client.pinned
    except PackageNotFoundError:
        return False


def _installed_in(folder: Path, client: Client) -> Path:
    """The Python of the client's own virtual environment, which is made where it is missing."""
    home = folder / (client.folder or f"{client.distribution}-{client.pinned}")
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = home / "ready"
    if not ready.exists():
        venv.create(home, with_pip=False, clear=True)
        # By the pip of the tests, and not compiled: most modules of a client are never imported here.
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-compile", "--quiet"]
        subprocess.run([*pip, str(client), *client.also], check=True, timeout=600)
        ready.touch()
    return python


def ask(probe: str, python: Path, target: Target) -> Answers:
    """The answers of a probe, by name."""
    done = subprocess.run(
        [python, "-m", f"tests.simulator.clients.probes.{probe}", str(target.port), target.user],
        cwd=ROOT,
        env={**os.environ, "IRISOPS_PROBE_PASSWORD": target.password},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: Answers = json.loads(done.stdout.splitlines()[-1])
    return answers


def failed(answers: Answers, name: str, text: str) -> bool:
    """True if the answer is an error with `text`."""
    answer = answers[name]
    return isinstance(answer, dict) and text in answer.get("error", "")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("client", [SQLALCHEMY_OFFICIAL, SQLALCHEMY, SQLALCHEMY_PURE], ids=str)
def test_sqlalchemy(client: Client, interpreter: Interpreter, target: Target) -> None:
    answers = ask("sqlalchemy_probe", interpreter(client), target)
    assert answers["list"] == [["_SYSTEM", "Yes"]]
    assert answers["query"] == [["_SYSTEM"]]
    assert {"%SYS", "Security", "INFORMATION_SCHEMA"} <= set(answers["schemas"])
    assert answers["tables"] == TABLES
    assert answers["keys"] == []
    columns, name = answers["reflected"]
    assert {"Name", "Description", "GrantedRoles"} <= set(columns)
    assert name == "%Manager"
    assert answers["isolation"] == ["READ COMMITTED", "READ VERIFIED", "READ UNCOMMITTED"]
    assert answers["role"] == [[["irisops_probe"]], []]
    assert failed(answers, "unknown table", "<-30>")
    assert failed(answers, "failed login", "Access Denied")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("client", [SQLALCHEMY_OFFICIAL, SQLALCHEMY, SQLALCHEMY_PURE], ids=str)
def test_tables_of_sqlalchemy(client: Client, interpreter: Interpreter, target: Target) -> None:
    answers = ask("sqlalchemy_tables_probe", interpreter(client), target)
    assert answers["create"] == ["probe_author", "probe_book"]
    assert answers["core"] == [[1, "Ito"], [2, "Lindt"]]
    assert answers["saved"] == ["Wards", "12.5", 4.5, True, True, True, True, True, "Diaz"]
    assert answers["deleted"] == 0
    assert answers["rolled back"] == [3, 2]
    assert answers["savepoint"] == ["Outer"]
    assert answers["paged"] == [["Ito"], ["Lindt"], ["Outer"]]
    assert failed(answers, "duplicate", "<-119>")
    keys, columns, primary, indexes = answers["reflected"]
    assert keys == [[["author_id"], "probe_author", ["id"]]]
    assert (columns["title"], columns["price"]) == ("VARCHAR(100)", "NUMERIC(10, 2)")
    assert (primary, indexes) == (["id"], ["ix_probe_book_title"])
    assert answers["dropped"] == []


@pytest.mark.timeout(900)
def test_pandas(interpreter: Interpreter, target: Target) -> None:
    answers = ask("pandas_probe", interpreter(PANDAS), target)
    assert answers["read"] == [6, ["name", "age", "weight", "seen"], 423.5, "2026-03-04 23:59:59"]
    assert answers["dropped"] is False


@pytest.mark.timeout(900)
def test_the_pure_python_driver(interpreter: Interpreter, target: Target) -> None:
    answers = ask("python_driver_probe", interpreter(DJANGO), target)
    assert "simulator" in answers["version"]
    assert answers["global"] == ["v", 2.5, 3, 10, ["a", "b"], 0]
    assert answers["list"] == ["_SYSTEM"]
    assert answers["reference"] == [1, "0"]
    assert answers["query"] == [["_SYSTEM", "Yes"]]
    assert answers["transaction"] == [1, 0]
    assert failed(answers, "unknown class", "<CLASS DOES NOT EXIST>")
    assert failed(answers, "failed login", "Access Denied")


@pytest.mark.timeout(900)
def test_django(interpreter: Interpreter, target: Target) -> None:
    answers = ask("django_probe", interpreter(DJANGO), target)
    assert answers["query"] == [["_SYSTEM", "Yes"]]
    assert {f"Security.{name}" for name in TABLES} <= set(answers["tables"])
    assert failed(answers, "unknown table", "<-30>")
    assert failed(answers, "failed login", "Access Denied")


@pytest.mark.timeout(900)
def test_tables_of_django(interpreter: Interpreter, target: Target) -> None:
    answers = ask("django_tables_probe", interpreter(DJANGO), target)
    tables = {"auth_user", "auth_group", "auth_user_groups", "django_content_type", "django_migrations"}
    assert tables <= set(answers["migrate"])
    assert answers["created"] == ["ann", "bob", "cy"]
    assert answers["queried"] == [["ann", "cy"], ["bob"], 2, 4]
    assert answers["updated"] == [1, True, True, True]
    assert answers["rolled back"] == 0
    assert failed(answers, "duplicate", "<-119>")
    assert answers["deleted"] == [2, 2]
    assert answers["unmigrated"] == []


@pytest.mark.timeout(900)
def test_iristool(interpreter: Interpreter, target: Target) -> None:
    answers = ask("iristool_probe", interpreter(TOOL), target)
    assert answers["query"] == [["_SYSTEM", "Yes"]]
    assert answers["exists"] == [True, False]
    assert {"Name", "Description"} <= set(answers["described"])
    assert answers["tables"] == [["Security", name] for name in TABLES]
    assert (answers["views"], answers["references"]) == ([], 0)
    young, views, exists = answers["own tables"]
    assert (young, [view["VIEW_NAME"] for view in views], exists) == (["Cy", "Lund"], ["ToolYoung"], False)
    assert failed(answers, "unknown table", "<-30>")
    assert failed(answers, "failed login", "Access Denied")


@pytest.mark.timeout(900)
def test_iris_global_reference(interpreter: Interpreter, target: Target) -> None:
    answers = ask("global_probe", interpreter(GLOBALS), target)
    assert answers["filled"] == ["v", 10, ["a", "2"]]
    assert answers["dict"] == {"a": {"1": "v", "2": "w"}}
    assert answers["transaction"] == "1"
    assert answers["killed"] == 0
    assert failed(answers, "failed login", "Access Denied")


@pytest.mark.timeout(900)
def test_irissqlcli(interpreter: Interpreter, target: Target, tmp_path: Path) -> None:
    command = interpreter(CLI).parent / "irissqlcli"

    def shown(statement: str, asked: Target = target, namespace: str = "%SYS") -> str:
        url = f"iris://{asked.user}:{asked.password}@127.0.0.1:{asked.port}/{namespace}"
        done = subprocess.run(
            [command, "--irissqlclirc", tmp_path / "rc", "--csv", "--execute", statement, url],
            env={**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return done.stdout + done.stderr

    assert '"_SYSTEM","Yes"' in shown("SELECT Name, Enabled FROM Security.Users WHERE Name = '_SYSTEM'")
    assert all(f"Security.{name}" in shown(r"\dt") for name in TABLES)
    assert "<-30>" in shown("SELECT x FROM Nix.Such")
    assert "Access Denied" in shown("SELECT 1", replace(target, password="wrong"))

    def own(statement: str) -> str:
        return shown(statement, namespace="USER")

    own("CREATE TABLE Cli (id INTEGER IDENTITY, name VARCHAR(20), PRIMARY KEY (id))")
    own("INSERT INTO Cli (name) VALUES ('Ann')")
    own("INSERT INTO Cli (name) SELECT name || '!' FROM Cli")
    assert own("SELECT * FROM Cli").splitlines()[-2:] == ['"1","Ann"', '"2","Ann!"']
    own("DROP TABLE Cli")
    assert "<-30>" in own("SELECT * FROM Cli")


@pytest.mark.timeout(900)
def test_devtester(interpreter: Interpreter, target: Target) -> None:
    command = interpreter(DEVTESTER).parent / "iris-devtester"
    place = ("--host", "127.0.0.1", "--port", str(target.port), "--namespace", "USER")
    done = subprocess.run(
        [command, "test-connection", *place, "--username", target.user, "--password", target.password],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "irisops simulator" in done.stdout


@pytest.mark.timeout(900)
async def test_requests(interpreter: Interpreter, tmp_path: Path) -> None:
    """A REST application that the product made is used by a script that knows nothing of it."""
    python = interpreter(REQUESTS)
    async with stage("quiet", tmp_path) as on, on.person() as person:
        await person.yes(
            await person.plan("/app add /api/shop template=rest-jwt dispatch_class=Shop.REST namespace=USER")
        )
        account, web = on.simulator.account, on.simulator.web
        assert web is not None
        target = Target("127.0.0.1", web.port, account.username, account.password)
        answers = await asyncio.to_thread(ask, "requests_probe", python, target)
    assert answers == {
        "no token": 401,
        "wrong password": 401,
        "login": 200,
        "call": 200,
        "refresh": 200,
        "call again": 200,
        "logout": 200,
        "call after it": 401,
    }
