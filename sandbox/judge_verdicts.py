"""From what the judge saw and how the container ended to one verdict. Pure."""

from __future__ import annotations

from sandbox.exits import Exit

LOST = "lost"
"""The judge's word for a runner that went away."""
ABSENT = "absent"
"""The judge's word for a runner that never came: no candidate code has run, so the fault is ours."""
_LIMITS = ("timeout", "memory", "pids", "output")


def verdict_of(seen: str, exit_: Exit | None) -> tuple[str, str]:
    """The verdict and a sentence for the log.

    `seen` is the judge's verdict. Only where the judge saw no more than silence or a hang-up does the container's end
    say more: a wrong answer stays wrong, however its container ended.
    """
    if seen not in (LOST, "killed:timeout") or exit_ is None:
        return ("failed:crash", "the runner went away") if seen == LOST else (seen, "")
    if exit_.reason in _LIMITS:
        return f"killed:{exit_.reason}", f"the container was ended by its limit: {exit_.reason}"
    if seen != LOST:
        return seen, ""
    if exit_.code is not None and exit_.code > 128:
        return "failed:crash", f"the runner died of signal {exit_.code - 128}"
    return "failed:exit", f"the runner ended itself with code {exit_.code}"
