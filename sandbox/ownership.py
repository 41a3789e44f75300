"""Who started a container: a process, told apart from a later one with the same number. Linux `/proc` only."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path


def _started(pid: int) -> str:
    """Clock ticks since boot at which the process began (field 22 of proc(5)'s stat), or empty when there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") else fields[19]


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


def own_mark() -> str:
    """This process, as `boot:pid:start`, for a container's label."""
    pid = os.getpid()
    return f"{_boot()}:{pid}:{_started(pid)}"


def alive(mark: str) -> bool:
    """Whether the process behind a mark still runs here. False for unreadable marks and other boots or hosts."""
    boot, _, rest = mark.partition(":")
    pid, _, start = rest.partition(":")
    return boot == _boot() and pid.isdigit() and bool(start) and _started(int(pid)) == start
