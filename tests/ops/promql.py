"""Reads PromQL: which metrics an expression uses, and which exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import promql_parser
import yaml

from daemon.metrics import Metrics

OPS = Path(__file__).resolve().parents[2] / "ops"
RULES = OPS / "prometheus" / "rules"
_VARIABLES = {"$__rate_interval": "1m", "$__range": "3h", "$__interval": "1m", "$instance": ".*", "$campaign": ".*"}
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_:]*")


def rules() -> list[dict[str, Any]]:
    """All recording and alerting rules."""
    return [
        rule
        for file in sorted(RULES.glob("*.yaml"))
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]


def parse(expr: str) -> str:
    """The canonical form of an expression, Grafana's variables filled in. Raises ValueError when it is no PromQL."""
    for name, value in _VARIABLES.items():
        expr = expr.replace(name, value)
    return str(promql_parser.parse(expr).prettify())


def metrics_in(expr: str) -> set[str]:
    """The metric names of an expression: what is left without functions, labels and literals."""
    plain = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring)\s*\([^)]*\)', " ", parse(expr))
    called = set(re.findall(r"([a-zA-Z_]\w*)\s*\(", plain))
    return set(_NAME.findall(plain)) - called - {"and", "or", "unless", "bool", "inf", "nan"}


def known_metrics() -> dict[str, set[str]]:
    """Metric names that exist, with their label names (empty where they are not known here)."""
    found: dict[str, set[str]] = {"up": {"job", "instance"}, "ALERTS": {"alertname", "alertstate"}}
    metrics = Metrics()
    metrics.campaign_opened("c")  # series that come and go are there only then
    metrics.best_score("c", 1.0)
    metrics.budget("c", "tokens", cap=1, spent=0, reserved=0)
    metrics.policy_loaded("r")
    for metric in metrics.registry.collect():
        for sample in metric.samples:
            found.setdefault(sample.name, {"instance", "job"}).update(sample.labels)
    for rule in rules():
        if "record" in rule:
            found[rule["record"]] = set(rule["record"].partition(":")[0].split("_"))
    for name in (Path(__file__).parent / "temporal_metrics.txt").read_text(encoding="utf-8").split():
        for suffix in ("", "_bucket", "_sum", "_count"):
            found[name + suffix] = set()
    return found
