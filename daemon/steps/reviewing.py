"""Step 7: a model reads an accepted change, where the campaign names one for the role `review`.

What it says can hold a promotion back until a person has signed, and nothing else: an `Opinion` has no word for yes.
Whoever cannot be understood, or cannot be asked, has flagged. The prompt stands here, with the host, and not with the
agent: an agent that may edit its reviewer has none. The model is not the agent's either (`propose.py` withholds it).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from daemon.decisions import Decision
from daemon.gateway.errors import Refusal
from daemon.house import House
from daemon.steps.asking import ask_once
from daemon.steps.text import chat_about, plain
from workflows.models import CandidateSpec, Edit

ROLE = "review"
PROMPT = Path(__file__).resolve().parent / "prompts" / "review.md"
MAX_TOKENS = 500
DIFF_CHARS = 60_000
"""Of a longer diff the reviewer sees the first part, and is told so."""
ANSWER_CHARS = 4000
HOLD_SECONDS = 7 * 86_400
"""How long a flagged candidate waits for a person where policy asked for nobody."""


class Opinion(BaseModel):
    """What a reviewer can say at all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    flag: StrictBool
    reason: Annotated[str, Field(max_length=1000)]


def reviewed(house: House, spec: CandidateSpec, edit: Edit) -> Opinion | None:
    """The opinion on a candidate, asked for once; None where the campaign names no reviewer.

    The call is metered and journaled like the candidate's own, on the campaign's account.
    """
    model, candidate = spec.choice.roles.get(ROLE, ""), spec.choice.candidate
    if not model:
        return None
    kept = house.once.get(ROLE, candidate)
    if kept is None:
        found = _ask(house, spec, model, edit)
        kept = house.once.keep(ROLE, candidate, found.model_dump_json())
        opinion = Opinion.model_validate_json(kept)
        body = {"model": model, "flag": opinion.flag, "reason": opinion.reason}
        house.audit.append("candidate.reviewed", actor=model, campaign=spec.campaign, candidate=candidate, body=body)
    return Opinion.model_validate_json(kept)


def objection(house: House, candidate: str) -> str:
    """The reason for which a candidate was flagged; empty when it was not, or was not reviewed."""
    kept = house.once.get(ROLE, candidate)
    opinion = Opinion.model_validate_json(kept) if kept else None
    return f"the reviewer flagged it: {opinion.reason}" if opinion and opinion.flag else ""


def lowered(decision: Decision, flagged: str, signed: bool) -> Decision:
    """The decision, with a person asked for where the change was flagged and nobody has signed yet. Never the reverse:
    a decision that does not permit stays as it is."""
    if not flagged or signed or not decision.permitted:
        return decision
    wanted = {"expires_seconds": HOLD_SECONDS, **decision.require, "approvals": 1}
    return replace(decision, allow=False, require=wanted)


def messages(hypothesis: str, diff: str) -> list[dict[str, str]]:
    """What the reviewer is asked."""
    more = len(diff) - DIFF_CHARS
    told = {"hypothesis": hypothesis, "diff": diff[:DIFF_CHARS], "characters_left_out": max(more, 0)}
    return chat_about(PROMPT, "change", told)


def read(answer: str) -> Opinion:
    """Any text as an opinion. What is not exactly the asked object is a flag."""
    try:
        found = Opinion.model_validate_json(answer.strip()[:ANSWER_CHARS])
    except ValidationError:
        return Opinion(flag=True, reason="its answer could not be read")
    return Opinion(flag=found.flag, reason=plain(found.reason)[:1000])


def _ask(house: House, spec: CandidateSpec, model: str, edit: Edit) -> Opinion:
    parent, row = house.candidate(spec.choice.parent), house.candidate(spec.choice.candidate)
    chat = messages(row.hypothesis, house.trees.diff(parent.tree, edit.tree))
    try:
        return read(ask_once(house, spec, model, chat, MAX_TOKENS))
    except Refusal as refusal:
        return Opinion(flag=True, reason=f"no review could be had ({refusal.rule})")
