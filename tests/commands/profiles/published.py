"""What Prometheus and Grafana publish of the files that `irisops targets` writes, as JSON schemas in our own words.

Prometheus: <file_sd_config>, <host>, <labelname>, <labelvalue>, <scheme> and <path> in its documentation of the
configuration, and discovery/targetgroup/targetgroup.go, which refuses a field that it does not know. Grafana: the kind
of a dashboard, grafana/next/core/dashboard/dashboard.cue in grafana/kind-registry, where definitions are closed and
what has no default must be there; the query of a panel, grafana/next/composable/prometheus/dataquery.cue there.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
ANYTHING: Schema = {"type": "object"}


def whole(least: int = 0, most: int = 2**32 - 1) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


def some(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def closed(must: str = "", /, **fields: Schema) -> Schema:
    """An object with these fields and no other; those named in `must` are there."""
    return {"type": "object", "properties": fields, "required": must.split(), "additionalProperties": False}


PROMETHEUS_TARGETS = some(
    closed(
        "targets",
        targets=some({"type": "string", "pattern": r"^([\w.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?$"}),
        labels={
            "type": "object",
            "properties": {
                "__scheme__": {"enum": ["http", "https"]},
                "__metrics_path__": {"type": "string", "pattern": "^/"},
            },
            "patternProperties": {"^[a-zA-Z_][a-zA-Z0-9_]*$": TEXT},
            "additionalProperties": False,
        },
    )
)

_SOURCE = closed(type=TEXT, uid=TEXT)
_NAMES: Schema = {"anyOf": [TEXT, some(TEXT)]}
_OPTION = closed("text value", selected=FLAG, text=_NAMES, value=_NAMES)
_MATCHER = closed(id=TEXT, options={})
_LINK = closed(
    "title type icon tooltip url tags", title=TEXT, type={"enum": ["link", "dashboards"]}, icon=TEXT, tooltip=TEXT,
    url=TEXT, tags=some(TEXT), asDropdown=FLAG, targetBlank=FLAG, includeVars=FLAG, keepTime=FLAG,
)  # fmt: skip

_QUERY: Schema = {
    "type": "object",
    "properties": {
        "refId": TEXT,
        "datasource": _SOURCE,
        "expr": TEXT,
        "instant": FLAG,
        "range": FLAG,
        "exemplar": FLAG,
        "editorMode": {"enum": ["code", "builder"]},
        "format": {"enum": ["time_series", "table", "heatmap"]},
        "legendFormat": TEXT,
        "intervalFactor": {"type": "number"},
        "hide": FLAG,
    },
    "required": ["refId", "expr"],
    "additionalProperties": False,
}

_FIELDS = closed(
    displayName=TEXT, displayNameFromDS=TEXT, description=TEXT, path=TEXT, writeable=FLAG, filterable=FLAG, unit=TEXT,
    decimals={"type": "number"}, min={"type": "number"}, max={"type": "number"}, mappings=some(ANYTHING),
    thresholds=closed(
        "mode steps", mode={"enum": ["absolute", "percentage"]},
        steps=some(closed("value color", value={"type": ["number", "null"]}, color=TEXT)),
    ),
    color=ANYTHING, links={"type": "array"}, noValue=TEXT, custom=ANYTHING,
)  # fmt: skip

_PANEL = closed(
    "type options fieldConfig",
    type={"type": "string", "minLength": 1}, id=whole(), pluginVersion=TEXT, tags=some(TEXT), targets=some(_QUERY),
    title=TEXT, description=TEXT, transparent=FLAG, datasource=_SOURCE,
    gridPos=closed(h=whole(1), w=whole(1, 24), x=whole(0, 23), y=whole(), static=FLAG),
    links=some(_LINK), repeat=TEXT, repeatDirection={"enum": ["h", "v"]}, maxPerRow={"type": "number"},
    maxDataPoints={"type": "number"}, transformations=some(ANYTHING), interval=TEXT, timeFrom=TEXT, timeShift=TEXT,
    hideTimeOverride=FLAG, libraryPanel=closed("name uid", name=TEXT, uid=TEXT), options=ANYTHING,
    fieldConfig=closed(
        "defaults overrides", defaults=_FIELDS,
        overrides=some(closed("matcher properties", matcher=_MATCHER, properties=some(closed(id=TEXT, value={})))),
    ),
)  # fmt: skip

_VARIABLE: Schema = {
    "type": "object",  # an open one
    "properties": {
        "id": TEXT,
        "type": {
            "enum": ["query", "adhoc", "constant", "datasource", "interval", "textbox", "custom", "system"]
        },
        "name": TEXT,
        "label": TEXT,
        "hide": {"enum": [0, 1, 2]},
        "skipUrlSync": FLAG,
        "description": TEXT,
        "query": {"type": ["string", "object"]},
        "datasource": _SOURCE,
        "allFormat": TEXT,
        "current": _OPTION,
        "multi": FLAG,
        "options": some(_OPTION),
        "refresh": {"enum": [0, 1, 2]},
    },
    "required": ["type", "name", "hide"],
}

GRAFANA_DASHBOARD = closed(
    id={"type": ["integer", "null"]}, uid={"type": "string", "minLength": 8, "maxLength": 40}, title=TEXT,
    description=TEXT, revision=whole(), gnetId=TEXT, tags=some(TEXT), timezone=TEXT, editable=FLAG,
    graphTooltip={"enum": [0, 1, 2]}, time=closed(**{"from": TEXT, "to": TEXT}), timepicker=ANYTHING,
    fiscalYearStartMonth=whole(0, 11), liveNow=FLAG, weekStart=TEXT, refresh={"anyOf": [TEXT, {"const": False}]},
    schemaVersion=whole(0, 2**16 - 1), version=whole(), panels=some(_PANEL), templating=closed(list=some(_VARIABLE)),
    annotations=closed(list=some(ANYTHING)), links=some(_LINK), snapshot=ANYTHING,
)  # fmt: skip
