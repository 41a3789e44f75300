"""Killed at drawn records of the audit log, which stand before and after every effect: nothing is lost, nothing twice.

`python -m tests.bench.kills` does the same at a hundred of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from daemon.records.keys import public_path
from daemon.records.verify import verify
from tests.crash.lives import lived

pytestmark = [pytest.mark.docker, pytest.mark.opa]

DEATHS = 3


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found, died = lived(tmp_path_factory.mktemp("undisturbed"), seed=0, deaths=0)
    assert died == 0
    return found


def test_the_reference_campaign_has_every_kind_of_end(undisturbed: dict[str, Any]) -> None:
    verdicts = [row["verdict"] for row in undisturbed["rows"]]
    assert verdicts == ["seed", "accepted", "failed:load", "denied:EDIT-OUTSIDE", "accepted"], undisturbed
    assert undisturbed["champion"] == "mortal-c4" and len(undisturbed["moves"]) == 2


def test_a_campaign_that_dies_again_and_again_ends_as_if_nothing_had_happened(
    undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    found, died = lived(tmp_path, seed=88, deaths=DEATHS)
    assert died == DEATHS
    assert found == undisturbed
    assert found["paid_twice"] == 0
    report = verify(tmp_path / "state" / "audit", public_path(tmp_path / "state" / "keys" / "audit.pem"))
    assert report.ok, report
