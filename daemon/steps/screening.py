"""Between gate and commit, where a campaign names models for it: has this been tried already, in other words?

`embed` finds the earlier candidate that the new one is most like, `novelty` says of the two whether they are the same.
Either may stand alone: without an embedding the shingles choose, without a judge the likeness alone decides. Both may
only reject, and cost no evaluation. A model that cannot be asked, or understood, has no say.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from daemon.gateway.errors import Refusal
from daemon.gateway.grants import Grant
from daemon.house import House
from daemon.search import vectors
from daemon.search.population import Member
from daemon.steps.asking import ask_once
from daemon.steps.effects import DAEMON
from daemon.steps.likeness import NEAR_LIMIT, nearest_by_runs
from daemon.steps.text import chat_about, plain
from kernels.target import Target
from workflows.models import CandidateSpec, Edit

EMBED, NOVELTY = "embed", "novelty"
PROMPT = Path(__file__).resolve().parent / "prompts" / "novelty.md"
TEXT_CHARS = 24_000
"""Of a longer tree the models see the first part."""
MAX_TOKENS = 300
ANSWER_CHARS = 4000


class Opinion(BaseModel):
    """What a judge of novelty can say at all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    same: StrictBool
    reason: Annotated[str, Field(max_length=1000)]


class Near(NamedTuple):
    """The earlier candidate that a tree is most like, and how much (1: the same)."""

    candidate: str
    tree: str
    likeness: float


def screen(house: House, spec: CandidateSpec, edit: Edit) -> Edit:
    """The edit, rejected as `failed:duplicate` when the campaign's models take it for one that was tried before."""
    roles, candidate = spec.choice.roles, spec.choice.candidate
    target = house.target(spec.facts.target.name)
    near = _nearest(house, spec, target, edit.tree)
    if near is None or near.likeness < target.search.alike:
        return edit
    judge = roles.get(NOVELTY, "")
    opinion = _opinion(house, spec, judge, edit.tree, near) if judge else Opinion(same=True, reason="nearly the same")
    body = {
        "model": judge or roles[EMBED],
        "nearest": near.candidate,
        "likeness": near.likeness,
        "same": opinion.same,
        "reason": opinion.reason,
    }
    if house.once.get(NOVELTY, candidate) is None:
        house.audit.append("candidate.screened", actor=DAEMON, campaign=spec.campaign, candidate=candidate, body=body)
        house.once.keep(NOVELTY, candidate, "told")
    if not opinion.same:
        return edit
    told = f"the same as {near.candidate} (likeness {near.likeness:.3f}) by {body['model']}: {opinion.reason}"
    return edit.model_copy(update={"verdict": "failed:duplicate", "reasons": (told,)})


def read(answer: str) -> Opinion:
    """Any text as an opinion; what is not exactly the asked object says that they differ."""
    try:
        found = Opinion.model_validate_json(answer.strip()[:ANSWER_CHARS])
    except ValidationError:
        return Opinion(same=False, reason="its answer could not be read")
    return Opinion(same=found.same, reason=plain(found.reason)[:1000])


def messages(new: str, earlier: str) -> list[dict[str, str]]:
    """What the judge of novelty is asked."""
    return chat_about(PROMPT, "programs", {"new": new, "earlier": earlier})


def _opinion(house: House, spec: CandidateSpec, judge: str, tree: str, near: Near) -> Opinion:
    chat = messages(_text(house, tree), _text(house, near.tree))
    try:
        return read(ask_once(house, spec, judge, chat, MAX_TOKENS))
    except Refusal as refusal:
        return Opinion(same=False, reason=f"it could not be asked ({refusal.rule})")


def _nearest(house: House, spec: CandidateSpec, target: Target, tree: str) -> Near | None:
    others = [one for one in comparable(house, spec) if one.tree and one.tree != tree][-NEAR_LIMIT:]
    model = spec.choice.roles.get(EMBED, "")
    if not model:
        found = nearest_by_runs(house.trees, tree, others)
        return Near(found[0].candidate, found[0].tree, found[1]) if found else None
    mine = _vector(house, spec, model, tree, ask=True)
    if mine is None:
        return None
    best: Near | None = None
    for one in others:
        vector = _vector(house, spec, model, one.tree, ask=one.number == 0)
        alike = vectors.cosine(mine, vector) if vector else 0.0
        if best is None or alike > best.likeness:
            best = Near(one.candidate, one.tree, alike)
    return best


def comparable(house: House, spec: CandidateSpec) -> list[Member]:
    """Those that a candidate may repeat. Each arm is compared with itself and the seed: what the other one found must
    not decide how sampling alone comes out."""
    choice = spec.choice
    known = house.populations.of(spec.campaign)
    return [one for one in known if one.candidate != choice.candidate and (one.number == 0 or one.arm == choice.arm)]


def _vector(house: House, spec: CandidateSpec, model: str, tree: str, *, ask: bool) -> tuple[float, ...] | None:
    """A tree's embedding: asked for once, by the candidate that brought the tree, and kept."""
    key = f"{spec.campaign}/{model}/{tree}"
    kept = house.once.get(EMBED, key)
    if kept is None and ask:
        choice = spec.choice
        names = {"candidate": choice.candidate, "campaign": spec.campaign, "number": choice.number, "model": model}
        try:
            answer = house.gateway.embed(Grant(**names, max_calls=1, max_tokens=1), _text(house, tree))
            kept = house.once.keep(EMBED, key, vectors.packed(vectors.read(answer)))
        except (Refusal, ValueError):
            return None
    return _unpacked(kept) if kept else None


@lru_cache(maxsize=2 * NEAR_LIMIT)
def _unpacked(text: str) -> tuple[float, ...]:
    return tuple(vectors.unpacked(text))


def _text(house: House, tree: str) -> str:
    """The tree's text files one after another, each under its path."""
    files = sorted(house.trees.read_tree(tree).items())
    return "\n".join(f"{path}\n{file.data.decode('utf-8', 'replace')}" for path, file in files)[:TEXT_CHARS]
