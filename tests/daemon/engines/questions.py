"""One good question of each kind, as the daemon's steps put them."""

from __future__ import annotations

from typing import Any

EDIT: dict[str, Any] = {
    "campaign": "c", "candidate": "c-c1",
    "target": {"name": "matmul", "kind": "kernel", "editable": ["*.c"], "protected": []},
    "changes": [{
        "op": "modify", "path": "matmul.c", "segments": ["matmul.c"], "mode": "100644", "size": 10, "added": 1,
        "removed": 1, "binary": False,
    }],
    "totals": {"files": 1, "bytes": 10, "added": 1, "removed": 1}, "secrets": [], "unsafe": [],
}  # fmt: skip

BUDGET: dict[str, Any] = {
    "campaign": "c", "action": "start", "target": "matmul", "model": "ratchet/tuner", "asked": {"micro_usd": 1000},
    "accounts": {}, "day": {}, "by": "ann",
}  # fmt: skip

STOP: dict[str, Any] = {
    "campaign": "c", "decided": 1, "candidates": 40, "verdicts": {"accepted": 1}, "since_accepted": 0,
    "patience": None, "crash_streak": 0, "denial_streak": 0, "best_score": 0.5, "target_score": None,
    "wall_seconds": 3.5, "wall_cap": None, "accounts": {"tokens": {"cap": 9, "spent": 1, "reserved": 1}},
    "requested": False,
}  # fmt: skip

SANDBOX: dict[str, Any] = {
    "campaign": "c", "candidate": "c-c1", "role": "run", "gpu": False,
    "spec": {
        "role": "run", "name": "c-c1-run", "image": "sha256:" + "a" * 64, "command": ["python3", "-I", "/guest/g.py"],
        "env": {}, "mounts": [{"source": "/srv/state/io/out", "target": "/io/out", "read_only": False}],
        "limits": {
            "memory_bytes": 1 << 29, "cpus": 1.0, "pids": 128, "nofile": 256, "fsize_bytes": 1 << 26,
            "wall_seconds": 60.0, "output_bytes": 1 << 26, "tmpfs": {"/tmp": 1 << 24, "/work": 1 << 26},
        },
        "user": "65534:65534", "cpuset": "1", "runtime": "runc", "devices": {"paths": [], "groups": []}, "labels": {},
    },
}  # fmt: skip

PROMOTE: dict[str, Any] = {
    "campaign": "c", "candidate": "c-c1", "target": {"name": "matmul", "kind": "kernel", "integrity": "isolated"},
    "evidence": {
        "verdict": "accepted", "gain": 0.5, "low": 0.4, "high": 0.6, "pairs": 12, "e_value": 99.0, "threshold": 40.0,
        "manifest_intact": True,
    },
    "sealed": {"status": "pending", "gain": None, "low": None, "high": None, "rounds": 0},
    "approvals": [], "started_by": "ann",
}  # fmt: skip

GENOME: dict[str, Any] = {
    "campaign": "c", "candidate": "c-c1", "action": "edit",
    "ceiling": {"readable": True, "tools": ["read"], "fields": []},
}  # fmt: skip

GOOD: dict[str, dict[str, Any]] = {
    "edit": EDIT, "budget": BUDGET, "stop": STOP, "sandbox": SANDBOX, "promote": PROMOTE, "genome": GENOME,
}  # fmt: skip
