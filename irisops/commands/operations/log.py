"""/log: the end of messages.log, newest first, and what known lines mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Column, Refusal, Table, Tone
from irisops.contract.wording import counted, harmless
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import filter_words, select, selection_notes
from irisops.instance.errors import or_note
from irisops.instance.operations.log import Line, manager_directory, read_alerts, read_tail

SEVERE = 2
MEANINGS: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        # The first that fits tells. (facts: iris-operations 10)
        (
            r"invalid community edition license",
            "The Community Edition refuses this machine, perhaps for its cores: run a newer image, or fewer cores.",
        ),
        # (facts: iris-license-sessions 2)
        (
            r"license allocation exceeded",
            "Somebody has as many license units as one user may have: /license shows the limit of each.",
        ),
        (
            r"license limit|licen[sc]e.*exceeded",
            "A login found no free license unit: /license shows who holds them.",
        ),
        (
            r"#5915|(cannot|unable to) allocate a license",
            "A web request found no free license unit: /license.",
        ),
        (
            r"no valid license key",
            "The instance has no license key that it can use: it lets hardly anybody in. /license shows what it reads.",
        ),
        # (facts: iris-webapps-gateway 4.1)
        (
            r"#862|restricted from running application",
            "A user may not use a web application: /explain PATH shows which resource that takes.",
        ),
        (
            r"#8754|unable to use namespace",
            "A web user may not enter the namespace of an application, or it is not there: /explain PATH.",
        ),
        # (facts: iris-operations 10)
        (r"community license expired", "The Community Edition's key ran out: run a newer image."),
        # (facts: iris-config-as-text 1)
        (r"^merging .* into ", "A CPF merge began; the lines after it tell what it did."),
        (r"^validating cpf file", "A merged CPF is being checked."),
        (
            r"^no errors found in cpf",
            "The merged CPF is valid; whether its actions worked, the lines after it tell.",
        ),
        (r"^(reading|validating) \[actions\]", "The actions of a CPF merge: one line for each follows."),
        # (facts: iris-webapps-gateway 3.2)
        (
            r"no wsgi app found",
            "A Python application did not load: the exception stands in this entry. /explain PATH looks further.",
        ),
        (
            r"could not switch to a given wsgi",
            "The folder of a Python application is not there or may not be read.",
        ),
        (
            r"modulenotfounderror",
            "A Python package is not installed for the Python inside IRIS (mgr/python).",
        ),
        # (facts: iris-operations 9)
        (
            r"errproductionnotquiescent|can not become quiescent",
            "A production did not stop in its time: work in progress kept it. Stop it with more time, or with force.",
        ),
        (
            r"errproductionalreadyrunning",
            "A production was started that runs already: /productions shows it.",
        ),
        # (facts: iris-operations 10)
        (r"no space left on device", "A disk is full: /databases shows the space left on each."),
        # (facts: iris-security 1)
        (r"#921|requires %\S+ privilege", "A privilege was missing: /denied shows who lacked what."),
        (r"#822|access denied", "A login was refused: /denied shows which, if refusals are recorded."),
    )
)
"""Lines whose meaning is public; the exact text of others differs from release to release."""
_TONES: Mapping[str, Tone] = {"warning": "warn", "severe": "bad", "fatal": "bad", "info": "quiet"}
_FIELDS: cards.Fields[Line] = (
    (Column("time", "TIME"), lambda each: each.time),
    (Column("severity", "SEVERITY", tones=_TONES), lambda each: each.severity),
    (Column("text", "TEXT", grow=True, wrap=3), lambda each: each.text),
    (Column("event", "EVENT", hide_under=100), lambda each: each.event),
    (Column("pid", "PID", "number", hide_under=115), lambda each: each.pid),
    (Column("meaning", "MEANS", hide_under=1000), lambda each: meaning_of(each.text)),
    (Column("level", "LEVEL", "number", hide_under=1000), lambda each: each.level),
    (Column("number", "NUMBER", "number", hide_under=1000), lambda each: each.number),
)
MOST_MEANINGS = 6
"""Explanations below one table."""


def meaning_of(text: str) -> str:
    """What a line means, in a sentence; "" for one that is not known."""
    return next((meaning for pattern, meaning in MEANINGS if pattern.search(text)), "")


async def show_log(context: Context, command: Command) -> Replies:
    """The entries at the end of the log, filtered and sorted by words."""
    link = context.link()
    directory = link.manager_directory = link.manager_directory or await _directory(link)
    lines, cut = await read_tail(link.connection, directory)
    notes: list[str] = []
    alerts = await or_note(read_alerts(link.connection), notes, "Alerts cannot be read")
    lines.reverse()
    chosen = select(cards.rows_of(_FIELDS, lines), filter_words(command), cards.columns_of(_FIELDS))
    yield Table(
        name="log",
        title="messages.log",
        columns=cards.columns_of(_FIELDS),
        rows=chosen.rows,
        key="number",
        notes=[
            *selection_notes(chosen, len(lines), "entry", "entries"),
            *([] if chosen.described else _counted(lines)),
            *_explained(str(row["text"]) for row in chosen.rows),
            *([_alerts(*alerts)] if alerts else []),
            *(
                [f"Only the end of the log: it begins in {harmless(directory, 80)}messages.log."]
                if cut
                else []
            ),
            *(
                []
                if lines
                else [f"{harmless(directory, 80)}messages.log is empty, or ConsoleFile of the CPF moved it."]
            ),
            *notes,
        ],
        total=chosen.total,
        order=chosen.order,
    )


async def _directory(link: Link) -> str:
    found = await manager_directory(link.connection)
    if not found:
        raise Refusal(
            "NotReadable",
            "Where messages.log is cannot be told: IRISSYS is not listed.",
            "/databases shows what is.",
        )
    return found


def _counted(lines: Sequence[Line]) -> list[str]:
    bad = [each for each in lines if each.level >= SEVERE]
    return [f"! {counted(len(bad), 'severe entry', 'severe entries')}: /log level>=2"] if bad else []


def _explained(texts: Iterable[str]) -> list[str]:
    """The meanings of the entries shown, each once."""
    found: dict[str, str] = {}
    for text in texts:
        if meaning := meaning_of(text):
            found.setdefault(meaning, text)
    return [f"“{harmless(text, 48)}”: {meaning}" for meaning, text in list(found.items())[:MOST_MEANINGS]]


def _alerts(state: str, count: int | None) -> str:
    told = "" if count is None else f", {counted(count, 'alert')} since it started or was cleared"
    return f"The system monitor says: {state or 'not known'}{told}."
