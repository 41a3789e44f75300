"""Step 1: the agent, in a runner container, on a copy of the parent tree."""

from __future__ import annotations

from typing import Any

from daemon.gateway.grants import Grant
from daemon.house import House
from daemon.steps.agents import AgentRun, run_agent
from daemon.steps.effects import effect, scratch
from daemon.steps.maxima import propose_maximum
from kernels.target import Target
from workflows.models import CandidateSpec, Proposal
from workflows.ports import InfrastructureError

HISTORY = 20
"""Earlier candidates that the agent is told of."""


def propose(house: House, spec: CandidateSpec) -> Proposal:
    """The agent's bundle in the blob store, or an honest failure. A retried call of the model costs nothing."""
    choice = spec.choice
    target = house.target(spec.facts.target.name)
    grant = Grant(
        candidate=choice.candidate,
        campaign=spec.campaign,
        number=choice.number,
        model=choice.model,
        max_calls=house.settings.model_calls,
        max_tokens=house.settings.model_tokens,
        seed=choice.seed,
    )
    genome = choice.genome or spec.facts.genome
    body = {"parent": choice.parent, "model": choice.model, "genome": genome, "image": spec.facts.image}
    with (
        scratch(house, choice.candidate, "propose") as folder,
        effect(
            house,
            "propose",
            campaign=spec.campaign,
            candidate=choice.candidate,
            reserve=propose_maximum(),
            body=body,
        ) as meter,
    ):
        run = run_agent(
            house,
            grant,
            genome,
            _task(house, spec, target),
            folder,
            spec.facts.image,
            name=f"ratchet-{choice.candidate}-propose",
        )
        meter.add("cpu_ms", run.ended.cpu_seconds * 1000)
        house.audit.append(
            "propose.container",
            actor="daemon",
            campaign=spec.campaign,
            candidate=choice.candidate,
            body={
                "reason": run.ended.reason,
                "code": run.ended.code,
                "log": run.log,
                "usage": run.usage.model_dump(),
            },
            durable=False,
        )
        return proposal_of(house, run)


def proposal_of(house: House, run: AgentRun) -> Proposal:
    """What the agent left. Raises InfrastructureError when the provider's trouble left it without an answer."""
    if run.usage.faults and (run.verdict or run.bundle is None):
        raise InfrastructureError(f"gateway: the model gave no answer ({', '.join(run.usage.faults)})")
    hypothesis = run.bundle.hypothesis if run.bundle else ""
    if run.verdict:
        return Proposal(verdict=run.verdict, hypothesis=hypothesis, feedback=run.problem)
    return Proposal(bundle=house.blobs.put(run.raw), hypothesis=hypothesis)


def _task(house: House, spec: CandidateSpec, target: Target) -> dict[str, Any]:
    """The task document. Nothing of the judge, no seed of its inputs and no host path is in it."""
    choice = spec.choice
    parent = house.candidate(choice.parent)
    files = {}
    for path, file in house.trees.read_tree(parent.tree).items():
        try:
            files[path] = file.data.decode("utf-8")
        except UnicodeDecodeError:
            continue
    history = [
        {"candidate": row.candidate, "hypothesis": row.hypothesis, "verdict": row.verdict, "gain": row.gain}
        for row in house.archive.candidates(spec.campaign)
        if row.verdict and row.number > 0
    ]
    return {
        "format": 1,
        "candidate": choice.candidate,
        "number": choice.number,
        "model": choice.model,
        "seed": choice.seed,
        "target": target.public(),
        "parent": {"id": parent.candidate, "score": parent.score, "feedback": parent.feedback, "files": files},
        "history": history[-HISTORY:],
        "limits": {"calls": house.settings.model_calls, "max_tokens": house.settings.model_tokens},
        "checks": {"build": list(target.build.argv)},
    }
