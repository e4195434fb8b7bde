"""/gateway and /gateway password on files of this machine."""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from irisops.contract.replies import Done, Facts, Plan, Problem, Table
from irisops.files import rewrite
from irisops.journal import Intent, Reverse
from irisops.simulator.world.model import User
from tests.commands.editing import Desk, desk

SERVER_SECRET = "]]]R2VoZWltLTEyMw=="
FORMER = "PBKDF2|sha512|1000|abcdef"
NEW = "Neu-Geheim-77"
FILES = {
    "guide": f"[SYSTEM]\nSM_Timeout=28800\nUsername=CSPSystem\nPassword={FORMER}\n\n[SYSTEM_INDEX]\nLOCAL=Enabled\n\n"
    f"[LOCAL]\nIp_Address=127.0.0.1\nTCP_Port=1972\nUsername=CSPSystem\nPassword={SERVER_SECRET}\n\n"
    "[APP_PATH_INDEX]\n/=Enabled\n/csp=Disabled\n\n[APP_PATH:/]\nDefault_Server=LOCAL\n\n[APP_PATH:/csp]\nDefault_Server=LOCAL\n",
    "older hash": "[SYSTEM]\nPassword=1Bx4tt88mttAWaf7isJg3Urqc2zE\n[LOCAL]\nPassword=x\n",
    "windows": f"[SYSTEM]\r\nUsername=CSPSystem\r\nPassword={FORMER}\r\n[LOCAL]\r\nPassword={SERVER_SECRET}\r\n",
    "no password": "[SYSTEM]\nUsername=x\n[LOCAL]\nPassword=x\n",
    "no user": "[SYSTEM]\n[LOCAL]\nPassword=x\n",
    "comments": f"; ours\n# theirs\n[SYSTEM]\n;Password=old\nPassword={FORMER}\n",
    "no last end": f"[SYSTEM]\nPassword={FORMER}",
    "latin": f"[SYSTEM]\nServer_Busy=/caf\xe9.html\nPassword={FORMER}\n",
    "mark": f"\xef\xbb\xbf[SYSTEM]\nPassword={FORMER}\n",
    "blanks": f"[SYSTEM]\nPassword = {FORMER}\n",
    "mixed ends": f"[SYSTEM]\r\nUsername=x\nPassword={FORMER}\r\n[LOCAL]\nPassword=x\r\n",
    "UTF-8": f"; f\xc3\xbcr uns\n[SYSTEM]\nServer_Busy=/\xe6\x9c\x8d.html\nPassword={FORMER}\n",
    "this section alone": "[SYSTEM]\n",
    "sections apart": f"[LOCAL]\nPassword=x\n[SYSTEM]\nUsername=x\n[SYSTEM_INDEX]\nLOCAL=Enabled\n"
    f"[SYSTEM]\nPassword={FORMER}\n",
    "container": f"[SYSTEM]\nConfiguration_Initialized=Wed\nIRISCONNECT_LIBRARY_PATH=/x\nPassword={FORMER}\n[LOCAL]\n",
}
"""Texts in Latin-1, so that each sign is a byte."""


@pytest.fixture
async def person(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path / "home") as made:

        async def ask(_title: str, _prompt: str) -> str | None:
            return NEW

        made.session.ask_with(ask)
        yield made


def written(folder: Path, name: str = "guide", mode: int = 0o640) -> Path:
    path = folder / "CSP.ini"
    path.write_bytes(FILES[name].encode("latin-1"))
    path.chmod(mode)
    return path


def names(folder: Path) -> list[str]:
    """The configuration file and what was made beside it."""
    return sorted(each.name for each in folder.glob("*CSP*"))


def kept(path: Path) -> Path:
    return min(path.parent.glob("CSP.ini.before-*"))


async def test_the_credentials_are_shown_without_a_secret(person: Desk, tmp_path: Path) -> None:
    card, credentials, paths = await person.say(f"/gateway {written(tmp_path)}")
    assert isinstance(card, Facts)
    assert isinstance(credentials, Table)
    assert isinstance(paths, Table)
    assert [(row["section"], row["user"], row["password"]) for row in credentials.rows] == [
        ("SYSTEM", "CSPSystem", "hashed"),
        ("LOCAL", "CSPSystem", "encoded, readable to anyone who can read the file"),
    ]
    assert [(row["path"], row["state"]) for row in paths.rows] == [("/", "enabled"), ("/csp", "disabled")]
    said = str((card, credentials, paths))
    assert FORMER not in said
    assert SERVER_SECRET not in said


