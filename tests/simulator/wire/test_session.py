"""The state machine of one connection, without sockets: what it answers to right and to wrong requests."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.backend import Column, LoginRequest, Value
from irisops.simulator.wire.frames import HEADER_SIZE, MAX_PAYLOAD, REPLY_HEADER, Frame, FrameReader
from irisops.simulator.wire.listitem import decode, encode_all
from irisops.simulator.wire.session import Peer, ProtocolViolationError, State, WireSession
from tests.simulator.wire.fake import INFO, JOB, FakeBackend, FakeSession
from tests.simulator.wire.harness import connecting, greeting, request

PEER = Peer("10.0.0.5", 41000)


def frame_of(message: bytes) -> Frame:
    reader = FrameReader(MAX_PAYLOAD)
    reader.feed(message)
    frame = reader.next_frame()
    assert frame is not None
    return frame


def logged_in(backend: FakeBackend | None = None, features: int = 32) -> WireSession:
    session = WireSession(backend or FakeBackend(), PEER)
    session.receive(frame_of(greeting()))
    session.receive(frame_of(connecting(features=features)))
    assert session.logged_in
    return session


def ask(
    session: WireSession, opcode: bytes, *items: Value, statement: int = 0
) -> list[tuple[int, list[object]]]:
    """The replies as (status, items), after checking their sequence number."""
    answers: list[tuple[int, list[object]]] = []
    for message in session.receive(Frame(77, statement, opcode, encode_all(items))):
        size, sequence, _, status = REPLY_HEADER.unpack_from(message)
        assert sequence == 77
        assert size == len(message) - HEADER_SIZE
        answers.append((status, list(decode(message, HEADER_SIZE))))
    return answers


@pytest.mark.parametrize(("offered", "answered"), [(69, 69), (70, 69), (61, 61), (65_535, 69), (10, 10)])
def test_the_lower_protocol_version_is_chosen(offered: int, answered: int) -> None:
    session = WireSession(FakeBackend(), PEER)
    (message,) = session.receive(frame_of(greeting(offered)))
    assert int.from_bytes(message[HEADER_SIZE : HEADER_SIZE + 2], "little") == answered


def test_a_login_reaches_the_backend_unscrambled() -> None:
    backend = FakeBackend()
    session = WireSession(backend, PEER)
    session.receive(frame_of(greeting()))
    (message,) = session.receive(frame_of(connecting(password="p\u00e4ss", autocommit=2)))
    assert decode(message, HEADER_SIZE) == [INFO, 1, 0, 1, str(JOB), 0, 0]
    (login,) = backend.seen.logins
    assert (login.namespace, login.username, login.password) == ("USER", "_SYSTEM", "p\u00e4ss")
    assert (login.os_user, login.client_host, login.executable) == ("root", "vm", "python")
    assert (login.client_ip, login.client_port, login.autocommit) == ("10.0.0.5", 41000, False)
    assert session.job_number == JOB
    assert "p\u00e4ss" not in repr(login)


def test_a_refused_login_gets_its_text_and_ends() -> None:
    session = WireSession(FakeBackend(), PEER)
    session.receive(frame_of(greeting()))
    (message,) = session.receive(frame_of(connecting(password="wrong")))
    assert REPLY_HEADER.unpack_from(message)[3] == 417
    assert decode(message, HEADER_SIZE) == ["Access Denied"]
    assert session.state is State.ENDED


def test_a_silently_refused_login_gets_nothing() -> None:
    session = WireSession(FakeBackend(), PEER)
    session.receive(frame_of(greeting()))
    assert session.receive(frame_of(connecting(username="silent"))) == []
    assert session.state is State.ENDED


def test_a_bug_in_the_login_is_refused_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    session = WireSession(FakeBackend(), PEER)
    session.receive(frame_of(greeting()))
    (message,) = session.receive(frame_of(connecting(username="broken", password="s3cret")))
    assert decode(message, HEADER_SIZE) == [
        "fault of the simulator: ZeroDivisionError; its log has the details"
    ]
    assert "a bug in the login" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(
    "messages",
    [
        [connecting()],
        [request(1, b"PP")],
        [request(1, b"\x4b\xc2")],
        [request(1, b"HS")],
        [greeting(), greeting()],
        [greeting(), request(3, b"CN", b"\x04\x01ab")],
        [greeting(), request(3, b"CN", b"\x01" * 65)],
        [greeting(), request(3, b"CN", b"\xff")],
    ],
)
def test_before_the_login_a_wrong_request_costs_the_connection(messages: list[bytes]) -> None:
    backend = FakeBackend()
    session = WireSession(backend, PEER)
    *before, last = messages
    for message in before:
        session.receive(frame_of(message))
    with pytest.raises(ProtocolViolationError):
        session.receive(frame_of(last))
    assert backend.seen.logins == []


def test_goodbye_before_the_login_ends_the_connection() -> None:
    session = WireSession(FakeBackend(), PEER)
    assert session.receive(frame_of(request(0, b"DC"))) == []
    assert session.state is State.ENDED


@pytest.mark.parametrize("clean", [True, False])
def test_the_backend_hears_once_how_it_ended(clean: bool) -> None:
    backend = FakeBackend()
    session = logged_in(backend)
    if clean:
        assert session.receive(frame_of(request(0, b"DC"))) == []
    session.end()
    session.end()
    assert backend.seen.closed.get_nowait() == (JOB, clean)
    assert backend.seen.closed.empty()


def test_autocommit_gets_no_reply_and_the_end_of_a_transaction_does() -> None:
    backend = FakeBackend()
    session = logged_in(backend)
    assert [ask(session, opcode) for opcode in (b"AF", b"TR", b"AN", b"TC")] == [[], [(0, [])], [], [(0, [])]]
    assert backend.seen.autocommit == [False, True]
    assert backend.seen.ended == ["rollback", "commit"]


def test_unknown_requests_are_errors_without_harm() -> None:
    session = logged_in()
    ((status, items),) = ask(session, b"\x99\xc2")
    assert (status, items) == (0, ["<UNIMPLEMENTED> the simulator does not know native request 99"])
    ((status, items),) = ask(session, b"ZZ")
    assert (status, items) == (400, [])
    ((_, items),) = ask(session, b"OE", 400)
    assert items == ["[SQLCODE: <-400>:<Fatal error occurred>]  [the simulator does not know request b'ZZ']"]
    ((status, items),) = ask(session, b"Y9", 1, "%Net.Remote.Object")
    assert status != 0
    assert ask(session, b"\x4b\xc2", "Demo.Util", "Add", 2, 2, 3) == [(0xCA00, [5])]


@pytest.mark.parametrize("opcode", [b"HS", b"CN"])
def test_a_second_login_is_an_error_without_harm(opcode: bytes) -> None:
    backend = FakeBackend()
    session = logged_in(backend)
    ((status, _),) = ask(session, opcode, "USER")
    assert status == 400
    assert len(backend.seen.logins) == 1


@pytest.mark.parametrize(
    ("items", "complaint"),
    [
        ((), "ends after 0 items"),
        (("Demo.Util",), "ends after 1 items"),
        (("Demo.Util", "Add", 5, 1), "announces 5 items, 1 follow"),
        (("Demo.Util", "Add", -1), "announces -1 items"),
        (("Demo.Util", "Add", "many"), "no whole number"),
    ],
)
def test_short_native_requests_say_what_is_missing(items: tuple[Value, ...], complaint: str) -> None:
    ((status, reply_items),) = ask(logged_in(), b"\x4b\xc2", *items)
    assert status == 0
    assert complaint in str(reply_items[0])


@pytest.mark.parametrize("method", ["Bug", "Foreign"])
def test_a_bug_behind_the_wire_is_reported_logged_and_survived(
    method: str, caplog: pytest.LogCaptureFixture
) -> None:
    session = logged_in()
    ((status, items),) = ask(session, b"\x4b\xc2", "Demo.Util", method, 0)
    assert status == 0
    assert str(items[0]).startswith("<SYSTEM> fault of the simulator: ")
    assert caplog.records
    assert ask(session, b"\x4b\xc2", "Demo.Util", "Add", 1, 4) == [(0xCA00, [4])]


class ShortSession(FakeSession):
    """An instance with a bug: it leaves out what a reply needs."""

    def global_operation(
        self, operation: str, name: str, subscripts: Sequence[Value], rest: Sequence[Value]
    ) -> list[Value]:
        return []


class ShortBackend(FakeBackend):
    def login(self, request: LoginRequest) -> FakeSession:
        return ShortSession(self, JOB)


@pytest.mark.parametrize(
    ("opcode", "operation"), [(b"\x41\xc2", "get"), (b"\x45\xc2", "order"), (b"\x49\xc2", "defined")]
)
def test_a_reply_without_its_items_never_reaches_the_driver(opcode: bytes, operation: str) -> None:
    ((status, items),) = ask(logged_in(ShortBackend()), opcode, "g", 1, "a", 2)
    assert status == 0
    assert str(items[0]).startswith(f"<SYSTEM> fault of the simulator: global {operation} answered")


def test_the_gateway_is_answered_by_the_wire() -> None:
    backend = FakeBackend()
    session = logged_in(backend)
    assert ask(session, b"\x4b\xc2", "%Net.Remote.Gateway", "%ReleaseObjects", 1, ",1,2,x,3") == [
        (0xCA00, [1])
    ]
    assert backend.seen.released == [1, 2, 3]
    ((status, items),) = ask(session, b"\x4b\xc2", "%Net.Remote.Gateway", "%No", 0)
    assert (status, items) == (0, ["<METHOD DOES NOT EXIST> *%No,%Net.Remote.Gateway"])


def test_lastrowid_is_a_stream_of_the_digits_of_the_last_identity() -> None:
    backend = FakeBackend()
    session = logged_in(backend)
    backend.results["SELECT LAST_IDENTITY ( )"] = ([Column("Expression_1", 4)], [[417]])
    ((status, items),) = ask(session, b"SP", "%SYSTEM.SQL_GetROWID", statement=4)
    assert (status, items[:3]) == (0, [0, 1, -1])
    assert ask(session, b"SU", 0, 0, 0, 1, 1, "", statement=4) == [(0, [0, 0])]
    assert ask(session, b"SS", "\0", statement=4) == [(0, [3])]
    (data,) = session.receive(Frame(9, 4, b"JS", b""))
    assert data.endswith(b"417")
    assert ask(session, b"CS", 0, statement=4) == [(0, [])]


def test_the_generated_key_is_a_row_of_one_column() -> None:
    backend = FakeBackend()
    session = logged_in(backend)
    backend.results["SELECT LAST_IDENTITY ( )"] = ([Column("Expression_1", 4)], [[417]])
    ((status, items),) = ask(session, b"GG", statement=4)
    assert (status, items[0], items[-1]) == (100, 1, 417)


def test_lastrowid_is_zero_where_no_row_was_changed() -> None:
    session = logged_in()
    ((status, items),) = ask(session, b"SP", "%SYSTEM . SQL_GetROWID ( :%qpar(1) )", statement=4)
    assert (status, items[:3]) == (0, [0, 1, 1])
    assert ask(session, b"SU", 0, 0, 0, 1, 1, "", statement=4) == [(0, [0, 0])]


def test_literals_become_numbers_and_parameters_do_not() -> None:
    backend = FakeBackend()
    session = logged_in(backend)
    kinds: list[Value] = ["c", 10, "c", 11, "c", 4, "?", 0, "?", 0, "?", 0]
    values: list[Value] = ["10", ".5", "10", "10", "", "\0"]
    ask(session, b"PP", 1, "SELECT 1", 6, *kinds, statement=1)
    ask(session, b"PQ", 1, 6, *values, 0, 25, statement=1)
    ((_, seen, max_rows),) = backend.seen.queries
    assert [repr(value) for value in seen] == ["10", "Decimal('0.5')", "'10'", "'10'", "None", "''"]
    assert max_rows == 25


def test_a_statement_that_was_never_prepared_is_an_error() -> None:
    session = logged_in()
    assert ask(session, b"PQ", 1, 0, 0, 0, statement=9) == [(400, [])]
    ((_, items),) = ask(session, b"OE", 400)
    assert "statement 9 is not prepared" in str(items[0])


@pytest.mark.parametrize("sets", [(2**40, 0), (-1, 1), (1, 2**40), (2, 1)])
def test_an_update_cannot_announce_more_than_it_brings(sets: tuple[int, int]) -> None:
    backend = FakeBackend()
    session = logged_in(backend)
    ask(session, b"PP", 1, "INSERT", 0, statement=1)
    ((status, _),) = ask(session, b"PU", "", 0, *sets, "one value", statement=1)
    assert status == 400
    assert backend.seen.updates == []


def test_old_statements_make_room() -> None:
    session = logged_in()
    for number in range(1, 2_002):
        ask(session, b"PP", 1, "SELECT id FROM Person", 0, statement=number)
    assert ask(session, b"PQ", 1, 0, 0, 0, statement=1)[0][0] == 400
    assert ask(session, b"PQ", 1, 0, 0, 0, statement=2) == [(100, [1])]


@given(st.binary(min_size=2, max_size=2), st.binary(max_size=80), st.integers(0, 3))
def test_any_request_after_the_login_is_answered_or_needs_no_answer(
    opcode: bytes, payload: bytes, statement: int
) -> None:
    session = logged_in()
    replies = session.receive(Frame(5, statement, opcode, payload))
    if opcode in (b"AF", b"AN", b"DC"):
        assert replies == []
    else:
        assert replies
        assert all(REPLY_HEADER.unpack_from(message)[1] == 5 for message in replies)


@pytest.mark.parametrize(("asked", "granted"), [(37, 1), (1, 1), (32, 0), (0, 0)])
def test_the_feature_options_that_a_client_gets_are_those_it_asked_for(asked: int, granted: int) -> None:
    session = WireSession(FakeBackend(), PEER)
    session.receive(frame_of(greeting()))
    (message,) = session.receive(frame_of(connecting(features=asked)))
    assert list(decode(message, HEADER_SIZE))[-1] == granted


def test_a_client_that_asks_for_fast_select_reads_a_feature_item_first() -> None:
    """So does caretdev/go-irisnative: it asks for 37, and reads the item in the reply to DQ, not in that to DU."""
    asked = ("SELECT id FROM people WHERE id > :%qpar(1)", 1, "?", 0)
    plain, fast = logged_in(), logged_in(features=37)
    for opcode, rest in ((b"PP", ()), (b"DQ", (1, 1, 0, 0, 0))):
        first, second = (ask(each, opcode, 1, *asked, *rest, statement=1) for each in (plain, fast))
        (status, described), *rows = first
        assert second == [(status, [0, *described]), *rows]
    changed = ("DELETE FROM people WHERE id = 99", 0, "", 0, 1, 0)
    assert ask(fast, b"DU", 1, *changed, statement=2) == ask(plain, b"DU", 1, *changed, statement=2)


def test_a_server_that_grants_no_option_sends_no_feature_item() -> None:
    backend = FakeBackend()
    backend.feature_options = 0
    asked = ("SELECT id FROM people", 0)
    assert ask(logged_in(backend, 37), b"PP", 1, *asked) == ask(logged_in(), b"PP", 1, *asked)
