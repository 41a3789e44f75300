"""The shared files: fresh places, guard bands, and what a runner can do to them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.judge.draw import generator
from sandbox.judge.faults import Fault, TargetError
from sandbox.judge.regions import ALIGN, GUARD, InRegion, OutRegion, scatter, span

SIZES = st.lists(st.integers(1, 20_000), min_size=1, max_size=5)


@given(SIZES, st.binary(min_size=1, max_size=8))
def test_places_are_aligned_and_apart(sizes: list[int], seed: bytes) -> None:
    room = span(sizes)
    places = sorted(zip(scatter(sizes, room, generator(seed)), sizes, strict=True))
    end = 0
    for offset, size in places:
        assert offset % ALIGN == 0
        assert offset - end >= GUARD
        end = offset + size
    assert room - end >= GUARD


def test_places_differ_from_call_to_call() -> None:
    rng = generator(b"seed")
    assert len({scatter([100_000], span([100_000]), rng)[0] for _ in range(20)}) > 15


def test_too_large_for_the_region_is_the_targets_fault() -> None:
    with pytest.raises(TargetError):
        scatter([1000], 1000, generator(b""))


@pytest.fixture
def out(tmp_path: Path) -> Iterator[tuple[OutRegion, int, int]]:
    """A region prepared for one output of 400 bytes, its place, and a runner's handle."""
    region = OutRegion(tmp_path / "out", span([400]))
    (offset,) = region.prepare([400], generator(b"seed"))
    handle = os.open(tmp_path / "out", os.O_RDWR)
    yield region, offset, handle
    os.close(handle)
    region.close()


def test_the_right_place_is_fine(out: tuple[OutRegion, int, int]) -> None:
    region, offset, handle = out
    os.pwrite(handle, b"\1" * 400, offset)
    region.fence()
    region.verify()
    region.settled()
    assert region.output(offset, 400) == b"\1" * 400
    assert region.unwritten(offset, 400) == 0


def test_unwritten_words_are_counted_and_are_no_numbers(out: tuple[OutRegion, int, int]) -> None:
    region, offset, handle = out
    os.pwrite(handle, b"\1" * 100, offset)
    region.fence()
    assert region.unwritten(offset, 400) == 75
    assert np.isnan(np.frombuffer(region.output(offset + 100, 300), dtype="<f4")).all()
    assert np.isnan(np.frombuffer(region.output(offset + 104, 296), dtype="<f8")).all()


@pytest.mark.parametrize(("at", "told"), [(-4, "4 bytes before"), (400, "0 bytes after"), (440, "40 bytes after")])
def test_a_write_beside_the_output_breaks_the_guard(out: tuple[OutRegion, int, int], at: int, told: str) -> None:
    region, offset, handle = out
    os.pwrite(handle, b"\0\0\0\0", offset + at)
    region.fence()
    with pytest.raises(Fault, match="quarantined:guard-band") as caught:
        region.verify()
    assert told in caught.value.feedback


def test_a_write_after_the_fence_is_late_work(out: tuple[OutRegion, int, int]) -> None:
    region, offset, handle = out
    region.fence()
    os.pwrite(handle, b"\0", offset)
    with pytest.raises(Fault, match="quarantined:late-work"):
        region.settled()


@pytest.mark.parametrize("size", [0, 1, 5000])
def test_a_cut_file_is_bad_output(out: tuple[OutRegion, int, int], size: int) -> None:
    region, _, handle = out
    os.ftruncate(handle, size)
    with pytest.raises(Fault, match="failed:bad-output"):
        region.fence()


def test_mutated_inputs_are_noticed(tmp_path: Path) -> None:
    region = InRegion(tmp_path / "in", span([100]))
    (offset,) = region.write([b"\7" * 100], generator(b"seed"))
    region.verify()
    assert (tmp_path / "in").stat().st_mode & 0o022 == 0
    with (tmp_path / "in").open("r+b") as file:
        file.seek(offset)
        file.write(b"\0")
    with pytest.raises(Fault, match="quarantined:input-mutated"):
        region.verify()
    region.close()


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("kept")
    (tmp_path / "out").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError):
        OutRegion(tmp_path / "out", 8192)
    assert (tmp_path / "victim").read_text() == "kept"
