"""What metrics say of GPUs."""

from __future__ import annotations

from daemon.metrics import Metrics
from daemon.metrics.gpus import STATES


def test_every_state_has_a_series_from_the_start_and_numbers_follow_the_devices() -> None:
    metrics = Metrics()

    def seen() -> dict[str, float]:
        return {state: metrics.registry.get_sample_value("ratchet_gpus", {"state": state}) or 0.0 for state in STATES}

    assert metrics.registry.get_sample_value("ratchet_gpus", {"state": "drained"}) == 0.0
    metrics.gpu_states({"a": "leased", "b": "drained", "c": "leased"})
    assert seen() == {"free": 0, "leased": 2, "resting": 0, "caring": 0, "drained": 1}
    metrics.gpu_states({"a": "free", "b": "free"})
    assert seen() == {"free": 2, "leased": 0, "resting": 0, "caring": 0, "drained": 0}
    metrics.gpu_hang()
    assert metrics.registry.get_sample_value("ratchet_gpu_hangs_total") == 1.0
