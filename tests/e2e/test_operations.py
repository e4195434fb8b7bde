"""Each list of daily operations shows what a plain script with the vendor's driver reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import iris
import pytest

from irisops.contract.replies import Cell, Facts, Table
from irisops.simulator.doubts import standing
from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.scenarios import build_world
from tests.commands.editing import Desk, desk_on
from tests.instance.served import PASSWORD, USER, Served, serve

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Script:
    """What a script does with a connection in %SYS, or in another namespace."""

    read: Callable[[Any, Any], Rows]
    namespace: str = "%SYS"


def query(native: Any, name: str, *arguments: str) -> Rows:
    """A class query by %Library.ResultSet, all columns (facts: iris-operations 9)."""
    result = native.classMethodObject("%Library.ResultSet", "%New", name)
    assert result.invoke("Execute", *arguments) == 1
    names = [
        result.invokeString("GetColumnName", number + 1)
        for number in range(result.invokeInteger("GetColumnCount"))
    ]
    rows = []
    while result.invokeInteger("Next"):
        rows.append({each: result.invoke("GetData", number) for number, each in enumerate(names, 1)})
    return rows


def select(connection: Any, sql: str) -> Rows:
    cursor = connection.cursor()
    cursor.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def databases(native: Any, _connection: Any) -> Rows:
    sizes = {row["Directory"]: row for row in query(native, "SYS.Database:FreeSpace", "*")}
    return [
        {
            "directory": row["Directory"],
            "resource": row["Resource"],
            "encrypted": row["Encrypted"] == "Yes",
            "size_mb": sizes[row["Directory"]]["SizeInt"]
            if row["Directory"] in sizes
            else int(row["Size"][:-2]),
            "free_percent": sizes.get(row["Directory"], {}).get("Free"),
            "disk_mb": sizes.get(row["Directory"], {}).get("DiskFreeSpaceNum"),
        }
        for row in query(native, "SYS.Database:List", "*")
    ]


def tasks(native: Any, _connection: Any) -> Rows:
    return [
        {
            "id": row["ID"],
            "name": row["Task Name"],
            "next": f"{row['Next Scheduled Date'] or ''} {row['Next Scheduled Time'] or ''}".strip()[:16],
            "last": (row["Last Finished"] or "")[:16],
            "result": row["Last Result"] or "",
            "suspended": row["Suspended"] == "Yes",
            "failed": row["Last Status"] == "0",
        }
        for row in query(native, "%SYS.Task:TaskListDetail")
    ]


def locks(native: Any, _connection: Any) -> Rows:
    found: dict[str, dict[str, Any]] = {}
    for row in query(native, "%SYS.LockQuery:Detail"):
        lock = found.setdefault(
            row["DelKey"],
            {"key": row["DelKey"], "lock": row["LockString"], "mode": row["Mode"], "waiters": []},
        )
        lock["pid"] = int(row["Owner"].split("|")[1])
        lock["waiters"] += [str(row["WaiterPID"])] if row["WaiterPID"] else []
    return list(found.values())


def journal(native: Any, _connection: Any) -> Rows:
    call = native.classMethodValue
    return [
        {
            "state": "enabled" if call("%SYS.Journal.System", "GetState") == 0 else "?",
            "file": call("%SYS.Journal.System", "GetCurrentFileName"),
            "free_mb": call("%SYS.Journal.System", "GetFreeSpace") // 1_048_576,
            "files": len(query(native, "%SYS.Journal.File:ByTimeReverseOrder")),
        }
    ]


def log(native: Any, _connection: Any) -> Rows:
    stream = native.classMethodObject("%Stream.FileCharacter", "%New")
    stream.invoke("LinkToFile", "/usr/irissys/mgr/messages.log")
    lines = stream.invokeString("Read", 30_000).splitlines()
    return [{"text": line.split("] ", 1)[1], "pid": int(line.split("(")[1].split(")")[0])} for line in lines]


def components(native: Any, connection: Any) -> Rows:
    queues = {row["Name"]: row["Count"] for row in query(native, "Ens.Queue:Enumerate")}
    items = select(connection, "SELECT Name, ClassName, Enabled FROM Ens_Config.Item")
    return [
        {"component": row["Name"], "class": row["ClassName"], "queued": queues.get(row["Name"])}
        for row in items
    ]


def namespaces(_native: Any, connection: Any) -> Rows:
    rows = select(connection, "SELECT Name, Globals, Routines FROM Config.Namespaces")
    return [{"name": row["Name"], "data": row["Globals"], "code": row["Routines"]} for row in rows]


def statements(_native: Any, connection: Any) -> Rows:
    rows = select(
        connection,
        "SELECT SQLStatementID, ProcessID, UserName, ExecutionDuration FROM INFORMATION_SCHEMA.CURRENT_STATEMENTS",
    )
    return [
        {
            "id": row["SQLStatementID"],
            "pid": row["ProcessID"],
            "user": row["UserName"],
            "running_for": float(row["ExecutionDuration"]),
        }
        for row in rows
    ]


def productions(native: Any, connection: Any) -> Rows:
    name, state = iris.IRISReference(None), iris.IRISReference(None)
    assert native.classMethodString("Ens.Director", "GetProductionStatus", name, state) == "1"
    queued = sum(row["Count"] for row in query(native, "Ens.Queue:Enumerate"))
    items = select(connection, "SELECT Name, Enabled FROM Ens_Config.Item")
    shown = ["unknown", "running", "stopped"][int(state.getValue())]
    return [
        {
            "namespace": "SHIP",
            "production": name.getValue(),
            "state": shown,
            "queued": queued,
            "components": len(items),
            "disabled": sum(not row["Enabled"] for row in items),
        }
    ]


def indexes(_native: Any, connection: Any) -> Rows:
    status = {
        row["INDEX_NAME"]: row["MAP_STATUS"].lower()
        for row in select(connection, "SELECT INDEX_NAME, MAP_STATUS FROM INFORMATION_SCHEMA.INDEXES")
    }
    found = select(
        connection,
        "SELECT parent, Name, Properties FROM %Dictionary.CompiledIndex WHERE parent = 'Ens.Util.Log'",
    )
    (rows,) = select(connection, "SELECT COUNT(*) AS n FROM Ens_Util.Log")
    return [
        {
            "class": row["parent"],
            "index": row["Name"],
            "properties": row["Properties"],
            "status": status[row["Name"]],
            "rows": next(iter(rows.values())),
        }
        for row in found
    ]


def database(native: Any, _connection: Any) -> Rows:
    found = native.classMethodObject("SYS.Database", "%OpenId", "/data/warehouse/")
    free = iris.IRISReference(None)
    native.classMethodString("SYS.Database", "GetDatabaseFreeSpace", "/data/warehouse/", free)
    return [
        {
            "directory": "/data/warehouse/",
            "size_mb": found.get("Size"),
            "resource": found.get("ResourceName"),
            "limit": f"{found.get('MaxSize'):,} MB",
            "free_mb": float(free.getValue()),
        }
    ]


def task(native: Any, _connection: Any) -> Rows:
    (row,) = [
        row for row in query(native, "%SYS.Task:TaskListDetail") if row["Task Name"] == "Nightly export"
    ]
    return [
        {
            "id": row["ID"],
            "next": f"{row['Next Scheduled Date']} {row['Next Scheduled Time']}",
            "last_finished": row["Last Finished"],
            "result": row["Last Result"],
            "namespace": row["Namespace"],
        }
    ]


def mirror(native: Any, _connection: Any) -> Rows:
    return [{"member": bool(native.classMethodValue("%SYSTEM.Mirror", "IsMember"))}]


SCRIPTS: Mapping[str, Script] = {
    "/databases": Script(databases),
    "/tasks": Script(tasks),
    "/locks": Script(locks),
    "/journal": Script(journal),
    "/log": Script(log),
    "/production ship": Script(components, "SHIP"),
    "/productions": Script(productions, "SHIP"),
    "/indexes Ens.Util.Log": Script(indexes, "USER"),
    "/database warehouse": Script(database),
    '/task "nightly export"': Script(task),
    "/namespaces": Script(namespaces),
    "/sql running": Script(statements),
    "/mirror": Script(mirror),
}


def run(served: Served, script: Script) -> Rows:
    connection = iris.connect("127.0.0.1", served.server.port, script.namespace, USER, PASSWORD, timeout=10)
    try:
        return script.read(iris.createIRIS(connection), connection)
    finally:
        connection.close()


async def shown(desk: Desk, line: str) -> list[Mapping[str, Cell | dict[str, Any]]]:
    reply = (await desk.say(line))[-1]
    if isinstance(reply, Facts):
        return [dict(reply.facts)]  # type: ignore[arg-type] # - cells of one card
    assert isinstance(reply, Table)
    return [dict(row) for row in reply.rows]


@pytest.mark.parametrize("line", SCRIPTS)
async def test_a_list_shows_what_a_script_reads(line: str, tmp_path: Path) -> None:
    world = build_world("broken", clock=ManualClock(), doubts=standing())
    async with serve(world=world) as served, desk_on(served, tmp_path) as desk:
        wanted = await asyncio.to_thread(run, served, SCRIPTS[line])
        rows = await shown(desk, line)
        keys = wanted[0].keys()
        found = [{key: row[key] for key in keys} for row in rows]
        assert sorted(found, key=str) == sorted(wanted, key=str)
