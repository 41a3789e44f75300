"""How a container ended, and the pure rule that tells the ends apart."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Reason = Literal["exit", "timeout", "memory", "pids", "output", "signal", "killed"]
"""`exit`: it ended itself. `timeout`, `memory`, `pids`, `output`: that limit ended it. `signal`: it died of a signal
that we did not send (a crash). `killed`: a caller ended it."""

KillReason = Literal["timeout", "output", "killed", "pids", "memory"]
"""Why we sent a SIGKILL."""


class Exit(BaseModel):
    """The end of one container."""

    model_config = ConfigDict(frozen=True)

    code: int | None
    """Exit code of the main process; 128 + n after signal n; None when the engine does not know it."""
    reason: Reason
    stdout: bytes = b""
    """Head and tail, with a line between them that tells how much was left out."""
    stderr: bytes = b""
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Never too small; too large by one sampling interval at most: see `supervised.py`."""


def classify(
    code: int | None,
    *,
    asked: KillReason | None,
    oom_killed: bool,
    crowded: bool,
) -> Reason:
    """The reason of an end from its evidence.

    `asked` is our own kill, if any; `oom_killed` says that the kernel killed one of its tasks for memory, `crowded`
    that it was refused one more task. A program may call `exit(139)` itself: that is then told as `signal`, which no
    observer outside can tell apart.
    """
    if asked == "timeout":
        # What made it hang is worth more than the fact that it hung: a parent waits for ever for a child that the
        # kernel killed, or for a fork that never succeeds.
        return "memory" if oom_killed else "pids" if crowded else "timeout"
    if asked is not None:
        return asked
    if code == 0:
        return "exit"
    if oom_killed:
        return "memory"
    if crowded:
        return "pids"
    if code is not None and 128 < code <= 128 + 64:
        return "signal"
    return "exit"
