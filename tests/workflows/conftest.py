"""A client and workers over scripted ports, on the real server."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle

from daemon.workers import Workers, connect
from tests.workflows.fakes import FakePorts
from workflows import queues

Start = Callable[..., Awaitable[WorkflowHandle[Any, Any]]]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries wait for milliseconds: how often is tested here, how long in `tests/e2e/test_outages.py`."""
    monkeypatch.setattr(queues.SANDBOX, "initial_interval", timedelta(milliseconds=200))


@pytest.fixture
async def client(temporal_address: str) -> Client:
    return await connect(temporal_address, "default")


@pytest.fixture
async def run(client: Client) -> AsyncIterator[Callable[[FakePorts], Awaitable[Start]]]:
    """`start = await run(ports)`, then `handle = await start(candidates=3)`."""
    async with AsyncExitStack() as stack:

        async def serve(ports: FakePorts) -> Start:
            workers = Workers(
                client,
                *[ports] * 5,
                propose_slots=4,
                measure_slots=4,
                grace_seconds=1,
                gpus=ports.gpus,
            )
            await workers.start()
            stack.push_async_callback(workers.stop)

            async def start(**spec: Any) -> WorkflowHandle[Any, Any]:
                return await client.start_workflow(
                    "Campaign", {"target": "matmul", **spec}, id=f"k-{uuid.uuid4().hex[:8]}", task_queue=queues.MAIN
                )

            return start

        yield serve
