from __future__ import annotations

from dataclasses import replace

import pytest

from irisops.contract.replies import Done, Plan, Refusal
from irisops.engine.plans import LIFETIME, PlanStore
from irisops.engine.spec import Replies
from irisops.instance.connection import State
from tests.commands.fakes import FakeClock, World


async def carry_out() -> Replies:
    yield Done("test", "done")


def a_plan() -> Plan:
    return Plan("test", "Test", "", [])


def refused(store: PlanStore, plan: Plan, word: str = "") -> Refusal:
    with pytest.raises(Refusal) as caught:
        store.take(plan.id, word)
    return caught.value


def test_a_plan_is_carried_out_once() -> None:
    store = PlanStore(FakeClock())
    plan = store.add(a_plan(), carry_out)
    assert store.take(plan.id, "") is carry_out
    assert "already carried out" in refused(store, plan).message


def test_a_declined_plan_is_gone() -> None:
    store = PlanStore(FakeClock())
    plan = store.add(a_plan(), carry_out)
    store.drop(plan.id)
    store.drop(plan.id)
    assert "declined" in refused(store, plan).message


async def test_an_old_plan_expires() -> None:
    clock = FakeClock()
    store = PlanStore(clock)
    plan = store.add(a_plan(), carry_out)
    await clock.advance(LIFETIME + 1, step=LIFETIME)
    assert refused(store, plan).error == "PlanExpired"


async def test_a_plan_dies_with_its_connection(connected: World) -> None:
    store = PlanStore(connected.clock)
    link = connected.session.hub.require()
    plan = store.add(a_plan(), carry_out, link)
    assert plan.instance == "local (IRISA)"
    connected.connection.become(State("lost", "gone"))
    connected.connection.become(State("connected"))
    assert refused(store, plan).error == "PlanExpired"


async def test_a_guarded_profile_wants_its_name(connected: World) -> None:
    store = PlanStore(connected.clock)
    link = connected.session.hub.require()
    link.profile = replace(link.profile, guarded=True)
    plan = store.add(a_plan(), carry_out, link)
    assert plan.confirm_word == "local"
    assert refused(store, plan).error == "WordNeeded"
    assert refused(store, plan, "loca").error == "WordNeeded"
    assert store.take(plan.id, " LOCAL ") is carry_out
