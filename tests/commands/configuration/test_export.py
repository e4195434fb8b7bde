"""/export: whole, the same bytes again, in place, and never less than is known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from irisops.configuration.folder import UNFINISHED, read_folder
from irisops.configuration.text import TOP
from irisops.contract.replies import Done, Plan, Progress, Table
from irisops.simulator.classes.sql_privileges import ObjectPrivilege
from irisops.simulator.world.model import NamedSettings
from tests.benchmarks.bench_export import measure
from tests.commands.editing import GOOD, Desk, desk, desk_on
from tests.instance.served import PASSWORD, serve


@pytest.fixture
async def person(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path / "home") as made:
        yield made


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_a_folder_is_made_whole_and_private_with_progress_by_kind(person: Desk, tmp_path: Path) -> None:
    live = tmp_path / "live"
    *progress, done = await person.say(f"/export {live}")
    assert [each.message for each in progress if isinstance(each, Progress)][:2] == [
        "Reading system security settings of local …",
        "Reading resources of local …",
    ]
    assert isinstance(done, Done)
    assert {path.name for path in live.iterdir()} == {
        TOP,
        "system",
        "resources",
        "roles",
        "users",
        "services",
        "applications",
        "audit-events",
        "databases",
        "namespaces",
        "tasks",
    }
    bob = (live / "users" / "bob.toml").read_text()
    assert bob == (
        'Name = "bob"\nFullName = "Bob"\nRoles = [\n    "%SQL",\n]\nPassword = { secret = "set by hand" }\n'
    )
    assert all(path.stat().st_mode & 0o077 == 0 for path in (live, *live.rglob("*")))
    assert {path.name for path in names_in(tmp_path)} == {"home", "live"}
    assert person.entries() == []


async def test_no_secret_is_in_what_is_written_or_shown(person: Desk, tmp_path: Path) -> None:
    """Neither a password nor its hash; and two that differ in nothing else are the same."""
    live = tmp_path / "live"
    bob = person.user("bob")
    replies = await person.say(f"/export {live}")
    person.served.world.set_password(bob, "Other-Secret-77")
    replies += await person.say(f"/diff {live}")
    assert isinstance(replies[-1], Table)
    assert replies[-1].status == 0
    assert any("Secrets are not compared" in note for note in replies[-1].notes)
    written = b"".join(bytes_in(tmp_path).values()) + repr(replies).encode()
    for secret in (PASSWORD, GOOD, "Other-Secret-77"):
        assert secret.encode() not in written
    for kept in (bob.password_hash, bob.password_salt):
        assert kept
        assert kept not in written
        assert kept.hex().encode() not in written.lower()


async def test_an_unchanged_instance_gives_the_same_bytes(person: Desk, tmp_path: Path) -> None:
    await person.say(f"/export {tmp_path / 'one'}")
    await person.say(f"/export {tmp_path / 'two'}")
    assert bytes_in(tmp_path / "one") == bytes_in(tmp_path / "two")
    before = bytes_in(tmp_path / "one")
    (*_, done) = await person.say(f"/export {tmp_path / 'one'}")
    assert isinstance(done, Done)
    assert "nothing has changed" in done.message
    assert bytes_in(tmp_path / "one") == before


async def test_an_export_after_undo_is_the_one_before(person: Desk, tmp_path: Path) -> None:
    live = tmp_path / "live"
    await person.say(f"/export {live}")
    before = bytes_in(live)
    await person.do("/user bob full_name=Robert roles=%SQL,Clerk enabled=no")
    (*_, changed) = await person.say(f"/export {live}")
    assert isinstance(changed, Done)
    assert "1 file written" in changed.message
    assert "Robert" in (live / "users" / "bob.toml").read_text()
    await person.do("/undo")
    await person.say(f"/export {live}")
    assert bytes_in(live) == before


async def test_files_that_vanish_are_named_before_they_go(person: Desk, tmp_path: Path) -> None:
    live = tmp_path / "live"
    await person.say(f"/export {live}")
    (live / "README.md").write_text("mine")
    (live / ".git").mkdir()
    await person.do("/user delete bob")
    plan = await person.plan(f"/export {live}")
    assert next((each.what, each.kind) for each in plan.changes) == ("users/bob.toml", "gone")
    assert (live / "users" / "bob.toml").exists()
    await person.yes(plan)
    assert not (live / "users" / "bob.toml").exists()
    assert (live / "README.md").read_text() == "mine"
    assert not (live / UNFINISHED).exists()


async def test_only_some_kinds_leave_the_others_as_they_are(person: Desk, tmp_path: Path) -> None:
    live = tmp_path / "live"
    await person.say(f"/export {live} only users,roles")
    assert sorted(path.name for path in live.iterdir()) == [TOP, "roles", "users"]
    await person.do("/user bob full_name=Robert")
    await person.say(f"/export {live} only services")
    found = read_folder(live)
    assert found.kinds == ("roles", "users", "services")
    assert found.of("users")["bob"].values["FullName"] == "Bob"
    assert (await person.problem(f"/export {live} only rolls")).error == "NoSuchKind"


async def test_a_folder_that_is_no_export_is_left_alone(person: Desk, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.md").write_text("mine")
    problem = await person.problem(f"/export {tmp_path / 'mine'}")
    assert problem.error == "NoExport"
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.md"]
    assert (await person.problem(f"/export {tmp_path / 'mine' / 'notes.md'}")).error == "NoFolder"
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    await person.say(f"/export {tmp_path / 'repository'}")
    assert (tmp_path / "repository" / TOP).exists()
    assert (tmp_path / "repository" / ".git").is_dir()


async def test_an_update_that_was_cut_off_is_told_and_mended(person: Desk, tmp_path: Path) -> None:
    live = tmp_path / "live"
    await person.say(f"/export {live} only roles")
    (live / UNFINISHED).write_text("")
    problem = await person.problem(f"/diff {live}")
    assert problem.error == "NotAnExport"
    assert "cut off" in problem.message
    (*_, done) = await person.say(f"/export {live} only roles")
    assert isinstance(done, Done), done
    assert not (live / UNFINISHED).exists()


async def test_a_folder_that_cannot_be_made_is_not_there(person: Desk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    problem = await person.problem(f"/export {tmp_path / 'file' / 'live'}")
    assert problem.error == "NotWritten"
    assert {path.name for path in names_in(tmp_path)} == {"file", "home"}


async def test_what_cannot_be_read_is_listed_with_the_reason(tmp_path: Path) -> None:
    """As a user without %Admin_Secure nothing is taken for "none"."""
    live, less = tmp_path / "live", tmp_path / "less"
    async with serve(units=50) as served:
        async with desk_on(served, tmp_path / "home") as person:
            await person.say(f"/export {live}")
        served.user("_SYSTEM").roles = ["%Developer", "%SQL", "%DB_IRISSYS"]
        async with desk_on(served, tmp_path / "home") as person:
            problem = await person.problem(f"/export {live}")
            assert problem.error == "NotReadable"
            assert "nothing was written" in problem.message
            (*_, done) = await person.say(f"/export {less}")
            assert isinstance(done, Done)
            found = read_folder(less)
            for kind in found.kinds:
                assert found.why_unknown(kind), kind
                assert not any(each.values for each in found.of(kind).values()), kind
            told = "\n".join(done.details)
            assert "Not read: users. " in told
            assert "GRANT SELECT ON Config.Databases TO this account" in told
            (*_, table) = await person.say(f"/diff {live} {less}")
            assert isinstance(table, Table)
            assert {row["what"] for row in table.rows} == {"unknown"}
            assert table.status == 2


async def test_as_secadmin_protected_objects_are_unknown_and_lists_are_known(tmp_path: Path) -> None:
    """Under the doubt of part 3: the documented privilege reads the lists, but opens no object."""
    async with serve(units=50, doubts=["security-objects=protected", "columns=shown"]) as served:
        served.user("_SYSTEM").roles = ["%Manager"]
        async with desk_on(served, tmp_path / "home") as person:
            live = tmp_path / "live"
            (*_, done) = await person.say(f"/export {live}")
            assert isinstance(done, Done)
            found = read_folder(live)
            assert found.of("roles")["%sql"].values["Resources"]
            assert found.of("users")["_system"].values["Roles"] == ("%Manager",)
            assert "protects" in found.why_unknown("applications", "/csp/user", "AutheEnabled")
            assert "AutheEnabled" not in found.of("applications")["/csp/user"].values
            assert "protects" in found.why_unknown("system")
            (*_, table) = await person.say(f"/export {live} check=yes")
            assert isinstance(table, Table)
            assert table.status == 2
            assert {row["what"] for row in table.rows} == {"unknown"}


async def test_check_tells_drift_and_writes_nothing(person: Desk, tmp_path: Path) -> None:
    live = tmp_path / "live"
    await person.say(f"/export {live}")
    before = bytes_in(live)
    (*_, table) = await person.say(f"/export {live} check=yes")
    assert isinstance(table, Table)
    assert (table.rows, table.status) == ([], 0)
    await person.do("/role Clerk description=Office")
    (*_, table) = await person.say(f"/export {live} check=yes")
    assert isinstance(table, Table)
    assert [(row["object"], row["field"], row["second"]) for row in table.rows] == [
        ("Clerk", "description", "Office")
    ]
    assert table.status == 1
    assert bytes_in(live) == before


async def test_another_instance_is_asked_about(person: Desk, tmp_path: Path) -> None:
    live = tmp_path / "live"
    await person.say(f"/export {live} only roles")
    top = live / TOP
    top.write_text(top.read_text().replace('instance = "', 'instance = "OTHER', 1))
    reply = (await person.say(f"/export {live} only roles"))[-1]
    assert isinstance(reply, Plan)
    assert "OTHER" in reply.warnings[0]
    assert (await person.problem(f"/export {live} only users")).error == "OtherInstance"


async def test_a_large_instance_is_read_in_few_driver_batches() -> None:
    """400 users, 155 roles and 60 applications in at most 60; it is 26."""
    assert await measure() <= 60


async def test_namespaces_have_their_databases_and_mappings(person: Desk, tmp_path: Path) -> None:
    live = tmp_path / "live"
    user = person.served.world.namespaces.get("USER")
    assert user is not None
    user.global_mappings = {'XYZ("a = b":"c")': "LIB", "Shared*": "LIB"}
    user.package_mappings = {"App.Util": "LIB"}
    await person.say(f"/export {live} only namespaces,databases")
    assert (live / "namespaces" / "user.toml").read_text() == (
        'Name = "USER"\nGlobals = "USER"\nRoutines = "USER"\n'
        'MapGlobals = [\n    "Shared* = LIB",\n    "XYZ(\\"a = b\\":\\"c\\") = LIB",\n]\n'
        'MapPackages = [\n    "App.Util = LIB",\n]\n'
    )
    assert (live / "databases" / "iristemp.toml").read_text() == (
        'Name = "IRISTEMP"\nDirectory = "/usr/irissys/mgr/iristemp/"\nResourceName = "%DB_IRISTEMP"\n'
        "GlobalJournalState = 3\nNewGlobalCollation = 5\nNewVolumeThreshold = 0\n"
    )
    (*_, table) = await person.say(f"/diff {live}")
    assert isinstance(table, Table)
    assert table.status == 0
    user.global_mappings["Shared*"] = "USER"
    (*_, table) = await person.say(f"/diff {live}")
    assert isinstance(table, Table)
    assert [(row["object"], row["first"], row["second"]) for row in table.rows] == [
        ("USER", "Shared* = LIB", "Shared* = USER")
    ]
    (*_, done) = await person.say(f"/apply {live}")
    assert isinstance(done, Done)
    assert any("global mappings of namespace USER" in line for line in done.details)


async def test_grants_and_configurations_of_tls_and_ldap_are_written_without_their_secrets(
    person: Desk, tmp_path: Path
) -> None:
    live = tmp_path / "live"
    tables, grants = person.served.world.tables, person.served.runtime.emulation.sql_privileges
    tables.tls.add(
        NamedSettings(
            "Shop TLS", {"Type": 1, "CAFile": "/ca.pem", "PrivateKeyFile": "/k", "PrivateKeyPassword": GOOD}
        )
    )
    tables.ldap.add(
        NamedSettings("shop.example", {"LDAPFlags": 65, "LDAPBaseDN": "dc=shop", "LDAPSearchPassword": GOOD})
    )
    for schema, name, letter, may_grant in (
        ("Shop", "Order", "s", True),
        ("Shop", "Order", "i", False),
        ("HR", "", "s", False),
    ):
        grants.grant(ObjectPrivilege("USER", schema, name, letter, "Clerk", "_SYSTEM", may_grant))
    grants.admin_grants.add(("user", "%create_table", "bob"))
    await person.say(f"/export {live} only tls,ldap,sql-privileges")
    found = {path.relative_to(live).as_posix(): path.read_text() for path in live.rglob("*.toml")}
    assert found["tls/shop%20tls.toml"] == (
        'Name = "Shop TLS"\nType = "server"\nPrivateKeyFile = "/k"\nCAFile = "/ca.pem"\nCipherList = ""\n'
        'Ciphersuites = ""\nDiffieHellmanBits = 0\nPrivateKeyPassword = { secret = "set by hand" }\n'
    )
    assert found["ldap/shop.example.toml"] == (
        'Name = "shop.example"\nLDAPFlags = 65\nLDAPBaseDN = "dc=shop"\n'
        'LDAPSearchPassword = { secret = "set by hand" }\n'
    )
    assert found["sql-privileges/user%2fclerk.toml"] == (
        'Name = "USER/Clerk"\nPrivileges = [\n    "INSERT ON TABLE Shop.Order",\n    "SELECT ON SCHEMA HR",\n'
        '    "SELECT ON TABLE Shop.Order WITH GRANT OPTION",\n]\n'
    )
    assert found["sql-privileges/user%2fbob.toml"] == (
        'Name = "USER/bob"\nAdminPrivileges = [\n    "CreateTable",\n]\n'
    )
    assert "No public source names the other properties" in found[TOP]
    await person.say(f"/export merge {tmp_path / 'merge.cpf'} only tls,ldap,sql-privileges")
    merge = (tmp_path / "merge.cpf").read_text()
    assert (
        "GrantPrivilege:ObjPriv=SELECT,ObjList=Shop.Order,Type=Table,User=Clerk,Namespace=USER,WithGrant=1"
        in merge
    )
    assert "\nModifyLDAPConfig:Name=shop.example" in merge
    assert "CreateLDAPConfig" not in merge
    assert GOOD not in merge + "".join(found.values())


async def test_files_of_databases_and_tasks_are_told_as_far_as_the_instance_tells_them(
    person: Desk, tmp_path: Path
) -> None:
    live = tmp_path / "live"
    world = person.served.world
    database = world.databases.get("USER")
    assert database is not None
    database.most, database.read_only, database.size = 500, True, 77
    world.operations.tasks.append(replace(world.operations.tasks[0], number=1000))
    await person.say(f"/export {live} only databases,tasks")
    user = (live / "databases" / "user.toml").read_text()
    assert "MaxSize = 500\n" in user
    assert "ReadOnly = true\n" in user
    assert "77" not in user
    found = read_folder(live)
    twice = world.operations.tasks[0].name
    assert found.why_unknown("tasks", twice, "Suspended") == "Several tasks have this name."
    assert (live / "tasks" / "purge%20journal.toml").read_text() == (
        'Name = "Purge Journal"\nNameSpace = "%SYS"\nTaskClass = "%SYS.Task.PurgeJournal"\n"Run Task" = "Daily"\n'
    )
    assert "times of the day" in (live / TOP).read_text()
