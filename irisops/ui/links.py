"""Commands named in irisops' own sentences, as links that put them into the prompt. Pure, no widgets.

A sentence may quote an instance: a role could be called `/user delete x`. So a link is only a command of the registry,
outside quotation marks and not inside a value that the same card shows; its arguments are numbers, `key=value`, and
words of the command's own usage, never other words. Cells and values are never searched. Nothing runs by a click.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from textual.content import Content
from textual.style import Style

from irisops.contract.chat import CommandInfo

META = "irisops.command"
"""Key of a style's meta data that holds the line for the prompt."""

_START = re.compile(r"(?<![^\s(])/(?=[a-z])")
_QUOTED = re.compile(r"“[^”]*(?:”|$)|\"[^\"]*(?:\"|$)|‘[^’]*(?:’|$)")
_WORD = re.compile(r"(?:[^\s,;:!?()]|:(?=\S))+")
_LITERAL = re.compile(r"[a-z][a-z-]*")
_ARGUMENT = re.compile(r"\d+[a-z]?|[a-z_]+(?:[<>]?=|[<>~])[\w.%+,:/-]+")


@dataclass(frozen=True, slots=True)
class Commands:
    """The registry as a screen knows it: name of each command -> literal words of its usage."""

    usage: Mapping[str, frozenset[str]]
    summaries: Mapping[str, str] = field(default_factory=dict)
    """Name of each command -> what it does."""

    @classmethod
    def of(cls, infos: Sequence[CommandInfo]) -> Commands:
        """From the commands of a chat."""
        return cls(
            {
                info.name.removeprefix("/"): frozenset(
                    _LITERAL.findall(info.usage.removeprefix("/").removeprefix(info.name.removeprefix("/")))
                )
                for info in infos
            },
            {info.name.removeprefix("/"): info.summary for info in infos},
        )

    def summary(self, line: str) -> str:
        """What the command of a line does; "" for none."""
        words = line.removeprefix("/").split()
        names = (" ".join(words[:count]) for count in range(len(words), 0, -1))
        return next((self.summaries[name] for name in names if name in self.summaries), "")

    def begins(self, word: str) -> bool:
        """True if a command begins with this word."""
        return any(name == word or name.startswith(f"{word} ") for name in self.usage)

    def found(self, sentence: str, foreign: Sequence[str] = ()) -> list[tuple[int, int]]:
        """Start and end of each command named in a sentence. `foreign` are values of an instance."""
        closed = [found.span() for found in _QUOTED.finditer(sentence)]
        for value in foreign:
            if value in sentence:
                closed += [found.span() for found in re.finditer(re.escape(value), sentence)]
        spans: list[tuple[int, int]] = []
        for start in (found.start() for found in _START.finditer(sentence)):
            end = self._end(sentence, start)
            if end and not any(low < end and start < high for low, high in closed):
                spans.append((start, end))
        return spans

    def _end(self, sentence: str, start: int) -> int:
        """Where the command that begins at `start` ends; 0 if there is none."""
        position, name, end = start + 1, "", 0
        literals: frozenset[str] = frozenset()
        in_name = True
        for found in _WORD.finditer(sentence, position):
            if sentence[position : found.start()].strip(" ") or (name and found.start() == position):
                break
            word = found[0].rstrip(".·–")
            known = f"{name} {word}".strip()
            in_name = in_name and any(each == known or each.startswith(f"{known} ") for each in self.usage)
            if in_name:
                name = known
                if known in self.usage:
                    literals, end = self.usage[known], found.start() + len(word)
            elif end and (word in literals or _ARGUMENT.fullmatch(word)):
                end = found.start() + len(word)
            else:
                break
            position = found.start() + len(word)
            if word != found[0]:
                break
        return end


NO_COMMANDS = Commands({})

Finder = Callable[[], Commands]
"""Gives the registry when it is first needed."""


def linked(sentence: Content, commands: Commands, foreign: Sequence[str] = ()) -> Content:
    """The sentence with its commands as links."""
    for start, end in commands.found(sentence.plain, foreign):
        sentence = sentence.stylize("$accent underline", start, end)
        sentence = sentence.stylize(Style.from_meta({META: sentence.plain[start:end]}), start, end)
    return sentence


def commands_in(lines: Iterable[Content]) -> list[str]:
    """The commands that are links in these lines, each once, in order."""
    return list(dict.fromkeys(line for content in lines for _, line in _spans(content)))


def marked(lines: Iterable[Content], command: str) -> list[Content]:
    """The lines with the links to one command marked."""
    return [_marked(content, command) for content in lines]


def _marked(content: Content, command: str) -> Content:
    for (start, end), line in _spans(content):
        if line == command:
            content = content.stylize("reverse", start, end)
    return content


def _spans(content: Content) -> list[tuple[tuple[int, int], str]]:
    return [
        ((span.start, span.end), str(span.style.meta[META]))
        for span in content.spans
        if isinstance(span.style, Style) and META in span.style.meta
    ]
