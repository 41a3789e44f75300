"""Light steps leave the server alone until they meet trouble; then it shows and retries them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.service import RPCError

from tests.workflows.conftest import Start
from tests.workflows.fakes import FakePorts

pytestmark = pytest.mark.temporal

Run = Callable[[FakePorts], Awaitable[Start]]


async def scheduled(client: Client, workflow: str) -> list[str]:
    """Activities that the server was asked for."""
    events = (await client.get_workflow_handle(workflow).fetch_history()).events
    asked = [one for one in events if one.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED]
    return [one.activity_task_scheduled_event_attributes.activity_type.name for one in asked]


async def test_a_candidate_asks_the_server_for_its_heavy_steps_only(run: Run, client: Client) -> None:
    handle = await (await run(FakePorts()))(candidates=2, in_flight=1)
    assert (await handle.result())["verdicts"] == {"failed": 2}
    assert await scheduled(client, f"{handle.id}-c1") == ["propose", "evaluate"]
    assert await scheduled(client, handle.id) == ["open_campaign", "close_campaign"]


async def test_one_that_meets_trouble_is_seen_with_its_failure_and_retried(run: Run, client: Client) -> None:
    ports = FakePorts()
    ports.failures = {"record": 3}
    handle = await (await run(ports))(candidates=1, in_flight=1)
    pending: dict[str, str] = {}
    while not pending:
        await asyncio.sleep(0.1)
        try:
            description = await client.get_workflow_handle(f"{handle.id}-c1").describe()
        except RPCError:  # not started yet
            continue
        found = description.raw_description.pending_activities
        pending = {one.activity_type.name: one.last_failure.message for one in found if one.last_failure.message}
    assert "down" in pending["record"]
    assert (await handle.result())["verdicts"] == {"failed": 1}
    assert await scheduled(client, f"{handle.id}-c1") == ["propose", "evaluate", "record"]


async def test_a_campaign_with_models_for_novelty_screens_before_it_measures(run: Run, client: Client) -> None:
    ports = FakePorts()
    ports.twins = {1}
    handle = await (await run(ports))(candidates=2, in_flight=1, roles={"embed": "ratchet/hashed"})
    assert (await handle.result())["verdicts"] == {"failed": 2}
    assert ports.screened == [f"{handle.id}-c1", f"{handle.id}-c2"]
    assert await scheduled(client, f"{handle.id}-c1") == ["propose", "screen"]
    assert await scheduled(client, f"{handle.id}-c2") == ["propose", "screen", "evaluate"]
