"""What a step that failed for good means: a refusal is a denial by its rule, anything else is a fault of ours."""

from __future__ import annotations

from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError

BUDGET = "budget:"
"""Begins the rule of every refusal for want of budget; the account follows."""


def rule_of(error: ActivityError, step: str) -> str:
    """The rule that a refusal names, `bug` for a mistake of ours; else the step's own name."""
    cause = error.cause
    return str(cause.details[0]) if isinstance(cause, ApplicationError) and cause.details else step


def verdict_of(error: ActivityError) -> str:
    """The verdict of a candidate whose step failed for good."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type in ("RefusedError", "HeldError"):
        return f"denied:{rule_of(error, 'policy')}"
    if isinstance(cause, ApplicationError) and cause.type == "Bug":
        return "inconclusive:bug"
    if isinstance(cause, ApplicationError) and cause.type == "InfrastructureError":
        return f"inconclusive:{cause.message.split(':', 1)[0].strip()[:40]}"
    return "inconclusive:worker"


def verdict_of_broken(error: ChildWorkflowError) -> str:
    """The verdict of a candidate whose own workflow failed or was terminated."""
    step = error.cause
    broken_by_bug = isinstance(step, ActivityError) and verdict_of(step) == "inconclusive:bug"
    return "inconclusive:bug" if broken_by_bug else "inconclusive:workflow"


def budget_of(verdict: str) -> str:
    """The rule of a denial for want of budget; empty for every other verdict."""
    rule = verdict.removeprefix("denied:")
    return rule if rule.startswith(BUDGET) else ""
