"""The web port of a profile reaches its connection, also when the file is edited by hand."""

from __future__ import annotations

from pathlib import Path

from irisops.instance.web import WebAddress
from tests.commands.fakes import World


async def test_an_open_connection_takes_over_the_web_port_of_its_profile(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.say("/profile add far host=iris.example user=ana web_port=443 web_scheme=https")
    await world.say("/connect far")
    assert world.connection.web == WebAddress("iris.example", 443, tls=True)
    file = world.places.profiles
    file.write_text(file.read_text().replace("443", "8443").replace('"https"', '"http"'))
    await world.say("/profiles")
    assert world.connection.web == WebAddress("iris.example", 8443)
    await world.say("/profile edit far web_port=52773")
    assert world.connection.web == WebAddress("iris.example", 52773)
    await world.say("/profile edit far path_prefix=iris-a/")
    assert world.connection.web == WebAddress("iris.example", 52773, prefix="/iris-a")
    assert world.connection.web.page("/csp") == "http://iris.example:52773/iris-a/csp"
    assert len(world.connections) == 1
    await world.session.close()


async def test_without_one_there_is_none(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.say("/profile add near user=ana")
    await world.say("/connect near")
    assert world.connection.web is None
    await world.session.close()
