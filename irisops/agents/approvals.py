"""Plans that wait for a person, in files, so that `irisops approve` in a terminal can say yes to one.

The server writes the plan; the terminal shows it and writes beside it what was approved: the digest of the very plan
that it has shown. The server compares it with its own. Files are private to the account, as all of irisops' are: what
runs under the same account can do whatever its person can.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from irisops.contract.replies import Change, Plan
from irisops.engine import reply_json
from irisops.engine.plans import LIFETIME
from irisops.files import read_file, write_atomically
from irisops.profiles.places import Places

BIGGEST = 1024 * 1024
"""Bytes of a file that are read."""
_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class WaitingPlan:
    """A plan that an agent wants carried out. `word` is what a person types as yes."""

    id: str
    profile: str
    word: str
    client: str
    made: datetime
    plan: Mapping[str, Any]
    """The plan's public JSON."""
    names: Sequence[str] = ()
    """Names in it that might be read as more than a name."""

    @property
    def digest(self) -> str:
        """Identity of what would be done, where, and of what is typed."""
        return digest_of(self.profile, self.word, self.plan, self.names)

    @property
    def ends(self) -> datetime:
        """Until when it can be approved and carried out."""
        return self.made + timedelta(seconds=LIFETIME)


def digest_of(profile: str, word: str, plan: Mapping[str, Any], names: Sequence[str]) -> str:
    """See `WaitingPlan.digest`."""
    canonical = json.dumps([profile, word, plan, list(names)], sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()


def shape_of(plan: Plan) -> dict[str, Any]:
    """A plan's public JSON."""
    shaped = reply_json.shape(plan)
    assert shaped is not None  # noqa: S101 - a plan has one
    return shaped


def plan_of(shaped: Mapping[str, Any]) -> Plan:
    """The plan of a public JSON, to be shown. Raises LookupError, TypeError or ValueError for another shape."""
    return Plan(
        name=str(shaped["name"]),
        title=str(shaped["title"]),
        instance=str(shaped["instance"]),
        changes=[
            Change(str(each["what"]), str(each["before"]), str(each["after"])) for each in shaped["changes"]
        ],
        effects=[str(each) for each in shaped["effects"]],
        warnings=[str(each) for each in shaped["warnings"]],
        calls={str(language): [str(line) for line in lines] for language, lines in shaped["calls"].items()},
        confirm_word=str(shaped["confirm_word"]),
    )


class Approvals:
    """The folder of the waiting plans."""

    def __init__(self, places: Places) -> None:
        self._folder = places.state / "agents" / "plans"

    def put(self, waiting: WaitingPlan) -> None:
        """Write a plan. Raises `OSError`."""
        record = {
            "id": waiting.id,
            "profile": waiting.profile,
            "word": waiting.word,
            "client": waiting.client,
            "made": waiting.made.isoformat(),
            "plan": waiting.plan,
            "names": list(waiting.names),
        }
        write_atomically(self._file(waiting.id), json.dumps(record))

    def waits(self, plan_id: str) -> bool:
        """True if the plan's file is still there: a no in a terminal removes it."""
        return self._file(plan_id).is_file()

    def drop(self, plan_id: str) -> None:
        """Remove a plan and its approval; a file that cannot be removed approves nothing once the plan is gone."""
        for path in (self._file(plan_id), self._yes(plan_id)):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def all(self, now: datetime) -> list[WaitingPlan]:
        """The plans that wait, oldest first. What is too old, as after a crash, is removed. Raises `OSError`."""
        found: list[WaitingPlan] = []
        try:
            files = sorted(self._folder.iterdir())
        except FileNotFoundError:
            return []
        for path in files:
            if path.suffix != ".json" or not _ID.fullmatch(path.stem):
                continue
            waiting = self._read(path)
            if waiting is None or now > waiting.ends:
                self.drop(path.stem)
            else:
                found.append(waiting)
        return sorted(found, key=lambda each: each.made)

    def approve(self, waiting: WaitingPlan) -> None:
        """Write a person's yes to the plan as it was shown. Raises `OSError`."""
        write_atomically(self._yes(waiting.id), waiting.digest)

    def approved(self, waiting: WaitingPlan) -> bool:
        """True if a person said yes in a terminal to this very plan."""
        try:
            return read_file(self._yes(waiting.id), 200).decode("ascii", "replace").strip() == waiting.digest
        except OSError:
            return False

    def _file(self, plan_id: str) -> Path:
        return self._folder / f"{plan_id}.json"

    def _yes(self, plan_id: str) -> Path:
        return self._folder / f"{plan_id}.approved"

    def _read(self, path: Path) -> WaitingPlan | None:
        """The plan of a file; None if it is damaged."""
        try:
            record = json.loads(read_file(path, BIGGEST))
            made = datetime.fromisoformat(record["made"])
            texts = [str(record[name]) for name in ("id", "profile", "word", "client")]
            plan_of(record["plan"])
            names = [str(name) for name in record["names"]]
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            return None
        if texts[0] != path.stem or made.tzinfo is None:
            return None
        plan_id, profile, word, client = texts
        return WaitingPlan(plan_id, profile, word, client, made, record["plan"], names)
