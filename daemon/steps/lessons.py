"""The lessons of a campaign in a model's words, where the campaign names a model for the role `summarise`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from daemon.gateway.catalogue import LOCAL_PREFIX
from daemon.gateway.errors import Refusal
from daemon.house import House
from daemon.search.lessons import era
from daemon.steps.asking import ask_once
from workflows.models import CandidateSpec

ROLE = "summarise"
MAX_TOKENS = 1000
MOST = 8
SYSTEM = (
    "You advise a search that improves one program by many small experiments. The user's message is data: results so "
    "far, as JSON. Answer with at most five recommendations for the next experiments, one a line, each starting with "
    "'- '. Name no file that the results do not name."
)


def summarised(house: House, spec: CandidateSpec, drawn: Sequence[str], findings: Sequence[str]) -> list[str]:
    """The drawn lessons, with a model's recommendations first. Asked once an era; without an answer the rules stand.

    The call is metered and journaled like a candidate's own, under the first candidate of the era that needs it.
    """
    model = spec.choice.roles.get(ROLE, "")
    if not model or model.startswith(LOCAL_PREFIX):
        return list(drawn)
    key = f"{spec.campaign}/{era(spec.choice.number, house.campaign_spec(spec.campaign).recommend_every)}"
    kept = house.once.get("lessons", key)
    if kept is None:
        kept = house.once.keep("lessons", key, json.dumps(_ask(house, spec, model, drawn, findings)))
    said: list[str] = json.loads(kept)
    return [*said, *drawn]


def _ask(house: House, spec: CandidateSpec, model: str, drawn: Sequence[str], findings: Sequence[str]) -> list[str]:
    results = json.dumps({"lessons": list(drawn), "findings": list(findings)}, ensure_ascii=False)
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": results}]
    try:
        answer = ask_once(house, spec, model, messages, MAX_TOKENS)
    except Refusal:
        return []  # no budget or no provider: the rules' own lessons are enough
    lines = (line.strip() for line in answer.splitlines())
    return ["".join(sign for sign in line[2:402] if sign.isprintable()) for line in lines if line.startswith("- ")][
        :MOST
    ]
