"""Judge, launcher and a driver library, each a process or file of its own: what kernels do, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Launched = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("vendor", ["cuda", "rocm"])
def test_an_honest_kernel_is_right_and_timed_by_the_device(vendor: str, launched: Launched) -> None:
    told = launched("honest", vendor)
    assert told["cases"] == 6
    assert len(told["pairs"]) == 3
    assert all(0 < pair[arm] < 0.01 for pair in told["pairs"] for arm in ("child", "parent"))


@pytest.mark.parametrize(
    ("kernel", "verdict", "word"),
    [
        ("nothing", "failed:wrong", "not finite"),
        ("half", "failed:wrong", "not finite"),
        ("overrun", "quarantined:guard-band", "outside"),
        ("underrun", "quarantined:guard-band", "outside"),
        ("mutate", "quarantined:input-mutated", "inputs"),
        ("early", "quarantined:clock", "explain too little"),
        ("hang", "killed:timeout", "no answer"),
    ],
)
def test_what_a_kernel_does_gives_the_verdict(kernel: str, verdict: str, word: str, launched: Launched) -> None:
    fault = launched(kernel)["fault"]
    assert (fault["verdict"], fault["arm"]) == (verdict, "child")
    assert word in fault["feedback"]


@pytest.mark.parametrize("vendor", ["cuda", "rocm"])
@pytest.mark.parametrize(("kernel", "word"), [("refused", "INVALID"), ("crash", "LAUNCH")])
def test_launch_errors_fail_the_candidate(kernel: str, word: str, vendor: str, launched: Launched) -> None:
    fault = launched(kernel, vendor)["fault"]
    assert fault["verdict"] == "failed:launch"
    assert word in fault["feedback"].upper()


@pytest.mark.parametrize(
    ("plan", "word"),
    [
        ('{"threads": 1024, "rows": 1}', "512"),
        ('{"threads": 64, "rows": 1, "shared_bytes": 65792}', "shared memory"),
        ('{"threads": 64}', "must hold"),
        ('{"threads": 64, "rows": 1, "grid": 5}', "must hold"),
        ('{"threads": 64.0, "rows": 1}', "whole number"),
        ("[]", "must hold"),
        ("{" * 4000, "not JSON"),
    ],
)
def test_a_plan_out_of_bounds_is_refused_at_the_load(plan: str, word: str, launched: Launched) -> None:
    fault = launched("honest", plan=plan)["fault"]
    assert fault["verdict"] == "failed:load"
    assert word in fault["feedback"]


def test_shared_memory_beyond_the_device_is_refused_though_the_driver_lets_it_pass(launched: Launched) -> None:
    fault = launched("greedy", "rocm")["fault"]
    assert fault["verdict"] == "failed:load"
    assert "65792 bytes of shared memory, while a block has 65536" in fault["feedback"]


def test_rows_of_a_block_that_do_not_cover_leave_holes_that_are_seen(launched: Launched) -> None:
    fault = launched("honest", plan='{"threads": 64, "rows": 2}')["fault"]
    assert fault["verdict"] == "failed:wrong"
