"""The README of ops/: its links and tables hold."""

from __future__ import annotations

import re

from tests.ops.promql import OPS, rules

TEXT = (OPS / "README.md").read_text(encoding="utf-8")


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert links and all((OPS / link).is_file() for link in links)
    paths = re.findall(r"^\| `([\w./-]+)` \|", TEXT, re.MULTILINE)
    assert paths and all((OPS / path).exists() for path in paths)


def test_the_table_of_alerts_is_complete() -> None:
    listed = set(re.findall(r"^\| \[(\w+)\].*?\| (\w+) \|", TEXT, re.MULTILINE))
    assert listed == {(rule["alert"], rule["labels"]["severity"]) for rule in rules() if "alert" in rule}
