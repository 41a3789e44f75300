"""What a target's author does about a probe that got through."""

from __future__ import annotations

_CHECK = "let `check` compare every element with `reference`, and so that NaN fails: `not (error <= tolerance)`"
_FRESH = "let `arguments` draw fresh content from `rng` for every call, so that no older answer fits"
_RESULT = "let `check` read the outputs: an exit code, a printed word or a file is no result"
_APART = "keep what decides out of the candidate's reach: nothing of the judge belongs into the seed"

_REMEDIES = {
    **dict.fromkeys(("first-answer", "by-shape", "by-place", "by-number", "by-rest"), _FRESH),
    **dict.fromkeys(
        ("exits", "leaves", "silent", "says-passed", "aborts", "writes-results", "raises", "empty"), _RESULT
    ),
    "reads-the-judge": _APART,
    "low-precision": "if half the digits are not enough, draw inputs that need them all, or tighten `check`",
    "every-second-call": "let `check` look at every call, and give it more than one case",
    "works-on": "let a call take longer (`[judge]` and larger cases), so that work aside can be told from noise",
}


def remedy(probe: str) -> str:
    """By the probe's name; most get through a `check` that looks at too little."""
    return _REMEDIES.get(probe, _CHECK)
