"""/evidence: what a real instance answers, as a file to give away; /evidence compare: what such a file settles."""

from __future__ import annotations

import os
from contextlib import aclosing
from pathlib import Path
from typing import Any

from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Change, Column, Done, Facts, Plan, Progress, Refusal, Scalar, Table
from irisops.contract.wording import counted, harmless
from irisops.engine import cards
from irisops.engine.availability import into_sys
from irisops.engine.context import Context
from irisops.engine.file_argument import file_of
from irisops.engine.spec import Replies
from irisops.files import cure_of, write_new_atomically
from irisops.instance.evidence.findings import Findings, see
from irisops.instance.evidence.reads import reads
from irisops.instance.evidence.report import (
    Compared,
    EvidenceError,
    compare,
    contradictions,
    document,
    load,
    text_of,
)

EVERY = 10
"""Reads between two lines of progress."""


async def collect(context: Context, command: Command) -> Replies:
    """Read everything once, show the file, and plan to write it."""
    path = file_of(command, "Choose another name.")
    _refuse_existing(path)
    link = context.link()
    info = link.connection.info
    if info is None or info.namespace.upper() != "%SYS":
        raise Refusal(
            "NotInSys",
            "Evidence is collected in the namespace %SYS.",
            into_sys(link),
        )
    wanted = reads(link.profile.user, info.pid)
    seen = []
    async with aclosing(see(link.connection, wanted, monotonic=context.clock.monotonic)) as answers:
        async for each in answers:
            seen.append(each)
            if len(seen) % EVERY == 0:
                step = f"Reading {len(seen)} of {len(wanted)} …"
                yield Progress("evidence", step, len(seen) / len(wanted))
    evidence = document(Findings(info, link.profile.user, seen), context.clock.now().date())
    text = text_of(evidence)
    yield _shown(evidence, text)
    yield context.plans.add(_plan(path, text), lambda: _write(path, text))


def _refuse_existing(path: Path) -> None:
    if os.path.lexists(path):
        raise _is_there(path)


def _is_there(path: Path) -> Refusal:
    return Refusal("FileExists", f"{harmless(path)} is already there.", "Choose another name.")


def _shown(evidence: dict[str, Any], text: str) -> Facts:
    compared = compare(evidence)
    settled: list[Scalar] = [each.doubt for each in compared if each.answer]
    unsettled: list[Scalar] = [each.doubt for each in compared if not each.answer]
    entries: list[cards.Entry] = [
        ("version", "Version", evidence["version"]["number"]),
        ("all", "The account has %All", evidence["account"]["%All"]),
        ("reads", "Reads", len(evidence["reads"])),
        ("failed", "Not answered", sum("error" in each for each in evidence["reads"].values())),
        ("settled", "Questions answered", settled),
        ("open", "Still open", unsettled),
    ]
    notes = [
        "The file will hold only what you see here: the form of each answer, not its content. No names, no addresses.",
        "Run once with %All and once without: the two files together answer the most.",
    ]
    card = cards.facts_card("evidence", "Evidence", entries, notes)
    card.blocks = {"The file": text}
    return card


def _plan(path: Path, text: str) -> Plan:
    return Plan(
        name="evidence",
        title="Write the evidence file",
        instance="this computer",
        changes=[Change(harmless(path), "not there", counted(len(text.splitlines()), "line"), "made")],
        effects=["Only you can read it (0600), and it is sent nowhere.", "The instance is not changed."],
    )


async def _write(path: Path, text: str) -> Replies:
    try:
        write_new_atomically(path, text)
    except FileExistsError:
        raise _is_there(path) from None
    except OSError as error:
        raise Refusal(
            "NotWritten", f"{harmless(path)} cannot be written: {error.strerror}.", cure_of(error)
        ) from None
    yield Done(
        "evidence",
        f"The evidence is in {path}.",
        [
            f"/evidence compare {quote(str(path))} shows which questions it answers",
            "Attach it to an issue of irisops",
        ],
    )


_FIELDS: cards.Fields[Compared] = (
    (Column("doubt", "DOUBT"), lambda each: each.doubt),
    (Column("verdict", "VERDICT"), lambda each: each.verdict),
    (Column("answer", "ANSWER"), lambda each: each.answer),
    (Column("expected", "EXPECTED", hide_under=70), lambda each: each.expected),
    (Column("because", "BECAUSE", grow=True), lambda each: each.because),
)


async def settle(_context: Context, command: Command) -> Replies:
    """The doubts that a file settles, and the assumptions that it contradicts."""
    path = file_of(command, "Name a file that /evidence has written.")
    try:
        evidence = load(path)
    except OSError as error:
        raise Refusal(
            "NoSuchFile",
            f"{harmless(path)} cannot be read: {error.strerror}.",
            "Name a file that /evidence has written.",
        ) from None
    except EvidenceError as error:
        raise Refusal(
            "NotEvidence",
            f"{harmless(path)} cannot be used: {harmless(error)}.",
            "Name a file that /evidence has written, as it was written.",
        ) from None
    compared = compare(evidence)
    against = contradictions(evidence)
    version = " ".join(evidence["version"].get(key, "") for key in ("product", "number"))
    otherwise = sum(each.verdict == "otherwise" for each in compared)
    settled = otherwise + sum(each.verdict == "as expected" for each in compared)
    notes = [
        f"{settled} of {counted(len(compared), 'open question')} are answered, {otherwise} not as expected."
    ]
    notes += [f"irisops assumes otherwise: {each}" for each in against]
    if not against:
        notes.append("Nothing in it contradicts what irisops assumes about calls, columns and privileges.")
    yield Table(
        name="evidence",
        title=f"What {version.strip() or 'the file'} settles",
        columns=cards.columns_of(_FIELDS),
        rows=cards.rows_of(_FIELDS, compared),
        key="doubt",
        notes=notes,
    )