async def test_a_file_that_everybody_may_read_is_told(person: Desk, tmp_path: Path) -> None:
    (card, *_) = await person.say(f"/gateway {written(tmp_path, mode=0o644)}")
    assert isinstance(card, Facts)
    assert any("Everybody on this machine" in note for note in card.notes)


@pytest.mark.parametrize("name", FILES)
async def test_the_password_alone_is_changed_and_comes_back(person: Desk, tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name)
    before = path.read_bytes()
    plan = await person.plan(f"/gateway password {path}")
    assert path.read_bytes() == before
    (done,) = await person.yes(plan)
    assert isinstance(done, Done), done
    now = path.read_bytes()
    assert f"Password={NEW}".encode() in now.replace(b" = ", b"=")
    assert path.stat().st_mode & 0o777 == 0o640
    assert kept(path).read_bytes() == before
    assert kept(path).stat().st_mode & 0o777 == 0o640
    others = [line for line in now.split(b"\n") if NEW.encode() not in line]
    assert [line for line in before.split(b"\n") if line in others] == [
        line for line in others if line in before
    ]

    (back,) = await person.yes(await person.plan("/undo"))
    assert isinstance(back, Done), back
    assert path.read_bytes() == before


async def test_the_secret_is_in_no_reply_and_not_in_the_journal(person: Desk, tmp_path: Path) -> None:
    path = written(tmp_path)
    plan = await person.plan(f"/gateway password {path}")
    (done,) = await person.yes(plan)
    for text in (repr(plan), repr(done), *(repr(entry) for entry in person.entries())):
        assert NEW not in text
        assert FORMER not in text
        assert SERVER_SECRET not in text


@pytest.mark.parametrize("made", [False, True], ids=["before it was written", "after"])
@pytest.mark.parametrize("way", ["/undo", "/finish"])
async def test_a_change_that_was_cut_off(person: Desk, tmp_path: Path, way: str, made: bool) -> None:
    path, copy = written(tmp_path), tmp_path / "CSP.ini.before-x"
    reverse = Reverse("gateway.password", str(path), (str(copy), "SYSTEM"), ())
    intent = Intent("Set it", "/gateway password", "local", "_SYSTEM", [], reverse=reverse)
    person.session.context.journal("local").intend(intent)
    if made:
        copy.write_bytes(path.read_bytes())
        path.write_bytes(path.read_bytes().replace(FORMER.encode(), NEW.encode()))
    reply = (await person.say(way))[-1]
    if way == "/undo" and made:
        assert isinstance(reply, Plan)
        await person.yes(reply)
        assert path.read_bytes().decode() == FILES["guide"]
        return
    assert isinstance(reply, Problem)
    expected = {("/undo", False): "NothingToUndo", ("/finish", True): "NothingToFinish"}
    assert reply.error == expected.get((way, made), "CannotFinish")


async def test_undo_keeps_what_others_wrote_since(person: Desk, tmp_path: Path) -> None:
    path = written(tmp_path)
    await person.yes(await person.plan(f"/gateway password {path}"))
    path.write_bytes(path.read_bytes().replace(b"28800", b"600").replace(NEW.encode(), b"PBKDF2|hashed"))
    await person.yes(await person.plan("/undo"))
    assert path.read_bytes().decode() == FILES["guide"].replace("28800", "600")


async def test_a_file_written_meanwhile_is_left_alone(person: Desk, tmp_path: Path) -> None:
    path = written(tmp_path)
    plan = await person.plan(f"/gateway password {path}")
    path.write_bytes(path.read_bytes() + b"; more\n")
    (problem,) = await person.yes(plan)
    assert isinstance(problem, Problem)
    assert problem.error == "Moved"
    assert path.read_bytes().decode() == FILES["guide"] + "; more\n"


async def test_a_link_stays_a_link(person: Desk, tmp_path: Path) -> None:
    real = tmp_path / "durable"
    real.mkdir()
    path = written(real)
    link = tmp_path / "CSP.ini"
    link.symlink_to(path)
    await person.yes(await person.plan(f"/gateway password {link}"))
    assert link.is_symlink()
    assert NEW.encode() in path.read_bytes()
    assert kept(path).read_bytes().decode() == FILES["guide"]


