"""Prometheus rules: names, annotations, runbooks, and that what they use exists. `make check` runs promtool on them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.ops.promql import OPS, known_metrics, metrics_in, parse, rules

ALERTS = [rule for rule in rules() if "alert" in rule]
RECORDS = [rule for rule in rules() if "record" in rule]


def _cases() -> list[dict[str, Any]]:
    text = (OPS / "prometheus" / "tests" / "alerts.yaml").read_text(encoding="utf-8")
    return [case for test in yaml.safe_load(text)["tests"] for case in test["alert_rule_test"]]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("alert") or rule["record"])
def test_expressions_parse_and_use_what_exists(rule: dict[str, Any]) -> None:
    assert parse(rule["expr"])
    assert metrics_in(rule["expr"])
    assert metrics_in(rule["expr"]) <= known_metrics().keys()


def test_the_reader_of_expressions_reads() -> None:
    expr = 'sum by (le) (rate(a_total{x="b c"}[$__rate_interval])) / on (i) group_left () (x:y:z > 0) and time() - d'
    assert metrics_in(expr.replace("group_left ()", "")) == {"a_total", "x:y:z", "d"}
    with pytest.raises(ValueError, match=r"\S"):
        parse("sum(rate(a[5m])")


@pytest.mark.parametrize("rule", RECORDS, ids=lambda rule: rule["record"])
def test_records_are_named_level_metric_operations(rule: dict[str, Any]) -> None:
    level, metric, operations = rule["record"].split(":")
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", level) and metric.startswith("ratchet_") and operations


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_it_means_and_leads_to_its_runbook(rule: dict[str, Any]) -> None:
    name = rule["alert"]
    assert re.fullmatch(r"Ratchet[A-Z]\w+", name)
    assert rule["for"] and rule["labels"]["severity"] in ("critical", "warning")
    notes = rule["annotations"]
    assert (
        notes["summary"].endswith(".") and "$labels.instance" in notes["summary"] and notes["description"].endswith(".")
    )
    assert notes["runbook_url"] == f"ops/runbooks/{name}.md"
    text = (OPS / "runbooks" / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["What it means", "Look here", "Do this"]


def test_every_runbook_has_its_alert() -> None:
    """One is for people who pull the kill switch: it has to be found before anything alerts."""
    found = {path.stem for path in (OPS / "runbooks").glob("*.md")}
    assert found - {rule["alert"] for rule in ALERTS} == {"KillSwitch"}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_is_tested_firing_and_silent(rule: dict[str, Any]) -> None:
    fires = [bool(case["exp_alerts"]) for case in _cases() if case["alertname"] == rule["alert"]]
    assert True in fires and False in fires


def test_prometheus_scrapes_both_ports_under_one_name() -> None:
    config = yaml.safe_load((OPS / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    targets = {job["job_name"]: job["static_configs"][0] for job in config["scrape_configs"]}
    assert targets["ratchet"] == {"targets": ["127.0.0.1:9464"], "labels": {"instance": "local"}}
    assert targets["ratchet-temporal"] == {"targets": ["127.0.0.1:9465"], "labels": {"instance": "local"}}
    assert config["rule_files"] == ["rules/*.yaml"]
