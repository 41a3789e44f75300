"""The review in the whole path: a flag waits for a person, and a friendly reviewer moves nothing that policy stops."""

from __future__ import annotations

import json

import pytest

from tests.corpus.case import CASES, load
from tests.corpus.runner import Corpus, Outcome
from workflows.models import Proposal

pytestmark = [pytest.mark.measures, pytest.mark.docker, pytest.mark.opa, pytest.mark.filterwarnings("ignore")]

FAST = load(CASES / "C12-nearly-five-times")


def reviewed(corpus: Corpus, target: str, answer: str) -> Outcome:
    """A real gain on a fresh copy of the target, with a reviewer that answers so."""
    corpus.adopt("sweep", target)
    script = corpus.home.parent / "scripts" / f"{target}.jsonl"
    script.write_text(json.dumps({"answer": answer}) + "\n")
    spec = corpus.spec(target)
    choice = spec.choice.model_copy(update={"roles": {"review": f"ratchet/scripted/{target}"}})
    spec = spec.model_copy(update={"choice": choice})
    return corpus.judged(spec, Proposal(bundle=corpus.house.blobs.put(FAST.bundle()), hypothesis="h"), promote=True)


def test_a_flag_holds_a_promotion_that_policy_alone_would_permit(corpus: Corpus) -> None:
    outcome = reviewed(corpus, "sweep-flagged", '{"flag": true, "reason": "it looks at the inputs of the test"}')
    assert outcome.card.verdict == "accepted", "the verdict is the judge's"
    assert outcome.verdict.startswith("hold:") and not outcome.row.promoted
    assert "the reviewer flagged it: it looks at the inputs of the test" in outcome.row.reasons
    assert corpus.house.archive.champion("sweep-flagged") is None


def test_without_an_objection_policy_decides_as_ever(corpus: Corpus) -> None:
    outcome = reviewed(corpus, "sweep-liked", '{"flag": false, "reason": "plain"}')
    assert outcome.verdict == "accepted" and outcome.row.promoted, outcome
