"""Large things pass between steps by their hash: a history holds none of them, however large they are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from daemon.records.blobs import BlobStore
from daemon.workers import connect
from tests.e2e.house import Daemon
from tests.number import place_number

pytestmark = pytest.mark.e2e

MOST_EVENT = 32 * 1024
"""Bytes of an event with all its inputs and results: far below the 256 KiB from which a server complains."""
WORD = "lengthy-"
EDIT = f"""\
"{WORD * 200_000}"


def value(_):
    return [4.5]
"""
FLOOD = f"""\
import os
os.write(2, b"{WORD}" * (50 * 1024 * 1024 // {len(WORD)}))


def value(_):
    return [5.5]
"""
TALE = f"""\
def value(_):
    raise ValueError("{WORD}" * 1_000_000)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("large")
    (folder / "scripts").mkdir()
    answers = [f"HYPOTHESIS: {WORD * 1000}\n\nnumber.py\n```python\n{text}```\n" for text in (EDIT, FLOOD, TALE)]
    lines = "".join(json.dumps({"answer": answer}) + "\n" for answer in answers)
    (folder / "scripts" / "large.jsonl").write_text(lines)
    daemon = Daemon(folder, RATCHET_SCRIPTS=str(folder / "scripts"))
    place_number(daemon.targets, "def value(_):\n    return [2.5]\n")
    daemon.start()
    yield daemon
    daemon.end()


def test_a_large_edit_a_flood_and_a_long_error_leave_small_histories(home: Daemon) -> None:
    name = home.start_campaign(
        target="number", model="ratchet/scripted/large", strategy="iid", candidates=3, in_flight=1, fix=0.0
    )
    home.result(name)
    rows = {row.number: row for row in home.rows(name) if row.number}
    assert len(home.rows(name)) == 4
    assert len(BlobStore(home.state / "blobs").get(rows[1].bundle)) > 1_000_000, (
        "what is large is kept, and by its hash"
    )
    events = asyncio.run(histories(home, [name, *(row.candidate for row in rows.values())]))
    largest = max(size for sizes in events.values() for size in sizes)
    assert largest < MOST_EVENT, {workflow: max(sizes) for workflow, sizes in events.items()}


async def histories(home: Daemon, workflows: list[str]) -> dict[str, list[int]]:
    """Bytes of every event, by workflow."""
    client = await connect(home.endpoints["temporal"], "default")
    return {
        workflow: [event.ByteSize() async for event in client.get_workflow_handle(workflow).fetch_history_events()]
        for workflow in workflows
    }
