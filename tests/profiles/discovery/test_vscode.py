"""Settings as people have them: of several editors, with dots in names, half filled in, or for a dev container."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.profiles.discovery.found import Found, Report
from irisops.profiles.discovery.vscode import loads, vscode
from tests.profiles.discovery.places import Machine

CANARY = "canary-Secret-1"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


async def only(machine: Machine, settings: dict[str, Any]) -> Found:
    machine.settings(settings)
    report = await vscode(machine.around())
    assert report.trouble == ""
    (found,) = report.found
    return found


@pytest.mark.parametrize(
    "settings",
    [
        {"objectscript.conn.active": True, "objectscript.conn.host": "h1", "objectscript.conn.port": 52773},
        {
            "objectscript.conn": {"active": True},
            "objectscript.conn.host": "h1",
            "objectscript.conn.port": 52773,
        },
        {"objectscript.conn.port": 52773, "objectscript.conn": {"host": "h1"}},
        {"objectscript": {"conn": {"host": "h1", "port": 52773}}},
        {"intersystems.servers.vscode-h1": {"webServer": {"host": "h1", "port": 52773}}},
        {"intersystems.servers": {"vscode-h1": {"webServer": {"host": "h1", "port": "52773"}}}},
    ],
)
async def test_dots_in_a_setting_make_tables(machine: Machine, settings: dict[str, Any]) -> None:
    found = await only(machine, settings)
    assert (found.name, found.host, found.web_port, found.port_assumed) == ("vscode-h1", "h1", 52773, True)


async def test_a_server_keeps_the_dots_of_its_name(machine: Machine) -> None:
    found = await only(
        machine, {"intersystems.servers": {"prod.eu": {"webServer": {"host": "h", "port": 80}}}}
    )
    assert found.name == "prod.eu"


async def test_a_connection_without_a_host_is_localhost(machine: Machine) -> None:
    found = await only(machine, {"objectscript.conn": {"active": True, "port": 52773}})
    assert (found.host, found.web_port) == ("localhost", 52773)
    machine.settings({"objectscript.conn": {"active": True, "ns": "USER"}})
    assert await vscode(machine.around()) == Report(), "a namespace alone is no connection"


@pytest.mark.parametrize("host", [{}, {"host": "localhost", "port": 52773}])
async def test_a_compose_service_is_told_of_also_without_a_host(
    machine: Machine, host: dict[str, Any]
) -> None:
    connection = {"active": True, "ns": "USER", "docker-compose": {"service": "iris"}, **host}
    found = await only(machine, {"objectscript.conn": connection})
    assert "Docker Compose" in found.problem
    assert (found.port, found.web_port) == (None, None)


@pytest.mark.parametrize(
    "place", [".devcontainer/devcontainer.json", ".devcontainer.json", ".devcontainer/py/devcontainer.json"]
)
@pytest.mark.parametrize("path", [("customizations", "vscode", "settings"), ("settings",)])
async def test_a_dev_containers_settings(machine: Machine, place: str, path: tuple[str, ...]) -> None:
    content: dict[str, Any] = {"objectscript.conn": {"host": "iris", "port": 52773}}
    for key in reversed(path):
        content = {key: content}
    machine.settings(content, machine.work / place)
    (found,) = (await vscode(machine.around())).found
    assert (found.host, found.aside) == ("iris", True)
    assert "inside the dev container" in found.state


@pytest.mark.parametrize(
    "folder",
    [
        ".config/Code/User", ".config/Code - Insiders/User", ".config/VSCodium/User", ".config/Cursor/User",
        ".config/Windsurf/User", ".config/Code - OSS/User", ".config/Kiro/User", ".config/Positron/User",
        ".config/Antigravity/User", ".local/share/code-server/User", ".config/Code/User/profiles/-1f2e",
        ".var/app/com.visualstudio.code/config/Code/User", ".var/app/com.vscodium.codium/config/VSCodium/User",
        ".windsurf-server/data/Machine", ".vscode-server/data/User", ".vscode-server-insiders/data/Machine",
        ".positron-server/data/Machine",
    ],
)  # fmt: skip
async def test_every_editor_made_from_vs_code(machine: Machine, folder: str) -> None:
    server = {"webServer": {"host": "h", "port": 1}}
    machine.settings({"intersystems.servers": {"a": server}}, machine.home / folder / "settings.json")
    assert [each.name for each in (await vscode(machine.around())).found] == ["a"]


@pytest.mark.parametrize("text", ["", " \n", "// nothing yet", "/* a */\n// b\n", "\ufeff", "{}"])
async def test_a_file_without_settings_is_no_trouble(machine: Machine, text: str) -> None:
    machine.settings(text)
    assert await vscode(machine.around()) == Report()


@pytest.mark.parametrize(
    "host",
    [
        "${env:IRIS_HOST}", "${input:x}", "http://u:canary-Secret-1@h", "ops:canary-Secret-1@h", "h/iris",
        "http://h:52773", "h:52773", "a b",
    ],
)  # fmt: skip
@pytest.mark.parametrize("inline", [True, False])
async def test_what_is_no_host_is_told_and_never_offered(machine: Machine, host: str, inline: bool) -> None:
    machine.environment["IRIS_HOST"] = "from-the-environment"
    server = {"webServer": {"host": host, "port": 52773}, "username": "u"}
    found = await only(
        machine,
        {"objectscript.conn": {"host": host, "port": 52773}}
        if inline
        else {"intersystems.servers": {"s": server}},
    )
    assert (found.host, found.port, found.web_port, found.address) == ("", None, None, "")
    assert ("variable" in found.problem) == ("${" in host)
    assert CANARY not in repr(found)


async def test_variables_are_no_user_and_no_password(machine: Machine) -> None:
    server = {
        "webServer": {"host": "h", "port": 1},
        "username": "${env:IRIS_USER}",
        "password": "${env:IRIS_PASSWORD}",
    }
    found = await only(machine, {"intersystems.servers": {"s": server}})
    assert (found.user, found.password) == ("", None)


async def test_a_connection_that_is_switched_off_says_so(machine: Machine) -> None:
    found = await only(machine, {"objectscript.conn": {"active": False, "host": "h", "port": 52773}})
    assert (found.state, found.aside) == ("switched off in VS Code", True)


@pytest.mark.parametrize(
    ("written", "prefix"), [("/dev", "/dev"), ("vm/test/", "/vm/test"), ("", ""), ("/", "")]
)
async def test_a_path_prefix_goes_into_the_profile(machine: Machine, written: str, prefix: str) -> None:
    server = {"webServer": {"host": "h", "port": 443, "scheme": "https", "pathPrefix": written}}
    found = await only(machine, {"intersystems.servers": {"s": server}})
    assert found.profile().path_prefix == prefix
    found = await only(machine, {"objectscript.conn": {"host": "h", "port": 80, "pathPrefix": written}})
    assert found.profile().path_prefix == prefix


async def test_a_web_server_on_another_host_is_no_web_port(machine: Machine) -> None:
    server = {
        "webServer": {"host": "web", "port": 443, "pathPrefix": "/a"},
        "superServer": {"host": "db", "port": 1973},
    }
    profile = (await only(machine, {"intersystems.servers": {"s": server}})).profile()
    assert (profile.host, profile.port, profile.web_port, profile.path_prefix) == ("db", 1973, None, "")


async def test_a_folder_where_a_file_should_be_is_passed_over(machine: Machine) -> None:
    for place in (machine.work / ".vscode" / "settings.json", machine.work / "x.code-workspace"):
        place.mkdir(parents=True)
    (machine.home / ".config" / "Code").mkdir(parents=True)
    (machine.home / ".config" / "Code" / "User").write_text("a file")
    assert await vscode(machine.around()) == Report()


async def test_a_server_that_no_settings_describe_is_told(machine: Machine) -> None:
    machine.settings({"objectscript.conn": {"server": "gone", "active": True}})
    report = await vscode(machine.around())
    assert report.found == ()
    assert "names the server gone" in report.trouble
    server = {"webServer": {"host": "h", "port": 1}}
    machine.settings({"intersystems.servers": {"gone": server}}, machine.work / ".vscode" / "settings.json")
    assert (await vscode(machine.around())).trouble == ""


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([None, 2]))
def test_reads_what_json_reads(value: object, indent: int | None) -> None:
    assert loads(json.dumps(value, indent=indent)) == value
    assert loads(json.dumps(value, indent=indent, ensure_ascii=False)) == value


@given(VALUES)
def test_comments_and_trailing_commas_change_nothing(value: object) -> None:
    text = json.dumps([value, {"a": value}], indent=1)
    decorated = '// head, " { \n' + text.replace("\n}", ", /* last, */\n}").replace("\n]", " // x, ]\n ,\n]")
    if "{}" not in text and "[]" not in text:
        assert loads(decorated) == [value, {"a": value}]


def test_marks_inside_strings_stay() -> None:
    text = '{"url": "http://x/*y*/", "comma": ",}", "quote": "\\"//\\"",}'
    assert loads(text) == {"url": "http://x/*y*/", "comma": ",}", "quote": '"//"'}


@pytest.mark.parametrize("text", ["", "{", "[1,,2]", "[,]", '{"a" 1}', "/* never closed", '"a\nb"', "{} {}"])
def test_what_is_no_json_stays_an_error(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        loads(text)
