"""What was recorded by a release replays in every later one: a campaign survives the daemon's upgrade."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from daemon.workers import workflow_runner
from workflows.campaign import Campaign
from workflows.candidate import Candidate
from workflows.converter import data_converter

HISTORIES = sorted((Path(__file__).resolve().parent / "histories").glob("*/*.json"))


def replayer() -> Replayer:
    return Replayer(workflows=[Campaign, Candidate], data_converter=data_converter, workflow_runner=workflow_runner())


def test_there_are_some_of_each_kind() -> None:
    names = {path.stem for path in HISTORIES}
    assert {"plain", "plain-c1", "troubled-c1", "held", "held-c1", "screened-c1", "gpus-c1"} <= names


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
async def test_a_recorded_history_replays(path: Path) -> None:
    await replayer().replay_workflow(WorkflowHistory.from_json(path.stem, path.read_text("utf-8")))


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
async def test_a_workflow_that_was_under_way_is_taken_up_at_any_turn(path: Path) -> None:
    whole = json.loads(path.read_text("utf-8"))
    turns = [at for at, event in enumerate(whole["events"], 1) if "workflowTaskStartedEventAttributes" in event]
    assert turns
    for turn in turns:
        begun = json.dumps({**whole, "events": whole["events"][:turn]})
        await replayer().replay_workflow(WorkflowHistory.from_json(path.stem, begun))


async def test_a_difference_is_noticed() -> None:
    path = next(path for path in HISTORIES if path.stem == "plain-c3")
    changed = json.loads(path.read_text("utf-8"))
    asked = [one for one in changed["events"] if "activityTaskScheduledEventAttributes" in one]
    asked[0]["activityTaskScheduledEventAttributes"]["activityType"]["name"] = "another"
    with pytest.raises(NondeterminismError):
        await replayer().replay_workflow(WorkflowHistory.from_json(path.stem, json.dumps(changed)))
