"""Sessions of the runtime: globals, locks, transactions, and their end (facts: wire-protocol 6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.backend import BackendSession, ThrownError, Value
from irisops.simulator.classes.globals import GlobalStore, collate
from tests.simulator.classes.instance import Instance

NODES: tuple[list[Value], ...] = ([], ["a"], ["a", 1], ["b"])


@pytest.fixture
def session() -> BackendSession:
    return Instance().login(namespace="USER").session


def do(
    session: BackendSession, operation: str, name: str, subscripts: list[Value], *rest: Value
) -> list[Value]:
    return session.global_operation(operation, name, subscripts, rest)


def test_nodes_are_set_read_counted_and_killed(session: BackendSession) -> None:
    do(session, "set", "g", ["a", 1], "v")
    assert do(session, "get", "g", ["a", "1"]) == ["v"]
    assert do(session, "get", "g", ["a"]) == [None]
    assert [do(session, "defined", "g", keys)[0] for keys in NODES] == [10, 10, 1, 0]
    assert do(session, "increment", "n", [], 2) == [2]
    assert do(session, "increment", "n", [], "1.5") != [2]
    do(session, "kill", "g", ["a"])
    assert do(session, "defined", "g", []) == [0]
    with pytest.raises(ThrownError, match="<SUBSCRIPT>"):
        do(session, "set", "g", [""], "v")


def test_subscripts_collate_numbers_before_strings(session: BackendSession) -> None:
    for each in ("b", "10x", "10", "-1.5", "2", "a"):
        do(session, "set", "g", [each], each.upper())
    seen: list[Value] = []
    key: Value = ""
    while (key := do(session, "order", "g", [key], 3)[0]) != "":
        seen.append(key)
    assert seen == ["-1.5", "2", "10", "10x", "a", "b"]
    assert do(session, "order", "g", [""], 7) == ["b", "B"]
    assert do(session, "order", "g", ["2"], 0x0B, "10") == ["10", "10"]
    assert do(session, "order", "g", ["10"], 0x0B, "10")[0] == ""


@given(st.lists(st.text("0123456789.-ab", min_size=1, max_size=4), max_size=20))
def test_walking_visits_every_subscript_once_in_order(keys: list[str]) -> None:
    store = GlobalStore()
    for each in keys:
        store.set("USER", "^g", [each], 1)
    forward: list[str] = []
    key = ""
    while (key := store.order("user", "g", [key], 2)[0]) != "":
        forward.append(key)
    assert forward == sorted(set(keys), key=lambda each: (collate(each), each))
    backward: list[str] = []
    while (key := store.order("USER", "g", [key], 6)[0]) != "":
        backward.append(key)
    assert backward == forward[::-1]


def test_globals_of_namespaces_are_apart() -> None:
    instance = Instance()
    user, system = instance.login(namespace="USER").session, instance.login().session
    do(user, "set", "g", [], 1)
    assert do(system, "get", "g", []) == [None]


def test_globals_need_the_native_resource() -> None:
    instance = Instance()
    instance.user("ann", DB_USER="R", Native_ClassExecution="U")
    with pytest.raises(ThrownError, match="<PROTECT>"):
        do(instance.login("ann", "USER").session, "get", "g", [])


def test_a_lock_excludes_other_jobs_until_its_own_ends() -> None:
    instance = Instance()
    one, two = instance.login(namespace="USER").session, instance.login(namespace="USER").session
    assert do(one, "lock", "g", ["a"], "", 0) == [1]
    assert do(one, "lock", "g", ["a"], "", 0) == [1]
    assert do(two, "lock", "g", [], "", 0) == [0]
    assert do(two, "lock", "g", ["b"], "", 0) == [1]
    do(one, "unlock", "g", ["a"], "")
    assert do(two, "lock", "g", ["a"], "", 0) == [0]
    one.close(clean=True)
    assert do(two, "lock", "g", ["a"], "", 0) == [1]


def test_transaction_levels_are_counted_and_shown() -> None:
    instance = Instance()
    client = instance.login()
    session = client.session
    do(session, "tstart", "", [])
    do(session, "tstart", "", [])
    assert do(session, "tlevel", "", []) == [2]
    assert client.rows("SELECT InTransaction FROM %SYS.ProcessQuery WHERE UserName='boss'")[0][
        "intransaction"
    ]
    do(session, "trollback_one", "", [])
    assert do(session, "tlevel", "", []) == [1]
    session.commit()
    assert do(session, "tlevel", "", []) == [0]


def test_a_clean_end_frees_the_unit_at_once_and_a_lost_one_later() -> None:
    instance = Instance()
    watcher = instance.login(address="10.9.9.9")
    clean, lost = instance.login(address="10.0.0.1"), instance.login(address="10.0.0.2")
    assert watcher.call("%SYSTEM.License", "LUConsumed") == 3
    clean.session.close(clean=True)
    clean.session.close(clean=True)
    assert watcher.call("%SYSTEM.License", "LUConsumed") == 2
    lost.session.close(clean=False)
    assert watcher.call("%SYSTEM.License", "LUConsumed") == 2
    instance.clock.advance(60)
    assert watcher.call("%SYSTEM.License", "LUConsumed") == 1
