"""Each doubt, with each of its behaviours, as the real driver sees it."""

from __future__ import annotations

import base64
import http.client
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import iris
import iris.dbapi
import pytest

from irisops.simulator import unverified
from irisops.simulator.doubts import (
    DOUBTS,
    EMPTY_STRING,
    ENVIRONMENT,
    FUNCTION,
    WIDTH,
    Doubt,
    DoubtError,
    Doubts,
    standing,
)
from irisops.simulator.main import Options
from irisops.simulator.wire.frames import HEADER_SIZE
from irisops.simulator.wire.listitem import decode
from tests.simulator.conformance.target import Target, simulator
from tests.simulator.wire.harness import connecting, greeting

SECURITY = ("secadmin", "Practice-2!")
"""An account with %Admin_Secure:U, %DB_IRISSYS:RW and %Service_SQL:U, without %All."""


@contextmanager
def connection(target: Target, account: tuple[str, str] = ("", "")) -> Iterator[Any]:
    user, password = account
    opened = target.connect(user=user, password=password)
    try:
        yield opened
    finally:
        opened.close()


def rows(opened: Any, sql: str, *values: object) -> list[tuple[Any, ...]]:
    cursor = opened.cursor()
    cursor.execute(sql, list(values))
    return [tuple(row) for row in cursor.fetchall()]


def tried(work: Callable[[], Any]) -> Any:
    """What it gives, or the code or name of the error that it raises."""
    try:
        return work()
    except (RuntimeError, iris.dbapi.Error) as error:
        return re.findall(r"<LIST ERROR>|<[A-Z ]+>(?=[^<]*$)|SQLCODE: <-?\d+>", str(error))[0]


def query(opened: Any, name: str, column: str, *arguments: str) -> list[Any]:
    """A column of a class query by %Library.ResultSet."""
    result = iris.createIRIS(opened).classMethodObject("%Library.ResultSet", "%New", name)
    assert result.invoke("Execute", *arguments) == 1
    found = []
    while result.invoke("Next"):
        found.append(result.invoke("Get", column))
    return found


def execute(target: Target) -> Any:
    statement = "SELECT Name FROM Security.Users_List('secadmin')"
    with connection(target) as boss, connection(target, SECURITY) as asker:
        first = tried(lambda: rows(asker, statement))
        boss.cursor().execute("GRANT EXECUTE ON Security.Users_List TO secadmin")
        assert rows(asker, statement) == [("secadmin",)]
        return first


def security_objects(target: Target) -> Any:
    with connection(target) as boss, connection(target, SECURITY) as asker:
        opened = iris.createIRIS(asker)
        # The class's own methods work in any case, and so does everything with %All.
        assert opened.classMethodValue("Security.Users", "AddRoles", "reader", "%Operator") == 1
        assert iris.createIRIS(boss).classMethodObject("Security.Users", "%OpenId", "secadmin") is not None
        return tried(lambda: opened.classMethodObject("Security.Users", "%OpenId", "secadmin").get("Name"))


def dictionary(target: Target) -> Any:
    with connection(target, SECURITY) as asker:
        return tried(lambda: rows(asker, "SELECT COUNT(*) FROM %Dictionary.CompiledClass")[0][0] > 0)


def community_units(target: Target) -> Any:
    """How much LUConsumed moves with the second connection, and whether units are free when nobody gets in."""
    with connection(target) as first, connection(target):
        # `home` leaves two of eight places free: both are taken now.
        consumed = iris.createIRIS(first).classMethodValue("%SYSTEM.License", "LUConsumed")
        available = iris.createIRIS(first).classMethodValue("%SYSTEM.License", "LUAvailable")
        with pytest.raises(RuntimeError, match="LICENSE LIMIT"):
            target.connect()
        return consumed + available, available > 0


def empty_string(target: Target) -> Any:
    with pytest.raises(RuntimeError):
        target.connect(password="wrong, which is audited")
    with connection(target) as boss:
        statement = "SELECT COUNT(*) FROM %SYS.Audit_List(?, ?)"
        assert rows(boss, statement, None, None)[0][0] > 0
        return tried(lambda: rows(boss, statement, "", "")[0][0] > 0)


