"""gVisor's `runsc` as a second runtime of this machine's engine, for targets that ask for it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from http.client import HTTPException
from pathlib import Path

from ops.bootstrap.engine import endpoint, request
from ops.bootstrap.place import locked, machine_lock, write_json
from ops.bootstrap.runner import Say, StepError
from ops.bootstrap.shell import apt_install

STEP = "gvisor"
SETTINGS = Path("/etc/docker/daemon.json")
PID = Path("/var/run/docker.pid")
RELOAD_SECONDS = 10.0
FLAGS = ("--network=none", "--host-uds=open", "--oci-seccomp")
"""No network in its kernel either; the sockets that we mount may be connected to; our system call profile applies."""


def prepare(say: Say) -> str:
    """Make the engine know `runsc` with our flags; returns what was done. Raises StepError."""
    if _flags() == list(FLAGS):
        return "runsc"
    if endpoint() != "unix:///var/run/docker.sock":
        raise StepError("the engine is not this machine's own", f"give it a runtime runsc with {' '.join(FLAGS)}")
    with locked(machine_lock()):
        if shutil.which("runsc") is None:
            apt_install(["runsc"], step=STEP, say=say)
        if os.geteuid() != 0:
            raise StepError("telling the engine of runsc takes root", f"add it to {SETTINGS}, or run this as root once")
        _write(shutil.which("runsc") or "/usr/bin/runsc")
        _reload()
    return "runsc, new to the engine"


def merged(settings: object, program: str) -> dict[str, object]:
    """The engine's settings with our runtime in them and all else as it was. Raises StepError."""
    if not isinstance(settings, dict) or not isinstance(settings.get("runtimes", {}), dict):
        raise StepError(f"{SETTINGS} is not an object of settings", "mend it, then again")
    runtime = {"path": program, "runtimeArgs": list(FLAGS)}
    return {**settings, "runtimes": {**settings.get("runtimes", {}), "runsc": runtime}}


def _flags() -> list[str] | None:
    """The flags under which the engine starts runsc; None when it does not know it."""
    try:
        _, body = request(endpoint(), "GET", "/info")
        runtime = json.loads(body).get("Runtimes", {}).get("runsc")
        return None if runtime is None else list(runtime.get("runtimeArgs") or [])
    except (OSError, ValueError, AttributeError, HTTPException):
        return None


def _write(program: str) -> None:
    try:
        before = json.loads(SETTINGS.read_text()) if SETTINGS.exists() else {}
    except (OSError, ValueError) as error:
        raise StepError(f"cannot read {SETTINGS}: {error}", "mend it, then again") from error
    SETTINGS.parent.mkdir(parents=True, exist_ok=True)
    write_json(SETTINGS, merged(before, program))


def _reload() -> None:
    """Have the engine read its settings again; running containers are not touched."""
    try:
        os.kill(int(PID.read_text()), signal.SIGHUP)  # dockerd(8): reload the settings
    except (OSError, ValueError) as error:
        raise StepError(f"cannot tell the engine to read {SETTINGS}: {error}", "restart the engine") from error
    end = time.monotonic() + RELOAD_SECONDS
    while _flags() != list(FLAGS):
        if time.monotonic() > end:
            raise StepError("the engine does not take up runsc", "restart the engine, and read its log")
        time.sleep(0.1)
