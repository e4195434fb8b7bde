"""What never gets into a recording: ids of web sessions; with `pseudonyms` no name and no address either.

The id of a session allows taking it over, so only its start is kept, as on the screen, and a keyed digest of the rest.
A name becomes `user-…` by the same key: the same name is the same pseudonym throughout. The key is never written.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence

from irisops.instance.calls import Answer, Call, ClassMethod, Value
from irisops.instance.driver_process.channel import Json
from irisops.instance.models import community_key
from irisops.instance.values import as_text

SHOWN = 8
"""Characters of a session's id that are kept, as /sessions shows them."""

_SESSIONS = frozenset({"cspsessionid", "sessionid"})
_HOLDERS = frozenset({"userid", "licenseid", "licenseuserid"})
_USERS = frozenset({"username", "osusername"})
_HOSTS = frozenset({"clientipaddress", "clientnodename"})
_PROGRAMS = frozenset({"clientexecutablename"})
_PLAIN = frozenset(
    {
        "namespace", "state", "type", "timeout", "preserve", "allowendsession", "eventtype", "event", "eventsource",
        "utctimestamp", "starttimeutc", "application", "routine", "enabled",
    }
)  # fmt: skip
"""Columns whose text stays with pseudonyms; any other text is left out."""
_NOBODY = frozenset({"", "UnknownUser", "_SYSTEM"})
_WEB = frozenset({"CSP", "GRACE", "MIXED"})
"""Types of license users that may be a session without a login."""
_LEAST_KNOWN = 4_000
"""Ids and logins that are known at least, those seen last; of more sessions, four times as many as are listed."""


class Masks:
    """The masks of one recording. From one thread at a time."""

    def __init__(self, *, pseudonyms: bool) -> None:
        self.pseudonyms = pseudonyms
        self._key = secrets.token_bytes(32)
        self._sessions: dict[str, str] = {}
        self._logins: dict[str, None] = {}
        """License user ids of sessions with a login: no ids of sessions."""
        self._most = _LEAST_KNOWN

    def learn(self, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
        """See which texts are ids of sessions, before any row of the same reading is masked."""
        names = [each.lower() for each in columns]
        if {"id", "licenseid", "preserve"} <= set(names):  # the list of web sessions
            at, holder = names.index("id"), names.index("licenseid")
            for row in rows:
                session, license_id = as_text(row[at]), as_text(row[holder])
                self._session(session)
                if license_id not in ("", session):
                    self._logins.pop(license_id, None)  # the last one seen is the last one
                    self._logins[license_id] = None
            self._most = max(_LEAST_KNOWN, 4 * len(rows))
        for place in (place for place, name in enumerate(names) if name in _SESSIONS):
            for row in rows:
                self._session(as_text(row[place]))
        for kept in (self._sessions, self._logins):
            while len(kept) > self._most:
                del kept[next(iter(kept))]

    def rows(self, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> list[list[Value]]:
        """The rows without what must not be written."""
        names = [each.lower() for each in columns]
        kind = names.index("type") if "type" in names and "userid" in names else None
        return [
            [
                self.cell(name, cell, as_text(row[kind]) if kind is not None else "")
                for name, cell in zip(names, row, strict=True)
            ]
            for row in rows
        ]

    def answer(self, call: Call, answer: Answer) -> Answer:
        """The same for the value of a class method."""
        if isinstance(call, ClassMethod) and isinstance(answer.value, str):
            if call.method == "GetUserId":
                return Answer(value=self._holder(answer.value, ""), round_trips=answer.round_trips)
            if call.method == "KeyCustomerName" and self.pseudonyms and not community_key(answer.value):
                return Answer(value="customer", round_trips=answer.round_trips)
        return answer

    def text(self, text: str) -> str:
        """A sentence of the instance or the program, which may hold any name."""
        return "not kept with pseudonyms" if self.pseudonyms and text else text

    def state(self, state: Mapping[str, Json]) -> dict[str, Json]:
        """What the session knew beside the answers: with pseudonyms without sentences."""
        return {
            name: self.text(value)
            if isinstance(value, str) and name.endswith("_note")
            else {key: self.text(each) if isinstance(each, str) else each for key, each in value.items()}
            if isinstance(value, dict)
            else value
            for name, value in state.items()
        }

    def cell(self, name: str, cell: Value, kind: str) -> Value:  # noqa: PLR0911 - one per kind of column
        """A cell of the column `name`, in lower case; `kind` is the type of its license user, "" if it has none."""
        if not isinstance(cell, str | bytes):
            return cell
        text = as_text(cell)
        if name in _SESSIONS or text in self._sessions:
            return self._session(text)
        if name in _HOLDERS:
            return self._holder(text, kind)
        if not self.pseudonyms or name in _PLAIN:
            return cell
        if name in _USERS:
            return self._user(text)
        if name in _HOSTS:
            return self._name("host", text)
        if name in _PROGRAMS:
            return self._name("program", text)
        return ""

    def _holder(self, text: str, kind: str) -> str:
        web = kind.upper() in _WEB and "@" not in text and text not in self._logins
        if text in self._sessions or (web and len(text) > SHOWN):
            return self._session(text)
        if not self.pseudonyms:
            return text
        user, at, host = text.partition("@")
        return f"{self._user(user)}{at}{self._name('host', host)}"

    def _user(self, text: str) -> str:
        return text if text in _NOBODY else self._name("user", text)

    def _session(self, text: str) -> str:
        if len(text) <= SHOWN:
            return text
        masked = self._sessions.pop(text, "") or f"{text[:SHOWN]}{self._digest(text)}"
        self._sessions[text] = masked  # the last one seen is the last one
        return masked

    def _name(self, kind: str, text: str) -> str:
        return f"{kind}-{self._digest(text)}" if text else ""

    def _digest(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:8]
