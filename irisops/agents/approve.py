"""`irisops approve`: a person says yes, in a terminal, to what an agent has planned."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Callable
from typing import TextIO

from irisops import streams
from irisops.agents.approvals import Approvals, WaitingPlan, plan_of
from irisops.agents.question import as_shown
from irisops.contract.clock import Clock
from irisops.contract.wording import harmless, harmless_lines
from irisops.engine import reply_text
from irisops.files import cure_of
from irisops.profiles.places import Places
from irisops.run_command import Exit

Typed = Callable[[str], str]
_OTHER_LINES = 6
"""Lines around the plan."""


def approve(options: argparse.Namespace) -> int:
    """List the waiting plans, or show one and ask. Returns the exit status."""
    if not sys.stdin.isatty():
        streams.say("irisops: approve asks a person, so it needs a terminal.", sys.stderr)
        return Exit.NEEDS_YES
    return approve_in(Approvals(Places.find()), options.plan, sys.stdout, _typed, Clock())


def approve_in(approvals: Approvals, plan_id: str, out: TextIO, typed: Typed, clock: Clock) -> int:
    """As `approve`; `typed(prompt)` returns what the person types."""
    try:
        waiting = approvals.all(clock.now())
        if not waiting:
            streams.say("No plan of an agent waits.", out)
            return Exit.DONE
        if not plan_id and len(waiting) > 1:
            for each in waiting:
                streams.say(
                    f"{each.id}  {harmless(each.profile, 40)}  {harmless(each.plan['title'], 100)}", out
                )
            streams.say("irisops approve ID shows one of them.", out)
            return Exit.DONE
        found = next((each for each in waiting if not plan_id or each.id == plan_id), None)
        if found is None:
            streams.say(f"There is no waiting plan {harmless(plan_id, 40)}.", out)
            return Exit.NOT_UNDERSTOOD
        return _ask(approvals, found, out, typed, clock)
    except OSError as error:
        streams.say(f"The plans cannot be read or written: {error.strerror or error}. {cure_of(error)}", out)
        return Exit.FAILED


def _ask(approvals: Approvals, found: WaitingPlan, out: TextIO, typed: Typed, clock: Clock) -> int:
    plan = as_shown(plan_of(found.plan), found.names)
    text = harmless_lines(reply_text.text(plan))
    size = shutil.get_terminal_size()
    streams.say("An agent wants to do this:\n", out)
    if out.isatty():
        text = _wrapped(text, size.columns)
    streams.say(text, out)
    if out.isatty() and (lines := text.count("\n") + 1) > size.lines - _OTHER_LINES:
        streams.say(f"\n{lines} lines: scroll up, and read from {harmless(plan.title, 40)}", out)
    streams.say(f"\nIts program calls itself: {harmless(found.client, 80)}", out)
    try:
        answer = typed(f"To agree type {harmless(found.word, 80)}; anything else changes nothing: ")
    except KeyboardInterrupt:
        streams.say("\nNot answered: nothing is changed, and the plan still waits.", out)
        return Exit.NEEDS_YES
    if answer.strip().casefold() != found.word.casefold():
        approvals.drop(found.id)
        streams.say("Not agreed.", out)
        return Exit.NEEDS_YES
    if clock.now() > found.ends or not approvals.waits(found.id):
        approvals.drop(found.id)
        streams.say(
            "Too late: the plan is more than ten minutes old, or was answered elsewhere. This yes counts for nothing; "
            "/history agents in irisops shows what became of it.",
            out,
        )
        return Exit.FAILED
    approvals.approve(found)
    streams.say(f"Agreed. The agent may carry it out until {found.ends.astimezone():%H:%M}.", out)
    return Exit.DONE


def _wrapped(text: str, width: int) -> str:
    """Lines broken between words, for a person who reads all of them."""
    shown = []
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()))
        shown += textwrap.wrap(
            line, max(20, width - 1), subsequent_indent=f"{indent}  ", break_on_hyphens=False, tabsize=1
        ) or [""]
    return "\n".join(shown)


def _typed(prompt: str) -> str:
    sys.stdout.write(prompt)
    sys.stdout.flush()
    return sys.stdin.readline()
