"""Commands in the palette (Ctrl+P), searched by usage and summary."""

from __future__ import annotations

from textual.app import SystemCommand
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.fuzzy import Matcher
from textual.markup import escape

IN_SUMMARY = 0.5
"""Score of a match in the summary; a match in the title scores higher."""


class Commands(Provider):
    """Provider for the app's `get_system_commands`. Textual's own searches only titles."""

    async def discover(self) -> Hits:
        """All of them, in the order of `/help`."""
        for command in self.app.get_system_commands(self.screen):
            yield DiscoveryHit(
                Content(command.title), command.callback, text=command.title, help=escape(command.help)
            )

    async def search(self, query: str) -> Hits:
        """Commands whose title or summary matches."""
        matcher = self.matcher(query)
        words = query.casefold().split()
        for command in self.app.get_system_commands(self.screen):
            score = matcher.match(command.title)
            if not score and all(word in command.help.casefold() for word in words):
                score = IN_SUMMARY
            if score > 0:
                yield _hit(score, matcher, command)


def _hit(score: float, matcher: Matcher, command: SystemCommand) -> Hit:
    """A line of the palette, as content: strings count as markup, and a usage has many brackets."""
    shown = Content(command.title)
    _, offsets = matcher.fuzzy_search.match(matcher.query, command.title)
    for offset in offsets:
        if not command.title[offset].isspace():
            shown = shown.stylize(matcher.match_style, offset, offset + 1)
    return Hit(score, shown, command.callback, text=command.title, help=escape(command.help))
