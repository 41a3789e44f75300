"""What people may do with versions of the agent: make one current, by signature; take one back, by name.

Going back is what a person does when something is wrong, so it asks for a name and a reason and for nothing else. Going
forward asks for a signature, and only over a version that had been approved in its campaign.
"""

from __future__ import annotations

import time

from daemon import approvals
from daemon.genomes import rollout
from daemon.house import House
from daemon.records.rollouts import Rollout
from daemon.records.rows import CandidateRow
from daemon.steps.effects import request
from workflows.genome import GenomeMove
from workflows.ports import RefusedError

ACTION = "make-current"
"""What the signed statement says."""
VALID_SECONDS = 900.0
"""Longest time from the making of a statement to its use: an old signature must not undo a rollback."""


def statement(row: CandidateRow, expires: float) -> str:
    """What a person signs to make a version current."""
    return approvals.statement(
        action=ACTION,
        campaign=row.campaign,
        candidate=row.candidate,
        tree=row.tree,
        verdict=row.verdict,
        expires=expires,
    )


class GenomeSteps:
    """See `workflows.genome.GenomePort`."""

    def __init__(self, house: House) -> None:
        self._house = house

    def move(self, asked: GenomeMove) -> str:
        """Carry out a person's request; asked twice, it is done once."""
        return self._back(asked) if asked.action == "rollback" else self._forward(asked)

    def _back(self, asked: GenomeMove) -> str:
        standing = [one for one in (self._house.rollouts.canary(), self._house.rollouts.current()) if one is not None]
        meant = [one for one in standing if asked.candidate in ("", one.candidate)]
        if not meant:
            last = self._last(asked.candidate)
            if last is not None and last.state == "rolled-back":
                return f"{last.candidate} has been taken back already"
            raise RefusedError("GENOME-ROLLBACK", f"{asked.candidate or 'no version'} is in use or under trial")
        rollout.take_back(self._house, meant[0], asked.by, asked.reason, request())
        return f"{meant[0].candidate} is taken back; new campaigns use {self._in_use()}"

    def _forward(self, asked: GenomeMove) -> str:
        house = self._house
        row = house.candidate(asked.candidate)
        current = house.rollouts.current()
        if current is not None and current.candidate == row.candidate:
            return f"{row.candidate} is the version in use"
        if not row.promoted:
            raise RefusedError(
                "GENOME-PROMOTE",
                f"{row.candidate} was never approved in its campaign; approve its hold there first",
            )
        now = time.time()
        if not now < asked.expires <= now + VALID_SECONDS:
            raise RefusedError("GENOME-PROMOTE", f"the statement is good for {VALID_SECONDS:g} s; sign a fresh one")
        signers = house.settings.home / "keys" / "allowed_signers"
        checked = approvals.check(statement(row, asked.expires), asked.by, asked.signature, signers)
        if not checked.verified:
            raise RefusedError("GENOME-PROMOTE", f"{asked.by}: {checked.problem}")
        started = house.rollouts.start(row.candidate, row.tree, share=1.0, actor=asked.by)
        rollout.complete(house, started, asked.by, asked.reason, request())
        return f"{row.candidate} is the version in use"

    def _in_use(self) -> str:
        current = self._house.rollouts.current()
        return current.candidate if current else "the agent of the settings"

    def _last(self, candidate: str) -> Rollout | None:
        return next((one for one in reversed(self._house.rollouts.history()) if candidate in ("", one.candidate)), None)
