"""The campaign's durable decisions, over scripted ports and the real Temporal server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError

from tests.workflows.conftest import Start
from tests.workflows.fakes import FakePorts
from workflows import queues
from workflows.models import CampaignSpec

pytestmark = pytest.mark.temporal

Run = Callable[[FakePorts], Awaitable[Start]]


async def until(handle: WorkflowHandle[Any, Any], query: str, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Ask until it holds; the test's own timeout bounds it."""
    while True:
        answer: dict[str, Any] = await handle.query(query)
        if true(answer):
            return answer
        await asyncio.sleep(0.05)


async def test_every_candidate_is_decided_and_recorded_once(run: Run) -> None:
    ports = FakePorts(lambda number: "accepted" if number % 3 == 0 else "failed:no-gain")
    handle = await (await run(ports))(candidates=9, in_flight=3)
    report = await handle.result()
    assert report["status"] == "stopped:candidates"
    assert report["verdicts"] == {"accepted": 3, "failed": 6}
    assert sorted(ports.recorded) == sorted(f"{handle.id}-c{number}" for number in range(1, 10))
    assert report["champion"] == f"{handle.id}-c9"


async def test_each_verdict_class_counts_as_itself_and_ours_breaks_no_streak(run: Run) -> None:
    verdicts = ["denied:PATH", "killed:pids", "quarantined:late-work", "failed:wrong", "accepted"]
    ports = FakePorts(lambda number: verdicts[number - 1])
    report = await (await (await run(ports))(candidates=5, in_flight=1)).result()
    assert report["verdicts"] == {"denied": 1, "killed": 1, "quarantined": 1, "failed": 1, "accepted": 1}


async def test_each_gpu_has_a_queue_and_measures_one_candidate_at_a_time(run: Run) -> None:
    ports = FakePorts(pace=0.2)
    ports.gpus = ("rocm-1", "rocm-2")
    report = await (await (await run(ports))(candidates=8, in_flight=8)).result()
    assert report["verdicts"] == {"failed": 8}
    for device in ports.gpus:
        times = sorted((start, end) for queue, start, end in ports.measured if queue == queues.gpu(device))
        assert len(times) == 4
        assert all(end <= start for (_, end), (start, _) in pairwise(times)), "one slot a device"
    assert [queues.device_of(queues.gpu(name)) for name in ("rocm-1", "")] == ["rocm-1", ""]


async def test_patience_stops_it(run: Run) -> None:
    handle = await (await run(FakePorts()))(candidates=50, in_flight=1, patience=4)
    report = await handle.result()
    assert (report["status"], report["decided"]) == ("stopped:patience", 4)


async def test_our_own_fault_is_retried_and_never_a_verdict(run: Run) -> None:
    ports = FakePorts()
    ports.failures = {"evaluate": 1, "propose": 1}
    report = await (await (await run(ports))(candidates=2, in_flight=1)).result()
    assert report["verdicts"] == {"failed": 2}


async def test_a_fault_that_stays_is_inconclusive_and_the_campaign_goes_on(run: Run) -> None:
    ports = FakePorts()
    ports.failures = {"propose": 4}
    report = await (await (await run(ports))(candidates=2, in_flight=1)).result()
    assert report["verdicts"] == {"inconclusive": 1, "failed": 1}


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ({"candidats": 3}, "candidats"),
        ({"in_flight": "many"}, "in_flight"),
        ({"budget": {"usd": "free"}}, "budget.usd"),
        ({"budget": {"eur": 1}}, "budget.eur"),
        ({"candidates": 0}, "candidates"),
    ],
)
async def test_a_misspelt_or_mistyped_field_fails_the_start_at_once(run: Run, spec: dict[str, Any], named: str) -> None:
    handle = await (await run(FakePorts()))(**spec)
    with pytest.raises(WorkflowFailureError) as failed:
        await asyncio.wait_for(handle.result(), 20)
    assert named in str(failed.value.cause)


async def test_an_unknown_target_fails_the_start_with_what_there_is(run: Run) -> None:
    handle = await (await run(FakePorts()))(target="matmull")
    with pytest.raises(WorkflowFailureError) as failed:
        await handle.result()
    assert "matmull" in str(failed.value.cause) and "there are: matmul" in str(failed.value.cause)


