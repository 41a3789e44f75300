"""One choice of the search: parent, operator, model and company of the next candidate.

A pure function of the plan, the candidates so far and the number of the next one: asked again after a crash, with the
same archive, it gives the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from daemon.search.archipelago import Map, choose_islander
from daemon.search.ensemble import ranked
from daemon.search.operators import Operator, Shares, inspirations, operate
from daemon.search.parents import Strategy as ByScore
from daemon.search.parents import choose_parent
from daemon.search.pareto import choose_specialist
from daemon.search.plateau import Grades, Plateau, event_of, plateau
from daemon.search.population import Member, believed, family, main_arm, scored
from daemon.search.streams import stream

Strategy = Literal["epsilon-greedy", "sigmoid-children", "moving-midpoint", "clade", "best", "pareto", "islands", "iid"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
DEFAULT: Strategy = "epsilon-greedy"
"""Of what wins the bench the one that keeps drawing others: `best` does as well there, but by one line of descent, and
a real model's ideas need several.

Medians of the best score after 200 evaluations, `make bench-search`, seeds 0 to 4 (chosen on seeds 1000 to 1008):

| search | rugged constants | packing | a model of a kernel |
| --- | --- | --- | --- |
| epsilon-greedy | 0.550 | 1.238 | 25.5 |
| best | 0.575 | 1.238 | 23.6 |
| moving-midpoint | 0.277 | 0.914 | 23.3 |
| islands | 0.266 | 0.954 | 18.8 |
| sigmoid-children | 0.242 | 0.828 | 12.8 |
| clade | 0.216 | 0.814 | 9.7 |
| ShinkaEvolve 0.0.7 | 0.259 | 0.930 | 9.8 |
| OpenEvolve 0.4.0 | 0.207 | 0.669 | 3.3 |
| best of N samples | 0.196 | 0.649 | 1.5 |

The model there changes one constant blindly, which favours the greedy; on the choosing seeds the kernel's medians lay
between 12.5 (`best`) and 15.6 (`islands`), with 13.6 for this one.
"""
DEFAULT_OF_GENOMES: Strategy = "clade"
"""Of versions of the agent: what a version's descendants come to says more than its own few tasks."""
OTHERS: tuple[Strategy, ...] = ("islands", "moving-midpoint", "sigmoid-children")
"""What a search that stands still turns to, in turns."""
NO_SHARES = Shares()


@dataclass(frozen=True)
class Plan:
    """What of a campaign the choice depends on."""

    campaign: str
    seed: int
    seed_candidate: str
    strategy: Strategy = DEFAULT
    models: tuple[str, ...] = ("",)
    patience: int = 20
    shares: Shares = NO_SHARES
    control: float = 0.0
    """Share of candidates in the control arm: each starts from the seed, with no memory and no company."""
    map: Map = field(default_factory=Map)


@dataclass(frozen=True)
class Pick:
    """The next candidate."""

    parent: str
    models: tuple[str, ...]
    """The one to ask, then those to fall back on."""
    arm: Literal["main", "control"] = "main"
    operator: Operator = "mutate"
    second: str = ""
    inspirations: tuple[str, ...] = ()
    strategy: Strategy = "iid"
    """As used, which may be another than the planned one while the search stands still."""
    level: str = "ok"


def pick(plan: Plan, members: Sequence[Member], number: int) -> Pick:
    """Raises ValueError for an unknown strategy or no model."""
    if plan.strategy not in STRATEGIES:
        raise ValueError(f"unknown parent strategy {plan.strategy!r}; use one of {', '.join(STRATEGIES)}")
    draw = stream(plan.seed, "model", plan.campaign, number)
    models = tuple(ranked(members, plan.models, number, draw))
    control = plan.control > 0 and stream(plan.seed, "arm", plan.campaign, number).random() < plan.control
    if control or plan.strategy == "iid":
        return Pick(plan.seed_candidate, models, "control" if control else "main")
    standing = standing_of(members, plan.patience)
    strategy = turned(plan.strategy, standing)
    parent = parent_of(plan, strategy, members, number)
    rng = stream(plan.seed, "operator", plan.campaign, number)
    made = operate(members, parent, plan.shares, rng, stuck=standing.level in ("change", "stop"))
    company = inspirations(members, made.parent, rng, without=made.second)
    return Pick(made.parent, models, "main", made.operator, made.second, company, strategy, standing.level)


def strategy_for(kind: str, asked: Strategy | None) -> Strategy:
    """The asked strategy, else the default for a target of that kind."""
    return asked or (DEFAULT_OF_GENOMES if kind == "genome" else DEFAULT)


def standing_of(members: Sequence[Member], patience: int) -> Plateau:
    """Where the main arm stands, candidates in flight and indecisive ones not counted."""
    events = (event_of(one.verdict) for one in main_arm(members) if one.verdict and one.number > 0)
    return plateau(events, Grades.of(patience))


def turned(strategy: Strategy, standing: Plateau) -> Strategy:
    """The planned strategy, or another while the search stands still."""
    if standing.level not in ("change", "stop"):
        return strategy
    others = [one for one in OTHERS if one != strategy]
    return others[standing.streak % len(others)]


def parent_of(plan: Plan, strategy: Strategy, members: Sequence[Member], number: int) -> str:
    """The parent by a strategy; the seed where there is nothing else yet."""
    rng = stream(plan.seed, "parent", plan.campaign, number)
    if strategy == "islands":
        return choose_islander(members, plan.map, number, rng) or plan.seed_candidate
    if strategy == "pareto":
        able = believed(main_arm(members))
        cases = {one.candidate: one.cases for one in main_arm(members) if one.candidate in able and one.cases}
        return choose_specialist(cases, rng) if cases else plan.seed_candidate
    by_score: ByScore = strategy
    nodes = family(main_arm(members)) if strategy == "clade" else ()
    return choose_parent(by_score, scored(members), plan.seed_candidate, rng, nodes)
