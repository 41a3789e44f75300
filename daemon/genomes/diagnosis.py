"""What an agent that is to improve itself is told of its own failures: transcripts of visible tasks, and nothing else.

Visible tasks are there to be looked at. Of validation tasks only counts are told (in the parent's feedback), of sealed
ones nothing. The material is bounded, the same for the same candidate, and hostile like everything a model wrote.
"""

from __future__ import annotations

import json
from typing import Any

from daemon.genomes.scoring import genome_target, ordered, version_of
from daemon.genomes.trials import run_trials
from daemon.house import House
from daemon.records.trials import TrialRow
from daemon.search.streams import stream
from workflows.models import CandidateSpec

VISIBLE = "visible"
TASKS = 6
"""Visible tasks that a parent is tried on."""
SHOWN = 2
"""Failed ones whose transcripts are shown."""
ANSWER_CHARS = 3000
ASK = (
    "Find the one thing in the agent's prompts, tools or loop that these failures have in common, and propose one "
    "general feature that would have helped; not a fix for these tasks alone."
)


def diagnosed(house: House, spec: CandidateSpec) -> dict[str, Any]:
    """The field `diagnosis` of a task: the parent's failures on visible tasks, with the transcripts of some.

    Nothing for other targets. Runs the trials that were not run yet.
    """
    if spec.facts.target.kind != "genome":
        return {}
    target = genome_target(house, spec.facts.target.name)
    parent = house.candidate(spec.choice.parent)
    version = version_of(house, spec, parent.tree, VISIBLE, candidate=parent.candidate)
    tasks = ordered(target.split("visible"), version.seed)[:TASKS]
    rows = run_trials(house, target, version, tasks)
    failed = [row for row in rows if not row.solved]
    statements = {task.id: task.file.statement for task in tasks}
    draw = stream(spec.choice.seed, "diagnosis")
    shown = draw.sample(failed, min(SHOWN, len(failed)))
    told = {
        "ask": ASK,
        "solved": [row.task for row in rows if row.solved],
        "failed": {row.task: row.verdict for row in failed},
        "transcripts": [_story(house, row, statements[row.task]) for row in shown],
    }
    return {"diagnosis": told}


def _story(house: House, row: TrialRow, statement: str) -> dict[str, Any]:
    kept = json.loads(house.blobs.get(row.transcript))
    return {
        "task": row.task,
        "statement": statement,
        "verdict": row.verdict,
        "judge": str(kept["told"])[:1000],
        "agent": str(kept["reason"])[:1000],
        "answers": [str(call["answer"])[:ANSWER_CHARS] for call in kept["calls"][-3:]],
        "printed": str(kept["printed"])[-1000:],
    }
