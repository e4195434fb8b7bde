"""Names that are hidden cannot be guessed: an answer to a guess is the same whether or not there is such a user."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.agents.serving import APPLY, Agent, agent
from tests.commands.fakes import a_user

HIDDEN = replace(APPLY, agents_names="hidden")
GUESSES = (
    "/users name~{}", "/users {}", "/users name={}", "/users name!={}", "/users full_name~{}", "/users {}=1",
    "/users sort={}", "/users enabled=yes {}", "/explain {}", "/explain {} %DB_USER", "explain {}", "/sessions user={}",
    "/processes user={} sort=pid", "/who-can %DB_USER:W {}", "/license why {}", "/license {}", "/sessions leaks {}",
    "/users dormant 1d {}", "which roles does {} have", "what may {} do", "/no-such-command {}",
    "/denied {}", "can {} read the database USER", "/license forecast 5 csp from={}",
)  # fmt: skip
PLANS = (
    "/grant %SQL to {}", "/disable {}", "/sessions end {}", "/sessions end user={}", "/sessions end user~{}",
    "/sessions end user!={}", "/dormant disable 1d name={}", "/dormant disable 1d {}", "/user {} comment=x",
    "disable {}", "give {} %SQL", "/sessions sweep {}", "/unlock {}",
)  # fmt: skip


async def heard(it: Agent, tool: str, line: str, guess: str) -> str:
    """All of an answer but the guess itself."""
    result = await it.call(tool, line=line.format(guess))
    return str(result.structured_content or result.content).replace(guess, "GUESS")


async def test_a_guess_is_answered_alike_whether_right_or_wrong(tmp_path: Path) -> None:
    async with agent(tmp_path, HIDDEN) as it:
        it.world.instance.all_users += [a_user("zelda", "%SQL"), a_user("zeldane", "%All")]
        await it.told("users")
        for tool, lines in (("ask", GUESSES), ("plan", PLANS)):
            for line in lines:
                right, wrong = await heard(it, tool, line, "zelda"), await heard(it, tool, line, "zelpa")
                assert right == wrong, line
        assert not it.changed


async def test_conditions_look_at_what_is_shown(tmp_path: Path) -> None:
    async with agent(tmp_path, HIDDEN) as it:
        it.world.instance.all_users += [a_user("zelda", "%SQL")]
        rows = (await it.told("users"))["replies"][0]["rows"]
        zelda = next(row["name"] for row in rows if row["roles"] == ["%SQL"])

        async def names(words: str) -> list[str]:
            reply = (await it.told("ask", line=f"/users {words}"))["replies"][0]
            assert reply["total"] >= len(reply["rows"])
            return [row["name"] for row in reply["rows"]]

        assert await names("role=%SQL") == [zelda]
        assert await names(f"name={zelda}") == [zelda]
        assert await names(zelda) == [zelda]
        assert await names("name~zel") == []
        assert await names("sort=-name limit=2") == sorted((row["name"] for row in rows), reverse=True)[:2]
        (note,) = [
            each
            for each in (await it.told("users", filter="role=%SQL"))["replies"][0]["notes"]
            if "fit" in each
        ]
        assert note.endswith("rows fits: your conditions")
        assert await names("no-such-thing") == []
        explained = await it.told("ask", line=f"which roles does {zelda} have")
        assert explained["command"] == f"/users name={zelda}"
        assert [row["name"] for row in explained["replies"][0]["rows"]] == [zelda]
        assert it.calls()[-1].line == "/users name=zelda", "the person sees who was meant"


@pytest.mark.parametrize("line", ["/role Clerk description=zelda", "/role members zelda"])
async def test_a_name_in_another_place_is_refused_before_it_could_come_back_as_a_pseudonym(
    line: str, tmp_path: Path
) -> None:
    async with agent(tmp_path, HIDDEN) as it:
        it.world.instance.all_users += [a_user("zelda", "%SQL")]
        assert await it.refused("plan" if "=" in line else "ask", line=line) == "NamesHidden"
