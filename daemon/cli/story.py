"""An audit record in plain words, one line each."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from daemon.cli.output import cell, units

Body = dict[str, Any]


def sentence(record: dict[str, Any]) -> str:
    """What happened. A kind that is not known here is told by its name and its body."""
    kind, body = str(record["kind"]), record["body"]
    try:
        if told := _KINDS.get(kind):
            return told(body)
        step, _, end = kind.rpartition(".")
        if end == "intent" and "reserved" in body:
            return f"{_step(step)} begins; reserved: {_amounts(body['reserved'])}"
        if end == "outcome" and "spent" in body:
            ended = "is done" if body["ended"] == "done" else f"broke off ({body['ended']})"
            return f"{_step(step)} {ended}; spent: {_amounts(body['spent'])}"
    except (LookupError, TypeError, AttributeError):
        pass  # a record of another version: its name and body say it too
    return f"{kind}: {json.dumps(body, ensure_ascii=True)}"


_STEPS = {
    "propose": "the agent's run",
    "evaluate": "the measurement against its parent",
    "calibrate": "the calibration",
    "closing": "the last measurement of the winner",
}


def _step(name: str) -> str:
    if name.startswith("sealed-"):
        return f"round {name.removeprefix('sealed-')} on the sealed cases"
    return _STEPS.get(name, name)


def _amounts(amounts: dict[str, int]) -> str:
    told = (f"{_account(name)} {units(name, amount)}" for name, amount in sorted(amounts.items()))
    return ", ".join(told) or "nothing"


def _account(name: str) -> str:
    return name.removesuffix("_ms").replace("micro_usd", "money").replace("_", " ")


def _interval(body: Body) -> str:
    return f"gain {cell(body['gain'])} ({cell(body['low'])} to {cell(body['high'])})"


def _decision(body: Body) -> str:
    if body["cause"]:
        return f"no answer of the policy about {body['question']}: {body['cause']} [{body['decision_id']}]"
    answer = "permits" if body["permitted"] else "asks for people before" if body["hold"] else "denies"
    rules = ", ".join(sorted({found["code"] for found in body["deny"]}))
    because = f" by {rules}" if rules else ""
    return f"policy {body['revision'][:12]} {answer} {body['question']}{because} [{body['decision_id']}]"


def _decided(body: Body) -> str:
    measured = "" if body["gain"] is None else f", {_interval(body)} over {body['pairs']} pairs"
    promoted = ", promoted" if body["promoted"] else ""
    reasons = f": {'; '.join(body['reasons'])}" if body["reasons"] else ""
    return f"verdict {body['verdict']}{measured}{promoted}{reasons}"


def _counts(numbers: Body) -> str:
    return ", ".join(f"{name} {cell(value)}" for name, value in sorted(numbers.items()) if not isinstance(value, dict))


def _told(body: Body, what: str) -> str:
    why = body.get("problem") or body.get("reason")
    return f"{what}: {why}" if why else what


SAY = ("hold.", "candidate.reviewed", "promote.", "genome.")
"""Beginnings of the kinds that tell who had a say in what became of a candidate, and what it was told."""


def say(record: dict[str, Any]) -> bool:
    """Whether people, a reviewer or the pointer's move speak in it: who allowed it, and who took it back."""
    return str(record["kind"]).startswith(SAY)


_KINDS: dict[str, Callable[[Body], str]] = {
    "decision": _decision,
    "submission.received": lambda body: f"hands in a child of {body['parent']}: {body['hypothesis']}",
    "candidate.chosen": lambda body: f"chosen: child of {body['parent']}, to be proposed by {body['model']}",
    "propose.container": lambda body: f"the agent's container ended by {body['reason']}, status {body['code']}",
    "model.call": lambda body: f"asks {body['model']}, call {body['call']}; reserved: {_amounts(body['reserved'])}",
    "model.answer": lambda body: (
        f"{body['model']} answers call {body['call']}, {body['tokens_out']} tokens; spent: {_amounts(body['spent'])}"
    ),
    "model.replayed": lambda body: f"call {body['call']} is answered from the journal, already paid",
    "model.refused": lambda body: f"a model call is refused: {body['rule']}",
    "model.fault": lambda body: f"{body['model']} fails at call {body['call']}: {body['kind']}",
    "model.unknown": lambda body: f"call {body['call']} was cut off by a crash and counts at its maximum",
    "seed.committed": lambda body: f"the judge commits to secret inputs ({body['sha256'][:12]})",
    "seed.revealed": lambda body: "the judge reveals the seed of its inputs",
    "manifest.changed": lambda body: f"the judge is not what it was: {', '.join(map(str, body['changed']))} changed",
    "candidate.reviewed": lambda body: (
        f"the reviewer {'flags it' if body['flag'] else 'has no objection, which permits nothing'}: {body['reason']}"
    ),
    "candidate.screened": lambda body: (
        f"{'the same as' if body['same'] else 'like'} {body['nearest']} (likeness {body['likeness']:.3f})"
        f"{'' if body['same'] else ', and yet another'} by {body['model']}: {body['reason']}"
    ),
    "candidate.decided": _decided,
    "hold.approved": lambda body: _told(body, "approves, signature verified"),
    "hold.approval.refused": lambda body: _told(body, "an approval does not count"),
    "hold.rejected": lambda body: _told(body, "rejects"),
    "hold.opened": lambda body: f"waits for people ({body['kind']}, {body['approvals_needed']} signature(s))",
    "hold.overridden": lambda body: _told(body, f"overrides, signature verified [{body['decision']}]"),
    "hold.escalated": lambda body: _told(body, f"asks for more, signature verified [{body['decision']}]"),
    "hold.reject.verified": lambda body: _told(body, f"rejects, signature verified [{body['decision']}]"),
    "hold.answer.refused": lambda body: _told(body, f"an answer ({body['action']}) does not count"),
    "promote.intent": lambda body: f"is about to replace {body['previous']} as champion: {_interval(body)}",
    "promote.outcome": lambda body: f"is champion now, in place of {body['previous']}",
    "genome.contract": lambda body: str(body["problem"] or "is an agent still, by its self-test"),
    "genome.scored": lambda body: (
        f"solves {body['solved']} of {body['tasks']} tasks, its parent {body['parent_solved']}; "
        f"e-value {cell(body['e_value'])}, needed {cell(body['threshold'])}"
    ),
    "genome.held-out": lambda body: f"held out, against {body['against'][:12]}: {_counts(body['sealed'])}",
    "genome.canary": lambda body: f"proposes {body['share']:.0%} of new candidates, on trial [{body['decision']}]",
    "genome.current": lambda body: _told(body, "is the current version of the agent now"),
    "genome.rollback.intent": lambda body: _told(body, "is about to be taken back"),
    "genome.rollback.outcome": lambda body: _told(body, "is taken back"),
    "blob.erase.outcome": lambda body: _told(body, f"content {body['blob'][:12]} is erased"),
    "note": lambda body: f"note: {body['text']}",
    "kill": lambda body: _told(body, f"the kill switch is pulled ({body['how']})"),
    "rearm": lambda body: _told(body, f"the kill switch of {body['killed_by']} is re-armed by signature"),
}
