"""A worker that dies in the middle of a step is missed within 30 seconds, and the step goes on elsewhere."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowHandle

from daemon.workers import Workers, connect
from tests.workflows.conftest import Start
from tests.workflows.fakes import FakePorts
from workflows import queues
from workflows.models import CandidateSpec, Edit, Scorecard

pytestmark = pytest.mark.temporal

NOTICED_SECONDS = 30.0
ROOT = Path(__file__).resolve().parents[2]


class Stuck(FakePorts):
    """Its evaluations never end; that one began, it says on standard output."""

    def evaluate(self, spec: CandidateSpec, edit: Edit) -> Scorecard:
        print("evaluating", flush=True)
        time.sleep(3600)
        raise AssertionError("nobody waits so long")


class Prompt(FakePorts):
    """Tells when its evaluation began."""

    began = 0.0

    def evaluate(self, spec: CandidateSpec, edit: Edit) -> Scorecard:
        self.began = self.began or time.monotonic()
        return super().evaluate(spec, edit)


async def serve(address: str) -> None:
    """The life of the worker that is going to die."""
    client = await connect(address, "default")
    workers = Workers(client, *[Stuck()] * 5, propose_slots=1, measure_slots=1, grace_seconds=1)
    await workers.start()
    await asyncio.sleep(3600)


@pytest.fixture
async def left_behind(client: Client, temporal_address: str) -> AsyncIterator[WorkflowHandle[object, object]]:
    """A campaign of one candidate whose worker was killed while it evaluated."""
    script = (
        f"import asyncio; from tests.workflows.test_dead_worker import serve; asyncio.run(serve({temporal_address!r}))"
    )
    worker = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        spec = {"target": "matmul", "candidates": 1, "in_flight": 1}
        handle = await client.start_workflow(
            "Campaign", spec, id=f"dead-{uuid.uuid4().hex[:6]}", task_queue=queues.MAIN
        )
        assert worker.stdout is not None
        assert await asyncio.to_thread(worker.stdout.readline) == b"evaluating\n"
        os.kill(worker.pid, signal.SIGKILL)
        yield handle
    finally:
        worker.kill()
        worker.communicate()


async def test_a_dead_worker_is_missed_within_thirty_seconds(
    client: Client,
    left_behind: WorkflowHandle[object, object],
    run: Callable[[FakePorts], Awaitable[Start]],
) -> None:
    died = time.monotonic()
    ports = Prompt()
    await run(ports)
    await left_behind.result()
    assert ports.began - died <= NOTICED_SECONDS
    assert ports.recorded == [f"{left_behind.id}-c1"]
    candidate = client.get_workflow_handle(f"{left_behind.id}-c1")
    failures = [
        event.activity_task_started_event_attributes.last_failure
        async for event in candidate.fetch_history_events()
        if event.HasField("activity_task_started_event_attributes")
    ]
    assert "heartbeat" in "".join(failure.message for failure in failures).lower()
