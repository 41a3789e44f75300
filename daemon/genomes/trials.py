"""One trial: a version of the agent on one task of the suite, judged apart; and many of them side by side.

A trial is a candidate in small: a grant of its own, lines of its own in ledger and journal, the decision `edit` on what
the agent left, and a judge that shares no process with it. Its result is a row, kept once: after a crash only trials
without a row run again, and what their models had answered is in the journal.
"""

from __future__ import annotations

import contextvars
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.changes import edit_facts
from daemon.gateway.grants import Grant
from daemon.gateway.meter import Paid
from daemon.house import House
from daemon.records.trials import TrialRow
from daemon.repo import File
from daemon.search.streams import stream
from daemon.steps.agents import AgentRun, container_name, run_agent
from daemon.steps.effects import Meter, attempt, effect, scratch
from daemon.steps.maxima import PROPOSE
from kernels.bench_agent.suite import Task
from kernels.genome_target import GenomeTarget
from sandbox.judging import CandidateFault, JudgeSettings
from workflows.models import Account
from workflows.ports import InfrastructureError

SOLVED = "solved"
JUDGING_SECONDS = 120.0
"""What one judging session may take, building included."""
SAID_BYTES = 64 * 1024
"""Of what a container printed, kept in a transcript."""


@dataclass(frozen=True)
class Version:
    """A version of the agent under test: which tree, on whose account, with which model."""

    campaign: str
    candidate: str
    """Whose trials these are."""
    number: int
    genome: str
    """Tree hash."""
    purpose: str
    model: str
    seed: int
    """The campaign's; each task draws its own from it, the same for every version."""
    image: str

    def trial(self, task: Task) -> str:
        """Name of one of its trials, everywhere: below the candidate's, so that its cost is the candidate's."""
        return f"{self.candidate}/{self.purpose}-{task.id}"


def run_trials(house: House, target: GenomeTarget, version: Version, tasks: Sequence[Task]) -> list[TrialRow]:
    """All trials of a version, as many at a time as there are slots for agents; results in the order of the tasks.

    Raises the first InfrastructureError or RefusedError, after the others have ended.
    """
    if not tasks:
        return []
    with ThreadPoolExecutor(min(house.settings.propose_slots, len(tasks)), thread_name_prefix="trial") as pool:
        # Each with a copy of the context: the activity's attempt names the ledger keys.
        waiting = [
            pool.submit(contextvars.copy_context().run, run_trial, house, target, version, task) for task in tasks
        ]
        return [one.result() for one in waiting]


def run_trial(house: House, target: GenomeTarget, version: Version, task: Task) -> TrialRow:
    """The result of one trial: the kept one, or a fresh one that is kept."""
    trial = version.trial(task)
    known = house.trials.get(trial)
    if known is not None:
        return known
    seed = stream(version.seed, "trial", task.id).getrandbits(31)
    grant = Grant(
        candidate=trial,
        campaign=version.campaign,
        number=version.number,
        model=version.model,
        max_calls=house.settings.model_calls,
        max_tokens=house.settings.model_tokens,
        seed=seed,
    )
    with (
        scratch(house, trial, "trial") as folder,
        effect(
            house,
            _fresh(house, trial),
            campaign=version.campaign,
            candidate=trial,
            reserve=trial_maximum(),
            body={
                "genome": version.genome,
                "image": version.image,
                "task": task.id,
                "manifest": task.manifest(),
                "purpose": version.purpose,
            },
        ) as meter,
    ):
        run = run_agent(
            house,
            grant,
            version.genome,
            document(house, task, grant),
            folder,
            version.image,
            name=container_name(trial),
        )
        meter.add("cpu_ms", run.ended.cpu_seconds * 1000)
        if run.usage.faults and run.verdict:
            raise InfrastructureError(f"gateway: the model gave no answer ({', '.join(run.usage.faults)})")
        verdict, told = _judged(house, target, version, task, run, folder, meter)
    calls, spent = _paid(house, trial)
    row = TrialRow(
        trial=trial,
        campaign=version.campaign,
        candidate=version.candidate,
        genome=version.genome,
        purpose=version.purpose,
        task=task.id,
        family=task.file.language,
        manifest=task.manifest(),
        model=version.model,
        seed=seed,
        solved=verdict == SOLVED,
        verdict=verdict,
        calls=len(calls),
        spent={**spent, **{str(name): amount for name, amount in meter.amounts().items()}},
        transcript=_transcript(house, task, run, verdict, told, calls),
    )
    return house.trials.keep(row)


def trial_maximum() -> dict[Account, int]:
    """Container time of one trial; money and tokens are reserved call by call by the gateway."""
    wall = round((PROPOSE.wall_seconds + JUDGING_SECONDS) * 1000)
    return {"wall_ms": wall, "cpu_ms": round(wall * PROPOSE.cpus)}


