"""The search beside sampling alone."""

from __future__ import annotations

from daemon.search.arms import Arm, arm
from tests.daemon.search.herd import made, seed


def test_each_arm_is_counted_by_itself() -> None:
    members = [seed(), made(1, score=0.5), made(2, score=0.2, arm="control"), made(3, "failed:wrong", arm="control")]
    members += [made(4, score=0.9, parent=1), made(5, "inconclusive:docker", arm="control"), made(6, "")]
    assert arm(members, "control") == Arm(2, 1, "x-c2", 0.2)
    assert arm(members, "main") == Arm(2, 2, "x-c4", 0.9)
    assert arm(members, "main", 1) == Arm(1, 1, "x-c1", 0.5), "after as many as the other arm had"


def test_noise_is_no_gain_and_an_empty_arm_is_none() -> None:
    assert arm([seed(), made(1, "failed:no-gain", 0, 3.0)], "main") == Arm(1, 0, "x-c0", 0.0)
    assert arm([seed()], "control") is None and arm([made(1, score=1.0)], "main") is not None
