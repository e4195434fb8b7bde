"""The card for a teammate."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

from irisops.commands.sharing.opening import other_ways
from irisops.profiles.model import Profile
from irisops.sharing.messages import Endpoint
from irisops.sharing.passes import TeamPass
from irisops.sharing.team_card import TeamCard, card_for, qr_code

TCP = Endpoint("iris-superserver", "tcp", "tcp://4.tcp.eu.ngrok.io:12345", "127.0.0.1:1972")
WEB = Endpoint("iris-web", "http", "https://abc.ngrok-free.app", "http://127.0.0.1:52773")
PASS = TeamPass("guest-fox-1", "Secret7Secret")
UNTIL = datetime(2026, 5, 1, 18, 30, tzinfo=UTC)


def card(*endpoints: Endpoint, prefix: str = "") -> TeamCard:
    return card_for(
        PASS,
        endpoints,
        namespace="USER",
        until=UNTIL,
        template="read-only SQL",
        share="ab12",
        prefix=prefix,
    )


def block(made: TeamCard, title: str) -> str:
    return next(each.text for each in made.blocks if each.title.startswith(title))


def test_the_address_is_that_of_the_application_that_is_meant() -> None:
    made = card_for(PASS, (WEB,), namespace="USER", until=UNTIL, prefix="/iris-a", application="/csp/shop")
    assert f"{WEB.public_url}/iris-a/csp/shop/" in block(made, "Your access")
    assert f"{WEB.public_url}/iris-a/csp/sys" in block(made, "Management Portal")


def test_every_way_to_the_superserver() -> None:
    made = card(TCP)
    arguments = block(made, "Python").splitlines()[2].removeprefix("connection = iris.connect")
    assert eval(arguments) == ("4.tcp.eu.ngrok.io", 12345, "USER", PASS.name, PASS.password)  # noqa: S307
    address = block(made, "SQLAlchemy").split('"')[1]
    parts = urlsplit(address)
    assert (parts.username, parts.password, parts.hostname, parts.port, parts.path) == (
        PASS.name,
        PASS.password,
        "4.tcp.eu.ngrok.io",
        12345,
        "/USER",
    )
    assert block(made, "JDBC").startswith("jdbc:IRIS://4.tcp.eu.ngrok.io:12345/USER\n")
    assert "SERVER=4.tcp.eu.ngrok.io;PORT=12345;DATABASE=USER;UID=guest-fox-1;PWD=Secret7Secret" in block(
        made, "ODBC"
    )
    access = block(made, "Your access")
    assert "port       12345" in access
    assert "until      2026-05-01 18:30 UTC" in access
    assert "Management Portal" not in made.as_text()


def test_the_web_port() -> None:
    made = card(WEB)
    settings = json.loads(block(made, "VS Code"))
    server = settings["intersystems.servers"]["share-ab12"]
    assert server["webServer"] == {"scheme": "https", "host": "abc.ngrok-free.app", "port": 443}
    assert server["username"] == PASS.name
    assert "superServer" not in server
    assert PASS.password not in block(made, "VS Code")
    both = json.loads(block(card(TCP, WEB), "VS Code"))
    assert both["intersystems.servers"]["share-ab12"]["superServer"]["port"] == 12345
    assert "https://abc.ngrok-free.app/csp/sys/UtilHome.csp" in block(made, "Management Portal")
    assert "ngrok-skip-browser-warning" in made.as_text()
    assert "JDBC" not in made.as_text()


def test_a_path_prefix_is_in_every_way_over_the_web() -> None:
    made = card(TCP, WEB, prefix="/iris-a")
    server = json.loads(block(made, "VS Code"))["intersystems.servers"]["share-ab12"]
    assert server["webServer"]["pathPrefix"] == "/iris-a"
    assert "https://abc.ngrok-free.app/iris-a/csp/sys/UtilHome.csp" in block(made, "Management Portal")
    assert "web        https://abc.ngrok-free.app/iris-a\n" in block(made, "Your access")
    assert "/iris-a" not in card(TCP, prefix="/iris-a").as_text()


def test_the_password_is_in_no_repr() -> None:
    made = card(TCP, WEB)
    assert PASS.password in made.as_text()
    assert PASS.password not in repr(made) + repr(made.blocks)


def test_a_qr_code_is_plain_text() -> None:
    text = qr_code(WEB.public_url)
    assert set(text) <= set(" \n▀▄█")
    assert len({len(line) for line in text.splitlines()}) == 1
    assert qr_code("https://another.example") != text


def test_other_ways_name_the_ports() -> None:
    commands = [str(row["command"]) for row in other_ways(Profile("local", port=1973)).rows]
    assert len(commands) == 4
    assert "1973" in commands[0]
    assert "52773" in commands[1]
    assert "8080" in str(other_ways(Profile("local", web_port=8080)).rows[1]["command"])
