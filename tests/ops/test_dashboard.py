"""The dashboard: generated, complete, readable, and asking only for what exists."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import pytest

from daemon.settings import Settings
from ops.grafana import generate
from ops.grafana.panels import Panel, Query, Row, layout
from tests.ops.promql import known_metrics, metrics_in, parse

BOARD: dict[str, Any] = json.loads(generate.OUT.read_text(encoding="utf-8"))
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
TARGETS = [(panel, target) for panel in PANELS for target in panel["targets"]]
UNITS = {"none", "s", "ops", "percentunit", "currencyUSD", "bytes"}


def test_the_committed_file_is_what_the_code_generates(monkeypatch: pytest.MonkeyPatch) -> None:
    assert generate.OUT.read_text(encoding="utf-8") == generate.text()
    monkeypatch.setattr("sys.argv", ["generate", "--check"])
    assert generate.main() == 0


def test_a_stale_file_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "OUT", tmp_path / "overview.json")
    generate.OUT.write_text("{}", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["generate", "--check"])
    assert generate.main() == 1
    assert "python -m ops.grafana.generate" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["generate"])
    assert generate.main() == 0
    assert generate.OUT.read_text(encoding="utf-8") == generate.text()


def test_identity_is_stable() -> None:
    assert BOARD["id"] is None and BOARD["uid"] == "ratchet-overview" and BOARD["editable"] is False
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(set(ids)) == len(ids)
    titles = [panel["title"] for panel in BOARD["panels"]]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_explains_itself(panel: dict[str, Any]) -> None:
    assert panel["title"] and panel["description"].endswith(".") and panel["targets"]
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@pytest.mark.parametrize(("panel", "target"), TARGETS, ids=lambda part: part.get("title") or part["refId"])
def test_a_query_parses_and_asks_for_what_exists(panel: dict[str, Any], target: dict[str, Any]) -> None:
    assert target["datasource"] == panel["datasource"]
    assert parse(target["expr"])
    used = metrics_in(target["expr"])
    assert used and used <= known_metrics().keys()
    for name, selector in re.findall(r"([\w:]+)\{([^}]*)\}", target["expr"]):
        labels = set(re.findall(r"(\w+)\s*[=!]", selector))
        assert not known_metrics()[name] or labels <= known_metrics()[name], (name, labels)
        assert "$instance" in selector


@pytest.mark.parametrize(("panel", "target"), TARGETS, ids=lambda part: part.get("title") or part["refId"])
def test_legends_name_labels_that_the_query_keeps(panel: dict[str, Any], target: dict[str, Any]) -> None:
    wanted = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
    grouped = re.search(r"sum by \(([^)]*)\)", target["expr"])
    kept = (
        set(re.split(r",\s*", grouped[1]))
        if grouped
        else set.union(*(known_metrics()[n] for n in metrics_in(target["expr"])))
    )
    assert wanted <= kept


def test_no_two_panels_overlap_and_none_leaves_the_page() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] >= 0 and place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells


def test_rows_break_when_the_page_is_full() -> None:
    panels = [Panel(str(n), "d.", "none", [Query("up")], width=10, height=n + 3) for n in range(3)]
    placed = [panel["gridPos"] for panel in layout([Row("a", panels), Row("b", [])])]
    assert [(p["x"], p["y"]) for p in placed] == [(0, 0), (0, 1), (10, 1), (0, 5), (0, 10)]
    assert all(one["y"] <= other["y"] for one, other in pairwise(placed))


def test_variables_choose_data_source_instance_and_campaign() -> None:
    variables = {one["name"]: one for one in BOARD["templating"]["list"]}
    assert list(variables) == ["datasource", "instance", "campaign"]
    for name in ("instance", "campaign"):
        metric = re.fullmatch(rf"label_values\((\w+), {name}\)", variables[name]["definition"])
        assert metric and metric[1] in known_metrics()
        assert variables[name]["includeAll"] and variables[name]["datasource"]["uid"] == "${datasource}"


def test_it_links_to_the_embedded_servers_page() -> None:
    (link,) = BOARD["links"]
    assert link["url"] == f"http://127.0.0.1:{Settings.model_fields['temporal_ui_port'].default}"
