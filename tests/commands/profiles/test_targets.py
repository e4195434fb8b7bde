"""Files for Prometheus and Grafana: valid by the schemas that both publish for them."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from irisops.commands.profiles.targets import DASHBOARD, TARGETS, dashboard_of, targets_of
from irisops.contract.replies import Done, Problem
from irisops.profiles.model import Profile
from tests.commands.fakes import LOCAL, World
from tests.commands.profiles.published import GRAFANA_DASHBOARD, PROMETHEUS_TARGETS, Schema

PROFILES = (
    Profile("a", "iris-a", web_port=52773),
    Profile("b", "::1", web_port=443, web_scheme="https", path_prefix="/iris-b"),
)


def targets() -> Any:
    return json.loads(json.dumps(targets_of(PROFILES)))


def dashboard() -> Any:
    return json.loads(json.dumps(dashboard_of(["a", "b"])))


def faults(schema: Schema, document: object) -> list[str]:
    """Where a document is not as published."""
    found = Draft202012Validator(schema).iter_errors(document)
    return ["/".join(map(str, error.absolute_path)) for error in found]


def test_targets_are_as_prometheus_publishes_them() -> None:
    groups = targets()
    assert faults(PROMETHEUS_TARGETS, groups) == []
    assert groups[0]["targets"] == ["iris-a:52773"]
    assert groups[0]["labels"]["__metrics_path__"] == "/api/monitor/metrics"
    assert groups[1]["targets"] == ["[::1]:443"]
    assert groups[1]["labels"]["__metrics_path__"] == "/iris-b/api/monitor/metrics"
    assert groups[1]["labels"]["__scheme__"] == "https"


def test_the_dashboard_is_as_grafana_publishes_it() -> None:
    board = dashboard()
    assert faults(GRAFANA_DASHBOARD, board) == []
    # What no schema says: panels lie beside each other, and ask for the instances that are chosen.
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells
        (target,) = panel["targets"]
        assert re.fullmatch(r'iris_[a-z_]+\{iris=~"\$iris"\}', target["expr"])
        assert panel["datasource"] == {"type": "prometheus", "uid": "${source}"}
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    kinds = {each["name"]: each["type"] for each in board["templating"]["list"]}
    assert kinds == {"source": "datasource", "iris": "custom"}
    assert "password" not in json.dumps(board)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda groups: groups[0]["labels"].update({"a-b": "x"}), "0/labels"),
        (lambda groups: groups[0]["labels"].update(iris=1), "0/labels/iris"),
        (lambda groups: groups[0]["labels"].update(__scheme__="ftp"), "0/labels/__scheme__"),
        (lambda groups: groups[0]["targets"].append("http://iris-a"), "0/targets/1"),
        (lambda groups: groups[1]["targets"].append("::1:443"), "1/targets/1"),
        (lambda groups: groups[1].update(source="x"), "1"),
        (lambda groups: groups[1].pop("targets"), "1"),
    ],
)
def test_other_targets_would_be_noticed(change: Callable[[Any], object], where: str) -> None:
    groups = targets()
    change(groups)
    assert faults(PROMETHEUS_TARGETS, groups) == [where]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda board: board.update(graphTooltip=7), "graphTooltip"),
        (lambda board: board.update(refresh=True), "refresh"),
        (lambda board: board.update(panel=[]), ""),
        (lambda board: board.update(uid="short"), "uid"),
        (lambda board: board["panels"][0]["gridPos"].update(w=40), "panels/0/gridPos/w"),
        (lambda board: board["panels"][1].update(colour="red"), "panels/1"),
        (lambda board: board["panels"][1].pop("fieldConfig"), "panels/1"),
        (lambda board: board["panels"][2]["targets"][0].pop("expr"), "panels/2/targets/0"),
        (lambda board: board["panels"][2]["fieldConfig"]["defaults"].update(unit=1),
         "panels/2/fieldConfig/defaults/unit"),
        (lambda board: board["templating"]["list"][0].update(type="list"), "templating/list/0/type"),
        (lambda board: board["templating"]["list"][1].pop("hide"), "templating/list/1"),
        (lambda board: board["templating"]["list"][1]["options"][0].pop("value"), "templating/list/1/options/0"),
    ],
)  # fmt: skip
def test_another_dashboard_would_be_noticed(change: Callable[[Any], object], where: str) -> None:
    board = dashboard()
    change(board)
    assert faults(GRAFANA_DASHBOARD, board) == [where]


async def test_both_files_are_written_and_private(tmp_path: Path) -> None:
    world = World(tmp_path / "home", polling=False)
    await world.say("/profile add a host=iris-a web_port=52773 user=u")
    await world.say("/profile add c host=iris-c user=u")
    (done,) = await world.say(f"/targets {tmp_path / 'monitoring'}")
    assert isinstance(done, Done)
    assert any("Left out" in each and "c" in each for each in done.details)
    for name in (TARGETS, DASHBOARD):
        assert stat.S_IMODE((tmp_path / "monitoring" / name).stat().st_mode) == 0o600
    assert len(json.loads((tmp_path / "monitoring" / TARGETS).read_text())) == 1
    await world.session.close()


@pytest.mark.parametrize("profiles", [(), (LOCAL,)])
async def test_without_a_web_port_it_says_how_to_name_one(
    tmp_path: Path, profiles: tuple[Profile, ...]
) -> None:
    world = World(tmp_path / "home", *profiles, polling=False)
    (problem,) = await world.say(f"/targets {tmp_path}")
    assert isinstance(problem, Problem)
    assert "web_port" in problem.cure
    await world.session.close()
