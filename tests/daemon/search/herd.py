"""Candidates for tests of the search: small campaigns, written by hand or drawn."""

from __future__ import annotations

from hypothesis import strategies as st

from daemon.search.population import SEED, Member

VERDICTS = (
    "accepted",
    "failed:no-gain",
    "failed:wrong",
    "killed:timeout",
    "denied:EDIT-SIZE",
    "inconclusive:docker",
    "",
)


def seed(**more: object) -> Member:
    return Member("x-c0", 0, verdict=SEED, score=0.0, tree="t0", **more)  # type: ignore[arg-type]


def made(number: int, verdict: str = "accepted", parent: int = 0, score: float | None = None, **more: object) -> Member:
    """Candidate `number`, a child of candidate `parent`."""
    given: dict[str, object] = {"tree": f"t{number}", "model": "m", **more}
    return Member(f"x-c{number}", number, f"x-c{parent}", verdict, score, score, **given)  # type: ignore[arg-type]


@st.composite
def herds(draw: st.DrawFn, most: int = 12) -> list[Member]:
    """Any campaign: every candidate descends from an earlier one; some are in flight, some of the control arm."""
    members = [seed(cases={"a": 0.0, "b": 0.0})]
    for number in range(1, draw(st.integers(0, most)) + 1):
        verdict = draw(st.sampled_from(VERDICTS))
        scored = verdict in ("accepted", "failed:no-gain")
        score = draw(st.floats(-2, 2)) if scored else None
        cases = {"a": draw(st.floats(-2, 2)), "b": draw(st.floats(-2, 2))} if scored else {}
        arm = draw(st.sampled_from(("main", "main", "control")))
        parents = [0] if arm == "control" else [one.number for one in members if one.honest and one.arm == "main"]
        features = {"size": draw(st.floats(0.1, 9)), "distance": draw(st.floats(0, 1))}
        model = draw(st.sampled_from(("m", "n")))
        parent = draw(st.sampled_from(parents))
        members.append(made(number, verdict, parent, score, arm=arm, cases=cases, features=features, model=model))
    return members