def granted_via(target: Target) -> Any:
    with connection(target) as boss:
        for grantee in ("secadmin", "%SQL", "_PUBLIC"):
            boss.cursor().execute(f"GRANT SELECT ON %SYS.Audit TO {grantee}")
        return set(query(boss, "%Library.SQLCatalogPriv:SQLUserPrivs", "GRANTED_VIA", "secadmin"))


def last_login(target: Target) -> Any:
    with connection(target, SECURITY), connection(target) as boss:
        (text,) = rows(boss, "SELECT LastLoginTime FROM Security.Users_List('secadmin')")[0]
        # The seconds of $HOROLOG are not padded: after midnight they have fewer digits.
        return re.sub(r",9+$", ",99999", re.sub(r"\d", "9", text or ""))


def columns(target: Target) -> Any:
    with connection(target) as boss:
        cursor = boss.cursor()
        cursor.execute("SELECT * FROM Security.Users_Detail('*')")
        names = [each[0] for each in cursor.description]
        result = iris.createIRIS(boss).classMethodObject(
            "%Library.ResultSet", "%New", "Security.Users:Detail"
        )
        assert result.invoke("GetColumnCount") == len(names)
        return len(names), "CreateDateTime" in names


def function(target: Target) -> Any:
    with connection(target) as boss:
        answer = tried(lambda: iris.createIRIS(boss).function("DeleteSession", "%SYS.cspServer", "none"))
        return answer if answer == "<NOROUTINE>" else "answered"


def row_sets(target: Target) -> Any:
    with connection(target) as boss:
        native = iris.createIRIS(boss)
        handle, row, end = iris.IRISReference(None), iris.IRISReference(None), iris.IRISReference(0)
        assert native.classMethodValue("Security.Users", "ListExecute", handle, "secadmin") == 1
        native.classMethodValue("Security.Users", "ListFetch", handle, row, end)
        return "secadmin" in str(row.getValue()), int(end.getValue())


def role_resources(target: Target) -> Any:
    with connection(target) as boss:
        role = iris.createIRIS(boss).classMethodObject("Security.Roles", "%OpenId", "%developer")
        return tried(lambda: role.get("Resources").invoke("Count") > 0)


def projection(target: Target) -> Any:
    with connection(target) as boss:
        return tried(lambda: len(rows(boss, "SELECT UserId FROM %SYSTEM.License_UserList()")) > 0)


def admin_api(target: Target) -> Any:
    """The status of a request while all units are held. It is not the driver's, which cannot get in then."""
    login = base64.b64encode(f"{target.user}:{target.password}".encode()).decode()
    web = http.client.HTTPConnection("127.0.0.1", target.web_port, timeout=10)
    web.request("GET", "/api/admin/info", headers={"Authorization": f"Basic {login}"})
    status = web.getresponse().status
    web.close()
    return status


def event_id(target: Target) -> Any:
    """Whether each of the two ids opens an event."""
    with connection(target) as boss:
        native = iris.createIRIS(boss)
        return [
            native.classMethodValue(
                "Security.Events", "%ExistsId", joined.join(("%system", "%login", "login"))
            )
            == 1
            for joined in ("||", "/")
        ]


def procedure_word(target: Target) -> Any:
    """1 for success, else a status."""
    with connection(target) as boss:
        grant = ("%SYSTEM.SQL.Security", "GrantPrivilege", "EXECUTE", "Security.Users_List")
        native = iris.createIRIS(boss)
        assert native.classMethodValue(*grant, "Stored Procedures", "reader") == 1
        return native.classMethodValue(*grant, "PROCEDURE", "reader") == 1


def feature_options(target: Target) -> Any:
    """What a client is granted that asks for 37, and whether the driver works that asks for FastSelect."""
    with socket.create_connection((target.host, target.port), 10) as raw:
        raw.sendall(greeting())
        raw.recv(4096)
        raw.sendall(connecting(target.user, target.password, features=37))
        granted = list(decode(raw.recv(4096), HEADER_SIZE))[-1]
    opened = iris.connect(
        target.host, target.port, "USER", target.user, target.password, timeout=10, featureOptions=1
    )

    def work() -> list[tuple[Any, ...]]:
        cursor = opened.cursor()
        cursor.execute("CREATE TABLE fast (a INTEGER)")
        cursor.execute("INSERT INTO fast (a) VALUES (?)", [7])
        assert cursor.rowcount == 1
        return rows(opened, "SELECT a FROM fast WHERE a > ?", 1)

    answer = tried(work)
    opened.close()
    return granted, answer


