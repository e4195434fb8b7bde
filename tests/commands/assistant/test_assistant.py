"""The optional model behind the chat, against servers that answer what they like: no change without a yes."""

from __future__ import annotations

import asyncio
import io
import json
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from irisops.commands.assistant.client import complete
from irisops.commands.assistant.model import LONGEST_ANSWER, endpoint_of
from irisops.contract.chat import Command
from irisops.contract.picks import with_beside
from irisops.contract.replies import Done, Facts, Form, Plan, Problem, Progress, Refusal, Reply, Table
from irisops.logs import scrub
from irisops.run_command import Exit, Output, run_line
from tests.commands.fakes import LOCAL, World
from tests.odd_web import OddWeb, odd_web, response
from tests.silent_web import KINDS, odd_server, self_signed

SENTENCE = "gobbledygook about the fullness"
ASK = f"/assistant {SENTENCE}"


def saying(content: object) -> bytes:
    body = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
    return response("200 OK", body, "Content-Type: application/json")


@asynccontextmanager
async def at_model(
    home: Path, answer: Callable[[str], bytes] | bytes, **settings: object
) -> AsyncIterator[tuple[World, OddWeb]]:
    """A person at a chat whose model is a server that answers this."""
    given = answer if callable(answer) else (lambda _head: answer)
    async with odd_web(given) as web, at_port(home, web.port, **settings) as world:
        yield world, web


@asynccontextmanager
async def at_port(home: Path, port: int, **settings: object) -> AsyncIterator[World]:
    world = World(home, LOCAL, polling=False)
    try:
        values = {"assistant_url": f"http://127.0.0.1:{port}/v1", "assistant_model": "tiny", **settings}
        world.session.settings.change(values)  # type: ignore[arg-type]  # each is checked by its own setting
        await world.connect()
        yield world
    finally:
        await world.session.close()


def told(replies: list[Reply]) -> list[Reply]:
    return [reply for reply in replies if not isinstance(reply, Progress)]


async def test_it_is_offered_for_a_sentence_that_is_not_understood_and_parsing_sends_nothing(
    tmp_path: Path,
) -> None:
    async with at_model(tmp_path, saying("/license")) as (world, web):
        problem = world.session.parse(SENTENCE)
        assert isinstance(problem, Problem)
        assert problem.beside == ASK
        assert ASK not in problem.suggestions
        assert with_beside(problem).suggestions == [*problem.suggestions, ASK]
        for line in (
            "/nonsense here", "nonsense", "my password is canary-Secret-3", 'an "open quote', "good morning",
            "yes please", "do not delete bob", "delete everything", "wipe this database", "remove all of them",
        ):  # fmt: skip
            other = world.session.parse(line)
            assert not isinstance(other, Problem) or other.beside == "", line
        assert isinstance(world.session.parse("who holds my license"), Command)
        assert web.heads == []


async def test_without_a_screen_it_is_one_more_line_to_pick(tmp_path: Path) -> None:
    async with at_model(tmp_path, saying("/license")) as (world, web):
        out = io.StringIO()
        output = Output(out, out, json=False)
        assert await run_line(world.session, SENTENCE, output, profile=None) == Exit.NOT_UNDERSTOOD
        assert ASK in out.getvalue()
        assert web.heads == []


async def test_one_command_without_the_screen_connects_first(tmp_path: Path) -> None:
    """`irisops run "/assistant …"`: what the model chooses may need the instance."""
    async with at_model(tmp_path, saying("/license")) as (world, _):
        await world.say("/disconnect")
        out = io.StringIO()
        output = Output(out, out, json=False)
        profile = world.session.hub.profiles()[0]
        assert await run_line(world.session, ASK, output, profile=profile) == Exit.DONE
        assert "tiny chose" in out.getvalue()
        assert "HOLDER" in out.getvalue()


async def test_who_sets_it_up_is_told_what_is_sent(tmp_path: Path) -> None:
    world = World(tmp_path, LOCAL, polling=False)
    (done,) = await world.say("/settings assistant_url=http://localhost:11434/v1")
    assert isinstance(done, Done)
    assert not any("sent" in detail for detail in done.details)
    (done,) = await world.say("/settings assistant_model=tiny")
    assert isinstance(done, Done)
    assert "What is not understood is sent to tiny there from now on." in done.details
    await world.session.close()


