"""The closed label sets of the metrics, where a value outside its set counts as `other`; and their buckets."""

from __future__ import annotations

VERDICTS = ("accepted", "failed", "denied", "killed", "quarantined", "inconclusive")
METRIC_KINDS = ("time", "score")
QUESTIONS = ("edit", "budget", "stop", "sandbox", "model", "promote", "override", "genome", "canary")
DECISION_OUTCOMES = ("permitted", "denied", "hold", "error")
LEVELS = ("advisory", "dry-run", "soft-mandatory", "hard-mandatory")
WARNINGS = LEVELS[:2]
HOLD_ANSWERS = ("approve", "override", "escalate", "reject", "refused", "expired", "quarantine")
ROLES = ("propose", "run", "judge")
EXITS = ("exit", "timeout", "memory", "pids", "output", "signal", "killed")
KILLS = ("timeout", "memory", "pids", "output", "killed")
MODEL_CLASSES = ("tuner", "scripted", "remote")
CALL_OUTCOMES = ("ok", "replayed", "refused", "failed")
DIRECTIONS = ("input", "output")
ROLLOUTS = ("completed", "rolled-back")
PROMOTIONS = ("promoted", "hold", "refused", "not-better")
RELOADS = ("loaded", "rejected")
CHECKPOINTS = ("sent", "failed")
STEPS = (
    "open",
    "choose",
    "stop",
    "propose",
    "gate",
    "screen",
    "commit",
    "device",
    "evaluate",
    "promote",
    "reject",
    "record",
    "extend",
    "answer",
    "receive",
    "note",
    "close",
)
PARTS = (
    "docker",
    "opa",
    "temporal",
    "records",
    "audit",
    "blobs",
    "repo",
    "gateway",
    "journal",
    "payload",
    "judge",
    "policy",
    "host",
    "no-device",
    "gpu-busy",
    "gpu-lease",
    "gpu",
)
OTHER = "other"

ACCOUNTS = {
    "micro_usd": ("usd", 1e-6),
    "tokens": ("tokens", 1.0),
    "cpu_ms": ("cpu_seconds", 1e-3),
    "gpu_ms": ("gpu_seconds", 1e-3),
    "wall_ms": ("wall_seconds", 1e-3),
    "candidates": ("candidates", 1.0),
    "sealed_queries": ("sealed_queries", 1.0),
}
"""Ledger account to the label that names its base unit, and the factor between them."""

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
EVIDENCE = (0.01, 0.1, 0.5, 1, 2, 10, 33, 100, 1e3, 1e4, 1e5, 1e6, 1e9)
PAIRS = (2, 5, 8, 10, 15, 20, 30, 40, 60, 100, 200)


def model_class(model: str) -> str:
    """`tuner`, `scripted` or `remote`, by the model's full name."""
    provider, _, name = model.partition("/")
    kind = name.partition("/")[0]
    return kind if provider == "ratchet" and kind in MODEL_CLASSES else "remote"


def known(value: str, values: tuple[str, ...]) -> str:
    """The value, or `other` where it is none of those that have a series."""
    return value if value in values else OTHER
