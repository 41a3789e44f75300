"""Records histories of today's workflows for `test_histories.py`: `python -m tests.workflows.record FOLDER ADDRESS`.

A release that changes what workflows do, and in which order, gets new ones; the old ones stay and have to replay.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from temporalio.client import Client

from daemon.workers import Workers, connect
from tests.workflows.fakes import FakePorts
from workflows import queues

_WHO = re.compile(r"\d+@[\w.-]+")
"""A process and its machine: of no importance, and nobody's business."""


async def recorded(client: Client, name: str, ports: FakePorts, spec: dict[str, Any], hold: bool) -> dict[str, str]:
    """Histories by name of one campaign and of its candidates."""
    workers = Workers(client, *[ports] * 5, propose_slots=4, measure_slots=4, grace_seconds=1, gpus=ports.gpus)
    async with AsyncExitStack() as stack:
        await workers.start()
        stack.push_async_callback(workers.stop)
        given = {"target": "matmul", **spec}
        handle = await client.start_workflow("Campaign", given, id=name, task_queue=queues.MAIN)
        while hold and (await handle.query("holds"))["count"] == 0:
            await asyncio.sleep(0.05)
        if hold:
            await handle.execute_update("approve", {"candidate": f"{name}-c1", "by": "ana", "signature": "good"})
        await handle.result()
    ids = [name, *(f"{name}-c{number}" for number in range(1, spec["candidates"] + 1))]
    found = {}
    for one in ids:
        history = (await client.get_workflow_handle(one).fetch_history()).to_json_dict()
        events = ",\n".join(json.dumps(_plain(event), sort_keys=True) for event in history["events"])
        found[one] = f'{{"events": [\n{events}\n]}}\n'
    return found


def _plain(value: Any) -> Any:
    """The same without what names a machine or a path on it."""
    if isinstance(value, dict):
        return {key: "" if key == "stackTrace" else _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return _WHO.sub("worker", value) if isinstance(value, str) else value


async def main(folder: Path, address: str) -> None:
    """Write them."""
    client = await connect(address, "default")
    troubled = FakePorts()
    troubled.failures = {"propose": 1, "record": 1}
    held = FakePorts(lambda number: "accepted")
    held.holds = {1}
    screened = FakePorts()
    screened.twins = {1}
    on_gpus = FakePorts()
    on_gpus.gpus = ("0000-03-00",)
    campaigns: list[tuple[str, FakePorts, dict[str, Any], bool]] = [
        ("plain", FakePorts(lambda number: ("failed:no-gain", "denied:EDIT", "killed:timeout")[number % 3]), {}, False),
        ("troubled", troubled, {}, False),
        ("held", held, {}, True),
        ("screened", screened, {"roles": {"embed": "ratchet/hashed"}}, False),
        ("gpus", on_gpus, {}, False),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    for name, ports, more, hold in campaigns:
        spec = {"candidates": 3 if name == "plain" else 1, "in_flight": 1, **more}
        for one, text in (await recorded(client, name, ports, spec, hold)).items():
            (folder / f"{one}.json").write_text(text)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
