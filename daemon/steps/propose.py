"""Step 1: the agent, in a runner container, on a copy of the parent tree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from daemon.gateway.grants import Grant
from daemon.governed import CAMPAIGN, CANDIDATE
from daemon.house import House
from daemon.steps.effects import effect, scratch
from daemon.steps.maxima import PROPOSE, propose_maximum
from kernels.target import Target
from sandbox.copyout import BadBundle, Bundle, make_outbox, read_bundle
from sandbox.exits import Exit
from sandbox.payload import place
from sandbox.spec import ContainerSpec, Mount
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
    body = {"parent": choice.parent, "model": choice.model, "genome": spec.facts.genome, "image": spec.facts.image}
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
        box = make_outbox(folder / "out" / "bundle.json")
        task = place({"task.json": json.dumps(_task(house, spec, target)).encode()}, house.settings.home / "payload")
        agent = place(_genome(house, spec.facts.genome), house.settings.home / "payload")
        socket = house.gateway.open(grant)
        try:
            container = ContainerSpec(
                role="propose",
                name=f"ratchet-{choice.candidate}-propose",
                image=spec.facts.image,
                command=("python3", "-I", "/agent/agent.py"),
                mounts=(
                    Mount(source=str(agent), target="/agent"),
                    Mount(source=str(task / "task.json"), target="/task/task.json"),
                    Mount(source=str(socket), target="/gateway"),
                    Mount(source=str(box), target="/out/bundle.json", read_only=False),
                ),
                limits=PROPOSE,
                labels={CAMPAIGN: spec.campaign, CANDIDATE: choice.candidate},
            )
            # The socket serves this one container, by the kernel's word: nobody else's process is listened to.
            ended = house.backend.run(
                container, on_started=lambda running: house.gateway.bind(choice.candidate, running.id)
            )
        finally:
            usage = house.gateway.close(choice.candidate, socket)
        meter.add("cpu_ms", ended.cpu_seconds * 1000)
        log = house.blobs.put(_log(ended))
        house.audit.append(
            "propose.container",
            actor="daemon",
            campaign=spec.campaign,
            candidate=choice.candidate,
            body={"reason": ended.reason, "code": ended.code, "log": log, "usage": usage.model_dump()},
            durable=False,
        )
        proposal = _read(house, ended, box)
        if usage.faults and not proposal.bundle:
            # The provider's trouble is ours, never the candidate's.
            raise InfrastructureError(f"gateway: the model gave no answer ({', '.join(usage.faults)})")
        return proposal


def _read(house: House, ended: Exit, box: Path) -> Proposal:
    """What the box holds, once nobody can write to it any more."""
    if ended.reason != "exit":
        return Proposal(verdict=f"killed:{ended.reason}")
    try:
        bundle = read_bundle(box)
    except BadBundle as error:
        rule = "agent" if error.rule == "empty" else "bad-output"
        return Proposal(verdict=f"failed:{rule}", feedback=str(error))
    if bundle.status == "failed":
        return Proposal(verdict=f"failed:{_word(bundle)}", hypothesis=bundle.hypothesis, feedback=bundle.reason)
    return Proposal(bundle=house.blobs.put(box.read_bytes()), hypothesis=bundle.hypothesis)


def _word(bundle: Bundle) -> str:
    """The agent's own reason as one tame word of a verdict."""
    word = "".join(letter if letter.isalnum() else "-" for letter in bundle.reason.lower().split(":", 1)[0])
    return word.strip("-")[:40] or "no-reason"


def _log(ended: Exit) -> bytes:
    return b"--- stdout\n" + ended.stdout + b"\n--- stderr\n" + ended.stderr


def _genome(house: House, tree: str) -> dict[str, bytes]:
    return {path: file.data for path, file in house.trees.read_tree(tree).items()}


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
    }