def disabled_application(target: Target) -> Any:
    """The status of a page of an application that is disabled."""
    with connection(target) as boss:
        application = iris.createIRIS(boss).classMethodObject("Security.Applications", "%OpenId", "/csp/user")
        application.set("Enabled", 0)
        assert application.invoke("%Save") == 1
    return page(target)


def page(target: Target) -> int:
    """The status of a page for a browser that holds no unit."""
    web = http.client.HTTPConnection("127.0.0.1", target.web_port, timeout=10)
    web.request("GET", "/csp/user/")
    status = web.getresponse().status
    web.close()
    return status


VALIDATING = """
Class Probe.Indexes Extends %RegisteredObject
{
ClassMethod Validate(class, index) As %String
{
    try {
        set status = $SYSTEM.OBJ.ValidateIndices(class, $listbuild(index), 0, 1, 0, 0, .errors)
        set text = $SYSTEM.Status.IsOK(status)
    } catch {
        set text = $zerror
    }
    quit text_" "_$order(errors(""))
}
}
""".lstrip()


def validated(class_name: str, index: str) -> Callable[[Target], Any]:
    """What code on the instance sees: whether the status is fine, and the first subscript of the errors."""

    def probe(target: Target) -> Any:
        with closing(target.connect(namespace="USER")) as opened:
            native = iris.createIRIS(opened)
            stream = native.classMethodObject("%Stream.GlobalCharacter", "%New")
            stream.invoke("Write", VALIDATING)
            assert native.classMethodValue("%SYSTEM.OBJ", "LoadStream", stream, "ck-d") == 1
            return native.classMethodValue("Probe.Indexes", "Validate", class_name, index)

    return probe


def built_index(target: Target) -> Any:
    with closing(target.connect(namespace="USER")) as opened:
        opened.cursor().execute("BUILD INDEX FOR TABLE Ens_Util.Log INDEX ConfigName")
        view = "SELECT MAP_STATUS FROM INFORMATION_SCHEMA.INDEXES WHERE INDEX_NAME = ?"
        return rows(opened, view, "ConfigName")[0][0]


def device_output(target: Target) -> Any:
    with closing(target.connect(namespace="USER")) as opened:
        native = iris.createIRIS(opened)
        return tried(lambda: native.classMethodValue("%SYSTEM.OBJ", "ValidateIndices", "Ens.Util.Log"))


def free_rows(target: Target) -> Any:
    """What the list of free space has in Available of a database that is dismounted."""
    with connection(target) as boss:
        directory = "/usr/irissys/mgr/user/"
        assert iris.createIRIS(boss).classMethodValue("SYS.Database", "DismountDatabase", directory) == 1
        names = query(boss, "SYS.Database:FreeSpace", "Directory", "*")
        texts = query(boss, "SYS.Database:FreeSpace", "Available", "*")
        return dict(zip(names, texts, strict=True)).get(directory)


def journal_free(target: Target) -> Any:
    """The free space of the journal, by the class."""
    with connection(target) as boss:
        return iris.createIRIS(boss).classMethodValue("%SYS.Journal.System", "GetFreeSpace")


