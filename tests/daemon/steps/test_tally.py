"""Counts of a campaign's governance come from its audit records, each thing once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daemon.records.audit import AuditLog
from daemon.records.keys import ensure_signing_key
from daemon.steps.tally import tally


def test_each_finding_and_each_answer_counts_once(tmp_path: Path) -> None:
    ensure_signing_key(tmp_path / "key")
    audit = AuditLog(tmp_path / "audit", tmp_path / "key")
    names: dict[str, Any] = {"campaign": "k", "candidate": "k-c1"}
    found = {"code": "EDIT-SIZE", "level": "soft-mandatory"}
    advice = {"code": "EDIT-KIND", "level": "advisory"}
    decision = {"question": "edit", "decision_id": "d", "deny": [found], "warn": [advice, advice]}
    opened = {
        "kind": "override", "statement": "{}", "approvals_needed": 0, "given": [], "roles": [], "codes": ["EDIT-SIZE"],
        "expires": 1.0,
    }  # fmt: skip
    answer = {"statement": "{}", "signature": "s", "reason": "r", "decision": "d"}
    yes = {"problem": "", "reason": ""}
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("hold.opened", "gate", opened), ("hold.opened", "gate", opened),
        ("hold.approved", "ana", yes), ("hold.approved", "ana", yes), ("hold.approved", "bo", yes),
        ("hold.overridden", "ana", answer),
        ("hold.escalated", "ana", answer), ("hold.escalated", "ana", answer),
        ("hold.rejected", "expiry", {"reason": "nobody"}),
    ]  # fmt: skip
    for kind, actor, body in rows:
        audit.append(kind, actor=actor, body=body, **names)
    audit.append("hold.overridden", actor="ana", campaign="other", candidate="other-c1", body=answer | {"reason": "k"})
    audit.append("decision", actor="gate", body=decision, **names)
    audit.close()
    assert tally(tmp_path / "audit", "k") == {
        "advisory": 2, "dry-run": 0, "soft-mandatory": 1, "hard-mandatory": 0, "holds": 1, "approvals": 2,
        "overrides": 1, "escalations": 2, "rejections": 1, "refused-answers": 0,
    }  # fmt: skip
