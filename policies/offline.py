"""Ask one question of a policies folder without any server: for checking a diff by hand, or explaining a decision."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from policies.bundle import Source
from policies.opa_cli import OpaFailedError, find_opa, run_opa

QUESTIONS = ("edit", "budget", "stop", "sandbox", "model", "promote", "override", "genome")
"""What the bundle decides."""


def evaluate_offline(
    folder: Path, question: str, facts: Mapping[str, Any], *, opa: Path | None = None, explain: bool = False
) -> dict[str, Any]:
    """The decision of `folder` as it lies there, as the object that the server would return.

    `facts` needs its `decision_id`. `explain` adds the evaluation's trace under `explanation`. The revision is that of
    the folder. Raises ValueError for an unknown question, BadPoliciesError, OpaMissingError or OpaFailedError.
    """
    if question not in QUESTIONS:
        raise ValueError(f"unknown question {question!r}; known are {', '.join(QUESTIONS)}")
    options = ["--format", "json", "--strict-builtin-errors", "--stdin-input"]
    if explain:
        options += ["--explain", "full"]
    stdin = json.dumps(dict(facts), allow_nan=False).encode()
    query = f"data.ratchet.{question}.decision"
    with tempfile.TemporaryDirectory(prefix="ratchet-policies-") as place:
        bundle = Source.read(folder).build(Path(place) / "bundle")
        done = run_opa(opa or find_opa(), ["eval", "--bundle", str(bundle.path), *options, query], stdin=stdin)
    try:
        answer = json.loads(done.stdout)
        decision = answer["result"][0]["expressions"][0]["value"]
    except (ValueError, LookupError, TypeError):
        reason = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        raise OpaFailedError(f"opa eval: no decision {question}: {reason or 'undefined'}") from None
    if not isinstance(decision, dict):
        raise OpaFailedError(f"opa eval: the decision {question} is not an object")
    if explain:
        decision["explanation"] = answer.get("explanation") or []
    return decision
