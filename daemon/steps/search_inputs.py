"""What the search adds to an agent's task: company, memory, lessons, context, and the log of what is to be mended.

Everything here came from models or from the target's author: the agent's prompts quote it as data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from daemon.house import House
from daemon.records.rows import CandidateRow
from daemon.search.folding import fold
from daemon.search.lessons import era, findings, lessons
from daemon.search.memory import Tried, deleted_digest, deleted_lines, failed_ideas
from daemon.search.picking import standing_of
from daemon.search.population import Member
from daemon.steps.lessons import summarised
from kernels.target import Target
from sandbox.copyout import parse_bundle
from workflows.models import CandidateSpec

HISTORY = 20
"""Earlier candidates that the agent is told of."""
COMPANY_BYTES = 60_000
"""Of one inspiration's or second parent's text files."""
LINEAGE = 6
"""Newest ancestors whose deleted lines are remembered."""
NOTES = 8
"""Newest candidates whose agents' own findings are passed on."""
LOG_CHARS = 6000


def search_inputs(house: House, spec: CandidateSpec, target: Target) -> dict[str, Any]:
    """Keys of the task document. The control arm is told nothing of the others: that is what it is for."""
    choice = spec.choice
    context = {"context": target.context()} if target.context() else {}
    if choice.arm == "control":
        return {"history": [], **context}
    every = house.campaign_spec(spec.campaign).recommend_every
    members = [one for one in house.populations.of(spec.campaign) if one.candidate != choice.candidate]
    parent = house.candidate(choice.parent)
    told: dict[str, Any] = {"history": _history(members), "findings": _findings(house, members, parent), **context}
    if every:
        ripe = [one for one in members if one.number <= era(choice.number, every)]
        drawn = lessons(ripe, standing_of(ripe, spec.facts.patience), every)
        told["recommendations"] = summarised(house, spec, drawn, told["findings"]) if len(ripe) > 1 else []
    told["inspirations"] = [_company(house, name) for name in choice.inspirations]
    if choice.operator == "crossover":
        told["crossover"] = _company(house, choice.second)
    if choice.operator == "fix":
        told |= {"fix": True, "parent": _broken(house, choice.second)}
    return {key: value for key, value in told.items() if value or key == "history"}


def texts(house: House, row: CandidateRow, limit: int | None = None) -> dict[str, str]:
    """A tree's text files, whole ones only, in the order of their paths, up to `limit` bytes."""
    found: dict[str, str] = {}
    room = limit
    for path, file in sorted(house.trees.read_tree(row.tree).items()):
        if room is not None and len(file.data) > room:
            continue
        try:
            found[path] = file.data.decode("utf-8")
        except UnicodeDecodeError:
            continue
        room = None if room is None else room - len(file.data)
    return found


def _history(members: Sequence[Member]) -> list[dict[str, Any]]:
    decided = [one for one in members if one.verdict and one.number > 0 and one.arm == "main"]
    return [
        {"candidate": one.candidate, "hypothesis": one.hypothesis, "verdict": one.verdict, "gain": one.gain}
        for one in decided[-HISTORY:]
    ]


def _findings(house: House, members: Sequence[Member], parent: CandidateRow) -> list[str]:
    """The experiment log: what worked, what did not, what the line took out, and what agents noted."""
    main = [one for one in members if one.arm == "main" and one.number > 0]
    tried = [Tried(one.hypothesis, one.verdict, one.gain) for one in main if one.decided]
    line = list(reversed(house.archive.lineage(parent.candidate)[:LINEAGE]))
    gone = deleted_lines([texts(house, row, COMPANY_BYTES) for row in line]) if len(line) > 1 else []
    return [
        *findings(members),
        *(f"did not work: {idea}" for idea in _lines(failed_ideas(tried, 1500))),
        *(f"taken out earlier, do not bring back without a reason: {one}" for one in _lines(deleted_digest(gone, 800))),
        *_notes(house, main),
    ]


def _notes(house: House, main: Sequence[Member]) -> list[str]:
    """Findings of the newest agents, in their words."""
    found = []
    for one in [one for one in main if one.bundle][-NOTES:]:
        bundle = parse_bundle(house.blobs.get(one.bundle))
        found += [f"{one.candidate} notes: {note}" for note in bundle.findings[:2]]
    return found


def _company(house: House, candidate: str) -> dict[str, Any]:
    row = house.candidate(candidate)
    return {"id": row.candidate, "score": row.score, "files": texts(house, row, COMPANY_BYTES)}


def _broken(house: House, candidate: str) -> dict[str, Any]:
    """The failed tree in the parent's place, with its failing case and its folded log."""
    row = house.candidate(candidate)
    log = house.blobs.get(row.log).decode("utf-8", "replace") if row.log else ""
    feedback = "\n".join(part for part in (row.verdict, row.feedback, fold(log, LOG_CHARS)) if part)
    return {"id": row.candidate, "score": None, "feedback": feedback, "files": texts(house, row)}


def _lines(digest: str) -> Iterable[str]:
    return (line.removeprefix("- ") for line in digest.splitlines())
