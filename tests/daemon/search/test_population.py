"""What the archive's candidates mean for the search."""

from __future__ import annotations

from hypothesis import given

from daemon.search.clades import Node
from daemon.search.parents import Scored
from daemon.search.population import Member, believed, children, family, main_arm, scored
from tests.daemon.search.herd import herds, made, seed


def test_only_decided_evaluations_count_for_a_family() -> None:
    verdicts = ["accepted", "failed:no-gain", "killed:timeout", "denied:EDIT-SIZE", "inconclusive:docker", ""]
    members = [seed(), *(made(number, verdict) for number, verdict in enumerate(verdicts, 1))]
    results = [(0, 0), (1, 0), (0, 1), (0, 1), (0, 0), (0, 0), (0, 0)]
    assert family(members) == [Node(m.candidate, m.parent, *said) for m, said in zip(members, results, strict=True)]


def test_parents_are_those_with_an_honest_score() -> None:
    verdicts = ["accepted", "failed:slow", "quarantined:clock", "killed:wall", "inconclusive:docker", ""]
    members = [seed(), *(made(number, verdict, score=-1.0) for number, verdict in enumerate(verdicts, 1))]
    assert [one.candidate for one in scored([*members, made(7, "failed:build")])] == ["x-c0", "x-c1", "x-c2"]


def test_children_count_once_they_are_evaluated() -> None:
    members = [
        seed(),
        made(1),
        made(2, "failed:build"),
        made(3, "killed:pids", 1),
        made(4, "denied:path", tree=""),
        made(5, "inconclusive:docker"),
        made(6, ""),
        made(7, "failed:no-answer", tree=""),
    ]
    assert children(members) == {"x-c0": 2, "x-c1": 1}


def test_noise_is_not_believed() -> None:
    members = [
        seed(),
        made(1, "failed:no-gain", 0, 0.4),
        made(2, "accepted", 1, 0.7),
        made(3, "failed:no-gain", 2, 9.0),
    ]
    assert believed(members) == {"x-c0": 0.0, "x-c1": 0.0, "x-c2": 0.7, "x-c3": 0.7}
    assert scored(members)[3] == Scored("x-c3", 0.7, 0)


@given(herds())
def test_nobody_unproved_stands_above_its_parent(members: list[Member]) -> None:
    known = believed(members)
    for one in members:
        if one.candidate in known and one.verdict != "accepted" and one.parent in known:
            assert known[one.candidate] <= known[one.parent]


@given(herds())
def test_the_control_arm_stays_apart(members: list[Member]) -> None:
    control = {one.candidate for one in members if one.arm == "control"}
    assert not control & {one.candidate for one in scored(members)}
    assert not control & {one.candidate for one in main_arm(members)}
