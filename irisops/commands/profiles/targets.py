"""/targets DIR: the instances of the profiles as targets of Prometheus, and a dashboard of Grafana for them.

IRIS gives its metrics at /api/monitor/metrics of its web port, as a rule without a login (facts: iris-license-sessions
6.1). The files hold no password.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from irisops.contract.chat import Command
from irisops.contract.replies import Done, Refusal
from irisops.contract.wording import counted, harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.files import cure_of, named_file, write_atomically
from irisops.instance.usage.metrics import PATH
from irisops.profiles.model import Profile

TARGETS = "irisops-targets.json"
DASHBOARD = "irisops-dashboard.json"
LABEL = "iris"
"""Label with the name of the profile, which the dashboard selects by."""

_PANELS: tuple[tuple[str, str, str, str], ...] = (
    # Title, type, unit, metric (facts: iris-license-sessions 6.1); a version that lacks one leaves its panel empty.
    ("License units used", "timeseries", "short", "iris_license_consumed"),
    ("License units free", "timeseries", "short", "iris_license_available"),
    ("License used", "gauge", "percent", "iris_license_percent_used"),
    ("Days until the key expires", "stat", "short", "iris_license_days_remaining"),
    ("State (0 is well)", "stat", "short", "iris_system_state"),
    ("Web sessions", "timeseries", "short", "iris_csp_sessions"),
    ("Processes", "timeseries", "short", "iris_process_count"),
    ("CPU", "timeseries", "percent", "iris_cpu_usage"),
    ("Memory of the machine used", "timeseries", "percent", "iris_phys_mem_percent_used"),
    ("Disks full", "timeseries", "percent", "iris_disk_percent_full"),
    ("Free space of databases", "timeseries", "decmbytes", "iris_db_free_space"),
    ("Open transactions", "timeseries", "short", "iris_trans_open_count"),
    ("Alerts", "timeseries", "short", "iris_system_alerts"),
)
_WIDTH, _HEIGHT = 8, 8
"""Of a panel; a row of the dashboard has 24 columns."""


async def write_targets(context: Context, command: Command) -> Replies:
    """Write both files."""
    profiles = [each for each in context.hub.profiles() if not context.hub.temporary(each.name)]
    with_port = [each for each in profiles if each.web_port is not None]
    without = [harmless(each.name) for each in profiles if each.web_port is None]
    cure = "/profile edit NAME web_port=52773 names one."
    if not with_port:
        raise Refusal("NoTargets", "No profile names a web port, where the metrics are.", cure)
    folder = await asyncio.to_thread(_write, str(command.args["folder"]), with_port)
    details = [
        f"{TARGETS}: in prometheus.yml under file_sd_configs, files: [{harmless(folder / TARGETS)}].",
        f"{DASHBOARD}: in Grafana, Dashboards, New, Import.",
        "They hold names and addresses, no password, and are yours alone (0600): let Prometheus read the first.",
    ]
    if without:
        details.append(f"Left out, as they name no web port: {listed(without)}. {cure}")
    yield Done(
        "targets", f"{counted(len(with_port), 'target')} written to {harmless(folder)}.", details=details
    )


def _write(name: str, profiles: Sequence[Profile]) -> Path:
    try:
        folder = named_file(name).absolute()
        write_atomically(folder / TARGETS, _text(targets_of(profiles)))
        write_atomically(folder / DASHBOARD, _text(dashboard_of([each.name for each in profiles])))
    except OSError as error:
        raise Refusal(
            "NotWritten", f"{harmless(name)} cannot be written: {error.strerror}.", cure_of(error)
        ) from error
    return folder


def _text(document: object) -> str:
    return f"{json.dumps(document, indent=2, ensure_ascii=False)}\n"


def targets_of(profiles: Sequence[Profile]) -> list[dict[str, object]]:
    """A file of `file_sd_configs`: a group for each instance, as scheme and path differ.

    The labels with two underscores are those that Prometheus scrapes by; it drops them from what it stores.
    """
    return [
        {
            "targets": [f"{f'[{each.host}]' if ':' in each.host else each.host}:{each.web_port}"],
            "labels": {
                LABEL: each.name,
                "__scheme__": each.web_scheme,
                "__metrics_path__": f"{each.path_prefix}{PATH}",
            },
        }
        for each in profiles
    ]


def dashboard_of(names: Sequence[str]) -> dict[str, object]:
    """A dashboard that selects among these instances. The data source is chosen in Grafana."""
    source = {"type": "prometheus", "uid": "${source}"}
    panels = [
        {
            "id": number + 1,
            "title": title,
            "type": kind,
            "datasource": source,
            "gridPos": {
                "h": _HEIGHT,
                "w": _WIDTH,
                "x": number * _WIDTH % 24,
                "y": number * _WIDTH // 24 * _HEIGHT,
            },
            "targets": [
                {
                    "refId": "A",
                    "datasource": source,
                    "expr": f'{metric}{{{LABEL}=~"$iris"}}',
                    "legendFormat": f"{{{{{LABEL}}}}} {{{{id}}}}",
                }
            ],
            "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
            "options": {},
        }
        for number, (title, kind, unit, metric) in enumerate(_PANELS)
    ]
    options = [{"text": name, "value": name, "selected": False} for name in names]
    everything = {"text": "All", "value": "$__all", "selected": True}
    return {
        "uid": "irisops-instances",
        "title": "InterSystems IRIS",
        "tags": ["iris", "irisops"],
        "timezone": "browser",
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "schemaVersion": 36,
        "version": 1,
        "time": {"from": "now-6h", "to": "now"},
        "annotations": {"list": []},
        "templating": {
            "list": [
                {
                    "name": "source",
                    "label": "Data source",
                    "type": "datasource",
                    "query": "prometheus",
                    "hide": 0,
                },
                {
                    "name": "iris",
                    "label": "Instance",
                    "type": "custom",
                    "query": ",".join(names),
                    "multi": True,
                    "includeAll": True,
                    "current": {"text": "All", "value": "$__all"},
                    "options": [everything, *options],
                    "hide": 0,
                },
            ]
        },
        "panels": panels,
    }
