"""For how long web sessions have existed, as far as that can be told without opening them.

The session's object has a CreateTime, but reading it means opening the object, which locks it (facts:
iris-license-sessions 3.2). The license list says for how long each license user has been logged in (facts: 1.3,
`Active`). A session without a login is a license user of its own (facts: 2.1), so that is its age; so it is where a
license user has never had more than this one connection.

UNVERIFIED: that Active of a session without a login counts from its first page, and that it begins anew when a session
follows within the grace period of another. Settle: open a page, wait, read Active of %SYSTEM.License:UserList beside
CreateTime of the session.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from irisops.instance.models import LicenseRow, WebSession
from irisops.instance.routes import Instance
from irisops.instance.usage.license import license_rows


async def session_ages(instance: Instance, sessions: Sequence[WebSession]) -> dict[str, int]:
    """Seconds by session id, of those sessions whose age can be told. Raises as the read of the license holders.

    Where that list costs a round trip per cell, it is not read for this.
    """
    usable = instance.capabilities.routes("license.holders")
    if not sessions or not usable or usable[0].kind == "result set":
        return {}
    return ages_of(await license_rows(instance), sessions)


def ages_of(rows: Iterable[LicenseRow], sessions: Sequence[WebSession]) -> dict[str, int]:
    """The ages that the license list tells."""
    shared = Counter(session.license_id or session.id for session in sessions)
    by_user = {row.user_id: row for row in rows}
    ages: dict[str, int] = {}
    for session in sessions:
        user = session.license_id or session.id
        row = by_user.get(user)
        if row is None or shared[user] > 1 or row.type != "CSP":
            continue
        if session.anonymous or row.connections == row.max_connections == 1:
            ages[session.id] = row.active
    return ages
