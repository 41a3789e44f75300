"""Our search over an in-process evaluator: the choices and the acceptance rule of a campaign, no containers."""

from __future__ import annotations

import math
from dataclasses import replace

from daemon.search.accept import Acceptance, Rule, alpha_for
from daemon.search.novelty import fingerprint, similarity
from daemon.search.operators import Shares
from daemon.search.picking import Plan, Strategy, pick
from daemon.search.population import SEED, Member
from tests.bench.search.programs import constants, join, mutate, program
from tests.bench.search.tasks import Task

RULE = Rule(sigma=0.0, min_effect=0.0, max_pairs=20)


def run(task: Task, strategy: Strategy, seed: int, evaluations: int, shares: Shares) -> list[float]:
    """Best score after each evaluation. Twins are rejected before they cost one, as in a campaign."""
    first = program(task.values, task.rules)
    texts = {"x-c0": first}
    root = fingerprint("x-c0", {"p.py": first.encode()}, near=True)
    start = task.score(constants(first))
    members = [Member("x-c0", 0, verdict=SEED, score=start, tree="0", features={"size": 1.0, "distance": 0.0})]
    plan = Plan("x", seed, "x-c0", strategy, ("mutator",), patience=60, shares=shares)
    seen, curve = {root.exact}, [start]
    number = 0
    while len(curve) < evaluations:
        number += 1
        made = pick(plan, members, number)
        name = f"x-c{number}"
        base = texts[made.parent]
        crossed = made.operator == "crossover"
        text = join(base, texts[made.second], seed, number) if crossed else mutate(base, seed, number)
        mark = fingerprint(name, {"p.py": text.encode()}, near=True)
        fresh = Member(
            name, number, made.parent, operator=made.operator, second=made.second, model="mutator", tree=name
        )
        if mark.exact in seen:
            members.append(replace(fresh, verdict="failed:duplicate"))
            if number > 20 * evaluations:
                break  # a small space, all of it seen
            continue
        seen.add(mark.exact)
        score = task.score(constants(text))
        gain = score - task.score(constants(base))
        won = Acceptance(RULE, alpha_for(number, 0.05, planned=20 * evaluations)).add([gain] * RULE.max_pairs)
        verdict = "accepted" if won.outcome == "accepted" else "failed:no-gain"
        features = {"size": 1.0, "distance": 1.0 - similarity(mark, root)}
        members.append(replace(fresh, verdict=verdict, score=score, gain=gain, features=features))
        texts[name] = text
        curve.append(max(curve[-1], score))
    return curve + [curve[-1]] * (evaluations - len(curve))


def sampled(task: Task, seed: int, evaluations: int) -> list[float]:
    """Best of N independent changes of the start: no search at all."""
    first = program(task.values, task.rules)
    curve = [task.score(constants(first))]
    for call in range(1, evaluations):
        curve.append(max(curve[-1], task.score(constants(mutate(first, seed, call)))))
    assert all(map(math.isfinite, curve))
    return curve
