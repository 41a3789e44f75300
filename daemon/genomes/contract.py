"""Is a changed agent still an agent? It has to start, read its task, ask the model within its grant and leave a bundle.

The model is a script, so this costs nothing and says nothing about how good the agent is. It may only reject.
"""

from __future__ import annotations

from typing import Any

from daemon.gateway.grants import Grant
from daemon.genomes.trials import Version
from daemon.house import House
from daemon.steps.agents import AgentRun, container_name, run_agent
from daemon.steps.effects import attempt, effect, scratch
from daemon.steps.maxima import PROPOSE, propose_maximum

MODEL = "ratchet/scripted/selftest"
CALLS = 4
TREE = {"greeting.py": 'def greeting():\n    return "hello"\n'}
BROKEN = ("agent-error", "bad-genome")
"""Words by which an agent admits that it broke down."""


def broken_contract(house: House, version: Version) -> str:
    """What is wrong with it, in one sentence; nothing for a sound agent. Raises InfrastructureError."""
    name = f"{version.candidate}/selftest"
    grant = Grant(
        candidate=name,
        campaign=version.campaign,
        number=1,
        model=MODEL,
        max_calls=CALLS,
        max_tokens=house.settings.model_tokens,
    )
    number = attempt()
    while house.ledger.reservation(f"{name}/selftest-{number}/{attempt()}") is not None:
        number += 1
    with (
        scratch(house, version.candidate, "selftest") as folder,
        effect(
            house,
            f"selftest-{number}",
            campaign=version.campaign,
            candidate=name,
            reserve=propose_maximum(),
            body={"genome": version.genome, "image": version.image},
        ) as meter,
    ):
        run = run_agent(
            house, grant, version.genome, _document(grant), folder, version.image, name=container_name(name)
        )
        meter.add("cpu_ms", run.ended.cpu_seconds * 1000)
    return problem_of(run)


def problem_of(run: AgentRun) -> str:
    """What a run breaks of the contract. The gateway's own count of calls and refusals is the evidence."""
    if run.ended.reason != "exit":
        return f"it was killed ({run.ended.reason}) on a task that takes {PROPOSE.wall_seconds:g} s at most"
    if run.bundle is None:
        return f"it left no bundle that can be read: {run.problem}"
    if run.bundle.status == "failed" and run.bundle.reason.startswith(BROKEN):
        return f"it broke down: {run.bundle.reason[:500]}"
    if run.usage.calls == 0:
        return "it never asked the model"
    beyond = [rule for rule in run.usage.refused if rule != "calls"]
    if beyond:
        return f"it asked the gateway for what no agent may have ({beyond[0]})"
    return ""


def _document(grant: Grant) -> dict[str, Any]:
    target = {
        "name": "selftest",
        "title": "Greet the world",
        "description": "greeting() returns the text 'hello'. It should return 'hello, world'.",
        "metric": "contract",
        "direction": "maximise",
        "editable": sorted(TREE),
    }
    return {
        "format": 1,
        "candidate": grant.candidate,
        "number": 1,
        "model": grant.model,
        "seed": grant.seed,
        "target": target,
        "parent": {"id": "selftest", "score": None, "feedback": "", "files": TREE},
        "history": [],
        "limits": {"calls": grant.max_calls, "max_tokens": grant.max_tokens},
    }