async def test_a_password_given_twice_is_refused_before_anything_is_asked(
    person: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "CSP.ini"
    path.write_text("[SYSTEM]\nPassword=a\nPassword=b\n", encoding="utf-8")

    async def never(_title: str, _prompt: str) -> str | None:
        pytest.fail("asked")

    person.session.ask_with(never)
    assert "2 times" in (await person.problem(f"/gateway password {path}")).message


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda _path: None, "NotReadable"),
        (lambda path: path.mkdir(), "NotReadable"),
        (lambda path: path.write_bytes(b"hello"), "NotAGatewayFile"),
        (lambda path: path.write_bytes("[SYSTEM]\n".encode("utf-16")), "NotAGatewayFile"),
        (os.mkfifo, "NotReadable"),
    ],
)
async def test_what_cannot_be_used_is_told(person: Desk, tmp_path: Path, make: object, error: str) -> None:
    path = tmp_path / "CSP.ini"
    assert callable(make)
    make(path)
    for line in (f"/gateway {path}", f"/gateway password {path}", f"/gateway server file={path}"):
        told = await person.problem(line)
        assert told.error == error
        assert str(path) in told.message
        assert told.cure
    assert names(tmp_path) in ([], ["CSP.ini"])
    assert person.entries() == []


@pytest.mark.parametrize("typed", ["1abc", "{x}", "naïve", " x"])
async def test_a_password_that_the_gateway_would_misread_is_refused(
    person: Desk, tmp_path: Path, typed: str
) -> None:
    async def ask(_title: str, _prompt: str) -> str | None:
        return typed

    person.session.ask_with(ask)
    path = written(tmp_path)
    told = await person.problem(f"/gateway password {path}")
    assert (told.error, told.cure) == ("BadPassword", f"/gateway password {path} asks again.")
    assert path.read_bytes().decode() == FILES["guide"]
    assert names(tmp_path) == ["CSP.ini"]


@pytest.mark.parametrize(
    ("answers", "error"), [((None,), "Declined"), (("",), "Declined"), ((NEW, "another"), "NotTheSame")]
)
async def test_a_password_that_is_not_given_twice_changes_nothing(
    person: Desk, tmp_path: Path, answers: tuple[str | None, ...], error: str
) -> None:
    rest = list(answers)

    async def ask(_title: str, _prompt: str) -> str | None:
        return rest.pop(0)

    person.session.ask_with(ask)
    path = written(tmp_path)
    assert (await person.problem(f"/gateway password {path}")).error == error
    assert path.read_bytes().decode() == FILES["guide"]


