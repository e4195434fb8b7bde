"""What holds for the license engine whatever people do."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.license import Connection, Kind, LicenseEngine, LicenseLimitExceededError

IDENTITIES = st.sampled_from(["10.0.0.1", "ana@10.0.0.1", "ben@10.0.0.2", "aB3xY9pQ01"])


class License(RuleBasedStateMachine):
    """Drives an engine beside a naive count of its own."""

    @initialize(units=st.integers(1, 12), per_unit=st.integers(1, 4), community=st.booleans())
    def start(self, units: int, per_unit: int, community: bool) -> None:
        self.clock = ManualClock()
        self.engine = LicenseEngine(self.clock.now, units, per_unit, community=community)
        self.open: list[Connection] = []
        self.flipped: set[str] = set()
        self.peak = 0

    def held(self, identity: str) -> int:
        return sum(1 for connection in self.open if connection.open and connection.identity == identity)

    @rule(identity=IDENTITIES, kind=st.sampled_from(Kind), grace=st.sampled_from([0, 0, 600]))
    def connect(self, identity: str, kind: Kind, grace: int) -> None:
        before, rows = self.engine.counts(), list(self.engine.holders())
        try:
            self.open.append(self.engine.connect(identity, kind, grace=grace))
        except LicenseLimitExceededError:
            assert self.engine.counts() == before
            assert list(self.engine.holders()) == rows
            return
        if not self.engine.community and self.held(identity) > self.engine.max_connections:
            self.flipped.add(identity)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), hold=st.sampled_from([0, 0, 10]))
    def close(self, data: st.DataObject, hold: int) -> None:
        connection = data.draw(st.sampled_from(self.open))
        self.engine.close(connection, hold=hold)
        self.settle()

    @rule(seconds=st.sampled_from([1, 9, 10, 599, 600, 1000]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.engine.expire()
        self.settle()

    def settle(self) -> None:
        self.open = [connection for connection in self.open if connection.open]
        self.flipped = {identity for identity in self.flipped if self.held(identity)}

    @invariant()
    def sums_are_right(self) -> None:
        if not hasattr(self, "engine"):
            return
        counts, rows = self.engine.counts(), list(self.engine.holders())
        self.peak = max(self.peak, counts.consumed)
        assert 0 <= counts.consumed == sum(row.units for row in rows) <= counts.limit
        assert counts.available == counts.limit - counts.consumed
        assert counts.connections == sum(row.connections for row in rows) == len(self.open)
        assert counts.csp_users == sum(row.csp_connections for row in rows)
        assert counts.csp_grace == sum(row.kind == "Grace" for row in rows)
        assert counts.max_consumed == self.peak
        assert counts.min_available == counts.limit - self.peak

    @invariant()
    def rows_are_priced_by_the_rule(self) -> None:
        if not hasattr(self, "engine"):
            return
        for row in self.engine.holders():
            held = self.held(row.user_id)
            assert row.connections == held <= row.max_connections or row.kind == "Grace"
            if row.kind == "Grace":
                assert (row.units, held) == (1, 0)
                assert 0 < row.grace_seconds <= 600
            elif self.engine.community or row.user_id in self.flipped:
                assert row.units == held
            else:
                assert row.units == 1
            assert row.flipped == (row.user_id in self.flipped)


License.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestLicense = License.TestCase
