"""Runs in the build container, beside the candidate's source and without a device: what leaves it is one file.

The file is one line of JSON and the object's bytes. Nobody trusts it: a build may run the candidate's own code, which
may then write what it likes. The host reads it as `sandbox/artefacts.py` says.
"""

from __future__ import annotations

import json
from pathlib import Path

from ..guest.build import build
from ..guest.failure import Failure

PLAN = "launch.json"
MOST_PLAN_BYTES = 4096


def compile_to(out: Path, command: list[str], seconds: float, candidate: Path, work: Path, file: str) -> None:
    """Build, and write {"ok", "log", "plan", "bytes"} and the object, or {"ok": false, "error", "log"}."""
    try:
        log = build(command, seconds, candidate, work)
        plan = work / PLAN if (work / PLAN).is_file() else candidate / PLAN
        if not (work / file).is_file():
            raise Failure("build", f"the build left no {file}", log)
        if not plan.is_file():
            raise Failure("build", f"there is no {PLAN} in the tree, and the build wrote none", log)
        told = {"ok": True, "log": log, "plan": plan.read_text("utf-8", "replace")[:MOST_PLAN_BYTES]}
        data = (work / file).read_bytes()
    except Failure as failure:
        told, data = {"ok": False, "error": failure.text, "log": failure.log}, b""
    with out.open("r+b") as stream:
        stream.write(json.dumps({**told, "bytes": len(data)}).encode("ascii") + b"\n" + data)
