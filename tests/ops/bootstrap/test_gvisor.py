"""What set-up writes into the engine's settings."""

from __future__ import annotations

import pytest

from ops.bootstrap.gvisor import FLAGS, merged
from ops.bootstrap.runner import StepError


def test_the_runtime_is_added_and_all_else_stays() -> None:
    before = {"userns-remap": "default", "runtimes": {"kata": {"path": "/opt/kata"}}}
    after = merged(before, "/usr/bin/runsc")
    assert after["userns-remap"] == "default"
    assert after["runtimes"] == {
        "kata": {"path": "/opt/kata"},
        "runsc": {"path": "/usr/bin/runsc", "runtimeArgs": list(FLAGS)},
    }
    assert merged(after, "/usr/bin/runsc") == after


@pytest.mark.parametrize("settings", [[], {"runtimes": []}, "x", None])
def test_settings_of_another_shape_are_left_alone(settings: object) -> None:
    with pytest.raises(StepError, match="not an object of settings"):
        merged(settings, "/usr/bin/runsc")
