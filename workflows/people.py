"""What people send to a running campaign: signed answers to holds, more budget, notes."""

from __future__ import annotations

from pydantic import Field

from workflows.models import Budget, Strict

EXPIRY = "expiry"
"""Stands as the `by` of a rejection that no person made: nobody answered in time."""


class Approval(Strict):
    """Argument of the updates `approve` and `reject`, both signed."""

    candidate: str = Field(min_length=1, max_length=200)
    by: str = Field(min_length=1, max_length=200)
    """Identity in the allowed-signers file."""
    signature: str = Field("", max_length=20_000)
    """Armoured SSH signature (`ssh-keygen -Y sign -n ratchet`) over the hold's statement; see `daemon/approvals.py`."""
    reason: str = Field("", max_length=2000)


class Override(Approval):
    """Argument of the update `override`: one candidate may pass the soft rules that hold it, for a time."""

    until: int = Field(gt=0)
    """Unix seconds at which it ends."""


class Escalation(Approval):
    """Argument of the update `escalate`: a hold asks for more."""

    approvals: int = Field(0, ge=0, le=100)
    """Approvals that are needed from now on; 0 leaves their number."""
    role: str = Field("", max_length=100)
    """A role that all who approve must have."""
    prolong_seconds: int = Field(0, ge=0)


class BudgetExtension(Strict):
    """Argument of the update `extend_budget`: amounts added to the caps."""

    add: Budget
    by: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=2000)


class Note(Strict):
    """Argument of the update `note`."""

    text: str = Field(min_length=1, max_length=2000)
    by: str = Field("", max_length=200)
    candidate: str = Field("", max_length=200)
