"""Step 1: the agent, in a runner container, on a copy of the parent tree."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from daemon.gateway.grants import Grant
from daemon.genomes.diagnosis import diagnosed
from daemon.house import House
from daemon.records.blobs import BlobStore
from daemon.steps.agents import AgentRun, run_agent
from daemon.steps.effects import effect, scratch
from daemon.steps.maxima import bounds, propose_maximum
from daemon.steps.receiving import handed_in
from daemon.steps.search_inputs import search_inputs, texts
from daemon.steps.text import plain
from kernels.target import Target
from sandbox.copyout import parse_bundle
from workflows.failures import BUDGET
from workflows.models import CandidateSpec, Choice, Proposal
from workflows.ports import InfrastructureError, RefusedError

FAULTY = "provider-fault"
TASK = "task"
AGENT_ROLES = ("plan", "edit", "summarise")
TASKS = 10
"""Newest entries of the campaign's task list that an agent is shown."""
ASKED = 100
"""Newest candidates whose agents' lists are read for it."""


def propose(house: House, spec: CandidateSpec) -> Proposal:
    """The agent's bundle in the blob store, or an honest failure. A retried call of the model costs nothing."""
    choice = spec.choice
    if choice.submitted:
        return handed_in(house, choice.submitted)
    target = house.target(spec.facts.target.name)
    model = _model(house, choice)
    grant = Grant(
        candidate=choice.candidate,
        campaign=spec.campaign,
        number=choice.number,
        model=model,
        roles=_roles(choice),
        max_calls=house.settings.model_calls,
        max_tokens=house.settings.model_tokens,
        seed=choice.seed,
    )
    diagnosed(house, spec)  # before the effect begins: its trials are effects of their own
    genome = choice.genome or spec.facts.genome
    body = {"parent": choice.parent, "model": model, "genome": genome, "image": spec.facts.image, **bounds()}
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
        if run.unanswered:
            house.once.keep(FAULTY, f"{choice.candidate}/{model}", ", ".join(run.usage.faults))
        return proposal_of(house, run)


def proposal_of(house: House, run: AgentRun) -> Proposal:
    """What the agent left.

    Raises RefusedError when the budget left it without an answer, InfrastructureError when the provider's trouble did.
    """
    nothing = run.verdict or run.bundle is None
    if nothing and (short := next((rule for rule in run.usage.refused if rule.startswith(BUDGET)), "")):
        raise RefusedError(short, "the campaign has too little left for another call of the model")
    if run.unanswered:
        raise InfrastructureError(f"gateway: the model gave no answer ({', '.join(run.usage.faults)})")
    hypothesis = run.bundle.hypothesis if run.bundle else ""
    if run.verdict:
        return Proposal(verdict=run.verdict, hypothesis=hypothesis, feedback=run.problem)
    return Proposal(bundle=house.blobs.put(run.raw), hypothesis=hypothesis)


def _model(house: House, choice: Choice) -> str:
    """The chosen model, or the next one of the ensemble whose provider did not fail this candidate yet."""
    turn = (choice.model, *choice.fallbacks)
    able = (model for model in turn if house.once.get(FAULTY, f"{choice.candidate}/{model}") is None)
    model = next(able, choice.model)
    row = house.candidate(choice.candidate)
    if row.model != model:
        house.archive.put(row.model_copy(update={"model": model}))
    return model


def _task(house: House, spec: CandidateSpec, target: Target) -> dict[str, Any]:
    """The task as it was first put together: a retry asks the same questions, and is answered from the journal."""
    kept = house.once.get(TASK, spec.choice.candidate)
    if kept is None:
        fresh = house.blobs.put(json.dumps(drawn_up(house, spec, target)).encode())
        kept = house.once.keep(TASK, spec.choice.candidate, fresh)
    task: dict[str, Any] = json.loads(house.blobs.get(kept))
    return task


def drawn_up(house: House, spec: CandidateSpec, target: Target) -> dict[str, Any]:
    """The task document. Nothing of the judge, no seed of its inputs and no host path is in it."""
    choice = spec.choice
    parent = house.candidate(choice.parent)
    return {
        "format": 1,
        "candidate": choice.candidate,
        "number": choice.number,
        "model": choice.model,
        "seed": choice.seed,
        "target": target.public(),
        "parent": {
            "id": parent.candidate,
            "score": parent.score,
            "feedback": parent.feedback,
            "files": texts(house, parent),
        },
        "limits": {"calls": house.settings.model_calls, "max_tokens": house.settings.model_tokens},
        "checks": {"build": list(target.build.argv)},
        "roles": sorted(_roles(choice)),
        "tasks": _left(house, spec),
        **search_inputs(house, spec, target),
        **diagnosed(house, spec),
    }


def _roles(choice: Choice) -> dict[str, str]:
    """The agent's own roles. Those that judge it are none of them: nobody practises on the model that judges him."""
    return {role: model for role, model in choice.roles.items() if role in AGENT_ROLES}


def _left(house: House, spec: CandidateSpec) -> list[str]:
    """What earlier agents of the campaign left to be tried, newest last, each once: a hint to models, nothing else."""
    if spec.choice.arm == "control":
        return []
    found: dict[str, None] = {}
    for one in [one for one in house.populations.of(spec.campaign) if one.bundle and one.verdict][-ASKED:]:
        if house.blobs.has(one.bundle):
            found |= dict.fromkeys(_tasks_in(house.blobs, one.bundle))
    return list(found)[-TASKS:]


@lru_cache(maxsize=4096)
def _tasks_in(blobs: BlobStore, bundle: str) -> tuple[str, ...]:
    """What one bundle leaves to be tried. Blobs never change, so each is read once while it matters."""
    return tuple(plain(task) for task in parse_bundle(blobs.get(bundle)).tasks)
