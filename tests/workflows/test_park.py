"""While one candidate is evaluated, however long, the only slot for proposals serves the next one."""

from __future__ import annotations

import threading
import uuid

import pytest
from temporalio.client import Client

from daemon.workers import Workers
from tests.workflows.fakes import FakePorts
from workflows import queues
from workflows.models import CandidateSpec, Edit, Proposal, Scorecard

pytestmark = pytest.mark.temporal


class Patient(FakePorts):
    """The first evaluation goes on until the second candidate has been proposed."""

    def __init__(self) -> None:
        super().__init__()
        self.proposed_meanwhile = threading.Event()

    def propose(self, spec: CandidateSpec) -> Proposal:
        if spec.choice.number == 2:
            self.proposed_meanwhile.set()
        return super().propose(spec)

    def evaluate(self, spec: CandidateSpec, edit: Edit) -> Scorecard:
        if spec.choice.number == 1 and not self.proposed_meanwhile.wait(60):
            raise AssertionError("the evaluation held the proposer's slot")
        return super().evaluate(spec, edit)


async def test_an_evaluation_holds_no_proposers_slot(client: Client) -> None:
    ports = Patient()
    workers = Workers(client, ports, ports, ports, ports, ports, propose_slots=1, measure_slots=1, grace_seconds=1)
    await workers.start()
    try:
        spec = {"target": "matmul", "candidates": 2, "in_flight": 2}
        handle = await client.start_workflow("Campaign", spec, id=f"k-{uuid.uuid4().hex[:8]}", task_queue=queues.MAIN)
        report = await handle.result()
    finally:
        await workers.stop()
    assert report["verdicts"] == {"failed": 2} and ports.proposed_meanwhile.is_set()
