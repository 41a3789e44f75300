"""Everything that governs, in a target of kind genome whose every path is editable."""

from typing import Any

PATHS = [
    "policies/ratchet/edit/data.yaml",
    "policies/ratchet/budget/data.yaml",
    "policies/ratchet/stop/stop.rego",
    "x/policy/a.txt",
    "daemon/gate.py",
    "daemon/records/audit.py",
    "daemon/records/ledger.py",
    "workflows/campaign.py",
    "sandbox/judge/main.py",
    "sandbox/seccomp/runner.json",
    "ops/systemd/ratchet.service",
    "tests/conftest.py",
    "kernels/ranks/evaluator.py",
    "evaluator.py",
    "target.toml",
    "budget.yaml",
    "deep/budget-new.toml",
    "extra.rego",
    ".github/workflows/ci.yml",
    "Makefile.lock",
    "Dockerfile",
    "requirements-dev.txt",
    "Daemon/gate.py",
    "POLICIES/a",
]


def bundles() -> list[dict[str, Any]]:
    return [{"files": {path: {"text": "allow := true"}}} for path in PATHS]
