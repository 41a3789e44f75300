"""How often a step is tried: a refusal once, our mistakes a few times, and the campaign survives all of them.

A light step has one attempt more: the local one, before the server sees it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.workflows.conftest import Start
from tests.workflows.fakes import FakePorts
from workflows import queues
from workflows.ports import RefusedError

pytestmark = pytest.mark.temporal

Run = Callable[[FakePorts], Awaitable[Start]]


@pytest.mark.parametrize("rule", ["POLICY", "budget:tokens", "BAD-INPUT", "provider-key"])
async def test_a_refusal_is_tried_once(run: Run, rule: str) -> None:
    ports = FakePorts()
    ports.bugs = {"propose": RefusedError(rule, "no")}
    report = await (await (await run(ports))(candidates=1, in_flight=1)).result()
    assert ports.attempts == {"propose": 1}
    assert report["verdicts"] == {"denied": 1}


@pytest.mark.parametrize("step", ["propose", "evaluate", "record"])
async def test_a_mistake_of_ours_is_tried_a_few_times_and_never_a_verdict(run: Run, step: str) -> None:
    ports = FakePorts()
    ports.bugs = {step: KeyError("nobody foresaw this")}
    report = await (await (await run(ports))(candidates=1, in_flight=1)).result()
    assert ports.attempts == {step: queues.BUG_ATTEMPTS + (step == "record")}
    assert report["verdicts"] == {"inconclusive": 1}


async def test_a_promotion_that_cannot_be_asked_for_leaves_it_accepted(run: Run) -> None:
    ports = FakePorts(lambda number: "accepted")
    ports.bugs = {"promote": RefusedError("archive:champion", "moved meanwhile")}
    report = await (await (await run(ports))(candidates=1, in_flight=1)).result()
    assert report["verdicts"] == {"accepted": 1}
    assert ports.recorded and not ports.promoted


@pytest.mark.parametrize("step", ["stop", "choose"])
async def test_a_campaign_whose_own_step_is_broken_ends_with_what_it_has(run: Run, step: str) -> None:
    ports = FakePorts()
    ports.bugs = {step: ZeroDivisionError()}
    report = await (await (await run(ports))(candidates=3)).result()
    assert report["status"] == "stopped:bug"
    assert ports.attempts == {step: queues.BUG_ATTEMPTS + 1}


async def test_a_full_disk_is_no_mistake_and_is_retried(run: Run) -> None:
    ports = FakePorts()
    ports.bugs = {"propose": OSError(28, "No space left on device")}
    report = await (await (await run(ports))(candidates=1, in_flight=1)).result()
    assert ports.attempts == {"propose": queues.SANDBOX.maximum_attempts}
    assert report["verdicts"] == {"inconclusive": 1}


async def test_a_candidate_without_budget_ends_the_campaign_by_its_account(run: Run) -> None:
    ports = FakePorts()
    ports.bugs = {"propose": RefusedError("budget:micro_usd", "too little left")}
    report = await (await (await run(ports))(candidates=50, in_flight=1)).result()
    assert (report["status"], report["decided"]) == ("stopped:budget:micro_usd", 1)


async def test_a_choice_without_budget_waits_for_those_in_flight_first(run: Run) -> None:
    class Scarce(FakePorts):
        """Room for one more only while none is under way."""

        def __init__(self) -> None:
            super().__init__(pace=0.3)
            self.refused = 0

        def choose(self, spec, facts, number, submission=None):  # type: ignore[no-untyped-def]
            with self.lock:
                busy = number - 1 - len(self.recorded)
                self.refused += int(busy > 0)
            if busy > 0 or number > 3:
                raise RefusedError("budget:cpu_ms", "too little left")
            return super().choose(spec, facts, number, submission)

    ports = Scarce()
    report = await (await (await run(ports))(candidates=50, in_flight=2)).result()
    assert (report["status"], report["decided"]) == ("stopped:budget:cpu_ms", 3)
    assert ports.refused > 0
