from __future__ import annotations

from datetime import timedelta

import pytest

from irisops.simulator.web.metrics import Monitor
from irisops.simulator.web.server import WebServer
from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.seed import PASSWORD_BIT
from irisops.simulator.world.sessions import Visitor
from irisops.simulator.world.world import World
from tests.simulator.web.conftest import PASSWORD, Browser
from tests.simulator.web.test_applications import basic, fill


def figures(text: str) -> dict[str, str]:
    return dict(line.split(" ") for line in text.splitlines() if not line.startswith("#"))


async def test_metrics_need_no_login_and_cost_no_unit(browser: Browser, world: World) -> None:
    answer = await browser.get("/api/monitor/metrics")
    assert answer.status == 200
    assert (len(world.sessions), world.license_counts().consumed) == (0, 0)


def test_one_unit_of_eight_is_13_percent(world: World) -> None:
    world.open_session("/csp/user", Visitor("10.0.0.5"))
    found = figures(Monitor(world).metrics())
    assert found["iris_license_consumed"] == "1"
    assert found["iris_license_available"] == "7"
    assert found["iris_license_percent_used"] == "13"
    assert found["iris_csp_sessions"] == "1"
    assert found["iris_process_count"] == str(len(world.processes))


def test_each_metric_is_explained_before_it_is_told(world: World) -> None:
    lines = Monitor(world).metrics().splitlines()
    for name in figures("\n".join(lines)):
        at = next(index for index, line in enumerate(lines) if line.startswith(f"{name} "))
        assert lines[at - 1] == f"# TYPE {name} gauge"
        assert lines[at - 2].startswith(f"# HELP {name} ")


def test_days_remaining_come_from_the_key(world: World) -> None:
    assert "iris_license_days_remaining" not in Monitor(world).metrics()
    world.key.expires = world.now().date() + timedelta(days=327)
    assert figures(Monitor(world).metrics())["iris_license_days_remaining"] == "327"


async def test_alerts_are_a_cursor_that_all_callers_share(
    browser: Browser, world: World, server: WebServer, clock: ManualClock
) -> None:
    fill(world)
    await browser.get("/csp/user/")
    (alert,) = (await browser.get("/api/monitor/alerts")).json
    assert (alert["severity"], alert["time"]) == (2, "2026-11-24T09:00:00.000Z")
    assert alert["message"].startswith("License limit exceeded")
    assert (await Browser(server.port).get("/api/monitor/alerts")).json == []
    clock.advance(60)
    await browser.get("/csp/user/")
    assert len((await browser.get("/api/monitor/alerts")).json) == 1


def test_metrics_say_that_alerts_wait_but_do_not_take_them(world: World) -> None:
    monitor = Monitor(world)
    world.alerts.add(1, "x")
    for _ in range(2):
        assert figures(monitor.metrics())["iris_system_alerts_new"] == "1"
    monitor.alerts()
    found = figures(monitor.metrics())
    assert (found["iris_system_alerts_new"], found["iris_system_alerts"]) == ("0", "1")


def test_the_cursor_survives_the_loss_of_old_alerts(world: World) -> None:
    monitor = Monitor(world)
    for number in range(1500):
        world.alerts.add(0, f"n{number}")
    assert "n1499" in monitor.alerts()
    world.alerts.add(0, "last")
    assert monitor.alerts().count("message") == 1


@pytest.mark.parametrize("path", ["/api/monitor", "/api/monitor/", "/api/monitor/nothing"])
async def test_what_is_not_there_is_404(browser: Browser, path: str) -> None:
    assert (await browser.get(path)).status == 404


async def test_an_administrator_can_require_a_login(browser: Browser, world: World) -> None:
    application = world.application("/api/monitor")
    assert application is not None
    application.authe_enabled = PASSWORD_BIT
    assert (await browser.get("/api/monitor/metrics")).status == 401
    assert (await browser.get("/api/monitor/metrics", Authorization=basic("ana", "wrong"))).status == 401
    assert (await browser.get("/api/monitor/metrics", Authorization=basic("ana", PASSWORD))).status == 200
