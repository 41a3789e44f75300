"""What a campaign taught, in sentences."""

from __future__ import annotations

from hypothesis import given

from daemon.search.lessons import era, findings, lessons
from daemon.search.plateau import Plateau
from daemon.search.population import Member
from tests.daemon.search.herd import herds, made, seed

CALM = Plateau("ok", 0)


def test_what_works_is_told_best_first() -> None:
    members = [seed(), made(1, score=0.1, hypothesis="tile: 8"), made(2, score=0.5, hypothesis="loop: swap")]
    members.append(made(3, "failed:no-gain", 0, 9.0, hypothesis="loop: noise"))
    assert findings(members) == ["x-c2: loop: swap (accepted, gain +0.5)", "x-c1: tile: 8 (accepted, gain +0.1)"]


def test_kinds_of_ideas_are_weighed() -> None:
    members = [seed(), made(1, score=0.1, hypothesis="tile: 8")]
    members += [made(n, "failed:no-gain", 0, 0.0, hypothesis="align: more") for n in (2, 3, 4)]
    told = lessons(members, CALM, 10)
    assert "align: 0 of 3 accepted; leave it unless something is different now" in told
    assert "tile: 1 of 1 accepted, best gain +0.1; go further there" in told


def test_what_often_goes_wrong_comes_with_advice() -> None:
    members = [seed(), *(made(n, "failed:build") for n in range(1, 5)), made(5, "killed:timeout")]
    told = lessons(members, CALM, 10)
    assert told == [
        "4 of the last 5 ended as failed:build: it does not compile: keep changes small, and declare what is used"
    ]


def test_a_search_that_stands_still_is_told_to_go_wider() -> None:
    assert lessons([seed()], Plateau("warn", 4), 10) == [
        "no gain in the last 4 candidates: try what has not been tried yet"
    ]
    assert "change the approach" in lessons([seed()], Plateau("change", 9), 10)[0]


def test_two_lines_that_gained_are_to_be_joined() -> None:
    members = [seed(), made(1, score=0.5, hypothesis="a"), made(2, score=0.4, hypothesis="b")]
    assert "x-c1 and x-c2 gained in different ways; join them: b" in lessons(members, CALM, 10)


def test_lessons_stay_the_same_within_an_era() -> None:
    assert [era(number, 10) for number in (1, 10, 11, 20, 21)] == [0, 0, 10, 10, 20] and era(7, 0) == 0


@given(herds())
def test_any_campaign_has_lessons_that_fit_into_a_prompt(members: list[Member]) -> None:
    told = lessons(members, Plateau("stop", 20), 10)
    assert told and all(len(line) < 400 for line in told)