PROBES: dict[str, tuple[Callable[[Target], Any], dict[str, Any]]] = {
    "execute": (execute, {"needed": "SQLCODE: <-99>", "not-needed": [("secadmin",)]}),
    "security-objects": (security_objects, {"protected": "<PROTECT>", "allowed": "secadmin"}),
    "dictionary": (dictionary, {"refused": "SQLCODE: <-99>", "readable": True}),
    "community-units": (community_units, {"stay": (8, True), "move": (8, False)}),
    "empty-string": (empty_string, {"no-rows": False, "error": "SQLCODE: <-400>", "empty": True}),
    "granted-via": (
        granted_via,
        {"words": {"Direct", "Role", "_PUBLIC"}, "names": {"Direct", "%SQL", "_PUBLIC"}},
    ),
    "last-login": (last_login, {"horolog": "99999,99999", "odbc": "9999-99-99 99:99:99", "empty": ""}),
    "columns": (columns, {"shown": (10, False), "all": (34, True)}),
    "function": (function, {"refused": "<NOROUTINE>", "allowed": "answered"}),
    "row-sets": (row_sets, {"lost": (False, 1), "kept": (True, 0)}),
    "role-resources": (role_resources, {"refused": "<INVALID OREF>", "editable": True}),
    "projection": (projection, {"no": "SQLCODE: <-428>", "yes": True}),
    "admin-api": (admin_api, {"refused": 503, "answers": 200}),
    "event-id": (event_id, {"bars": [True, False], "slashes": [True, True]}),
    "procedure-word": (procedure_word, {"refused": False, "taken": True}),
    "disabled-app": (disabled_application, {"404": 404, "403": 403}),
    "unlicensed-page": (page, {"503": 503, "404": 404}),
    "free-rows": (free_rows, {"none": None, "text": "Dismounted"}),
    "journal-free": (journal_free, {"bytes": 40_000 * 1_048_576, "megabytes": 40_000}),
    "feature-options": (feature_options, {"granted": (1, [(7,)]), "none": (0, "<LIST ERROR>")}),
    "index-status": (validated("Ens.Util.Log", "ConfigName"), {"ok": "1 1", "error": "0 1"}),
    "index-errors": (
        validated("Ens.Util.Log", "ConfigName"),
        {"numbered": "1 1", "by-index": "1 ConfigName"},
    ),
    "index-refusal": (
        validated("No.Such", "x"),
        {"status": "0 ", "thrown": "<CLASS DOES NOT EXIST> *No.Such "},
    ),
    "index-kinds": (validated("Shop.Thing", "NameWords"), {"passed-over": "1 ", "checked": "1 1"}),
    "built-index": (built_index, {"selectable": "Selectable", "not-selectable": "Not Selectable"}),
    "device-output": (device_output, {"breaks": "<WRITE>", "lost": 1}),
}
SCENARIOS = {
    "community-units": "home",
    "admin-api": "full",
    "unlicensed-page": "full",
    **dict.fromkeys(
        ("index-status", "index-errors", "index-refusal", "index-kinds", "built-index", "device-output"),
        "broken",
    ),
}


@pytest.mark.parametrize(
    ("doubt", "value"),
    [(doubt, behaviour.value) for doubt in DOUBTS for behaviour in doubt.behaviours],
    ids=lambda each: each.name if isinstance(each, Doubt) else each,
)
def test_a_client_sees_what_was_chosen(doubt: Doubt, value: str) -> None:
    probe, expected = PROBES[doubt.name]
    options = Options(
        scenario=SCENARIOS.get(doubt.name, "quiet"),
        web_port=0,
        version="2026.2",
        doubts=Doubts().choose(f"{doubt.name}={value}"),
    )
    with simulator(options) as target:
        assert probe(target) == expected[value]


def test_before_2025_2_objects_of_the_security_classes_open_without_all() -> None:
    with simulator(Options(scenario="quiet", version="2024.1", doubts=Doubts())) as target:
        assert security_objects(target) == "secadmin"


def test_the_first_behaviour_is_the_default() -> None:
    assert Doubts().says(FUNCTION, "refused")
    assert Doubts().choose("function=allowed").says(FUNCTION, "allowed")
    assert not Doubts().choose("function=allowed", "function=refused").says(FUNCTION, "allowed")


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("functoin=allowed", "There is no doubt 'functoin'. Did you mean function?"),
        ("function=alowed", "function is not 'alowed'. Did you mean allowed?"),
        ("function", "function is not ''. Choose one of: refused, allowed."),
    ],
)
def test_an_unknown_choice_names_the_nearest(choice: str, said: str) -> None:
    with pytest.raises(DoubtError) as raised:
        Doubts().choose(choice)
    assert str(raised.value) == said


def test_a_value_that_a_doubt_has_not_is_a_mistake_of_the_code() -> None:
    with pytest.raises(DoubtError):
        Doubts().says(FUNCTION, "never")


def test_the_environment_chooses_for_a_whole_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, "function=allowed  empty-string=error")
    assert standing().says(FUNCTION, "allowed")
    assert standing().says(EMPTY_STRING, "error")
    monkeypatch.setenv(ENVIRONMENT, "")
    assert standing() == Doubts()


def test_the_table_fits_a_terminal_and_says_all() -> None:
    text = unverified.doubts()
    assert max(map(len, text.splitlines())) <= WIDTH
    for doubt in DOUBTS:
        assert f"\n{doubt.name}\n" in f"\n{text}"
        assert f"    {doubt.default} (default): " in text
        assert doubt.reads
        assert len({each.value for each in doubt.behaviours}) > 1
