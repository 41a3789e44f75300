"""Between two leases: poison over everything, and a device that is not sound is not said to be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.launcher.driver import Driver, DriverError
from sandbox.launcher.selfcheck import PROGRAM

SECRET, POISON = 0x5EC2E75E, 0x7FF8BEEF
BYTES = 24 << 20


def care(vendor: str, library: str, vram: Path, fault: str = "") -> tuple[int, dict[str, Any]]:
    """What the program says, run as in its container."""
    environment = {
        "FAKE_VRAM": str(vram),
        "FAKE_VRAM_BYTES": str(BYTES),
        "FAKE_FAULT": fault,
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-I", "-B", str(PROGRAM), "care", "--vendor", vendor, "--library", library]
    done = subprocess.run([*command, "--poison", f"{POISON:x}"], env=environment, capture_output=True, check=False)
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("vendor", ["cuda", "rocm"])
def test_what_one_holder_left_in_memory_no_other_finds(
    vendor: str, driver_library: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vram, library = tmp_path / "vram", driver_library(vendor)
    monkeypatch.setenv("FAKE_VRAM", str(vram))
    monkeypatch.setenv("FAKE_VRAM_BYTES", str(BYTES))
    first = Driver(vendor, library)
    address = first.allocate(BYTES)
    first.fill(address, SECRET, BYTES // 4)
    first.free(address)
    second = Driver(vendor, library)
    address = second.allocate(BYTES)
    found = second.get(address, BYTES)
    second.free(address)
    assert found.count(SECRET.to_bytes(4, "little")) == BYTES // 4, "without care it is all there"
    code, told = care(vendor, library, vram)
    assert (code, told["healthy"], told["filled"]) == (0, True, BYTES)
    third = Driver(vendor, library)
    address = third.allocate(BYTES)
    found = third.get(address, BYTES)
    assert found.count(SECRET.to_bytes(4, "little")) == 0
    third.free(address)
    assert found == POISON.to_bytes(4, "little") * (BYTES // 4)


@pytest.mark.parametrize(
    ("fault", "word"), [("memory", "does not hold"), ("clock", "stands still"), ("init", "cuInit")]
)
def test_a_device_that_is_not_sound_is_not_healthy(
    fault: str, word: str, driver_library: Callable[[str], str], tmp_path: Path
) -> None:
    code, told = care("cuda", driver_library("cuda"), tmp_path / "vram", fault)
    assert (code, told["healthy"]) == (1, False)
    assert word in told["error"]


def test_a_driver_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match="library"):
        Driver("cuda", str(tmp_path / "none.so"))


def test_errors_carry_the_drivers_own_word(
    driver_library: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FAKE_VRAM_BYTES", str(BYTES))
    driver = Driver("cuda", driver_library("cuda"))
    with pytest.raises(DriverError) as caught:
        driver.allocate(BYTES + 1)
    assert (caught.value.call, caught.value.name) == ("cuMemAlloc_v2", "CUDA_ERROR_OUT_OF_MEMORY")
    with pytest.raises(DriverError):
        driver.load(b"not an object")
    with pytest.raises(DriverError):
        driver.function(driver.load(b"\x7fELFhonest\0"), "no_such_kernel")
