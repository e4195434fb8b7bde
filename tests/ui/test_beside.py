"""The model behind the chat beside "Did you mean": nothing waits for it; its choice comes in the same card."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from irisops.contract.chat import About, Command
from irisops.contract.replies import Facts, Plan, Problem, Progress, Reply
from irisops.ui.ask import Confirm, Secret
from irisops.ui.card import Card
from tests.ui.driving import SMALL, WIDE, Driver, app_of, make_app, say, screen_text, text_of, until
from tests.ui.fake_chat import FakeChat, grant_plan, license_replies

SENTENCE = "how full is it"
CHOSEN = Facts(
    "assistant",
    "tiny chose",
    {"command": "/license"},
    {"command": "Command"},
    actions=[("w", "what was sent", "/users")],
)


class Modelled(FakeChat):
    """A chat with a model, which answers `chosen` once `hold` is set."""

    def __init__(self, *chosen: Reply) -> None:
        super().__init__()
        self.chosen = chosen
        self.asked = 0
        self.left = 0

    def parse(self, text: str, about: About | None = None) -> Command | Problem:
        if text.startswith("/assistant "):
            return Command("assistant", {"rest": []}, slash=text, text=text)
        parsed = super().parse(text, about)
        if isinstance(parsed, Problem) and " " in text:
            parsed.beside = f"/assistant {text}"
        return parsed

    async def run(self, command: Command) -> AsyncIterator[Reply]:
        if command.name != "assistant":
            async for reply in super().run(command):
                yield reply
            return
        self.asked += 1
        try:
            yield Progress("assistant", "Asking tiny …")
            await self.hold.wait()
        finally:
            self.left += 1
        for reply in self.chosen:
            yield self._keep(reply) if isinstance(reply, Plan) else reply


async def asking(pilot: Driver) -> Card:
    """The card of a sentence that is not understood, while the model is asked."""
    app = app_of(pilot)
    app.conversation.prompt.put(SENTENCE)
    await pilot.press("enter")
    await until(pilot, lambda: app.conversation.transcript.cards)
    card = app.conversation.transcript.cards[-1]
    await until(pilot, lambda: "Asking tiny" in text_of(card))
    return card


async def test_what_it_chose_to_read_comes_below_what_is_offered() -> None:
    chat = Modelled(CHOSEN, *license_replies())
    async with make_app(chat).run_test(size=WIDE) as pilot:
        card = await asking(pilot)
        assert "2 /users" in text_of(card), "what is near is offered at once"
        assert "1–3 picks" in screen_text(app_of(pilot))
        chat.hold.set()
        await until(pilot, lambda: card.state == "done")
        text = text_of(card)
        assert text.index("2 /users") < text.index("/license", text.index("2 /users")) < text.index("appuser")
        assert "tiny chose" in str(card.border_title)
        assert "Asking" not in text
        assert app_of(pilot).conversation.transcript.cards == [card]
        assert "1–3 or w picks" in screen_text(app_of(pilot))


@pytest.mark.parametrize("line", ["/users", "2"])
async def test_a_newer_line_runs_at_once_and_calls_it_off(line: str) -> None:
    chat = Modelled(CHOSEN, *license_replies())
    async with make_app(chat).run_test(size=SMALL) as pilot:
        card = await asking(pilot)
        newer = await say(pilot, line)
        assert newer is not card
        assert "run /users" in chat.log
        await until(pilot, lambda: chat.left == 1)
        chat.hold.set()
        await until(pilot, lambda: card.state == "failed")
        assert "Asking" not in text_of(card)
        assert "2 /users" in text_of(card)
        assert "tiny chose" not in text_of(card)


async def test_a_change_that_it_chose_waits_for_a_yes() -> None:
    chat = Modelled(CHOSEN, grant_plan("%SQL", "bob"))
    async with make_app(chat).run_test(size=WIDE) as pilot:
        card = await asking(pilot)
        chat.hold.set()
        conversation = app_of(pilot).conversation
        await until(pilot, lambda: isinstance(conversation.questions.shown, Confirm))
        assert card.state == "waiting"
        await pilot.press("n")
        await until(pilot, lambda: card.state == "declined")
        assert chat.log[-1] == "decline plan-1"


async def test_a_model_that_does_not_answer_costs_one_line_and_what_is_offered_stays() -> None:
    chat = Modelled(Problem("NoAssistant", "It did not answer within 30 seconds.", "Say it in other words."))
    async with make_app(chat).run_test(size=WIDE) as pilot:
        card = await asking(pilot)
        chat.hold.set()
        await until(pilot, lambda: "did not answer" in text_of(card))
        await say(pilot, "2")
        assert chat.log[-1] == "run /users"


async def test_no_key_is_asked_for_where_nobody_waits() -> None:
    """A masked line that comes by itself would take what the person types next, and send it away as the key."""
    chat = Modelled(CHOSEN)
    async with make_app(chat).run_test(size=WIDE) as pilot:
        await asking(pilot)
        conversation = app_of(pilot).conversation
        assert await conversation.ask_secret("Assistant", "Key for localhost:11434") is None
        assert conversation.questions.shown is None
        wanted = asyncio.ensure_future(conversation.ask_secret("Password of _SYSTEM", "No keyring here."))
        await until(pilot, lambda: isinstance(conversation.questions.shown, Secret))
        await pilot.press("escape")
        assert await wanted is None


async def test_ctrl_c_calls_it_off() -> None:
    chat = Modelled(CHOSEN)
    async with make_app(chat).run_test(size=WIDE) as pilot:
        card = await asking(pilot)
        await pilot.press("escape", "ctrl+c")  # the sentence is selected, which Ctrl+C would copy
        await until(pilot, lambda: card.state == "failed")
        assert "Asking" not in text_of(card)
        assert "Cancelled" not in text_of(card)
        assert chat.left == 1