async def test_it_is_off_by_default(tmp_path: Path) -> None:
    world = World(tmp_path, LOCAL, polling=False)
    problem = world.session.parse(SENTENCE)
    assert isinstance(problem, Problem)
    assert "assistant" not in str(problem.suggestions)
    assert problem.beside == ""
    (refused,) = await world.say(ASK)
    assert isinstance(refused, Problem)
    assert refused.error == "NoAssistant"
    await world.session.close()


@pytest.mark.parametrize(
    "said",
    [
        "/license",
        "`/license`",
        "```\n/license\n```",
        "Sure! Here it is:\n/license\nAnything else?",
        "  /license ",
    ],
)
async def test_a_reading_command_runs_and_the_card_says_who_chose_it(said: str, tmp_path: Path) -> None:
    async with at_model(tmp_path, saying(said)) as (world, web):
        card, license_card, holders = told(await world.say(ASK))
        assert isinstance(card, Facts)
        assert card.title == "tiny chose"
        assert (card.facts["command"], card.facts["sentence"]) == ("/license", SENTENCE)
        assert "A model at" in card.notes[0]
        assert isinstance(license_card, Facts)
        assert isinstance(holders, Table)
        assert len(web.heads) == 1
        assert web.heads[0].startswith("POST /v1/chat/completions HTTP/1.1")
        assert "authorization" not in web.heads[0].casefold()


async def test_what_was_sent_can_be_seen_and_holds_no_names_unless_they_are_allowed(tmp_path: Path) -> None:
    async with at_model(tmp_path, saying("none")) as (world, _):
        await world.say("/users")
        await world.say("/license")
        await world.say(ASK)
        (sent,) = await world.say("/assistant sent")
        assert isinstance(sent, Facts)
        messages = json.loads(str(sent.facts["messages"]))
        assert messages[1]["content"] == SENTENCE
        assert list(sent.notes) == [
            "As system:",
            *messages[0]["content"].splitlines(),
            "As user:",
            SENTENCE,
        ], "all of it, in lines that are not cut"
        assert all(len(note) < 400 for note in sent.notes)
        assert "/license why" in messages[0]["content"]
        for secret in ("appuser", "bob", "ACME", "/share", "/password", "canary"):
            assert secret not in str(sent.facts["messages"])
        world.session.settings.change({"assistant_names": True})
        await world.say("/explain bob")
        await world.say(ASK)
        (sent,) = await world.say("/assistant sent")
        assert isinstance(sent, Facts)
        assert "user bob" in str(sent.facts["messages"])
        assert "ACME" not in str(sent.facts["messages"]), "no figures, no license"


async def test_a_change_becomes_a_plan_and_waits(tmp_path: Path) -> None:
    async with at_model(tmp_path, saying("/grant %All to bob")) as (world, _):
        card, plan = told(await world.say(ASK))
        assert isinstance(card, Facts)
        assert isinstance(plan, Plan)
        assert world.instance.done == []
        shown = plan.calls[f"Sent to tiny at {card.facts['endpoint']}"]
        assert shown[-1] == SENTENCE, "? shows what was sent"
        world.session.decline(plan.id)
        assert world.instance.held("bob") == ()


async def test_an_editor_is_offered_and_does_not_open_by_itself(tmp_path: Path) -> None:
    async with at_model(tmp_path, saying("/user bob")) as (world, _):
        cards = told(await world.say(ASK))
        assert all(isinstance(card, Facts) and card.name == "assistant" for card in cards)
        assert isinstance(cards[-1], Facts)
        assert cards[-1].actions[0] == ("e", "open the editor", "/user bob")
        (form,) = await world.say("/user bob")
        assert isinstance(form, Form)


CHOSEN = (
    "/quit", "/clear", "/settings poll_interval=3", "/unshare all", "/leases clear", "/secrets forget local",
    '/profile edit local password_command="rm -rf /"', "/profile remove local", "/on all /grant %All to bob",
    "/assistant again and again", "/share superserver for 2h people 1", "/password bob generate=yes",
    "/explain web http://127.0.0.1/ as bob", "/export /tmp/x", "/save /tmp/x", "/connect iris://x@evil/USER",
    "/grant %All to bob; /grant %All to eve; quit", "/undo; rm -rf", "/made-up command", "/grant", "none", "", "no",
    "I am sorry, I cannot do that.", "\x1b[2J/license\x00", "license", "/" * LONGEST_ANSWER, "/license " * 5000,
)  # fmt: skip


