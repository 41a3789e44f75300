"""Checks of the state folder: room, the audit log, and the packages that we run on."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

from daemon.cli.checks import Finding
from daemon.cli.checks_service import daemon_metrics

if TYPE_CHECKING:
    from daemon.settings import Settings

ENOUGH_BYTES = 5 << 30
TOO_FEW_BYTES = 500 << 20


def disk(of: Settings) -> Iterator[Finding]:
    """Room for archive, logs and databases."""
    place = of.home
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    told = f"{free / (1 << 30):.1f} GiB free at {place}"
    if free < TOO_FEW_BYTES:
        yield Finding("disk", "fail", told, "make room, or set RATCHET_STATE to another disk")
    elif free < ENOUGH_BYTES:
        yield Finding("disk", "warn", told, "make room soon")
    else:
        yield Finding("disk", "ok", told)


def kill_switch(of: Settings) -> Iterator[Finding]:
    """Was everything told to stand still?"""
    from daemon.killswitch import KillSwitch

    if KillSwitch(of.home).pulled():
        remedy = "`ratchet up` says who pulled it; `ratchet rearm --by NAME --key SSH_KEY` lets it start again"
        yield Finding("kill switch", "fail", "pulled: nothing runs or starts", remedy)
    else:
        yield Finding("kill switch", "ok", "armed")


def audit(of: Settings) -> Iterator[Finding]:
    """Nothing happens that cannot be recorded first: can it be?"""
    folder = of.home / "audit"
    if daemon_metrics(of).get("ratchet_audit_writable", {}).get((), 1.0) != 1.0:
        yield Finding("audit", "fail", "the running daemon cannot write it", f"look at room and rights of {folder}")
    elif not folder.exists():
        yield Finding("audit", "ok", "not begun yet")
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("audit", "fail", f"{folder} is not writable for this user", f"chown -R $USER {folder}")
    else:
        yield Finding("audit", "ok", f"{len(list(folder.glob('*.jsonl')))} segments in {folder}")
    for key in sorted((of.home / "keys").glob("*.pem")):
        if key.stat().st_mode & 0o077:
            yield Finding("keys", "fail", f"{key.name} can be read by others", f"chmod 600 {key}")


def checkpoints(of: Settings) -> Iterator[Finding]:
    """Would a log that was cut back show?"""
    found = daemon_metrics(of)
    if not of.checkpoint_target:
        remedy = "set RATCHET_CHECKPOINT_TARGET to file:/path, git:URL or command:words, out of this daemon's reach"
        yield Finding(
            "checkpoints", "warn", "kept in the state folder only: one set back as a whole is not seen", remedy
        )
    elif found.get("ratchet_checkpoint_failing", {}).get((), 0.0):
        yield Finding("checkpoints", "fail", f"do not get to {of.checkpoint_target}", "the daemon's log says why")
    else:
        yield Finding("checkpoints", "ok", f"go to {of.checkpoint_target}")


def packages(of: Settings) -> Iterator[Finding]:
    """Installed versions against the lock file."""
    from daemon.settings import CHECKOUT

    try:
        locked = re.findall(r"(?m)^([a-z0-9._-]+)==([^\s;]+)", (CHECKOUT / "requirements.lock").read_text())
    except OSError:
        yield Finding("packages", "warn", "no requirements.lock beside this checkout", "run from a whole checkout")
        return
    wrong = []
    for name, version in locked:
        try:
            here = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another platform; what we need and lack is an import error long before this
        if here != version:
            wrong.append(f"{name} {here} instead of {version}")
    if wrong:
        yield Finding("packages", "warn", "; ".join(wrong[:5]), "make setup")
    else:
        yield Finding("packages", "ok", f"{len(locked)} as locked")
