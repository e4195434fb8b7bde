"""`/api/monitor/metrics` and `/alerts` (facts: license-sessions 6.1)."""

from __future__ import annotations

import json

from irisops.simulator.world.world import World


class Monitor:
    """Answers of `%Api.Monitor`. All callers share its cursor of alerts."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._told = 0

    def metrics(self) -> str:
        """Prometheus text: the documented metrics that the world can compute, each with `# HELP` and `# TYPE`."""
        world = self._world
        counts = world.license_counts()
        alerts = world.alerts.total
        days = (world.key.expires - world.now().date()).days if world.key.expires else None
        figures: list[tuple[str, str, float | None]] = [
            ("iris_csp_sessions", "Currently active web session IDs on this server", len(world.sessions)),
            ("iris_license_available", "Licenses available", counts.available),
            ("iris_license_consumed", "Licenses in use", counts.consumed),
            ("iris_license_days_remaining", "Days until the license key expires", days),
            (
                "iris_license_percent_used",
                "Percent of licenses in use",
                _percent(counts.consumed, counts.limit),
            ),
            ("iris_process_count", "Processes", len(world.processes)),
            ("iris_system_alerts", "Alerts since the start", alerts),
            (
                "iris_system_alerts_new",
                "Whether there are alerts that nobody has fetched",
                int(alerts > self._told),
            ),
            ("iris_system_state", "Health state: 0 OK, 1 warning, 2 alert", self._state()),
            ("iris_trans_open_count", "Open transactions", self._transactions()),
        ]
        lines: list[str] = []
        for name, meaning, value in figures:
            if value is not None:
                lines += [f"# HELP {name} {meaning}", f"# TYPE {name} gauge", f"{name} {value}"]
        return "\n".join(lines) + "\n"

    def alerts(self) -> str:
        """JSON of the alerts since the last call by any client: each alert is returned only once."""
        world = self._world
        new = world.alerts.records[max(0, self._told - world.alerts.forgotten) :]
        self._told = world.alerts.total
        return json.dumps(
            [
                {
                    "time": alert.time.strftime("%Y-%m-%dT%H:%M:%S.")
                    + f"{alert.time.microsecond // 1000:03d}Z",
                    "severity": alert.severity,
                    "message": alert.message,
                }
                for alert in new
            ]
        )

    def _state(self) -> int:
        """UNVERIFIED: what the health state is while the license is full. Settle: use all units, read the metric."""
        counts = self._world.license_counts()
        return 2 if counts.available <= 0 else 0

    def _transactions(self) -> int:
        return sum(1 for process in self._world.processes.values() if process.in_transaction)


def _percent(part: int, whole: int) -> int:
    """Rounded half up: 1 of 8 is 13 (facts: license-sessions 6.1)."""
    return (200 * part + whole) // (2 * whole)