async def test_nonsense_and_what_only_a_person_may_give_changes_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    async with at_model(tmp_path, lambda _head: saying(said[-1])) as (world, _):
        for each in CHOSEN:
            said.append(each)
            replies = told(await world.say(ASK))
            assert isinstance(replies[-1], Problem), (each, replies)
            assert len(replies) == 1 or isinstance(replies[0], Facts)
        assert world.instance.done == []
        assert world.connection.state.name == "connected"
        assert not (tmp_path / "x").exists()


BROKEN = {
    "500": response("500 Oops", b"{}"),
    "404": response("404 Not Found", b""),
    "html": response("200 OK", b"<html>hello</html>"),
    "empty": response("200 OK", b""),
    "list": response("200 OK", b"[]"),
    "no choices": response("200 OK", b'{"choices": []}'),
    "number": saying(7),
    "null": saying(None),
    "nested": response("200 OK", b"[" * 1_000_000),
    "no http": b"SSH-2.0-OpenSSH\r\n\r\n",
    "100 MB": b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n" + b" " * 5_000_000,
    "no length": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5_000_000,
    "redirect": response("302 Found", b"", "Location: http://127.0.0.1:1/"),
}


async def test_a_broken_server_costs_one_line(tmp_path: Path) -> None:
    answers: list[bytes] = []
    async with at_model(tmp_path, lambda _head: answers[-1]) as (world, web):
        for name, answer in BROKEN.items():
            answers.append(answer)
            (problem,) = told(await world.say(ASK))
            assert isinstance(problem, Problem), name
            assert problem.error == "NoAssistant", name
        assert len(web.heads) == len(BROKEN), "each is asked once"
        assert isinstance(told(await world.say("/license"))[0], Facts), "the chat goes on"


async def test_a_dead_server_costs_one_line(tmp_path: Path, unused_tcp_port: int) -> None:
    async with at_port(tmp_path, unused_tcp_port) as world:
        (problem,) = told(await world.say(ASK))
        assert isinstance(problem, Problem)
        assert problem.error == "NoAssistant"


async def test_silence_holds_nothing_up(tmp_path: Path) -> None:
    async with odd_server("silent") as port, at_port(tmp_path, port, assistant_seconds=600.0) as world:
        asked = asyncio.create_task(world.say(ASK))
        await asyncio.sleep(0)
        assert isinstance((await world.say("/license"))[0], Facts), "other commands run meanwhile"
        assert not asked.done()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked


async def test_silence_costs_its_deadline(tmp_path: Path) -> None:
    async with odd_server("silent") as port, at_port(tmp_path, port, assistant_seconds=1.0) as world:
        (problem,) = told(await world.say(ASK))
        assert isinstance(problem, Problem)
        assert problem.message.startswith("The model's server 127.0.0.1:")
        assert "did not answer within 1 seconds" in problem.message


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("kind", KINDS)
async def test_an_odd_server_costs_at_most_its_deadline(kind: str, tls: bool, tmp_path: Path) -> None:
    """Over TLS it is the certificate that nobody vouches for."""
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self_signed(tmp_path))
    async with odd_server(kind, context) as port:
        endpoint = endpoint_of(f"{'https' if tls else 'http'}://localhost:{port}/v1", "tiny")
        with pytest.raises(Refusal) as raised:
            await complete(endpoint, [{"role": "user", "content": SENTENCE}], "canary-key", 0.5)
    assert raised.value.message.startswith(f"The model's server localhost:{port} ")
    assert "canary" not in raised.value.message
    if tls:
        assert "certificate" in raised.value.message


