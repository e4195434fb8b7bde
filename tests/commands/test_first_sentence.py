"""What is read and loaded before the first sentence after a login."""

from __future__ import annotations

from pathlib import Path

from irisops.contract.chat import Command
from tests.commands.editing import desk


async def test_the_first_sentence_knows_the_names_of_the_instance(tmp_path: Path) -> None:
    async with desk(tmp_path) as person:
        session = person.session
        sentence = "gimme all who get into the app user"
        assert session.ready("/license")
        await session.prepare("who holds my license")  # a form fits: no names and no examples are needed
        assert session.ready("who holds my license")
        assert not session.hub.active or not session.hub.active.names.asked
        assert not session.ready(sentence)
        await session.prepare(sentence)
        assert session.ready(sentence)
        link = session.hub.active
        assert link is not None
        assert "/csp/user" in link.names.applications
        assert "%DB_USER" in link.names.resources
        found = session.parse(sentence)
        lines = [found.slash] if isinstance(found, Command) else list(found.suggestions)
        assert "/who-can /csp/user" in lines


async def test_names_that_cannot_be_read_do_not_keep_a_sentence_waiting(tmp_path: Path) -> None:
    async with desk(tmp_path) as person:
        link = person.session.hub.active
        assert link is not None
        await link.connection.disconnect()
        await person.session.prepare("gimme all who get into the app user")
        assert link.names.applications == ()
        assert isinstance(person.session.parse("/license"), Command)
