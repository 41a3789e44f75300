"""What a campaign taught so far, in sentences for the next prompts. Rules only: no model is asked here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from daemon.search.operators import partners
from daemon.search.plateau import Plateau
from daemon.search.population import Member, believed, main_arm

ADVICE = {
    "failed:build": "it does not compile: keep changes small, and declare what is used",
    "failed:load": "it compiles but cannot be loaded: keep the function's name and signature",
    "failed:wrong": "its answers are wrong: think of odd sizes, edges and the order of operations",
    "failed:no-change": "it changes nothing: the answer must differ from the parent",
    "failed:duplicate": "it was tried before: look at the list of failed ideas",
    "failed:no-gain": "it is right but no faster or better: look for a larger effect",
    "killed": "it runs too long or takes too much memory: look for loops without an end",
    "denied": "it touches what may not be touched: stay within the editable paths",
}
OFTEN = 0.3
"""Share of one kind of end from which it is worth a sentence."""


def findings(members: Sequence[Member], limit: int = 8) -> list[str]:
    """The accepted ideas, largest gain first: what is known to work."""
    good = [one for one in main_arm(members) if one.verdict == "accepted" and one.gain is not None]
    good.sort(key=lambda one: (-(one.gain or 0.0), one.number))
    return [
        f"{one.candidate}: {one.hypothesis or 'no hypothesis'} (accepted, gain {one.gain:+.4g})" for one in good[:limit]
    ]


def era(number: int, every: int) -> int:
    """Candidates whose outcomes the lessons for candidate `number` are drawn from: all up to the last round number."""
    return (number - 1) // every * every if every else 0


def lessons(members: Sequence[Member], standing: Plateau, every: int) -> list[str]:
    """Recommendations from the outcomes: kinds of ideas, kinds of failures, whether to go wider, what to join."""
    main = [one for one in main_arm(members) if one.number > 0 and one.decided]
    return [*_kinds(main), *_failures(main[-every:] if every else main), *_wider(standing), *_joins(members)]


def _kinds(main: Sequence[Member]) -> list[str]:
    """Ideas by the word before the colon of their hypothesis."""
    tried: dict[str, list[Member]] = {}
    for one in main:
        kind, colon, _ = one.hypothesis.partition(":")
        if colon and len(kind) <= 40:
            tried.setdefault(kind, []).append(one)
    told = []
    for kind, every in sorted(tried.items(), key=lambda entry: -len(entry[1])):
        won = [one for one in every if one.verdict == "accepted"]
        if won:
            best = max(one.gain or 0.0 for one in won)
            told.append(f"{kind}: {len(won)} of {len(every)} accepted, best gain {best:+.4g}; go further there")
        elif len(every) >= 3:
            told.append(f"{kind}: 0 of {len(every)} accepted; leave it unless something is different now")
    return told[:6]


def _failures(recent: Sequence[Member]) -> list[str]:
    ends = Counter(next((kind for kind in ADVICE if one.verdict.startswith(kind)), "") for one in recent)
    often = [(kind, count) for kind, count in ends.most_common() if kind and count >= max(2, OFTEN * len(recent))]
    return [f"{count} of the last {len(recent)} ended as {kind}: {ADVICE[kind]}" for kind, count in often]


def _wider(standing: Plateau) -> list[str]:
    if standing.level == "ok":
        return []
    said = f"no gain in the last {standing.streak} candidates"
    if standing.level == "warn":
        return [f"{said}: try what has not been tried yet"]
    return [f"{said}: leave the constants alone and change the approach (another algorithm, another layout of data)"]


def _joins(members: Sequence[Member]) -> list[str]:
    main = main_arm(members)
    scores = believed(main)
    if not scores:
        return []
    best = max(scores, key=lambda name: scores[name])
    mates = partners(main, best)
    ideas = {one.candidate: one.hypothesis for one in main}
    return [f"{best} and {mates[0]} gained in different ways; join them: {ideas[mates[0]]}"] if mates else []