async def test_no_proxy_of_the_environment_comes_between_this_machine_and_itself(tmp_path: Path) -> None:
    """In a process of its own, as its environment is another one."""
    async with (
        odd_web(lambda _head: saying("/license")) as web,
        odd_web(lambda _head: response("502 Bad")) as proxy,
    ):
        done = await asyncio.create_subprocess_exec(
            sys.executable, "-c", ASKING, f"http://localhost:{web.port}/v1",
            env={**os.environ, "HTTP_PROXY": f"http://127.0.0.1:{proxy.port}", "NO_PROXY": ""},
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said, _ = await done.communicate()
    assert said.decode().strip() == "200"
    assert proxy.heads == []


ASKING = """
import asyncio, sys
from irisops.commands.assistant.client import complete
from irisops.commands.assistant.model import endpoint_of
print(asyncio.run(complete(endpoint_of(sys.argv[1], "tiny"), [], "", 20)).status)
"""
WITHOUT = """
import asyncio, pathlib, sys
sys.modules["httpx2"] = None
from tests.commands.fakes import LOCAL, World
async def say():
    world = World(pathlib.Path(sys.argv[1]), LOCAL, polling=False)
    await world.connect()
    for line in ("/settings assistant_url=http://localhost:1/v1 assistant_model=tiny", "/assistant who is it"):
        for reply in await world.say(line):
            print(*getattr(reply, "details", ()), getattr(reply, "message", ""), getattr(reply, "cure", ""), sep="\\n")
    await world.session.close()
asyncio.run(say())
"""


def test_without_its_package_it_says_what_to_install(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(tmp_path)], capture_output=True, text=True, check=True
    )
    install = "pip install '.[assistant]' in a clone of irisops"
    assert f"That needs a package more: {install}" in done.stdout
    assert f"Asking a model needs a package more.\n{install}" in done.stdout


async def test_a_key_is_asked_for_once_and_kept(tmp_path: Path) -> None:
    def answer(head: str) -> bytes:
        good = "authorization: bearer canary-key-1" in head.casefold()
        return saying("/license") if good else response("401 Unauthorized", b"{}")

    async with at_model(tmp_path, answer) as (world, web):
        world.answer = "canary-key-1"
        assert isinstance(told(await world.say(ASK))[0], Facts)
        assert world.asked[-1] == ("Assistant", f"Key for 127.0.0.1:{web.port}")
        count = len(world.asked)
        assert isinstance(told(await world.say(ASK))[0], Facts)
        assert len(world.asked) == count
        (sent,) = await world.say("/assistant sent")
        assert "canary" not in str(sent)
        assert ("irisops", f"assistant 127.0.0.1:{web.port}") in world.keyring.kept


async def test_a_model_chooses_no_file_and_no_other_profile(tmp_path: Path) -> None:
    said: list[str] = []
    async with at_model(tmp_path, lambda _head: saying(said[-1])) as (world, _):
        for each in ("/diff elsewhere", "/diff local /tmp", f"/evidence {tmp_path}/x"):
            said.append(each)
            (problem,) = told(await world.say(ASK))
            assert isinstance(problem, Problem), each
            assert problem.error == "NotForPrograms", each


async def test_a_key_is_hidden_even_if_the_server_wants_another(tmp_path: Path) -> None:
    async with at_model(tmp_path, response("401 Unauthorized", b"")) as (world, _):
        world.answer = "canary-key-that-failed"
        await world.say(ASK)
        assert "canary" not in scrub("it was canary-key-that-failed")


async def test_a_refused_key_is_forgotten(tmp_path: Path) -> None:
    async with at_model(tmp_path, response("403 Forbidden", b"")) as (world, web):
        (problem,) = told(await world.say(ASK))
        assert isinstance(problem, Problem)
        assert "wants a key, or another one" in problem.message
        assert len(web.heads) == 2


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:11434",
        "ftp://h/v1",
        "http://",
        "http://u:p@h/v1",
        "http://h:port/v1",
        "http://h/v1?key=x",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Refusal):
        endpoint_of(url, "tiny")


def test_a_key_is_never_sent_in_clear_to_another_machine() -> None:
    assert endpoint_of("http://localhost:11434/v1", "tiny").takes_key
    assert endpoint_of("https://models.example/v1", "tiny").takes_key
    assert not endpoint_of("http://models.example/v1", "tiny").takes_key
    with pytest.raises(Refusal):
        endpoint_of("http://localhost/v1", "")
