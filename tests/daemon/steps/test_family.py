"""What the archive's rows mean for the clade strategy."""

from __future__ import annotations

from daemon.records.rows import CandidateRow
from daemon.search.clades import Node
from daemon.steps.campaigns import family_of


def test_only_decided_evaluations_count() -> None:
    verdicts = ["seed", "accepted", "failed:no-gain", "killed:timeout", "denied:EDIT-SIZE", "inconclusive:docker", ""]
    rows = [
        CandidateRow(campaign="x", number=n, candidate=f"x-c{n}", parent="x-c0" if n else "", verdict=verdict)
        for n, verdict in enumerate(verdicts)
    ]
    results = [(0, 0), (1, 0), (0, 1), (0, 1), (0, 0), (0, 0), (0, 0)]
    assert family_of(rows) == [Node(r.candidate, r.parent, *said) for r, said in zip(rows, results, strict=True)]
