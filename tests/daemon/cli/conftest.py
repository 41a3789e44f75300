"""The command run in this process, and a real campaign over scripted ports for it to look at."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from daemon.cli.app import main
from daemon.workers import Workers, connect
from tests.workflows.fakes import FakePorts


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The output as JSON."""
        return json.loads(self.out)


Ratchet = Callable[..., Said]


@pytest.fixture
def ratchet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ratchet:
    """`ratchet("campaign", "list")`, over a state folder of its own."""
    monkeypatch.setenv("RATCHET_STATE", str(tmp_path / "state"))
    for name in ("TEMPORAL_ADDRESS", "RATCHET_TEMPORAL_ADDRESS"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["ratchet", *words])
        capsys.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        said = capsys.readouterr()
        return Said(int(str(code or 0)), said.out, said.err)

    return run


@pytest.fixture
def campaigns(temporal_address: str, tmp_path: Path, ratchet: Ratchet) -> Iterator[FakePorts]:
    """Workers over scripted ports in a thread beside the test; the commands find them through endpoints.json."""
    run = tmp_path / "state" / "run"
    run.mkdir(parents=True)
    (run / "endpoints.json").write_text(json.dumps({"temporal": temporal_address, "namespace": "default"}))
    ports = FakePorts()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="workers")
    thread.start()

    async def serve() -> Workers:
        client = await connect(temporal_address, "default")
        workers = Workers(client, ports, ports, ports, ports, ports, propose_slots=2, measure_slots=2, grace_seconds=1)
        await workers.start()
        return workers

    workers = asyncio.run_coroutine_threadsafe(serve(), loop).result(60)
    try:
        yield ports
    finally:
        asyncio.run_coroutine_threadsafe(workers.stop(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()