def document(house: House, task: Task, grant: Grant) -> dict[str, Any]:
    """What the agent is told of a task: no hidden check, no solution, no split."""
    told = task.document()
    file = told["file"] if told["language"] == "python" else task.program()
    target = {
        "name": told["id"],
        "title": told["title"],
        "description": told["statement"],
        "metric": "hidden checks, all or nothing",
        "direction": "maximise",
        "editable": told["editable"],
    }
    return {
        "format": 1,
        "candidate": grant.candidate,
        "number": grant.number,
        "model": grant.model,
        "seed": grant.seed,
        "target": target,
        "parent": {"id": task.id, "score": None, "feedback": "", "files": told["files"]},
        "history": [],
        "limits": {"calls": grant.max_calls, "max_tokens": grant.max_tokens},
        "checks": {"build": told["build"], "language": told["language"], "file": file, "cases": told["examples"]},
    }


def _judged(
    house: House, target: GenomeTarget, version: Version, task: Task, run: AgentRun, folder: Path, meter: Meter
) -> tuple[str, str]:
    """Verdict and public words: the gate's on the edit, then the judge's on the tree."""
    if run.verdict or run.bundle is None:
        return run.verdict or "failed:agent", run.problem
    base = {path: File(text.encode()) for path, text in task.tree().items()}
    facts = edit_facts(
        base,
        run.bundle.files,
        run.bundle.deleted,
        campaign=version.campaign,
        candidate=version.trial(task),
        target={
            "name": target.suite.folder,
            "kind": "program",
            "editable": list(task.file.editable),
            "protected": [],
        },
    )
    if not facts["changes"] and not facts["unsafe"]:
        return "failed:no-change", "the answer changes nothing"
    decision = house.decide("edit", facts, campaign=version.campaign, candidate=version.trial(task))
    if not decision.permitted:
        return f"denied:{decision.deny[0].code if decision.deny else 'POLICY'}", "; ".join(decision.reasons)
    tree = {**base, **{path: File(edit.data, edit.mode) for path, edit in run.bundle.files.items()}}
    laid = folder / "tree"
    for path, file in tree.items():
        if path not in run.bundle.deleted:
            place = laid / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.data)
    for inner in (laid, *laid.rglob("*")):
        inner.chmod(0o755 if inner.is_dir() else 0o644)
    return _checked(house, target, version, task, laid, meter)


def _checked(
    house: House, target: GenomeTarget, version: Version, task: Task, laid: Path, meter: Meter
) -> tuple[str, str]:
    judge = house.judges.get(version.campaign, target, version.image)
    settings = JudgeSettings.model_validate(target.task_settings(task, Path(judge.settings.folder)))
    # The cases of a task are fixed, so there is no seed to commit to.
    with judge.session(f"{version.trial(task)}-{attempt()}", bytes(32), {"child": laid}, settings=settings) as session:
        try:
            session.build("child")
            session.check("child", "visible")
            session.check("child", "sealed")
        except CandidateFault as fault:
            return fault.verdict, fault.feedback
        finally:
            meter.add("cpu_ms", session.cpu_seconds() * 1000)
    return SOLVED, ""


def _fresh(house: House, trial: str) -> str:
    """The effect's kind with the first number under which the ledger knows nothing yet: a lost run is booked whole."""
    number = 1
    while house.ledger.reservation(f"{trial}/trial-{number}/{attempt()}") is not None:
        number += 1
    return f"trial-{number}"


def _paid(house: House, trial: str) -> tuple[list[tuple[str, Paid]], dict[str, int]]:
    """Every answered call with its prompt's blob, and what they cost, in whatever run of the trial it was."""
    answers = house.journal.answered(trial)
    calls = [(one.request_sha256, Paid.model_validate_json(one.response)) for one in answers]
    spent: dict[str, int] = {}
    for _, paid in calls:
        for account, amount in paid.spent.items():
            spent[account] = spent.get(account, 0) + amount
    return calls, spent


def _transcript(
    house: House, task: Task, run: AgentRun, verdict: str, told: str, calls: Sequence[tuple[str, Paid]]
) -> str:
    """A blob that tells a person, or the next proposer, what happened."""
    return house.blobs.put(
        json.dumps(
            {
                "task": task.id,
                "verdict": verdict,
                "told": told,
                "reason": run.problem,
                "calls": [{"prompt": prompt, "answer": paid.completion.text} for prompt, paid in calls],
                "printed": (run.ended.stdout + b"\n" + run.ended.stderr)[-SAID_BYTES:].decode("utf-8", "replace"),
            }
        ).encode()
    )
