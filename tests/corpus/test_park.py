"""A long evaluation is waited for by nobody: it holds no container of an agent and no socket to a model, and whoever
goes on afterwards is shown what it said, folded."""

from __future__ import annotations

import json
import subprocess

import pytest

from daemon.instance import instance_of
from daemon.search.folding import fold
from daemon.steps.propose import drawn_up
from daemon.steps.search_inputs import LOG_CHARS
from sandbox.judging import Session
from tests.corpus.runner import Corpus

pytestmark = [pytest.mark.docker, pytest.mark.opa, pytest.mark.filterwarnings("ignore")]

BROKEN = "".join(f"int broken_{n} = undeclared_{n};\n" for n in range(30))


def running(corpus: Corpus) -> set[str]:
    label = f"label=ratchet.instance={instance_of(corpus.home)}"
    command = ["docker", "ps", "-a", "--filter", label, "--format", "{{.Names}}"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_an_evaluation_holds_no_agent_and_wakes_the_next_with_its_folded_log(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus.adopt("sweep", "sweep-parked")
    answer = f"HYPOTHESIS: more state\n\nmean.h\n```c\n{BROKEN}```\n"
    (corpus.home.parent / "scripts" / "parked.jsonl").write_text(json.dumps({"answer": answer}) + "\n")
    spec = corpus.spec("sweep-parked", model="ratchet/scripted/parked")
    seen: list[tuple[set[str], bool]] = []
    real = Session.build

    def build(self: Session, arm: str) -> None:
        sockets = any((corpus.home / "run").rglob(f"*{spec.choice.candidate}*"))
        seen.append(({name for name in running(corpus) if "propose" in name}, sockets))
        real(self, arm)

    monkeypatch.setattr(Session, "build", build)
    proposal = corpus.steps.propose(spec)
    assert not proposal.verdict, proposal
    outcome = corpus.judged(spec, proposal, promote=False)
    assert outcome.verdict == "failed:build" and seen
    assert all(not containers and not sockets for containers, sockets in seen)

    again = corpus.spec("sweep-parked")
    mending = again.choice.model_copy(update={"operator": "fix", "second": spec.choice.candidate})
    task = drawn_up(corpus.house, again.model_copy(update={"choice": mending}), corpus.house.target("sweep-parked"))
    told = task["parent"]["feedback"]
    assert task["fix"] and task["parent"]["id"] == spec.choice.candidate
    log = corpus.house.blobs.get(outcome.row.log).decode("utf-8", "replace")
    assert "failed:build" in told and "undeclared_0" in told and told.endswith(fold(log, LOG_CHARS))
