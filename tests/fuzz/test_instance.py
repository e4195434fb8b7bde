"""Answers of an instance: metrics, `$ZVERSION`, values and errors of the driver, replies of the admin API, row sets."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import strategies as st

from irisops.instance import values
from irisops.instance.admin_api import AdminApi
from irisops.instance.calls import Answer, ClassMethod, Query, Value
from irisops.instance.driver_process.channel import ChannelError, decode_body, pack_value, unpack_value
from irisops.instance.driver_process.held import Held
from irisops.instance.driver_process.messages import (
    pack_answer,
    pack_call,
    unpack_answer,
    unpack_call,
    unpack_rows,
)
from irisops.instance.errors import InstanceProblem
from irisops.instance.failures import call_failure, connect_failure, status_failure
from irisops.instance.packed_rows import Packing
from irisops.instance.security.audit import record_of
from irisops.instance.security.denials import causes_of
from irisops.instance.security.lists import application_of, parse_match_roles
from irisops.instance.security.permissions import format_privileges, parse_permission
from irisops.instance.status import whole_list
from irisops.instance.system import make_info, parse_version
from irisops.instance.usage.metrics import metrics_of
from irisops.instance.usage.processes import process_of
from irisops.instance.usage.sessions import session_of
from irisops.instance.values import as_privileges
from irisops.instance.web import WebAddress
from irisops.simulator.classes.status import list_build
from tests.fuzz.conftest import Fuzz
from tests.fuzz.mutation import SECRET, holds_it_whole_or_not, json_bytes, raw, texts, trees

METRICS = (
    "# HELP x y\niris_license_consumed 5\niris_license_available 3\niris_license_percent_used 62.5\n"
    'iris_csp_activity{id="127.0.0.1:52773"} 7\niris_csp_sessions 4 1732450000000\niris_cpu_pct{id="CSPDMN"} 0\n'
    "iris_process_count 32\niris_license_days_remaining 12.5\n"
)


def test_metrics(fuzz: Fuzz) -> None:
    fuzz.run(texts([METRICS, *METRICS.splitlines()]), metrics_of)


VERSIONS = [
    "IRIS for UNIX (Ubuntu Server LTS for x86-64 Containers) 2025.2 (Build 227U) Tue Jul 29 2025 18:53:25 EDT",
    "IRIS for Windows (x86-64) 2022.1.2 (Build 574U) Fri Jan 13 2023 15:08:27 EST",
    "IRIS for Health for UNIX (x) 2024.1.1L (Build 347U) x",
    "Cache for UNIX (Apple Mac OS X for x86-64) 2018.1.1 (Build 643U)",
]


def test_zversion(fuzz: Fuzz) -> None:
    def read(text: str) -> object:
        parse_version(text)
        return make_info(text, "USER", 1, "x", "IRIS").short

    fuzz.run(texts(VERSIONS), read)


ERRORS = [
    "<COMMUNICATION LINK ERROR> Failed to connect to server; Details: <COMMUNICATION ERROR> Invalid Message received",
    "[SQLCODE: <-99>:<Privilege violation>] [%msg: < User requires %Admin_Secure:USE privilege on resource %DB_USER>]",
    "ERROR #822: Access Denied", "<PROTECT>zOpen+3^Security.Users.1 *%DB_IRISSYS", "#5001: x ERROR #838: User bob",
    f"Access denied: password {SECRET} is wrong", "<CLASS DOES NOT EXIST> *Foo", "[Errno 111] Connection refused",
]  # fmt: skip


def test_errors_of_the_driver(fuzz: Fuzz) -> None:
    def read(text: str) -> str:
        problems = [
            connect_failure(text, secrets=(SECRET,)),
            call_failure(text, secrets=(SECRET,)),
            status_failure(text, secrets=(SECRET,)),
        ]
        return " ".join(f"{each.name} {each.message} {each.cure} {each.detail}" for each in problems)

    fuzz.run(texts(ERRORS).filter(holds_it_whole_or_not), read, told=str)


CELLS: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), st.binary(max_size=20), st.dates(),
    st.datetimes(),
    texts([
        "1", "0", "%All,%SQL", "%DB_USER:RW,%Development:U", "2026-11-24 10:00:00", "67532,36000", "67532", "running",
        "/csp/user", "9999-12-31T23:59:59-10:00",
        "127.0.0.1", "u@h", "Protect", "%System/%Security/Protect", "Resources required: %Admin_Secure", "1h2m",
    ]),
)  # fmt: skip


def test_values(fuzz: Fuzz) -> None:
    def read(cell: Value) -> object:
        return [
            each(cell)
            for each in (
                values.as_int, values.as_text, values.as_flag, values.as_names, values.as_privileges, values.as_date,
                values.as_utc,
            )
        ]  # fmt: skip

    fuzz.run(CELLS, read)


COLUMNS = (
    "id", "pid", "job", "nspace", "routine", "lines", "globals", "state", "username", "clientname", "exe", "device",
    "jobnumber", "jobtype", "commands", "intransaction", "starttimeutc", "cspsessionid", "canbeterminated",
    "canbesuspended", "sessionid", "application", "timeout", "licenseid", "sestime", "preserve", "lastupdated",
    "name", "autheenabled", "type", "namespace", "matchroles", "enabled", "resource", "eventsource", "eventtype",
    "event", "eventdata", "utctimestamp", "description", "clientipaddress", "roles", "status", "systemid",
    "auditindex", "licenseuserid", "processid",
)  # fmt: skip


def test_rows(fuzz: Fuzz) -> None:
    def read(row: dict[str, Value]) -> object:
        process_of(row)
        session_of(row)
        application_of(row)
        record = record_of(row)
        return causes_of([record], None) if record is not None else None

    fuzz.run(st.dictionaries(st.sampled_from(COLUMNS), CELLS, min_size=3), read)


def test_privileges_and_roles_in_texts(fuzz: Fuzz) -> None:
    def read(text: str) -> object:
        parse_match_roles(text)
        held = as_privileges(text)
        format_privileges({name: parse_permission(letters) for name, letters in held if letters})
        return parse_permission(text)

    fuzz.run(texts(["%DB_USER:RW,%Development:U", ":%All,%Admin:%Role1:%Role2", "R,w Use"]), read, ValueError)


def test_lists_of_the_database(fuzz: Fuzz) -> None:
    row = list_build(["a", 1, "日本", "", -5])
    samples = [row, list_build([row, row]), list_build([])]
    texts_of = st.one_of(
        raw([""]).map(lambda data: data.decode("latin-1")),
        st.sampled_from(samples).flatmap(
            lambda text: st.tuples(st.integers(0, len(text)), st.binary(max_size=4)).map(
                lambda made: text[: made[0]] + made[1].decode("latin-1") + text[made[0] + len(made[1]) :]
            )
        ),
    )
    fuzz.run(texts_of, whole_list)


ROWS = {
    "rows": [
        ["a", 1, None, {"decimal": "1.5"}],
        ["b", {"date": "2026-01-02"}, {"bytes": "AA=="}, {"float": "nan"}],
    ]
}
ANSWER = {**pack_answer(Answer(value=1, values=(SECRET,), refs=("x",))), **ROWS, "columns": ["a", "b"]}
CALLS = [
    pack_call(ClassMethod("Security.Users", "Create", ("bob", "", SECRET))),
    pack_call(Query("SELECT 1", ("a", 1), 5)),
    {"call": "object", "class": "X", "method": "%OpenId", "args": [["1"]],
     "steps": [{"kind": "set", "name": "PasswordExternal", "args": [[SECRET]], "path": []}]},
]  # fmt: skip


def test_messages_of_the_driver_process(fuzz: Fuzz) -> None:
    held, query = Held(), Query("SELECT 1")
    known = Packing()
    known.add([("a",), ("b",)])
    held.keep(query, 1, known.rows())

    def read(body: bytes) -> object:
        message = decode_body(body)
        unpack_answer(message)
        rows = unpack_rows(message.get("rows"))
        for row in rows:
            _ = [pack_value(cell) for cell in row]
        packing = Packing()
        held.add(query, rows, message.get("steps"), packing)
        return list(packing.rows())

    fuzz.run(json_bytes([ANSWER, {**ANSWER, "steps": [1, 0, 2, 1, 0, 0]}]), read, ChannelError)


def test_calls_to_the_driver_process(fuzz: Fuzz) -> None:
    fuzz.run(json_bytes(CALLS), lambda body: unpack_call(decode_body(body)), ChannelError)


def test_tagged_values(fuzz: Fuzz) -> None:
    samples = [
        {"decimal": "1.5"},
        {"date": "2026-01-02"},
        {"bytes": "AA=="},
        {"float": "nan"},
        {"time": "10:00"},
        1,
        "x",
    ]
    fuzz.run(trees(samples), unpack_value, ChannelError)


@dataclass
class Web:
    """A web port with a given answer."""

    runner: asyncio.Runner
    address: WebAddress
    login: bytes = b""
    sessions: bytes = b""


@pytest.fixture
def web() -> Iterator[Web]:
    with asyncio.Runner() as runner:
        served = Web(runner, WebAddress("127.0.0.1", 0))

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(served.login if b"/login" in head else served.sessions)
                await writer.drain()
            writer.close()

        server = runner.run(asyncio.start_server(answer, "127.0.0.1", 0))
        served.address = WebAddress("127.0.0.1", server.sockets[0].getsockname()[1])
        yield served
        server.close()
        runner.run(server.wait_closed())


LOGIN = {"access_token": SECRET, "refresh_token": SECRET, "iat": 1000, "exp": 1300}
LIST = {
    "status": {"errors": [{"error": "ERROR #5001: x", "code": 5001, "id": "a"}], "summary": ""}, "console": [],
    "result": [{"ID": "a", "Timeout": "2026-11-24 10:00:00", "Username": "u"}],
}  # fmt: skip
GOOD = {**LIST, "status": {"errors": [], "summary": ""}}


def http(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n\r\n" % status + body


def test_admin_api(fuzz: Fuzz, web: Web) -> None:
    def read(made: tuple[int, bytes, bytes]) -> object:
        status, login, sessions = made
        web.login, web.sessions = http(200, login), http(status, sessions)
        api = AdminApi("2026.2", "u", lambda: web.address, lambda: SECRET)
        return [session_of(row) for row in web.runner.run(api.web_sessions())]

    logins = st.one_of(st.just(json.dumps(LOGIN).encode()), json_bytes([LOGIN]))
    statuses = st.sampled_from([200, 200, 200, 201, 202, 400, 401, 403, 404, 500, 503])
    fuzz.run(st.tuples(statuses, logins, json_bytes([GOOD, LIST])), read, InstanceProblem)


def test_http(fuzz: Fuzz, web: Web) -> None:
    good = http(200, json.dumps(GOOD).encode()).decode()
    chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,2]\r\n0\r\n\r\n"
    sized = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nLocation: /x\r\n\r\n[]"

    def read(data: bytes) -> object:
        web.login, web.sessions = http(200, json.dumps(LOGIN).encode()), data
        return web.runner.run(AdminApi("2026.2", "u", lambda: web.address, lambda: SECRET).web_sessions())

    fuzz.run(raw([good, chunked, sized]), read, InstanceProblem)