async def test_stop_ends_it_with_the_best_intact(run: Run) -> None:
    ports = FakePorts(lambda number: "accepted", pace=0.05)
    handle = await (await run(ports))(candidates=10_000)
    await until(handle, "status", lambda status: status["decided"] >= 3)
    await handle.signal("stop")
    report = await handle.result()
    assert report["status"] == "stopped:requested"
    assert report["decided"] == len(set(ports.recorded))
    assert report["champion"] in ports.promoted


async def test_pause_starts_nothing_until_resume(run: Run) -> None:
    ports = FakePorts(pace=0.02)
    handle = await (await run(ports))(candidates=10_000)
    await until(handle, "status", lambda status: status["decided"] >= 1)
    await handle.signal("pause")
    await until(handle, "status", lambda status: status["paused"] and status["in_flight"] == 0)
    frozen = len(ports.recorded)
    await asyncio.sleep(0.5)
    assert len(ports.recorded) == frozen
    await handle.signal("resume")
    await until(handle, "status", lambda status: status["decided"] > frozen)
    await handle.signal("stop")
    await handle.result()


async def test_a_hold_waits_for_a_person_and_takes_no_slot(run: Run) -> None:
    ports = FakePorts(lambda number: "accepted")
    ports.holds = {1}
    handle = await (await run(ports))(candidates=4, in_flight=1)
    first = f"{handle.id}-c1"
    holds = await until(handle, "holds", lambda holds: holds["count"] == 1)
    assert holds["rows"][0]["candidate"] == first and holds["rows"][0]["statement"] == "{}"
    await until(handle, "status", lambda status: status["decided"] == 3)
    await handle.execute_update("approve", {"candidate": first, "by": "ana", "signature": "good"})
    report = await handle.result()
    assert first in ports.promoted and report["decided"] == 4


async def test_an_approval_that_does_not_count_leaves_the_hold(run: Run) -> None:
    ports = FakePorts(lambda number: "accepted")
    ports.holds = {1}
    handle = await (await run(ports))(candidates=1)
    first = f"{handle.id}-c1"
    await until(handle, "holds", lambda holds: holds["count"] == 1)
    await handle.execute_update("approve", {"candidate": first, "by": "eve", "signature": "bad"})
    await asyncio.sleep(0.3)
    assert first not in ports.promoted
    await handle.execute_update("reject", {"candidate": first, "by": "ana", "reason": "not yet", "signature": "good"})
    report = await handle.result()
    assert first not in ports.promoted and report["verdicts"] == {"accepted": 1}
    assert [one.by for one in ports.rejected] == ["ana"]


async def test_a_hold_that_expires_is_a_no(run: Run) -> None:
    ports = FakePorts(lambda number: "accepted")
    ports.holds, ports.hold_seconds = {1}, 0.5
    await (await (await run(ports))(candidates=1)).result()
    assert [one.by for one in ports.rejected] == ["expiry"] and not ports.promoted


async def test_a_soft_denial_waits_for_an_override_and_then_goes_on(run: Run) -> None:
    ports = FakePorts(lambda number: "failed:no-gain")
    ports.soft = {1}
    handle = await (await run(ports))(candidates=1)
    first = f"{handle.id}-c1"
    holds = await until(handle, "holds", lambda holds: holds["count"] == 1)
    assert (holds["rows"][0]["kind"], holds["rows"][0]["codes"]) == ("override", ["EDIT-SIZE"])
    given = {"candidate": first, "by": "bo", "reason": "generated table, read twice", "until": 2_000_000_000}
    for name, argument, sentence in (
        ("approve", {"candidate": first, "by": "bo", "signature": "good"}, "needs an override, not an approval"),
        ("escalate", {"candidate": first, "by": "bo", "approvals": 2}, "only what waits for approvals"),
        ("override", {**given, "signature": "bad"}, "not signed by bo"),
        ("override", {**given, "until": 0}, "until"),
    ):
        with pytest.raises(WorkflowUpdateFailedError) as failed:
            await handle.execute_update(name, argument)
        assert sentence in str(failed.value.cause)
    assert (await handle.query("status"))["decided"] == 0
    assert "bo" in await handle.execute_update("override", {**given, "signature": "good"})
    report = await handle.result()
    assert report["verdicts"] == {"failed": 1} and ports.answers == [("override", first)]


