"""The table of ends."""

from __future__ import annotations

import pytest

from sandbox.exits import KillReason, Reason, classify


@pytest.mark.parametrize(
    ("code", "asked", "oom", "crowded", "reason"),
    [
        (0, None, False, False, "exit"),
        (0, None, True, False, "exit"),  # a child was killed for memory, and the program coped
        (0, None, False, True, "exit"),
        (1, None, False, False, "exit"),
        (255, None, False, False, "exit"),
        (1, None, True, False, "memory"),  # a compiler says 1 when its child was killed
        (137, None, True, False, "memory"),
        (1, None, False, True, "pids"),
        (137, None, True, True, "memory"),
        (139, None, False, False, "signal"),
        (134, None, False, False, "signal"),
        (137, None, False, False, "signal"),  # somebody else's SIGKILL
        (137, "timeout", False, False, "timeout"),
        (137, "timeout", False, True, "pids"),
        (137, "timeout", True, True, "memory"),
        (0, "timeout", False, False, "timeout"),  # it ended while the kill was on its way, after the deadline
        (137, "output", True, True, "output"),
        (137, "killed", True, True, "killed"),
        (None, None, False, False, "exit"),
    ],
)
def test_ends_are_told_apart(
    code: int | None, asked: KillReason | None, oom: bool, crowded: bool, reason: Reason
) -> None:
    assert classify(code, asked=asked, oom_killed=oom, crowded=crowded) == reason
