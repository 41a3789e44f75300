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
    "requested": False, "hour": {"micro_usd": 1},
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
    "approvals": [], "escalations": [], "started_by": "ann",
}  # fmt: skip

MODEL: dict[str, Any] = {
    "campaign": "c", "candidate": "c-c1", "target": "matmul", "model": "ratchet/tuner", "max_tokens": 4096,
    "asked": {"micro_usd": 0, "tokens": 9000}, "day": {"micro_usd": 5, "tokens": 9}, "day_model": {"micro_usd": 0},
}  # fmt: skip

OVERRIDE: dict[str, Any] = {
    "campaign": "c", "candidate": "c-c1", "action": "reject", "blocking": [],
    "given": {
        "by": "bo", "started_by": "ann", "verified": True, "reason": "not now", "candidate": "c-c1", "codes": [],
        "lasts_seconds": 0, "left_seconds": 0,
    },
    "hold": {"approvals": 1, "roles": [], "lives_seconds": 60},
    "escalation": {"approvals": 0, "role": "", "prolong_seconds": 0}, "replaced_seconds_ago": None,
}  # fmt: skip

GENOME: dict[str, Any] = {
    "campaign": "c", "candidate": "c-c1", "action": "edit",
    "ceiling": {"readable": True, "tools": ["read"], "fields": []},
}  # fmt: skip

GOOD: dict[str, dict[str, Any]] = {
    "edit": EDIT, "budget": BUDGET, "stop": STOP, "sandbox": SANDBOX, "model": MODEL, "promote": PROMOTE,
    "override": OVERRIDE, "genome": GENOME,
}  # fmt: skip
