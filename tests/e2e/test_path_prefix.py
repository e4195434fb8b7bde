"""An instance behind a web server that serves it below a path: everything that talks to the web port finds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from irisops.contract.replies import Done, Facts, Plan, Problem
from irisops.simulator.world.sessions import Visitor
from tests.e2e.staging import stage
from tests.prefixed_web import prefixed

PREFIX = "/iris-a/dev"


@pytest.mark.parametrize("prefix", [PREFIX, ""])
async def test_locked_and_the_rescue_find_it_by_its_prefix(tmp_path: Path, prefix: str) -> None:
    async with stage("home", tmp_path, version="2026.2") as on, on.person(connect=False) as person:
        assert on.simulator.web is not None
        async with prefixed(PREFIX, on.simulator.web.port) as web:
            where = f"host=127.0.0.1 port={on.simulator.port} user={on.profile().user} web_port={web.port}"
            await person.say(f"/profile add a {where} path_prefix={prefix}")
            (profile,) = [each for each in person.session.hub.profiles() if each.name == "a"]
            person.session.hub.secrets.remember(profile, on.simulator.account.password)
            on.simulator.control.fill_license()
            (facts, *_) = [reply for reply in await person.say("/locked a") if isinstance(reply, Facts)]
            assert facts.facts.get("available") == (0 if prefix else None)
            last = (await person.say("/locked free a"))[-1]
            if not prefix:
                assert isinstance(last, Problem), "without the prefix the web server answers 404"
                return
            assert isinstance(last, Plan)
            assert f"DELETE {PREFIX}/api/admin/" in last.calls["HTTP"][-1]
            (done,) = await person.yes(last)
            assert isinstance(done, Done)
            assert isinstance((await person.say("/connect a"))[-1], Done)
        assert web.seen
        assert all(line.split(" ")[1].startswith(f"{PREFIX}/api/") for line in web.seen)


async def test_an_open_connection_ends_sessions_below_the_prefix(tmp_path: Path) -> None:
    async with stage("quiet", tmp_path, version="2026.2") as on, on.person() as person:
        assert on.simulator.web is not None
        async with prefixed(PREFIX, on.simulator.web.port) as web:
            on.simulator.control.doubt("function", "refused")
            on.world.open_session("/csp/user", Visitor("192.0.2.7"), pages=2)
            where = f"host=127.0.0.1 port={on.simulator.port} user={on.profile().user} web_port={web.port}"
            await person.say(f"/profile add a {where}")
            (profile,) = [each for each in person.session.hub.profiles() if each.name == "a"]
            person.session.hub.secrets.remember(profile, on.simulator.account.password)
            await person.say("/connect a")
            await person.say(f"/profile edit a path_prefix={PREFIX}")
            (done,) = await person.yes(await person.plan("/sessions end anonymous"))
            assert isinstance(done, Done)
            assert f"DELETE {PREFIX}/api/admin/v2/web-session" in " ".join(web.seen)
            await person.say("/disconnect a")
