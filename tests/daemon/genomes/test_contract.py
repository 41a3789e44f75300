"""Whether a changed agent is still an agent, from what the gateway and the container say of it."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.gateway.grants import Usage
from daemon.genomes.contract import problem_of
from daemon.steps.agents import AgentRun
from sandbox.copyout import Bundle
from sandbox.exits import Exit

GOOD = Bundle(status="proposed")


def run(reason: Any = "exit", bundle: Bundle | None = GOOD, **usage: Any) -> AgentRun:
    ended = Exit(reason=reason, code=0, stdout=b"ALL CHECKS PASSED", stderr=b"", wall_seconds=1.0, cpu_seconds=1.0)
    return AgentRun(ended, Usage(**{"calls": 1, **usage}), "log", b"{}", bundle, "no bundle" if bundle is None else "")


def test_a_sound_agent_has_no_problem() -> None:
    assert problem_of(run()) == ""
    assert problem_of(run(bundle=Bundle(status="failed", reason="malformed-answer: x"))) == ""
    assert problem_of(run(refused=("calls",))) == ""


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (run("timeout"), "killed"),
        (run(bundle=None), "no bundle"),
        (run(bundle=Bundle(status="failed", reason="bad-genome: x")), "broke down"),
        (run(bundle=Bundle(status="failed", reason="agent-error: KeyError")), "broke down"),
        (run(calls=0), "never asked"),
        (run(refused=("model",)), "no agent may have"),
    ],
)
def test_what_it_prints_counts_for_nothing(broken: AgentRun, told: str) -> None:
    assert told in problem_of(broken)
