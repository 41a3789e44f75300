"""The noise of real runs, drawn from ten thousand times; the campaign's own rule over its own plan of candidates."""

import random

from daemon.search.accept import Acceptance, Rule, alpha_for
from daemon.search.calibration import calibrate
from daemon.steps.measuring import TOTAL_ALPHA, fixed, measuring, rule_for
from tests.corpus.case import Case
from tests.corpus.runner import Corpus

VARIANTS = 10_000


def study(corpus: Corpus, case: Case) -> str:
    spec, house = corpus.spec(case.meta.target), corpus.house
    target = house.target(case.meta.target)
    seed = house.candidate(spec.facts.seed_candidate)
    with measuring(
        house,
        "calibrate",
        campaign=spec.campaign,
        candidate=spec.choice.candidate,
        target=target,
        trees=(seed.tree, seed.tree),
        suite="visible",
        body={"tree": seed.tree},
    ) as session:
        noise = fixed(session, target, 40, "visible").gains
    measured = rule_for(target, calibrate(noise))
    # Without a least effect, so that a null variant stands at the edge of what counts.
    rule = Rule(sigma=measured.sigma, min_effect=0.0, max_pairs=measured.max_pairs)
    rng = random.Random(41)
    lucky = sum(_accepted(rule, noise, number, rng) for number in range(1, VARIANTS + 1))
    return "failed:no-gain" if lucky == 0 else f"accepted {lucky}"


def _accepted(rule: Rule, noise: tuple[float, ...], number: int, rng: random.Random) -> bool:
    test = Acceptance(rule, alpha_for(number, TOTAL_ALPHA, planned=VARIANTS))
    while test.decision.outcome == "undecided":
        test.add([rng.choice((-1, 1)) * rng.choice(noise)])
    return test.decision.outcome == "accepted"
