"""A rollout that is cut short at any of its lines is finished by the next attempt, and told of once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from daemon.genomes.promoting import _roll_out
from daemon.records.audit import AuditLog
from daemon.records.chain import records
from daemon.records.keys import ensure_signing_key


class Killed(BaseException):
    """Stands for the end of the process."""


class House:
    """The archive, the rollouts and a real log. Dies behind the `count`-th use of the part named `dies`."""

    def __init__(self, home: Path, audit: AuditLog) -> None:
        self.settings, self.log = SimpleNamespace(home=home), audit
        self.audit = self.archive = self.rollouts = self
        self.dies, self.count = "", 0
        self.current, self.moves, self.promoted = "k-c0", 0, False

    def _at(self, seam: str) -> None:
        if seam == self.dies:
            self.count -= 1
            if self.count == 0:
                raise Killed

    def flush(self) -> None:
        self.log.flush()

    def append(self, kind: str, **what: Any) -> None:
        self.log.append(kind, **what)
        self._at("audit")

    def start(self, candidate: str, genome: str, *, share: float, actor: str) -> Any:
        self._at("rollouts")
        return SimpleNamespace(number=1)

    def champion(self, target: str) -> str:
        return self.current

    def promote(self, target: str, candidate: str, **_: Any) -> None:
        self.current, self.moves = candidate, self.moves + 1
        self._at("archive")

    def candidate(self, name: str) -> Any:
        return SimpleNamespace(model_copy=lambda update: update)

    def put(self, row: dict[str, bool]) -> None:
        self.promoted = row["promoted"]
        self._at("row")


@pytest.mark.parametrize(
    ("dies", "count"), [("audit", 1), ("rollouts", 1), ("archive", 1), ("audit", 2), ("audit", 3), ("row", 1)]
)
def test_cut_short_anywhere_it_ends_the_same(tmp_path: Path, dies: str, count: int) -> None:
    ensure_signing_key(tmp_path / "key.pem")
    spec: Any = SimpleNamespace(
        campaign="k",
        choice=SimpleNamespace(candidate="k-c1"),
        facts=SimpleNamespace(target=SimpleNamespace(name="genome"), seed_candidate="k-c0"),
    )
    edit: Any = SimpleNamespace(tree="0" * 40)
    with AuditLog(tmp_path / "audit", tmp_path / "key.pem") as audit:
        house: Any = House(tmp_path, audit)
        house.dies, house.count = dies, count
        rest: Any = (spec, edit, "ana", "d", {"canary_share": 0.25}, {"gain": 0.2, "low": 0.1, "high": 0.3})
        with pytest.raises(Killed):
            _roll_out(house, *rest)
        assert _roll_out(house, *rest).status == "promoted"
    told = [(record["kind"], record["body"].get("previous")) for record in records(tmp_path / "audit")]
    told = [one for one in told if one[0].startswith(("promote.", "genome."))]
    assert told == [("promote.intent", "k-c0"), ("promote.outcome", "k-c0"), ("genome.canary", None)]
    assert (house.current, house.moves, house.promoted) == ("k-c1", 1, True)
