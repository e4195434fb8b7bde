"""A teammate's own program: connects with the driver and prints its permissions. Reads the password from stdin."""

from __future__ import annotations

import json
import sys

import iris


def attempt(work: object) -> str:
    try:
        result = work()  # type: ignore[operator]
    except Exception as error:  # noqa: BLE001 - whatever the driver raises is the answer
        return f"refused: {type(error).__name__}: {error}"
    return f"ok: {result}"


def main() -> None:
    host, port, namespace, user = sys.argv[1:5]
    password = sys.stdin.readline().strip()
    try:
        connection = iris.connect(host, int(port), namespace, user, password, timeout=20)
    except Exception as error:  # noqa: BLE001
        print(json.dumps({"connect": f"refused: {type(error).__name__}"}))
        return

    def run(sql: str) -> object:
        cursor = connection.cursor()
        cursor.execute(sql)
        return [list(row) for row in cursor.fetchall()] if sql.startswith("SELECT") else None

    native = iris.createIRIS(connection)
    told = {
        "connect": "ok",
        "select": attempt(lambda: run("SELECT 1")),
        "patients": attempt(lambda: run("SELECT Name FROM Clinic.Patient ORDER BY ID")),
        "change": attempt(lambda: run("UPDATE Clinic.Patient SET Ward = 'x' WHERE ID = 1")),
        "processes": attempt(lambda: run("SELECT Pid FROM %SYS.ProcessQuery")),
        "grant": attempt(lambda: run(f"GRANT %All TO {user}")),
        "users": attempt(lambda: run("SELECT Name FROM Security.Users_List('*')")),
        "code": attempt(lambda: native.classMethodValue("%SYSTEM.Version", "GetVersion")),
    }
    print(json.dumps(told), flush=True)
    sys.stdin.readline()  # stay on until told


if __name__ == "__main__":
    main()