async def test_a_soft_denial_that_nobody_overrides_is_final(run: Run) -> None:
    ports = FakePorts(lambda number: "failed:no-gain")
    ports.soft, ports.hold_seconds = {1, 2}, 0.5
    report = await (await (await run(ports))(candidates=2)).result()
    assert report["verdicts"] == {"denied": 2}
    assert [one.by for one in ports.rejected] == ["expiry", "expiry"]


async def test_an_escalation_asks_again_and_a_rejection_must_be_signed(run: Run) -> None:
    ports = FakePorts(lambda number: "accepted")
    ports.holds = {1}
    handle = await (await run(ports))(candidates=1)
    first = f"{handle.id}-c1"
    await until(handle, "holds", lambda holds: holds["count"] == 1)
    said = await handle.execute_update(
        "escalate", {"candidate": first, "by": "bo", "approvals": 2, "signature": "good"}
    )
    assert said == f"{first}: escalate by bo"
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await handle.execute_update("reject", {"candidate": first, "by": "bo"})
    assert "not signed by bo" in str(failed.value.cause)
    assert not ports.rejected
    await handle.execute_update("reject", {"candidate": first, "by": "bo", "signature": "good"})
    await handle.result()
    assert ports.answers == [("escalate", first), ("reject", first)] and not ports.promoted


async def test_a_narrowed_policy_narrows_a_running_campaign(run: Run) -> None:
    ports = FakePorts(pace=0.2)
    ports.most_in_flight = 1
    handle = await (await run(ports))(candidates=4, in_flight=4)
    seen = set()
    while (status := await handle.query("status"))["decided"] != 4:
        seen.add(status["in_flight"])
        await asyncio.sleep(0.02)
    assert seen == {0, 1} or seen == {1}


async def test_a_rejected_update_says_why_in_one_sentence(run: Run) -> None:
    ports = FakePorts(pace=0.05)
    ports.refuse_extension = "policy allows no more than 10 USD"
    handle = await (await run(ports))(candidates=10_000)
    await until(handle, "status", lambda status: status["decided"] >= 1)
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("approve", {"candidate": "x-c9", "by": "ana"}, "does not wait for a person"),
        ("approve", {"candidat": "x"}, "candidat"),
        ("extend_budget", {"add": {}, "by": "ana", "reason": "more"}, "nothing to add"),
        ("extend_budget", {"add": {"usd": 50}, "by": "ana", "reason": "more"}, "no more than 10 USD"),
    ]
    for name, argument, sentence in cases:
        with pytest.raises(WorkflowUpdateFailedError) as failed:
            await handle.execute_update(name, argument)
        assert sentence in str(failed.value.cause)
    assert await handle.execute_update("note", {"text": "looks slow", "by": "ana"}) == "noted"
    assert ports.notes == ["looks slow"]
    await handle.signal("stop")
    await handle.result()


async def test_the_queries_and_the_live_page_tell_the_same(run: Run, client: Client) -> None:
    ports = FakePorts(lambda number: "accepted")
    handle = await (await run(ports))(candidates=12, in_flight=2)
    await handle.result()
    board = await handle.query("leaderboard")
    assert board["count"] == 10 and board["rows"][0]["score"] == 12.0
    line = await handle.query("lineage")
    assert line["candidates"] == [f"{handle.id}-c12", f"{handle.id}-c0"]
    status = await handle.query("status")
    assert status["decided"] == 12 and status["best"] == f"{handle.id}-c12"
    assert status["status"] == "stopped:candidates"


async def test_what_the_daemon_sets_itself_is_refused_from_outside(run: Run) -> None:
    facts = FakePorts().open("k", CampaignSpec(target="matmul")).model_dump()
    handle = await (await run(FakePorts()))(carried={"facts": facts, "progress": {}})
    with pytest.raises(WorkflowFailureError) as failed:
        await handle.result()
    assert "carried" in str(failed.value.cause)
