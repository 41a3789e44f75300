"""Every kind of audit record, and what its body has to hold. More may be in it; less may not.

The table is the schema that an auditor can count on. Times are in the record itself (`time`, UTC, and `mono_ns`);
amounts are ledger units by account (micro-USD, tokens, milliseconds); hashes are SHA-256 in hex unless they name git
trees or commits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from daemon.records.chain import records

Test = Callable[[Any], bool]


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    # Canonical JSON writes 1.0 as 1, so a measured number may come back whole.
    return isinstance(value, int | float) and not isinstance(value, bool)


TYPES: Mapping[str, Test] = {
    "text": lambda value: isinstance(value, str),
    "name": lambda value: isinstance(value, str) and value != "",
    "hash": lambda value: isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None,
    "hash?": lambda value: value == "" or TYPES["hash"](value),
    "tree": lambda value: isinstance(value, str) and re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", value) is not None,
    "tree?": lambda value: value == "" or TYPES["tree"](value),
    "whole": _whole,
    "whole?": lambda value: value is None or _whole(value),
    "number": _number,
    "number?": lambda value: value is None or _number(value),
    "flag": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
    "amounts": lambda value: isinstance(value, dict) and all(map(_whole, value.values())),
    "findings": lambda value: (
        isinstance(value, list) and all(isinstance(one, dict) and one.get("code") and one.get("level") for one in value)
    ),
}
"""The types that the table names; a question mark stands for "or nothing"."""


class Kind(NamedTuple):
    """What a kind of record has to hold."""

    body: Mapping[str, str]
    """Field → name of its type."""
    about: str = "candidate"
    """What it names: `candidate` (and its campaign), `campaign`, or `nothing`."""


def _fields(spec: str) -> dict[str, str]:
    """`a b:hash` → {"a": "text", "b": "hash"}."""
    pairs = (word.partition(":") for word in spec.split())
    return {name: kind or "text" for name, _, kind in pairs}


_MEASURED = "gain:number low:number high:number"
_CALL = "model:name call:whole request:hash key:name"
_EFFECT = "key:name reserved:amounts"
_BOUNDS = "runtime:name limits:object"
_SESSION = f"tree:tree suite:name image:name manifest:hash {_BOUNDS}"

KINDS: Mapping[str, Kind] = {
    "audit.open": Kind(_fields("format:whole origin:name public_key:hash resumed_at:whole"), "nothing"),
    "audit.torn": Kind(_fields("bytes:whole file:name sha256:hash"), "nothing"),
    "audit.close": Kind({}, "nothing"),
    "daemon.start": Kind(_fields("doctor:hash weak:list"), "nothing"),
    "audit.prune": Kind(_fields("first:whole size:whole root:hash oldest:name newest:name days:whole"), "nothing"),
    "blob.erase.intent": Kind(_fields("blob:hash reason:name asked:number"), "nothing"),
    "blob.erase.outcome": Kind(_fields("blob:hash reason:name asked:number bytes:whole answers:whole"), "nothing"),
    "kill": Kind(_fields("id:name at:number how:name reason"), "nothing"),
    "rearm": Kind(_fields("kill:name killed_by:name killed_at:number statement:name signature:name reason"), "nothing"),
    "decision": Kind(
        _fields(
            "question:name decision_id:name permitted:flag hold:flag allow:flag deny:findings warn:findings "
            "require:object revision active_revision cause input:object input_sha256 seconds:number"
        ),
        "nothing",
    ),
    "policy.staged": Kind(_fields("revision:name asked:whole flipped:whole flips:list"), "nothing"),
    "policy.active": Kind(_fields("revision:name commit folder:name"), "nothing"),
    "policy.restore": Kind(
        _fields("revision:name active:name replaced:name permitted:flag decision:name by reason statement signature"),
        "nothing",
    ),
    "campaign.open.intent": Kind(_fields("decision:name spec:object"), "campaign"),
    "target.checked": Kind(
        _fields("target:name manifest:hash passed:flag held:whole noted:list open:list caught:list why"), "campaign"
    ),
    "campaign.open.outcome": Kind(
        _fields(
            "target:object image:name genome policy_revision:name caps:amounts seed_candidate:name sigma:number "
            "detectable:number?"
        ),
        "campaign",
    ),
    "campaign.close": Kind(_fields("status:name decided:whole verdicts:amounts champion spent:amounts"), "campaign"),
    "campaign.close.unmeasured": Kind(_fields("error:name")),
    "budget.extend": Kind(_fields("add:amounts reason decision:name"), "campaign"),
    "note": Kind(_fields("text"), "campaign"),
    "submission.received": Kind(_fields("parent:name bundle:hash hypothesis"), "campaign"),
    "candidate.chosen": Kind(_fields("parent:name model:name decision:name arm:name operator:name strategy:name")),
    "candidate.reviewed": Kind(_fields("model:name flag:flag reason")),
    "candidate.screened": Kind(_fields("model:name nearest:name likeness:number same:flag reason")),
    "candidate.decided": Kind(
        _fields(
            "verdict:name score:number? gain:number? low:number? high:number? pairs:whole e_value:number? "
            "threshold:number? parent:name tree:tree? commit:tree? promoted:flag reasons:list decision "
            "model:name genome spent:amounts"
        )
    ),
    "gpu.leased": Kind(_fields("device:name token:whole")),
    "gpu.released": Kind(_fields("device:name token:whole ended:name")),
    "gpu.launched": Kind(_fields("device:name token:whole image:name arch objects:object")),
    "gpu.hung": Kind(_fields("device:name token:whole state:name")),
    "gpu.returned": Kind(_fields("device:name reason"), "nothing"),
    "gpu.tended": Kind(_fields("device:name token:whole healthy:flag filled:whole detail after"), "nothing"),
    "propose.intent": Kind(_fields(f"{_EFFECT} parent:name genome image:name model:name {_BOUNDS}")),
    "propose.container": Kind(_fields("reason:name code:whole? log usage:object")),
    "evaluate.intent": Kind(_fields(f"{_EFFECT} parent_tree:tree {_SESSION}")),
    "seed.committed": Kind(_fields("step:name sha256:hash")),
    "seed.revealed": Kind(_fields("step:name seed:name")),
    "manifest.changed": Kind(_fields("changed:list wanted:object found:object when:name")),
    "promote.intent": Kind(_fields(f"previous:name decision:name {_MEASURED}")),
    "promote.outcome": Kind(_fields(f"previous:name decision:name {_MEASURED}")),
    "hold.approved": Kind(_fields("problem reason")),
    "hold.approval.refused": Kind(_fields("problem:name reason")),
    "hold.rejected": Kind(_fields("reason")),
    "hold.opened": Kind(
        _fields("kind:name statement:name approvals_needed:whole given:list roles:list codes:list expires:number")
    ),
    "hold.overridden": Kind(_fields("statement:name signature:name reason:name decision:name")),
    "hold.escalated": Kind(_fields("statement:name signature:name reason decision:name")),
    "hold.reject.verified": Kind(_fields("statement:name signature:name reason decision:name")),
    "hold.answer.refused": Kind(_fields("action:name problem:name reason decision:name")),
    "model.call": Kind(_fields(f"{_CALL} attempt:whole prompt:hash reserved:amounts price:object")),
    "model.answer": Kind(
        _fields(f"{_CALL} answer:hash finish revision tokens_in:whole tokens_out:whole spent:amounts"),
    ),
    "model.replayed": Kind(_fields(_CALL)),
    "model.unknown": Kind(_fields(_CALL)),
    "model.fault": Kind(_fields(f"{_CALL} kind:name billed:flag detail:hash spent:amounts")),
    "model.refused": Kind(_fields("model:name rule:name status:whole")),
    "quarantine.confirmed": Kind(
        _fields("statement:name signature:name reason:name suspended:list accepted:list target:name champion")
    ),
    "quarantine.done": Kind(_fields("champion suspended:list")),
    "quarantine.refused": Kind(_fields("problem:name")),
    "candidate.re-evaluated": Kind(_fields("verdict:name gain:number? low:number? high:number? pairs:whole why")),
    "genome.contract": Kind(_fields("genome:tree problem")),
    "genome.scored": Kind(
        _fields(
            "tasks:whole wins:whole losses:whole solved:whole parent_solved:whole e_value:number threshold:number "
            "of:whole parent:name"
        )
    ),
    "genome.held-out": Kind(_fields("sealed:object families:object transfer:object transfer_model against:tree")),
    "genome.canary": Kind(_fields("rollout:whole genome:tree share:number decision:name")),
    "genome.current": Kind(_fields("rollout:whole genome:tree reason decision")),
    "genome.rollback.intent": Kind(_fields("rollout:whole genome:tree reason decision")),
    "genome.rollback.outcome": Kind(_fields("rollout:whole genome:tree reason decision")),
}
"""Kind → schema. Kinds of effects that are not here by name are in `EFFECTS`."""

EFFECTS: Mapping[str, Kind] = {
    r"(calibrate|closing|sealed-[1-9][0-9]*|(replay|reevaluate)-[0-9a-f]{8})\.intent": Kind(
        _fields(f"{_EFFECT} {_SESSION}")
    ),
    r"trial-[1-9][0-9]*\.intent": Kind(
        _fields(f"{_EFFECT} genome:tree image:name task:name manifest:hash purpose:name")
    ),
    r"selftest-[1-9][0-9]*\.intent": Kind(_fields(f"{_EFFECT} genome:tree image:name")),
    r"(propose|evaluate|calibrate|closing|(sealed|trial|selftest)-[1-9][0-9]*|(replay|reevaluate)-[0-9a-f]{8})"
    r"\.outcome": Kind(_fields("key:name ended:name spent:amounts raw:hash?")),
}
"""Pattern of kinds → schema."""


def kind_of(name: str) -> Kind | None:
    """The schema of a kind; None for an unknown one."""
    if name in KINDS:
        return KINDS[name]
    return next((kind for pattern, kind in EFFECTS.items() if re.fullmatch(pattern, name)), None)


def problems(record: Mapping[str, Any]) -> Iterator[str]:
    """What one record lacks, as sentences; nothing for a good one."""
    where = f"record {record['seq']} ({record['kind']})"
    kind = kind_of(str(record["kind"]))
    if kind is None:
        yield f"{where}: the kind is not in the table"
        return
    if not record["actor"]:
        yield f"{where}: nobody is named as its actor"
    if kind.about != "nothing" and not record["campaign"]:
        yield f"{where}: no campaign"
    if kind.about == "candidate" and not record["candidate"]:
        yield f"{where}: no candidate"
    body = record["body"]
    for name, wanted in kind.body.items():
        if name not in body:
            yield f"{where}: {name} is missing"
        elif not TYPES[wanted](body[name]):
            yield f"{where}: {name} is no {wanted}"


def check_kinds(directory: Path, *, most: int = 100) -> list[str]:
    """What the records of a log lack, at most `most` sentences; empty for a good log. Raises OSError.

    Says nothing about the chain: see `verify`.
    """
    found: list[str] = []
    for record in records(directory):
        found += problems(record)
        if len(found) >= most:
            break
    return found[:most]