@contextmanager
def most_bytes(most: int) -> Iterator[None]:
    """No file can grow beyond this meanwhile, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", ["none for the copy", "none for the file"])
async def test_a_full_disk_leaves_the_file_as_it_was(person: Desk, tmp_path: Path, room: str) -> None:
    path = tmp_path / "CSP.ini"
    before = b"[SYSTEM]\n" + b"; a comment\n" * 10_000
    path.write_bytes(before)
    plan = await person.plan(f"/gateway password {path}")
    with most_bytes(len(before) - (1 if room == "none for the copy" else 0)):
        (problem,) = await person.yes(plan)
    assert isinstance(problem, Problem)
    assert (problem.error, "is as it was" in problem.message) == ("NotWritten", True)
    assert path.read_bytes() == before
    assert names(tmp_path) == ["CSP.ini"]
    assert person.entries()[0].status == "failed"


@contextmanager
def somebody(home: Path) -> Iterator[Path]:
    """A folder that is ours, and the rights of an ordinary user meanwhile: root may do everything."""
    if os.geteuid():
        yield home
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@contextmanager
def without_root(*whose: Path) -> Iterator[None]:
    """As an ordinary user, who owns these files."""
    if os.geteuid():
        yield
        return
    nobody = 65534
    for path in whose:
        os.chown(path, nobody, nobody)
    os.setegid(nobody)
    os.seteuid(nobody)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.mark.parametrize("kind", ["read-only file", "read-only folder", "file of another owner"])
def test_what_may_not_be_written_stays_as_it_was(tmp_path: Path, kind: str) -> None:
    with somebody(tmp_path) as folder:
        path = written(folder, mode=0o440 if kind == "read-only file" else 0o644)
        if kind == "read-only folder":
            folder.chmod(0o555)
        before = path.read_bytes()
        owned = [] if kind == "file of another owner" else [path, folder]
        if kind == "file of another owner" and os.geteuid():
            pytest.skip("takes root to make one")
        with without_root(*owned), pytest.raises(OSError, match=r"Permission|read-only"):
            rewrite(path, b"x")
        assert path.read_bytes() == before
        assert [each.name for each in folder.iterdir() if each.is_file()] == ["CSP.ini"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write read-only files")
async def test_a_read_only_file_is_refused_and_kept(person: Desk, tmp_path: Path) -> None:
    path = written(tmp_path, mode=0o440)
    plan = await person.plan(f"/gateway password {path}")
    assert isinstance(plan, Plan)
    (problem,) = await person.yes(plan)
    assert isinstance(problem, Problem)
    assert problem.error == "NotWritten"
    assert path.read_bytes().decode() == FILES["guide"]


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root to give a file to somebody else")
async def test_the_owner_is_kept(person: Desk, tmp_path: Path) -> None:
    path = written(tmp_path)
    os.chown(path, 51773, 51774)
    path.chmod(0o2640)
    await person.yes(await person.plan(f"/gateway password {path}"))
    for each in (path, kept(path)):
        found = each.stat()
        assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (51773, 51774, 0o2640)


def sent(folder: Path, password: str = SERVER_SECRET, user: str = "CSPSystem") -> Path:
    path = folder / "CSP.ini"
    lines = ["[SYSTEM]", "[LOCAL]", f"Username={user}", f"Password={password}", ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def csp_system(person: Desk) -> User:
    found = person.served.world.users.get("CSPSystem")
    assert found is not None
    return found


async def checks(person: Desk, path: Path) -> dict[str, str]:
    table = (await person.say(f"/gateway server file={path}"))[-1]
    assert isinstance(table, Table)
    assert "Geheim" not in str(table)
    return {str(row["what"]): str(row["state"]) for row in table.rows}


async def test_what_the_gateway_sends_is_compared_with_what_is_expected(person: Desk, tmp_path: Path) -> None:
    csp_system(person).enabled = False
    path = sent(tmp_path)
    assert (await checks(person, path))["the user is enabled"] == "wrong"
    table = (await person.say(f"/gateway server file={path}"))[-1]
    assert isinstance(table, Table)
    (cure,) = (row["cure"] for row in table.rows if row["what"] == "the user is enabled")
    await person.yes(await person.plan(str(cure)))
    assert "wrong" not in (await checks(person, path)).values()


async def test_a_user_that_is_not_there_is_wrong(person: Desk, tmp_path: Path) -> None:
    assert (await checks(person, sent(tmp_path, user="Nobody")))["a user Nobody"] == "wrong"


async def test_a_gateway_that_sends_no_password_to_a_service_that_wants_one(
    person: Desk, tmp_path: Path
) -> None:
    await person.yes(await person.plan("/service %Service_WebGateway auth=password"))
    found = await checks(person, sent(tmp_path, password=""))
    assert found["the service takes what is sent"] == "wrong"
    assert (await checks(person, sent(tmp_path)))["the service takes what is sent"] == "right"


async def test_the_password_is_set_on_the_side_that_is_chosen(person: Desk, tmp_path: Path) -> None:
    path = sent(tmp_path)
    before = csp_system(person).password_hash
    plan = await person.plan(f"/gateway server file={path} side=iris")
    assert "Geheim-123" not in repr(plan)
    await person.yes(plan)
    assert csp_system(person).password_hash != before
    assert path.read_text(encoding="utf-8").count(SERVER_SECRET) == 1

    (done,) = await person.yes(await person.plan(f"/gateway server LOCAL file={path} side=gateway"))
    assert isinstance(done, Done)
    text = path.read_text(encoding="utf-8")
    assert f"Password={NEW}" in text
    assert "RELOAD=1" in text
    await person.yes(await person.plan("/undo"))
    assert f"Password={SERVER_SECRET}" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("/gateway server REMOTE file={}", "NoSuchServer"),
        ("/gateway server file={} side=both", "BadSide"),
        ("/gateway server file={}.no", "NotReadable"),
        ("/gateway server local file={}", "NoSuchServer"),
        ("/gateway server LOCAL {}", "NotUnderstood"),
        ("/gateway {} {}", "NotUnderstood"),
        ("/gateway password {} {}", "NotUnderstood"),
    ],
)
async def test_a_wrong_word_gets_its_cure(person: Desk, tmp_path: Path, line: str, error: str) -> None:
    path = sent(tmp_path)
    before = path.read_bytes()
    parsed = person.session.parse(line.format(path, path))
    problem = parsed if isinstance(parsed, Problem) else await person.problem(line.format(path))
    assert problem.error == error
    assert problem.cure
    assert path.read_bytes() == before
    assert names(tmp_path) == ["CSP.ini"]


@pytest.mark.parametrize("password", ["{cat /x}", "", "]]]not base64"])
async def test_a_password_that_only_the_gateway_knows_is_not_set(
    person: Desk, tmp_path: Path, password: str
) -> None:
    path = sent(tmp_path, password=password)
    assert (await person.problem(f"/gateway server file={path} side=iris")).error == "NothingToSet"
