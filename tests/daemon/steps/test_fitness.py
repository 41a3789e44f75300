"""No campaign over a target whose judge was not shown to hold; each target is attacked once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from daemon.probe_results import Attack, Checked
from daemon.seats import Seats
from daemon.steps import fitness
from kernels.target import load_target
from tests.daemon.targets import write
from workflows.ports import RefusedError

CHECKOUT = Path(__file__).resolve().parents[3]
HELD = Attack("zeros", "answers with zeros", "failed:wrong", "held")
THROUGH = Attack("by-shape", "gives older answers", "was taken for right", "got through", "draw fresh content")


class Log:
    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    def append(self, kind: str, *, actor: str, campaign: str, body: dict[str, Any]) -> None:
        assert kind == "target.checked"
        self.bodies.append(body)


@pytest.fixture
def house(tmp_path: Path) -> Any:
    judges = SimpleNamespace(seats=Seats(["0"]), get=lambda *_: None)
    return SimpleNamespace(settings=SimpleNamespace(checks=tmp_path / "checks"), audit=Log(), judges=judges)


def test_a_target_is_attacked_once_and_the_log_says_what_held(
    house: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, asked = write(tmp_path, "scan"), []

    def attack(judge: object, of: Any, cpu: str) -> Checked:
        asked.append(of.name)
        return Checked(of.name, of.manifest(), (HELD,))

    monkeypatch.setattr(fitness, "attack", attack)
    for campaign in ("one", "two"):
        fitness.require_fit(house, campaign, target, "sha256:1")
    assert asked == ["scan"]
    assert [body["passed"] for body in house.audit.bodies] == [True, True]
    fitness.require_fit(house, "three", target, "sha256:2")
    assert asked == ["scan", "scan"], "another image is another judge"


def test_a_probe_that_got_through_refuses_the_campaign_by_rule_and_remedy(
    house: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = write(tmp_path, "scan")
    monkeypatch.setattr(fitness, "attack", lambda *_: Checked("scan", target.manifest(), (HELD, THROUGH)))
    with pytest.raises(RefusedError) as refused:
        fitness.require_fit(house, "one", target, "sha256:1")
    assert refused.value.rule == "PROBES"
    assert "by-shape" in str(refused.value) and "draw fresh content" in str(refused.value)
    [body] = house.audit.bodies
    assert body["caught"] == ["by-shape"] and body["held"] == 1 and not body["passed"]


def test_a_target_that_cannot_be_probed_says_why(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitness, "attack", lambda *_: pytest.fail("there is nothing to attack"))
    fitness.require_fit(house, "one", load_target(CHECKOUT / "kernels" / "genome"), "sha256:1")
    [body] = house.audit.bodies
    assert body["passed"] and body["held"] == 0 and "suite" in body["why"]
