"""Changes of an account without %All on an instance that protects the objects of the security classes: refused early,
with the way to the helper, and made by it once somebody has installed it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest

from irisops.contract.replies import Done, Facts, Plan, Problem, Reply
from irisops.instance.calls import HELPER
from irisops.instance.errors import InstanceError, NotPermitted
from irisops.instance.features import HELPER_VERSION_METHOD
from irisops.instance.helper import call_helper, read_by_helper
from irisops.simulator.classes.compiled import compile_class
from irisops.simulator.classes.loaded import Loaded
from irisops.simulator.doubts import Doubts
from irisops.simulator.objectscript.source import read_class
from irisops.simulator.world.model import Application, Permission, Role, User
from irisops.simulator.world.world import World
from tests.e2e.staging import Person, Stage, stage

PASSWORD = "Practice-2!"
SIGNS = "Till ~1|~0 | 7 \N{EURO SIGN} \N{GRINNING FACE}"
"""A text with the signs that separate and escape on the way to the helper."""


@asynccontextmanager
async def protected(home: Path) -> AsyncIterator[tuple[Stage, Person, Person]]:
    """An instance of 2025.2 as the public sources say: secadmin, and the administrator."""
    async with stage("quiet", home, version="2025.2") as on:
        on.world.doubts = Doubts()
        on.world.roles.add(Role("Clerk", "Takes orders", {"%DB_USER": Permission.READ}, ["%SQL"]))
        on.world.add_user(User("bob", roles=["%SQL"], invalid_login_attempts=3), "Bob-1-bob")
        async with on.person("secadmin", PASSWORD) as person, on.person() as administrator:
            yield on, person, administrator


def user(world: World, name: str = "bob") -> User:
    found = world.user(name)
    assert found is not None
    return found


def clerk(world: World) -> Role:
    found = world.role("Clerk")
    assert found is not None
    return found


def app(world: World) -> Application:
    found = world.applications.get("/csp/user")
    assert found is not None
    return found


def monitor(world: World) -> bool:
    found = world.services.get("%Service_Monitor")
    assert found is not None
    return found.enabled


def public(world: World) -> Permission:
    found = world.resources.get("%DB_USER")
    assert found is not None
    return found.public


def recorded(world: World) -> tuple[bool, bool]:
    found = world.events.get("%System/%Security/Protect")
    assert found is not None
    return found.enabled, world.system.audit_enabled


CHANGES: dict[str, tuple[Callable[[World], object], object]] = {
    f'/user bob full_name="{SIGNS}"': (lambda world: user(world).full_name, SIGNS),
    "/user bob expires=2030-02-01": (lambda world: user(world).expiration_date, date(2030, 2, 1)),
    "/unlock bob": (lambda world: user(world).invalid_login_attempts, 0),
    "/disable bob": (lambda world: user(world).enabled, False),
    "/role Clerk description=Till": (lambda world: clerk(world).description, "Till"),
    "/role Clerk granted_roles=%Developer": (lambda world: clerk(world).granted_roles, ["%Developer"]),
    "/role Clerk add=%DB_USER:RW": (
        lambda world: dict(clerk(world).resources),
        {"%DB_USER": Permission.READ | Permission.WRITE},
    ),
    "/service %Service_Monitor enable": (monitor, True),
    "/app /csp/user timeout=600": (lambda world: app(world).timeout, 600),
    "/app /csp/user roles=+Clerk": (lambda world: dict(app(world).match_roles), {"": ["Clerk"]}),
    "/resource %DB_USER public=R": (public, Permission.READ),
    "/license timeout /csp/user 300": (lambda world: app(world).timeout, 300),
    "/denied enable": (recorded, (True, True)),
}
"""Line -> what it changes in the world, and that afterwards."""
FINAL = {"/unlock bob"}
"""Lines that no undo takes back."""


def problem(replies: list[Reply]) -> Problem:
    assert not any(isinstance(each, Plan) for each in replies), replies
    found = replies[-1]
    assert isinstance(found, Problem), replies
    return found


def done(replies: list[Reply]) -> Done:
    found = next((each for each in replies if isinstance(each, Done)), None)
    assert found is not None, replies
    return found


def where_written(folder: Path, text: str) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [path for path in files if text.encode() in path.read_bytes()]


async def install(administrator: Person) -> None:
    done(await administrator.yes(await administrator.plan("/helper install")))


@pytest.mark.parametrize("start", range(4))
async def test_changes_are_refused_early_then_made_by_the_helper_and_undone(
    start: int, tmp_path: Path
) -> None:
    changes = {line: CHANGES[line] for line in list(CHANGES)[start::4]}
    async with protected(tmp_path) as (on, person, administrator):
        on.world.system.audit_enabled = False
        before = {line: changed(on.world) for line, (changed, _) in changes.items()}
        for line in changes:
            refused = problem(await person.say(line))
            assert refused.error == "NotPermitted", line
            assert "may need %All" in refused.message, line
            assert "/helper install, connected as that user. Or connect as" in refused.cure, line
        await install(administrator)
        for line, (changed, after) in changes.items():
            plan = await person.plan(line)
            # What is shown is what runs.
            shown = [each for each in plan.calls["Python"] if "irispy.class" in each]
            assert shown, line
            assert all(f'"{HELPER}", "ModifySecurity"' in each for each in shown), line
            assert changed(on.world) == before[line], line
            made = done(await person.yes(plan))
            assert changed(on.world) == after, line
            if line in FINAL:
                assert made.undo is None, line
                continue
            done(await person.yes(await person.plan(f"/undo {made.undo}")))
            assert changed(on.world) == before[line], line
            done(await person.yes(await person.plan("/redo")))
            assert changed(on.world) == after, line
            done(await person.yes(await person.plan("/undo")))
            assert changed(on.world) == before[line], line


async def test_web_applications_are_edited_and_made_through_it(tmp_path: Path) -> None:
    async with protected(tmp_path) as (on, person, administrator):
        make = "/app add /api/shop template=rest-jwt namespace=USER dispatch_class=Shop.REST"
        for line in (make, "/app /csp/user path=/srv"):
            assert "/helper install" in problem(await person.say(line)).cure, line
        await install(administrator)
        done(await person.yes(await person.plan("/app /csp/user path=/srv jwt=yes jwt_access_timeout=30")))
        changed = app(on.world)
        assert (changed.path, changed.jwt_enabled, changed.jwt_access_seconds) == ("/srv", True, 30)
        plan = await person.plan(make)
        (shown,) = [each for each in plan.calls["Python"] if "irispy.class" in each]
        assert f'"{HELPER}", "CreateObject"' in shown
        done(await person.yes(plan))
        made = on.world.applications.get("/api/shop")
        assert made is not None
        assert (made.dispatch_class, made.path, made.jwt_access_seconds) == ("Shop.REST", "", 60)
        done(await person.yes(await person.plan("/undo")))
        assert on.world.applications.get("/api/shop") is None
        before = repr(app(on.world))
        done(await person.yes(await person.plan("/app delete /csp/user")))
        done(await person.yes(await person.plan("/undo")))
        assert repr(app(on.world)) == before, "no other one is there to copy"


async def test_an_application_is_created_where_none_is_there_to_copy(tmp_path: Path) -> None:
    """Without the helper it cannot be; with it every field is as entered, and a name that is taken stays as it was."""
    async with stage("quiet", tmp_path) as on, on.person() as person:
        on.world.tables.applications.remove("/csp/user")
        make = (
            "/app add /shop template=flask namespace=USER wsgi_location=/opt/shop application_roles=%SQL,%Developer "
            'matching_roles=%Operator:%SQL cors_origins=https://a.example:443 description="a|b ~1"'
        )
        refused = problem(await person.say(make))
        assert (refused.error, "/helper install" in refused.cure) == ("NotAvailable", True)
        await install(person)
        plan = await person.plan(make)
        assert not any("as a copy" in each.after for each in plan.changes)
        done(await person.yes(plan))
        made = on.world.applications.get("/shop")
        assert made is not None
        assert made.match_roles == {"": ["%SQL", "%Developer"], "%Operator": ["%SQL"]}
        assert (made.description, made.authe_enabled, made.type_bits) == ("a|b ~1", 32, 2)
        extra = on.simulator.runtime.emulation.extras_of("Security.Applications", "/shop")
        assert (made.wsgi_location, extra["CorsAllowlist"]) == ("/opt/shop", ["https://a.example:443"])
        connection = person.session.context.link().connection
        with pytest.raises(InstanceError, match="already"):
            await call_helper(connection, "CreateObject", "Security.Applications", "/SHOP", "AutheEnabled|64")
        assert on.world.applications.get("/shop") is made
        assert made.authe_enabled == 32
        with pytest.raises(InstanceError, match="does not set Name "):
            await call_helper(connection, "CreateObject", "Security.Applications", "/shop2", "Name|/shop3")
        assert on.world.applications.get("/shop2") is None


async def test_without_the_helper_sql_sets_a_password(tmp_path: Path) -> None:
    async with protected(tmp_path) as (on, person, _):
        before = user(on.world).password_hash
        user(on.world).roles += ["SimConnect", "%DB_USER"]
        plan = await person.plan("/password bob generate=yes")
        assert "// in SQL: ALTER USER \"bob\" PASSWORD 'the new password'" in plan.calls["ObjectScript"]
        replies = await person.yes(plan)
        (shown,) = [each for each in replies if isinstance(each, Facts)]
        (password,) = shown.blocks.values()
        assert user(on.world).password_hash != before
        async with on.person("bob", password, "USER") as bob:
            assert bob.session.context.link().connected
        assert not where_written(tmp_path, password)


async def test_a_helper_of_an_earlier_version_is_no_way_and_is_offered_again(tmp_path: Path) -> None:
    async with protected(tmp_path) as (on, _, administrator):
        text = f"Class {HELPER}\n{{\nClassMethod {HELPER_VERSION_METHOD}()\n{{\n    quit 1\n}}\n}}\n"
        parsed = read_class(text)
        old = Loaded(HELPER, compile_class(parsed), "admin1", tuple(parsed.methods))
        on.simulator.runtime.emulation.loaded.keep(old, "%SYS")
        async with on.person("secadmin", PASSWORD) as person:
            assert "/helper install" in problem(await person.say("/disable bob")).cure
            await install(administrator)
            assert HELPER in str((await person.plan("/disable bob")).calls)


async def test_a_helper_that_goes_between_the_plan_and_the_yes_is_told(tmp_path: Path) -> None:
    async with protected(tmp_path) as (on, person, administrator):
        await install(administrator)
        plan = await person.plan("/service %Service_Monitor enable")
        done(await administrator.yes(await administrator.plan("/helper remove")))
        refused = problem(await person.yes(plan))
        assert (refused.error, "/helper install" in refused.cure) == ("NotPermitted", True)
        assert monitor(on.world) is False


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("Security.Users", "bob", "PasswordHash|x"), "does not set PasswordHash of Security.Users"),
        (("Security.Users", "bob", "Enabled,Roles|1"), "does not set Enabled,Roles of"),
        (("Security.Users", "bob", "|1"), "does not set of"),
        (("Security.X509Users", "bob", "Enabled|1"), "does not set Enabled of Security.X509Users"),
        (("Security.X509Users", "bob", ""), "does not change Security.X509Users"),
        (("Security.Users", "nobody", "Enabled|1"), "#838"),
        (("Security.Users", "bob", "ExpirationDate|soon"), "#944"),
    ],
)
async def test_the_helper_changes_nothing_else(args: tuple[str, ...], said: str, tmp_path: Path) -> None:
    async with protected(tmp_path) as (_, person, administrator):
        await install(administrator)
        connection = person.session.context.link().connection
        with pytest.raises(InstanceError, match=said):
            await call_helper(connection, "ModifySecurity", *args)


async def test_the_helper_gives_nobody_a_right(tmp_path: Path) -> None:
    async with protected(tmp_path) as (on, _, administrator):
        await install(administrator)
        async with on.person("operator", "Practice-3!") as operator:
            connection = operator.session.context.link().connection
            with pytest.raises(NotPermitted):
                await call_helper(connection, "ModifySecurity", "Security.Users", "bob", "Enabled|0")
            with pytest.raises(NotPermitted):
                await read_by_helper(connection, "Security.Users", ["bob"], ["Enabled"])
        assert user(on.world).enabled


async def test_what_the_helper_reads_is_what_is_there(tmp_path: Path) -> None:
    async with protected(tmp_path) as (on, person, administrator):
        await install(administrator)
        user(on.world).full_name = SIGNS
        connection = person.session.context.link().connection
        keys = ["FullName", "Roles", "Routine", "PasswordHash"]
        assert await read_by_helper(connection, "Security.Users", ["bob", "nobody"], keys) == [
            {"FullName": SIGNS, "Roles": "%SQL", "Routine": ""},
            None,
        ]
        assert await read_by_helper(connection, "Security.SSLConfigs", ["none"], ["Enabled"]) == [None]
        with pytest.raises(InstanceError, match="does not read Security"):
            await read_by_helper(connection, "Security.X509Users", ["x"], ["Enabled"])


async def test_the_doctor_names_the_helper_and_whom_it_is_proved_for(tmp_path: Path) -> None:
    async with protected(tmp_path) as (_, person, administrator):
        await install(administrator)
        for about, proved in ((administrator, "%All"), (person, "privilege")):
            made = done(await about.yes(await about.plan("/resource %DB_USER public=R")))
            await about.yes(await about.plan(f"/undo {made.undo}"))
            rows = {row["what"]: row for row in (await about.table("/doctor", "routes")).rows}
            found = rows["resources.edit"]
            assert (found["state"], found["proved"]) == ("worked", proved)
            assert (HELPER in str(found["route"])) is (about is person)
