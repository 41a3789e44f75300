"""A campaign that outgrows one run continues as new, and nothing is lost or counted twice on the way."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterator

import pytest
from temporalio.client import Client

from daemon.engines.temporal import TemporalServer
from daemon.workers import Workers, connect
from tests.workflows.conftest import Start
from tests.workflows.fakes import FakePorts
from workflows import queues

pytestmark = pytest.mark.temporal

MOST_EVENTS = 4096
MOST_BYTES = 4 * 1024 * 1024
MOST_CARRIED = 64 * 1024


@pytest.fixture(scope="module")
def impatient_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that suggests a new run after 200 events instead of 4,096."""
    limit = ("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=200")
    server = TemporalServer(tmp_path_factory.mktemp("impatient"), port=0, ui_port=-1, extra=limit)
    server.start()
    yield server.address
    server.stop()


async def test_runs_stay_short_and_every_candidate_is_counted_once(impatient_server: str) -> None:
    client = await connect(impatient_server, "default")
    ports = FakePorts(lambda number: "accepted" if number % 7 == 0 else "failed:no-gain")
    workers = Workers(client, ports, ports, ports, ports, ports, propose_slots=4, measure_slots=4, grace_seconds=1)
    await workers.start()
    try:
        name = f"long-{uuid.uuid4().hex[:6]}"
        spec = {"target": "matmul", "candidates": 60, "in_flight": 4}
        handle = await client.start_workflow("Campaign", spec, id=name, task_queue=queues.MAIN)
        report = await handle.result()
        assert report["decided"] == 60 and report["verdicts"] == {"accepted": 8, "failed": 52}
        assert sorted(ports.recorded) == sorted(f"{name}-c{number}" for number in range(1, 61))
        runs = [run async for run in client.list_workflows(f"WorkflowId = '{name}'")]
        assert len(runs) > 1
        for run in runs:
            history = client.get_workflow_handle(name, run_id=run.run_id)
            events = [event async for event in history.fetch_history_events()]
            assert len(events) < 400
            assert all(event.ByteSize() < 64 * 1024 for event in events), "state carried over stays small"
    finally:
        await workers.stop()


async def test_five_hundred_candidates_stay_within_the_bounds(
    client: Client, run: Callable[[FakePorts], Awaitable[Start]]
) -> None:
    ports = FakePorts(lambda number: "accepted" if number % 9 == 0 else "failed:no-gain")
    start = await run(ports)
    handle = await start(candidates=500, in_flight=8, patience=500)
    report = await handle.result()
    assert report["decided"] == len(set(ports.recorded)) == 500
    runs = [one async for one in client.list_workflows(f"WorkflowId = '{handle.id}'")]
    assert {one.history_length > MOST_EVENTS for one in runs} == {False}, [one.history_length for one in runs]
    for one in runs:
        history = client.get_workflow_handle(handle.id, run_id=one.run_id)
        sizes = [event.ByteSize() async for event in history.fetch_history_events()]
        assert sum(sizes) <= MOST_BYTES
        assert sizes[0] <= MOST_CARRIED, "what a run begins with holds the state of the one before"
