"""The conversation: lines, plans, questions, queue, live cards, failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from irisops.contract.chat import About, Command, CommandInfo, Notice
from irisops.contract.replies import Cell, Column, Facts, Problem, Reply, Table
from irisops.ui.arrange import Order
from irisops.ui.ask import Confirm, Secret
from irisops.ui.cards.facts import FactsSection
from irisops.ui.cards.plan import PlanSection
from irisops.ui.cards.problem import ProblemSection
from irisops.ui.editor import EditorScreen
from irisops.ui.grid import Grid
from irisops.ui.transcript import NoticeLine
from irisops.ui.welcome import Welcome
from tests.ui.driving import SMALL, WIDE, Clock, app_of, focus_of, make_app, say, screen_text, text_of, until
from tests.ui.fake_chat import LOCAL, FakeChat


async def test_a_typed_line_becomes_a_card_that_names_its_command() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        card = await say(pilot, "who holds my license")
        assert card.state == "live"
        assert "5 of 8 units" in text_of(card)
        assert "web 10.0.0.5" in text_of(card)
        assert "/license" in str(card.border_title)
        assert not app_of(pilot).query(Welcome)


async def test_unknown_words_come_back_selected_with_suggestions() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        card = await say(pilot, "make me coffee")
        app = app_of(pilot)
        assert card.state == "failed"
        assert "/license" in text_of(card)
        assert app.conversation.prompt.text == "make me coffee"
        await pilot.press("x")  # the selection is replaced by the next key
        assert app.conversation.prompt.text == "x"


@pytest.mark.parametrize(
    "keys", [("2", "enter"), ("tab", "down", "enter"), ("alt+up", "down", "enter"), ("tab", "2")]
)
async def test_a_suggestion_is_picked_by_number_and_with_the_arrows(keys: tuple[str, ...]) -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        card = await say(pilot, "make me coffee")
        assert "2 /users" in text_of(card)
        assert "1–3 picks   Tab goes there" in screen_text(app_of(pilot))
        await pilot.press(*keys)
        await until(pilot, lambda: "run /users" in chat.log)
        app = app_of(pilot)
        assert "run /license" not in chat.log
        assert "Tab goes there" not in screen_text(app), "the newest card offers nothing"
        assert app.conversation.prompt.text == ""
        assert focus_of(app) is app.conversation.prompt.input


@pytest.mark.parametrize("number", [0, 1, 2])
async def test_a_click_picks_exactly_the_clicked_suggestion(number: int) -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        card = await say(pilot, "make me coffee")
        section = card.query_one(ProblemSection)
        lines = [line.plain.strip() for line in section.lines(section.size.width)]
        [place] = [row for row, line in enumerate(lines) if line.startswith(f"{number + 1} /")]
        await pilot.click(section, offset=(6, place))
        wanted = ("run /license", "run /users", "run /help")[number]
        await until(pilot, lambda: wanted in chat.log)
        assert [line for line in chat.log if line.startswith("run")] == [wanted]


async def test_a_question_back_is_no_failure_and_says_what_each_pick_does() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        card = await say(pilot, "make me coffee")
        assert card.state == "failed"
        assert not card.has_class("-failed"), "no red frame around a question"
        lines = text_of(card.query_one(ProblemSection)).splitlines()
        assert lines[0].startswith("? ")
        assert lines[1].split("   ")[0].strip() == "1 /license"
        assert "Who holds each license unit" in lines[1]
        assert lines[-1].startswith("→ "), "the picks come first"


async def test_what_is_so_already_is_an_answer_and_no_failure() -> None:
    chat = FakeChat()
    chat.answers["license"] = [
        Problem("AlreadyHeld", "reader holds %SQL already.", "There is nothing to do.")
    ]
    chat.answers["users"] = [Problem("Unreachable", "It does not answer.", "Try again.")]
    async with make_app(chat).run_test(size=WIDE) as pilot:
        card = await say(pilot, "/license")
        assert (card.state, card.has_class("-failed")) == ("failed", False)
        assert "No change needed" in str(card.border_title)
        assert text_of(card.query_one(ProblemSection)).startswith("· reader holds")
        card = await say(pilot, "/users")
        assert card.has_class("-failed")


async def test_a_plan_that_wants_a_word_says_so() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        card = await say(pilot, "/guarded")
        assert "waits for a typed word" in str(card.border_title)


async def test_a_plan_keeps_its_state_and_command_where_the_instance_has_no_room() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        card = await say(pilot, "/grant %SQL to appuser")
        top = str(card.border_title)
        assert "waits for yes or no" in top
        assert "/grant %SQL to appuser" in top
        assert "…" not in top


async def test_a_number_without_picks_is_an_ordinary_line() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        await say(pilot, "make me coffee")
        await say(pilot, "/license")
        card = await say(pilot, "2")
        assert card.state == "failed"
        assert "run /users" not in chat.log


async def test_a_sentence_waits_for_what_it_is_compared_with_and_the_screen_does_not() -> None:
    class Unready(FakeChat):
        loaded = asyncio.Event()

        def ready(self, text: str) -> bool:
            return text.startswith("/") or self.loaded.is_set()

        async def prepare(self, text: str) -> None:
            await super().prepare(text)
            await self.loaded.wait()

    chat = Unready()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        conversation = app_of(pilot).conversation
        conversation.send("who holds my license")
        conversation.send("/users")
        await pilot.pause()
        assert conversation.busy
        assert "prepare" in chat.log
        assert not [line for line in chat.log if line.startswith("run")]
        chat.loaded.set()
        await until(pilot, lambda: not conversation.busy and "run /users" in chat.log)
        assert [line for line in chat.log if line.startswith("run")] == ["run /license", "run /users"]


async def test_a_sentence_that_still_waits_can_be_cancelled() -> None:
    class Never(FakeChat):
        def ready(self, text: str) -> bool:
            return False

        async def prepare(self, text: str) -> None:
            await asyncio.Event().wait()

    async with make_app(Never()).run_test(size=SMALL) as pilot:
        conversation = app_of(pilot).conversation
        conversation.send("who holds my license")
        await pilot.pause()
        assert conversation.busy
        assert conversation.cancel()
        await until(pilot, lambda: not conversation.busy)
        assert not conversation.transcript.cards


async def test_a_pick_of_what_acts_at_once_waits_in_the_prompt() -> None:
    class Offering(FakeChat):
        def parse(self, text: str, about: About | None = None) -> Command | Problem:
            if text == "wipe":
                return Problem("NotUnderstood", "?", "", text=text, suggestions=["/clear"])
            return super().parse(text, about)

        def commands(self) -> Sequence[CommandInfo]:
            return [CommandInfo("clear", "/clear", "Empty the transcript", at_once=True), *super().commands()]

    chat = Offering()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        await say(pilot, "wipe")
        await pilot.press("1", "enter")
        await pilot.pause()
        assert app_of(pilot).conversation.prompt.text == "/clear"
        assert "run /clear" not in chat.log


async def test_a_key_of_a_row_whose_command_acts_at_once_waits_in_the_prompt() -> None:
    class Sharing(FakeChat):
        async def run(self, command: Command) -> AsyncIterator[Reply]:
            self.log.append(f"run {command.slash}")
            rows: list[dict[str, Cell]] = [{"share": "s1"}]
            actions = [("x", "end", "/clear {share}")]
            yield Table("tunnels", "Tunnels", [Column("share", "SHARE")], rows, key="share", actions=actions)

        def commands(self) -> Sequence[CommandInfo]:
            others = [each for each in super().commands() if each.name != "clear"]
            return [CommandInfo("clear", "/clear", "Empty the transcript", at_once=True), *others]

    chat = Sharing()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        await say(pilot, "/users")
        await pilot.press("alt+up", "x")
        await until(pilot, lambda: app_of(pilot).conversation.prompt.text == "/clear s1")
        assert chat.log[-1] == "run /users"


async def test_a_long_title_is_cut_before_the_state_which_a_plan_leaves_to_its_question() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        card = await say(pilot, f"/grant %{'Long' * 20} to appuser")
        top = card.border_title
        assert "…" in str(top)
        assert "waits" not in str(top)
        card.set_state("frozen")
        assert "as of 14:43:05" in str(card.border_title)


async def test_a_line_that_was_not_understood_stands_once() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        card = await say(pilot, "make me coffee")
        assert "make me coffee" not in str(card.border_title)


async def test_a_pick_that_lacks_something_goes_to_the_prompt_with_the_place_marked() -> None:
    class Asking(FakeChat):
        def parse(self, text: str, about: About | None = None) -> Command | Problem:
            if text == "give":
                return Problem("NotUnderstood", "?", "", text=text, suggestions=["/grant ROLE to USER"])
            return super().parse(text, about)

    chat = Asking()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        await say(pilot, "give")
        await pilot.press("1", "enter")
        prompt = app_of(pilot).conversation.prompt
        await until(pilot, lambda: prompt.text == "/grant ROLE to USER")
        await pilot.press(*"%SQL")
        assert prompt.text == "/grant %SQL to USER"
        assert not any(line.startswith("run") for line in chat.log)


async def test_an_offer_is_picked_by_its_letter_enter_or_click_and_never_blocks_the_prompt() -> None:
    class Offering(FakeChat):
        def _replies(self, command: Command, rest: list[str]) -> list[Reply]:
            if command.name == "status":
                answer = Facts("explain", "Can bob read HR? No", {"user": "bob"}, {"user": "user"})
                return [replace(answer, actions=[("f", "fix it", "/grant HR to bob")])]
            return super()._replies(command, rest)

    for way in ("prompt", "focus", "enter", "click"):
        chat = Offering()
        async with make_app(chat).run_test(size=SMALL) as pilot:
            card = await say(pilot, "/status")
            app = app_of(pilot)
            assert text_of(card).splitlines()[-1].strip() == "f fix it"
            assert app.conversation.questions.shown is None
            if way == "prompt":
                await pilot.press("f", "enter")
            elif way == "focus":
                await pilot.press("tab", "f")
            elif way == "enter":
                await pilot.press("tab", "enter")
            else:
                section = card.query_one(FactsSection)
                await pilot.click(section, offset=(4, section.size.height - 1))
            await until(pilot, lambda: "run /grant HR to bob" in chat.log)  # noqa: B023 - it is awaited here
            await until(pilot, lambda: app.conversation.questions.shown is not None)  # noqa: B023 - as above


async def test_yes_confirms_a_plan_once() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        card = await say(pilot, "/grant %SQL to appuser")
        app = app_of(pilot)
        assert card.state == "waiting"
        assert app.conversation.questions.shown is not None
        assert app.conversation.prompt.region.height == 0
        assert "on local" in screen_text(app)
        await pilot.press("y")
        await until(pilot, lambda: card.state == "done")
        assert chat.log.count("confirm plan-1") == 1
        assert "/undo 12" in text_of(card)
        assert app.conversation.prompt.display
        assert focus_of(app) is app.conversation.prompt.input


@pytest.mark.parametrize("key", ["n", "escape"])
async def test_no_declines_a_plan(key: str) -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        card = await say(pilot, "/grant %SQL to appuser")
        await pilot.press(key)
        await until(pilot, lambda: card.state == "declined")
        assert "decline plan-1" in chat.log
        assert not any(line.startswith("confirm") for line in chat.log)


async def test_question_mark_shows_the_calls() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        card = await say(pilot, "/grant %SQL to appuser")
        assert "AddRoles" not in text_of(card)
        await pilot.press("question_mark")
        section = card.query_one(PlanSection)
        await until(pilot, lambda: section.calls_shown)
        assert "AddRoles" in text_of(card)
        assert "GRANT %SQL TO appuser" in text_of(card)


async def test_a_guarded_plan_needs_its_word() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        card = await say(pilot, "/guarded")
        await pilot.press(*"local", "enter")
        await pilot.pause()
        assert card.state == "waiting"
        assert "Wrong word" in screen_text(app_of(pilot))
        await pilot.press(*"clinic-test", "enter")
        await until(pilot, lambda: card.state == "done")
        assert "confirm plan-1 clinic-test" in chat.log


async def test_lines_typed_meanwhile_wait_and_are_shown() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        app.conversation.send("/long")
        await until(pilot, lambda: "run /long" in chat.log)
        app.conversation.prompt.put("/users")
        await pilot.press("enter")
        await until(pilot, lambda: "waits" in screen_text(app))
        assert "run /users" not in chat.log
        assert "50 %" in screen_text(app)
        chat.hold.set()
        await until(pilot, lambda: "run /users" in chat.log)
        assert chat.log.index("run /long") < chat.log.index("run /users")
        await until(pilot, lambda: app.conversation.running is None)
        assert "waits" not in screen_text(app)


async def test_a_second_plan_waits_for_the_answer_to_the_first() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        app.conversation.send("/grant %SQL to appuser")
        app.conversation.send("/grant %All to bob")
        await until(pilot, lambda: app.conversation.questions.shown is not None)
        assert "run /grant %All to bob" not in chat.log
        await pilot.press("n")
        await until(pilot, lambda: "plan-2" in chat.plans and app.conversation.questions.shown is not None)
        question = app.conversation.questions.shown
        assert isinstance(question, Confirm)
        assert question.plan.title == "Give %All to bob"


async def test_ctrl_c_cancels_what_runs_and_drops_what_waits() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        app.conversation.send("/long")
        app.conversation.send("/users")
        await until(pilot, lambda: "run /long" in chat.log)
        await pilot.press("ctrl+c")
        card = app.conversation.transcript.cards[0]
        await until(pilot, lambda: card.state == "failed")
        assert "Cancelled" in text_of(card)
        assert "run /users" not in chat.log
        assert app.is_running


async def test_a_fault_of_the_program_is_a_card_and_the_chat_goes_on() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        card = await say(pilot, "/crash")
        assert card.state == "failed"
        assert "a fault in the program" in text_of(card)
        assert "report" in text_of(card)
        assert (await say(pilot, "/users")).state == "done"


async def test_a_password_is_masked_given_and_kept_nowhere() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        card = await say(pilot, "/connect clinic-test")
        question = app.conversation.questions.shown
        assert isinstance(question, Secret)
        await pilot.press(*"s3cret!")
        shown = screen_text(app) + app.export_screenshot()
        assert "s3cret" not in shown
        await pilot.press("enter")
        await until(pilot, lambda: card.state == "done")
        assert chat.secret == "s3cret!"
        assert app.conversation.questions.shown is None
        assert focus_of(app) is app.conversation.prompt.input
        await pilot.press("up")
        assert app.conversation.prompt.text == "/connect clinic-test"


async def test_a_password_may_be_declined() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        card = await say(pilot, "/connect clinic-test")
        await pilot.press(*"half", "escape")
        await until(pilot, lambda: card.state == "failed")
        assert chat.secret is None
        assert "No password was given" in text_of(card)


def test_a_given_password_is_not_in_a_repr() -> None:
    assert "s3cret" not in repr(Secret.Given("s3cret"))


async def test_a_live_card_keeps_itself_fresh_in_place() -> None:
    chat = FakeChat()
    clock = Clock()
    async with make_app(chat, clock=clock).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        card = await say(pilot, "/processes")
        grid = card.query_one(Grid)
        clock.advance(2)
        app.conversation.refresh_live()
        await until(pilot, lambda: chat.log.count("run /processes") == 2)
        await until(pilot, lambda: card.updated == clock.time)
        assert card.query_one(Grid) is grid
        assert len(app.conversation.transcript.cards) == 1


async def test_an_older_live_card_of_the_same_kind_freezes_and_says_when() -> None:
    chat = FakeChat()
    clock = Clock()
    async with make_app(chat, clock=clock).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        old = await say(pilot, "/license")
        clock.advance(60)
        await say(pilot, "/license")
        assert old.state == "frozen"
        assert "as of 14:43:05" in str(old.border_title)
        app.conversation.refresh_live()
        await until(pilot, lambda: chat.log.count("run /license") == 3)
        assert old.state == "frozen"


@pytest.mark.parametrize("state", ["lost", "connecting", "off", "refused"])
async def test_live_cards_rest_while_there_is_no_connection(state: str) -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        card = await say(pilot, "/license")
        chat.become(LOCAL._replace(state=state, stale=True))  # type: ignore[arg-type]
        app_of(pilot).conversation.refresh_live()
        await pilot.pause()
        assert chat.log.count("run /license") == 1
        assert "stale, as of 14:43:05" in str(card.border_title)
        chat.become(LOCAL)
        assert "stale" not in str(card.border_title)


async def test_a_live_card_out_of_sight_is_not_read_again() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        await say(pilot, "/license")
        for _ in range(3):
            await say(pilot, "/users")
        app = app_of(pilot)
        app.conversation.refresh_live()
        await pilot.pause()
        assert chat.log.count("run /license") == 1
        app.conversation.transcript.release_anchor()
        app.conversation.transcript.scroll_home(animate=False)
        await pilot.pause()
        app.conversation.refresh_live()
        await until(pilot, lambda: chat.log.count("run /license") == 2)


async def test_a_notice_stands_in_the_transcript_with_its_cure() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        chat.say(Notice("error", "The connection was lost.", "It is tried again by itself.", "local"))
        app = app_of(pilot)
        await until(pilot, lambda: app.query(NoticeLine))
        assert "local: The connection was lost." in screen_text(app)
        assert "→ It is tried again by itself." in screen_text(app)
        chat.say(Notice("warning", "local does not answer.", "", "local"))
        await until(pilot, lambda: "! local does not answer." in screen_text(app))


async def test_clear_empties_the_transcript() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        await say(pilot, "/users")
        app.conversation.send("/clear")
        await until(pilot, lambda: app.query(Welcome))
        assert not app.conversation.transcript.cards
        assert not app.conversation.transcript.entries


async def test_enter_on_a_row_runs_its_command() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        await say(pilot, "/license")
        await pilot.press("alt+up", "enter")
        await until(pilot, lambda: any("/sessions" in line for line in chat.log))
        assert chat.log[-1] == 'run /sessions holder="web 10.0.0.5"'


async def test_a_letter_that_is_a_row_action_acts_and_another_goes_to_the_prompt() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        await say(pilot, "/users")
        await pilot.press("alt+up", "z")
        assert app.conversation.prompt.text == "z"
        assert focus_of(app) is app.conversation.prompt.input
        app.conversation.prompt.put("")
        await pilot.press("alt+up", "down", "g")
        await until(pilot, lambda: "run /grant %SQL to Admin" in chat.log)


async def test_a_form_goes_through_a_plan_and_shows_errors_on_its_fields() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        app.conversation.send("/user appuser")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await pilot.press("ctrl+s")
        assert "This is needed." in screen_text(app)
        await pilot.press(*"App User", "ctrl+s")
        await until(pilot, lambda: "plan-1" in chat.plans)
        await until(pilot, lambda: not isinstance(app.screen, EditorScreen))
        assert isinstance(app.conversation.questions.shown, Confirm)
        await pilot.press("y")
        await until(pilot, lambda: "confirm plan-1" in chat.log)


def share_replies() -> list[Reply]:
    """A share of two people, as it is answered."""
    found = Table(
        "preflight", "Preflight", [Column("finding", "FINDING")], [{"finding": "Admin: default password"}]
    )
    passes = [
        Facts(
            f"team_card {name}",
            f"For {name}",
            {"name": name},
            {"name": "Pass"},
            blocks={"Access": f"pw-of-{name}"},
            actions=[("s", "save", f"/card {name} FILE"), ("x", "send away", f"/kick {name}")],
        )
        for name in ("guest-fox-1", "guest-owl-1")
    ]
    return [found, Facts("share", "Shared until 18:00", {"share": "abcd1234"}, {"share": "Share"}), *passes]


class Sharing(FakeChat):
    """Answers /status with a share."""

    def _replies(self, command: Command, rest: list[str]) -> list[Reply]:
        return share_replies()


async def test_ctrl_y_on_a_share_copies_the_focused_pass_alone() -> None:
    async with make_app(Sharing()).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        await say(pilot, "/undo")
        await pilot.press("ctrl+y")
        assert app.clipboard == ""
        await until(pilot, lambda: "Nothing copied" in text_of(app.status))
        for name, other in (("guest-owl-1", "guest-fox-1"), ("guest-fox-1", "guest-owl-1")):
            await pilot.press("alt+up")
            await until(pilot, lambda name=name: f"▸ Pass {name}" in screen_text(app))  # type: ignore[misc]
            assert "pw-of" not in screen_text(app)
            await pilot.press("c" if name == "guest-owl-1" else "ctrl+y")
            await until(pilot, lambda name=name: f"pw-of-{name}" in app.clipboard)  # type: ignore[misc]
            for absent in (other, "default password", "abcd1234"):
                assert absent not in app.clipboard
            await until(pilot, lambda name=name: f"“For {name}” alone" in text_of(app.status))  # type: ignore[misc]
        await pilot.press("alt+up", "ctrl+y")
        await until(pilot, lambda: "default password" in app.clipboard)
        assert "pw-of" not in app.clipboard


async def test_the_passes_of_a_share_are_lines_with_keys_of_their_own() -> None:
    chat = Sharing()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        card = await say(pilot, "/undo")
        lines = text_of(card).splitlines()
        assert lines[-2:] == ["  Pass guest-fox-1", "  Pass guest-owl-1"]
        await pilot.press("alt+up", "alt+up")
        assert "↵ shows it · c copy · s save · x send away" in str(card.border_subtitle)
        await pilot.press("enter")
        await until(pilot, lambda: "pw-of-guest-fox-1" in text_of(card))
        assert "pw-of-guest-owl-1" not in text_of(card)
        await pilot.press("enter")
        await until(pilot, lambda: "pw-of-" not in text_of(card))
        await pilot.press("s")
        await until(pilot, lambda: app.conversation.prompt.text == "/card guest-fox-1 FILE")
        app.conversation.prompt.put("x")  # not the letter of a pass: none has the focus
        await pilot.press("enter")
        await pilot.pause()
        assert not any("kick" in line for line in chat.log)


async def test_an_older_live_card_with_the_same_filter_folds_to_a_line() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        old = await say(pilot, "/license")
        await say(pilot, "/license")
        await until(pilot, lambda: old.region.height == 1)
        assert "folded, ↵ opens it" in str(old.border_title)
        await pilot.press("alt+up", "alt+up")
        assert focus_of(app) is old
        await pilot.press("enter")
        await until(pilot, lambda: old.region.height > 5)
        assert old.state == "frozen"


def referred(chat: FakeChat) -> About:
    assert chat.about is not None
    return chat.about


async def test_a_line_refers_to_the_last_answer_and_the_row_marked_in_it() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        await say(pilot, "/users")
        await say(pilot, "make me coffee")
        assert (referred(chat).command.slash, referred(chat).count, referred(chat).marked) == (
            "/users",
            10,
            None,
        )
        await pilot.press("alt+up", "alt+up", "down", "down")
        await say(pilot, "end it")
        about = referred(chat)
        assert about.marked == 2
        assert [row["name"] for row in about.rows][:3] == ["_SYSTEM", "Admin", "CSPSystem"]
        assert about.actions[0] == ("enter", "edit", "/user {name}")
        assert about.suggestions[0] == "/license", "the newest card's own"


async def test_rows_are_meant_in_the_order_in_which_they_are_shown() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        card = await say(pilot, "/users")
        grid = card.query_one(Grid)
        grid.filter("%DB")
        grid.reorder(Order("name", descending=True))
        await say(pilot, "the second one")
        about = referred(chat)
        assert [row["name"] for row in about.rows] == ["rest_client", "reader", "appuser"]
        assert (about.count, about.find) == (3, "%DB")


async def test_rows_stay_what_they_were_after_a_change() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        await say(pilot, "/users")
        card = await say(pilot, "/grant %SQL to appuser")
        await pilot.press("y")
        await until(pilot, lambda: card.state == "done")
        await say(pilot, "the second one")
        about = referred(chat)
        assert about.command.slash == "/users"
        assert about.last is not None
        assert about.last.slash == "/grant %SQL to appuser"


async def test_more_unfolds_the_newest_card() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        card = await say(pilot, "/hostile")
        await until(pilot, lambda: card.hidden_lines)
        app_of(pilot).conversation.prompt.put("more")
        await pilot.press("enter")
        await until(pilot, lambda: card.expanded)
        assert app_of(pilot).conversation.transcript.cards[-1] is card


async def test_the_rows_of_the_last_answer_are_ordered_and_filtered_where_they_stand() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        nothing = await say(pilot, "/sort units")
        assert nothing.state == "failed"
        card = await say(pilot, "/license")
        grid = card.query_one(Grid)
        done = await say(pilot, "/sort -conns")
        assert "ordered by conns, the largest first" in text_of(done)
        assert [row["connections"] for row in grid.view.rows] == [3, 2, 1]
        await say(pilot, "/only unit")
        assert [row["holder"] for row in grid.view.rows] == ["appuser"]
        await say(pilot, "/only")
        assert len(grid.view.rows) == 3
        assert "columns are holder" in text_of(await say(pilot, "/sort colour"))
