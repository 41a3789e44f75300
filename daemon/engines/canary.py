"""Known-bad questions that every bundle has to refuse before it is used, and doors that its server has to keep shut."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlsplit

from daemon.gate import Endpoint, Gate

_IDS = {"campaign": "canary", "candidate": "canary-c1"}
_TARGET: dict[str, Any] = {"name": "canary", "kind": "kernel", "editable": ["**"], "protected": ["reference.c"]}


def _change(path: str, mode: str = "100644") -> dict[str, Any]:
    segments = path.split("/")
    counts = {"size": 1, "added": 1, "removed": 0, "binary": False}
    return {"op": "add", "path": path, "segments": segments, "mode": mode, **counts}


def _edit(*changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    totals = {"files": len(changes), "bytes": 1, "added": 1, "removed": 0}
    facts = {**_IDS, "target": _TARGET, "changes": list(changes), "totals": totals, "secrets": [], "unsafe": []}
    return {**facts, **more}


def _promote(**more: Any) -> dict[str, Any]:
    evidence = {
        "verdict": "accepted", "gain": 1.0, "low": 0.9, "high": 1.1, "pairs": 99, "e_value": 1e9, "threshold": 20.0,
        "manifest_intact": True,
    }  # fmt: skip
    sealed = {"status": "done", "gain": 1.0, "low": 0.9, "high": 1.1, "rounds": 99}
    target = {"name": "canary", "kind": "kernel", "integrity": "isolated"}
    facts = {**_IDS, "target": target, "evidence": evidence, "sealed": sealed, "approvals": [], "escalations": []}
    return {**facts, "started_by": "canary", **more}


def _sandbox(**changed: Any) -> dict[str, Any]:
    limits = {
        "memory_bytes": 1 << 26, "cpus": 1.0, "pids": 16, "nofile": 64, "fsize_bytes": 1024, "wall_seconds": 1.0,
        "output_bytes": 1024, "tmpfs": {},
    }  # fmt: skip
    spec = {
        "role": "run", "name": "canary", "image": "sha256:" + "0" * 64, "command": ["true"], "env": {}, "mounts": [],
        "limits": limits, "user": "65534:65534", "cpuset": "", "runtime": "runc",
        "devices": {"paths": [], "groups": []}, "labels": {}, **changed,
    }  # fmt: skip
    return {**_IDS, "role": "run", "spec": spec, "gpu": False}


_GIVEN: dict[str, Any] = {
    "by": "canary", "started_by": "canary", "verified": True, "reason": "a canary that sings of itself",
    "candidate": "canary-c1", "codes": ["EDIT-SIZE"], "lasts_seconds": 60, "left_seconds": 60,
}  # fmt: skip


def _override(**more: Any) -> dict[str, Any]:
    blocking = [{"code": "EDIT-SIZE", "level": more.pop("level", "soft-mandatory")}]
    return {
        **_IDS, "action": "override", "given": {**_GIVEN, **more}, "blocking": blocking,
        "hold": {"approvals": 0, "roles": [], "lives_seconds": 60},
        "escalation": {"approvals": 0, "role": "", "prolong_seconds": 0}, "replaced_seconds_ago": None,
    }  # fmt: skip


_CALL = {
    **_IDS, "target": "canary", "model": "ratchet/tuner", "max_tokens": 1, "asked": {}, "day": {},
    "day_model": {"micro_usd": 0},
}  # fmt: skip

_SPEND = {
    "campaign": "canary", "action": "candidate", "target": "canary", "model": "ratchet/tuner", "day": {}, "by": "",
}  # fmt: skip

MUST_DENY: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    ("malformed edit", "edit", {}, "INPUT"),
    ("extra field", "edit", _edit(_change("a.c"), override=True), "INPUT"),
    ("protected file", "edit", _edit(_change("src/conftest.py")), "EDIT-PROTECTED"),
    ("file of the judge", "edit", _edit(_change("reference.c")), "EDIT-TARGET-PROTECTED"),
    ("path that climbs", "edit", _edit(_change("src/../x.c")), "EDIT-PATH"),
    ("symbolic link", "edit", _edit(_change("a.c", "120000")), "EDIT-MODE"),
    ("path outside", "edit", _edit(_change("a.c"), target={**_TARGET, "editable": ["src/**"]}), "EDIT-OUTSIDE"),
    ("refused by the host", "edit", _edit(_change("a.c"), unsafe=[{"path": "a.c", "rule": "x"}]), "EDIT-UNSAFE"),
    ("malformed spend", "budget", {}, "INPUT"),
    ("spend above the cap", "budget", {
        **_SPEND, "asked": {"micro_usd": 2}, "accounts": {"micro_usd": {"cap": 1, "spent": 0, "reserved": 0}},
    }, "BUDGET-ACCOUNT"),
    ("spend without account", "budget", {**_SPEND, "asked": {"tokens": 1}, "accounts": {}}, "BUDGET-ACCOUNT"),
    ("malformed stop", "stop", {}, "INPUT"),
    ("stop requested", "stop", {
        "campaign": "canary", "decided": 0, "candidates": 1, "verdicts": {}, "since_accepted": 0, "patience": None,
        "crash_streak": 0, "denial_streak": 0, "best_score": None, "target_score": None, "wall_seconds": 0,
        "wall_cap": None, "accounts": {}, "requested": True, "hour": {},
    }, "STOP-REQUESTED"),
    ("malformed container", "sandbox", {}, "INPUT"),
    ("root in the container", "sandbox", _sandbox(user="0:0"), "SANDBOX-USER"),
    ("engine's socket", "sandbox", _sandbox(mounts=[
        {"source": "/var/run/docker.sock", "target": "/docker.sock", "read_only": True},
    ]), "SANDBOX-MOUNT"),
    ("device without a lease", "sandbox", _sandbox(devices={"paths": ["/dev/kfd"], "groups": []}), "SANDBOX-DEVICE"),
    ("malformed call of a model", "model", {}, "INPUT"),
    ("money of the day spent", "model", {**_CALL, "day_model": {"micro_usd": 2**53}}, "MODEL-DAY"),
    ("malformed override", "override", {}, "INPUT"),
    ("override by the starter", "override", _override(), "OVERRIDE-SECOND"),
    ("override of a hard rule", "override", _override(started_by="other", level="hard-mandatory"), "OVERRIDE-HARD"),
    ("override without signature", "override", _override(started_by="other", verified=False), "OVERRIDE-UNSIGNED"),
    ("override that lifts a hard rule", "edit", _edit(_change("src/conftest.py"), overrides=[
        {**_GIVEN, "started_by": "other", "codes": ["EDIT-PROTECTED"]},
    ]), "EDIT-PROTECTED"),
    ("malformed promotion", "promote", {}, "INPUT"),
    ("quarantined candidate", "promote", _promote(evidence={
        **_promote()["evidence"], "verdict": "quarantined:canary",
    }), "PROMOTE-VERDICT"),
    ("no gain on the sealed cases", "promote", _promote(sealed={
        "status": "done", "gain": 0.1, "low": -0.1, "high": 0.3, "rounds": 9,
    }), "PROMOTE-SEALED"),
    ("malformed genome", "genome", {}, "INPUT"),
    ("limits of the agent", "genome", {
        **_IDS, "action": "edit", "ceiling": {"readable": True, "tools": [], "fields": ["limits.calls"]},
    }, "GENOME-FIELD"),
)  # fmt: skip
"""What it is, question, facts, and a code that has to be among the reasons."""

_LOCKED: tuple[tuple[str, str, bytes], ...] = (
    ("PUT", "/v1/policies/x", b"package x"),
    ("PUT", "/v1/data/ratchet/revision", b'"x"'),
    ("PATCH", "/v1/data/ratchet", b"[]"),
    ("DELETE", "/v1/policies/x", b""),
    ("GET", "/v1/data", b""),
    ("GET", "/v1/policies", b""),
    ("POST", "/v1/query", b'{"query": "x = 1"}'),
    ("POST", "/v1/data/access", b"{}"),
)


def failed_canaries(endpoint: Endpoint) -> list[str]:
    """What the server at `endpoint` lets through, or denies for another reason; empty means fit."""
    gate = Gate(lambda: endpoint)
    failed = []
    try:
        for name, question, facts, code in MUST_DENY:
            decision = gate.decide(question, facts)
            codes = {found.code for found in decision.deny}
            if decision.permitted or decision.cause or code not in codes:
                got = decision.cause or (", ".join(sorted(codes)) or "no finding")
                failed.append(f"the canary '{name}' ({question}) has to be denied by {code}; got: {got}")
    finally:
        gate.close()
    return failed


def open_doors(endpoint: Endpoint) -> list[str]:
    """Requests beyond the decisions that the server answers with the query token, or decisions without it."""
    wrong = [f"{method} {path}" for method, path, body in _LOCKED if _status(endpoint, method, path, body) != 401]
    for token in ("", "wrong"):
        stranger = Endpoint(endpoint.url, token, endpoint.revision)
        if _status(stranger, "POST", "/v1/data/ratchet/edit/decision", b"{}") != 401:
            wrong.append("a decision without the token")
    return [f"the server answers {what}; see policies/system/authz" for what in dict.fromkeys(wrong)]


def _status(endpoint: Endpoint, method: str, path: str, body: bytes) -> int:
    parts = urlsplit(endpoint.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=2.0)
    try:
        headers = {"Authorization": f"Bearer {endpoint.token}"} if endpoint.token else {}
        connection.request(method, path, body or None, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
