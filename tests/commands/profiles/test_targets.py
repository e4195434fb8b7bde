"""Files for Prometheus and Grafana: by the rules that both publish for them."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from irisops.commands.profiles.targets import DASHBOARD, TARGETS, dashboard_of, targets_of
from irisops.contract.replies import Done, Problem
from irisops.profiles.model import Profile
from tests.commands.fakes import LOCAL, World

PROFILES = (
    Profile("a", "iris-a", web_port=52773),
    Profile("b", "::1", web_port=443, web_scheme="https", path_prefix="/iris-b"),
)


def test_targets_are_groups_of_a_file_of_prometheus() -> None:
    groups = json.loads(json.dumps(targets_of(PROFILES)))
    # As its documentation has it: [{"targets": ["<host>"], "labels": {"<labelname>": "<labelvalue>"}}]
    for group in groups:
        assert set(group) == {"targets", "labels"}
        assert all(isinstance(each, str) and "/" not in each for each in group["targets"])
        for name, value in group["labels"].items():
            assert re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name)
            assert isinstance(value, str)
    assert groups[0]["targets"] == ["iris-a:52773"]
    assert groups[0]["labels"]["__metrics_path__"] == "/api/monitor/metrics"
    assert groups[1]["targets"] == ["[::1]:443"]
    assert groups[1]["labels"]["__metrics_path__"] == "/iris-b/api/monitor/metrics"
    assert groups[1]["labels"]["__scheme__"] == "https"


def test_the_dashboard_is_one_of_grafana() -> None:
    board: dict[str, Any] = json.loads(json.dumps(dashboard_of(["a", "b"])))
    assert 8 <= len(board["uid"]) <= 40
    assert isinstance(board["schemaVersion"], int)
    assert board["version"] >= 1
    assert board["graphTooltip"] in (0, 1, 2)
    assert set(board["time"]) == {"from", "to"}
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] < 24
        assert 1 <= place["w"] <= 24 - place["x"]
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
