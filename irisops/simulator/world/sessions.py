"""Web (CSP) sessions: opened by a page, extended by requests, ended by timeout, logout or an administrator.

Each holds a connection of a license identity: its own id before a login, `user@address` after (facts:
license-sessions 2.1, 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from irisops.simulator.world.chance import Chance
from irisops.simulator.world.license import Connection, Kind, LicenseEngine
from irisops.simulator.world.model import Application, WebSession
from irisops.simulator.world.scheduler import Scheduler

GRACE_SECONDS = 600
"""How long the unit of a visitor of one page stays reserved: "up to 10 minutes" (facts: license-sessions 2.3).

UNVERIFIED: it is always the whole ten minutes. Settle: open one page, log out with ?IRISLogout=end, read Grace of
%SYSTEM.License:UserList until the row is gone.
"""
DAEMON_SECONDS = 2.0
"""Time from DeleteSession's mark to the daemon's removal; measured 1.65 to 4.09 s (facts: license-sessions 3.3)."""
REST_HOLD_SECONDS = 10.0
"""The least time that an anonymous REST call holds its unit (facts: license-sessions 2.3)."""
ANONYMOUS = "UnknownUser"


@dataclass(frozen=True, slots=True)
class Visitor:
    """The user who opens a page, and the client."""

    client_ip: str
    username: str = ""
    """Empty before a login."""
    user_agent: str = ""


class SessionTable:
    """Sessions by id; ids are case-sensitive."""

    def __init__(self, scheduler: Scheduler, engine: LicenseEngine, chance: Chance) -> None:
        self._scheduler = scheduler
        self._engine = engine
        self._chance = chance
        self.rows: dict[str, WebSession] = {}
        self._claims: dict[str, Connection] = {}
        self.revision = 0

    def open(self, application: Application, visitor: Visitor, *, pages: int = 1) -> WebSession:
        """The first page of a visit. Raises `LicenseLimitExceededError` if no unit is free (HTTP answers 503)."""
        identifier = self._chance.session_id()
        identity = identity_of(visitor.username, visitor.client_ip, identifier)
        claim = self._engine.connect(identity, Kind.CSP, grace=_grace(application, pages))
        now = self._scheduler.now()
        session = WebSession(
            id=identifier,
            username=visitor.username or ANONYMOUS,
            application=application.name.rstrip("/") + "/",
            client_ip=visitor.client_ip,
            license_id=identity,
            created=now,
            last_request=now,
            expires=now + timedelta(seconds=application.timeout),
            timeout=application.timeout,
            pages=pages,
            allow_end=application.name.lower().rstrip("/") != "/csp/sys",
            namespace=application.namespace,
            user_agent=visitor.user_agent,
            rest=bool(application.dispatch_class),
        )
        self.rows[identifier] = session
        self._claims[identifier] = claim
        self.revision += 1
        self._watch(session)
        return session

    def request(self, identifier: str) -> WebSession | None:
        """A further page of the visit, which extends the session. None if the session has ended."""
        session = self.rows.get(identifier)
        if session is None or session.ending is not None:
            return None
        session.pages += 1
        session.last_request = self._scheduler.now()
        session.expires = session.last_request + timedelta(seconds=session.timeout)
        self._claims[identifier].grace = 0
        self.revision += 1
        return session

    def login(self, identifier: str, username: str) -> WebSession | None:
        """Somebody logs in within the session; its license identity becomes `user@address`. None: no such session.

        Raises `LicenseLimitExceededError` if the named identity cannot have the connection; the session then keeps its
        own.
        """
        session = self.rows.get(identifier)
        if session is None:
            return None
        identity = identity_of(username, session.client_ip, identifier)
        if identity != session.license_id:
            self._trade(session, identity)
        session.username = username
        self.revision += 1
        return session

    def mark(self, identifier: str) -> bool:
        """`DeleteSession^%SYS.cspServer`: mark it; the daemon removes it seconds later. False: unknown id."""
        session = self.rows.get(identifier)
        if session is None:
            return False
        if session.ending is None:
            session.ending = self._scheduler.now()
            self.revision += 1
            # UNVERIFIED: a session that an administrator ends leaves no grace. Settle: open one page, end its session
            # in the portal, read %SYSTEM.License:UserList.
            self._scheduler.after(DAEMON_SECONDS, lambda: self._remove(identifier))
        return True

    def end(self, identifier: str, *, grace: int | None = None) -> bool:
        """The session is over, by logout or timeout. Its unit goes with it, or stays in grace. False: unknown id."""
        session = self.rows.pop(identifier, None)
        if session is None:
            return False
        self._engine.close(self._claims.pop(identifier), grace=grace)
        self.revision += 1
        return True

    def rest_call(self, application: Application, visitor: Visitor) -> None:
        """One call of a REST application that keeps no session: it claims a unit and holds it for a minimum of time.

        Raises `LicenseLimitExceededError`.
        """
        identity = identity_of(visitor.username, visitor.client_ip, self._chance.session_id())
        claim = self._engine.connect(identity, Kind.CSP)
        # UNVERIFIED: an authenticated call without a session holds its unit for ten seconds, as an anonymous one does.
        # Settle: call a REST application with UseSession=0 and a password, read UserList each second.
        del application
        self._engine.close(claim, hold=REST_HOLD_SECONDS)

    def claim_of(self, identifier: str) -> Connection | None:
        """The session's license connection."""
        return self._claims.get(identifier)

    def _remove(self, identifier: str) -> None:
        """Removal of a marked session by the daemon."""
        self.end(identifier, grace=0)

    def _trade(self, session: WebSession, identity: str) -> None:
        old = self._claims[session.id]
        grace = old.grace
        self._engine.close(old, grace=0)
        try:
            self._claims[session.id] = self._engine.connect(identity, Kind.CSP, grace=grace)
        except Exception:
            self._claims[session.id] = self._engine.connect(session.license_id, Kind.CSP, grace=grace)
            raise
        session.license_id = identity

    def _watch(self, session: WebSession) -> None:
        """Schedule the session's timeout; 0 means none (facts: license-sessions 2.3)."""
        if session.timeout <= 0:
            return

        def look() -> None:
            if self.rows.get(session.id) is not session:
                return
            if session.expires <= self._scheduler.now():
                self.end(session.id)
            else:
                self._scheduler.at(session.expires, look)

        self._scheduler.at(session.expires, look)


def identity_of(username: str, client_ip: str, session_id: str) -> str:
    """`user@address`, or the session's own id when nobody logged in (facts: license-sessions 2.1)."""
    if username and username != ANONYMOUS:
        return f"{username}@{client_ip}"
    return session_id


def _grace(application: Application, pages: int) -> int:
    return GRACE_SECONDS if pages == 1 and application.use_session else 0
