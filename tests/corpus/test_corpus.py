"""No hostile candidate is accepted, each meets its verdict, none does harm; honest ones get what they deserve."""

from __future__ import annotations

import re

import pytest

from tests.corpus.case import Case, load_all
from tests.corpus.runner import Corpus

ALL = load_all()


@pytest.mark.measures
@pytest.mark.docker
@pytest.mark.opa
@pytest.mark.filterwarnings("ignore")  # what LiteLLM says while it is imported, in its own thread
@pytest.mark.parametrize("case", [case for case in ALL if case.meta.needs != "gpu"], ids=lambda case: case.folder.name)
def test_case(case: Case, corpus: Corpus) -> None:
    if case.form == "study":
        verdicts, outcomes = [str(case.module("study").study(corpus, case))], []
    else:
        outcomes = corpus.run(case)
        verdicts = [outcome.verdict for outcome in outcomes]
    told = [(one.verdict, one.card.feedback, one.row.hypothesis) for one in outcomes]
    print(f"corpus {case.meta.id}: expected {'|'.join(case.meta.expect)}, got {' '.join(sorted(set(verdicts)))}")
    print("\n".join(f"{one.candidate}: {one.card.feedback}" for one in outcomes))
    assert verdicts and all(case.right(verdict) for verdict in verdicts), told or verdicts
    assert not (case.hostile and "accepted" in verdicts)
    assert corpus.harm(case, outcomes) == []


def test_all_46_attacks_and_12_controls_are_here() -> None:
    ids = {re.sub("[a-z]$", "", case.meta.id) for case in ALL if case.meta.needs != "gpu"}
    assert ids == {f"H{n:02}" for n in range(1, 47)} | {f"C{n}" for n in range(1, 13)}
    assert len({case.meta.id for case in ALL}) == len(ALL)
    assert not any("accepted" in case.meta.expect for case in ALL if case.hostile)
