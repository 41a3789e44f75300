"""A request keeps its name over its attempts, so that a retried one is booked once."""

from __future__ import annotations

import dataclasses

from temporalio.testing import ActivityEnvironment

from daemon.steps.effects import Meter, attempt, request


def named(**info: object) -> tuple[str, int]:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, **info)  # type: ignore[arg-type]
    return environment.run(lambda: (request(), attempt()))


def test_a_retried_request_keeps_its_name_and_another_has_its_own() -> None:
    first, again = named(activity_id="7", attempt=1), named(activity_id="7", attempt=2)
    assert first[0] == again[0] and (first[1], again[1]) == (1, 2)
    assert named(activity_id="8")[0] != first[0]
    assert named(activity_id="7", workflow_run_id="another")[0] != first[0]


def test_outside_of_an_activity_each_request_is_its_own() -> None:
    assert request() != request()


def test_a_wait_for_a_machine_of_ours_is_no_cost() -> None:
    meter = Meter()
    meter._started -= 100.0
    assert meter.amounts()["wall_ms"] >= 100_000
    meter.waited(100.0)
    assert meter.amounts()["wall_ms"] < 100_000
