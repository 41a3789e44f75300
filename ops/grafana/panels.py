"""Panels and pages in Grafana's classic dashboard schema, as plain JSON data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

SCHEMA_VERSION = 42
WIDTH = 24
HERE = '{instance=~"$instance"}'
CAMPAIGN = '{instance=~"$instance", campaign=~"$campaign"}'
DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True)
class Query:
    """One PromQL expression and how its series are named."""

    expr: str
    legend: str = ""
    instant: bool = False
    heatmap: bool = False


@dataclass(frozen=True)
class Panel:
    """What every panel has: a title, a description that says how to read it, a unit and queries."""

    title: str
    description: str
    unit: str
    queries: Sequence[Query]
    kind: str = "timeseries"
    width: int = 8
    height: int = 7
    steps: Sequence[tuple[float | None, str]] = ((None, "green"),)
    """Thresholds: from this value on, this colour."""
    words: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Value to the word and colour shown instead."""
    colours: dict[str, str] = field(default_factory=dict)
    """Series name to its colour."""
    decimals: int | None = None
    """Decimal places shown; counts over a window are estimates with a fraction, so 0 there."""
    stacked: bool = False
    empty: str = "no data"
    bottom: float | None = 0
    """Least value of the scale; None for values of either sign."""
    top: float | None = None


@dataclass(frozen=True)
class Row:
    """A heading with its panels, laid out from left to right."""

    title: str
    panels: Sequence[Panel]


def layout(rows: Sequence[Row]) -> list[Json]:
    """Number and place all panels; a row breaks when the page's 24 columns are full."""
    placed: list[Json] = []
    y = 0
    for row in rows:
        placed.append(
            _numbered(placed, {"type": "row", "title": row.title, "collapsed": False, "panels": []}, 0, y, WIDTH, 1)
        )
        y += 1
        x = tallest = 0
        for panel in row.panels:
            if x + panel.width > WIDTH:
                x, y, tallest = 0, y + tallest, 0
            placed.append(_numbered(placed, render(panel), x, y, panel.width, panel.height))
            x += panel.width
            tallest = max(tallest, panel.height)
        y += tallest
    return placed


def render(panel: Panel) -> Json:
    """The panel's JSON, without number and place."""
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "targets": [_target(n, query) for n, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": [_colour(*pair) for pair in panel.colours.items()]},
        "options": _options(panel),
    }


def _numbered(placed: list[Json], panel: Json, x: int, y: int, width: int, height: int) -> Json:
    return panel | {"id": len(placed) + 1, "gridPos": {"x": x, "y": y, "w": width, "h": height}}


def _target(number: int, query: Query) -> Json:
    return {
        "refId": chr(ord("A") + number),
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "instant": query.instant,
        "range": not query.instant,
        "format": "heatmap" if query.heatmap else "time_series",
    }


def _defaults(panel: Panel) -> Json:
    found: Json = {
        "unit": panel.unit,
        "noValue": panel.empty,
        "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
        "thresholds": {
            "mode": "absolute",
            "steps": [{"value": value, "color": colour} for value, colour in panel.steps],
        },
        "mappings": [],
    }
    if panel.bottom is not None:
        found["min"] = panel.bottom
    if panel.decimals is not None:
        found["decimals"] = panel.decimals
    if panel.top is not None:
        found["max"] = panel.top
    if panel.words:
        options = {
            value: {"index": n, "text": word, "color": colour}
            for n, (value, (word, colour)) in enumerate(panel.words.items())
        }
        found["mappings"] = [{"type": "value", "options": options}]
    if panel.kind == "timeseries":
        found["custom"] = {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 60 if panel.stacked else 10,
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
        }
    return found


def _colour(series: str, colour: str) -> Json:
    return {
        "matcher": {"id": "byName", "options": series},
        "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
    }


def _options(panel: Panel) -> Json:
    reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    if panel.kind == "stat":
        named = any(query.legend.startswith("{{revision") for query in panel.queries)
        return {
            "reduceOptions": reduce,
            "colorMode": "background" if panel.words else "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "orientation": "auto",
            "textMode": "name" if named else "auto",
        }
    if panel.kind == "bargauge":
        return {"reduceOptions": reduce, "orientation": "horizontal", "displayMode": "gradient", "showUnfilled": True}
    if panel.kind == "heatmap":
        return {
            "calculate": False,
            "cellGap": 1,
            "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64},
            "legend": {"show": True},
            "tooltip": {"mode": "single"},
            "yAxis": {"axisPlacement": "left", "unit": "short"},
        }
    return {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
