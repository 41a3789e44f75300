"""The launcher's logic that needs no device: places, plans, packing, clocks, and the artefact's format."""

from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.artefacts import BadArtefact, parse_artefact
from sandbox.launcher.arena import ALIGN, GUARD, room, scatter
from sandbox.launcher.clocks import FREE_SECONDS, Disagreement, agreed
from sandbox.launcher.plan import BadPlan, Plan, arrays, packed, read_plan

SIZES = st.lists(st.integers(1, 10_000), min_size=1, max_size=12)


@given(SIZES, st.integers())
def test_places_are_aligned_apart_and_inside(sizes: list[int], seed: int) -> None:
    whole = room(sizes)
    offsets = scatter(sizes, whole, random.Random(seed))
    end = 0
    for offset, size in sorted(zip(offsets, sizes, strict=True)):
        assert offset % ALIGN == 0
        assert offset - end >= GUARD
        end = offset + size
    assert whole - end >= GUARD


def test_places_differ_from_call_to_call() -> None:
    rng = random.Random(1)
    assert len({tuple(scatter([4096, 4096], room([4096, 4096]), rng)) for _ in range(20)}) > 5


FIELDS = st.sampled_from(["threads", "rows", "shared_bytes", "x"])


@given(
    st.binary(max_size=200) | st.dictionaries(FIELDS, st.integers(-5, 2000)).map(lambda plan: json.dumps(plan).encode())
)
def test_any_bytes_are_a_plan_within_bounds_or_a_bad_one(data: bytes) -> None:
    try:
        plan = read_plan(data)
    except BadPlan:
        return
    assert 1 <= plan.threads <= 1024
    assert plan.rows >= 1


@given(st.integers(1, 10_000), st.integers(1, 500))
def test_the_grid_covers_every_row_and_no_block_more(rows: int, each: int) -> None:
    grid = Plan(threads=1, rows=each).grid(rows)
    assert (grid - 1) * each < rows <= grid * each


def test_arguments_are_packed_as_a_kernel_expects_them() -> None:
    given_: list[dict[str, object]] = [
        {"in": 64, "kind": "f", "shape": [4, 2, 3]},
        {"out": 128},
        {"value": 7},
        {"value": 0.5},
    ]
    outputs = [{"at": 128, "kind": "f", "shape": [4, 2]}]
    batch, found = arrays(given_, outputs)
    assert batch == 4
    assert [(array.at, array.size, array.output) for array in found] == [(64, 24, False), (128, 8, True)]
    values = packed(given_, [1 << 40, 2 << 40], 1)
    assert [type(value).__name__ for value in values] == ["c_ulong", "c_ulong", "c_int", "c_float", "c_ulong"]
    assert [value.value for value in values] == [1 << 40, 2 << 40, 7, 0.5, 0]


@pytest.mark.parametrize(
    "shapes", [[[4]], [[4, 2], [5, 2]]], ids=["no dimension for launches", "different numbers of launches"]
)
def test_calls_without_one_number_of_launches_are_refused(shapes: list[list[int]]) -> None:
    given_: list[dict[str, object]] = [{"in": 0, "kind": "f", "shape": shape} for shape in shapes]
    with pytest.raises(BadPlan):
        arrays(given_, [])


@pytest.mark.parametrize(
    ("events", "outside", "believed"),
    [
        (1e-3, 1.2e-3, True),
        (1e-6, 1e-3, True),
        (1e-3, 1e-3 - 20e-6, True),
        (1.2e-3, 1e-3, False),
        (1e-6, 20e-3, False),
        (9.1e-3, 20e-3, True),
        (0.0, FREE_SECONDS, True),
        (-1e-6, 1e-3, False),
        (math.nan, 1e-3, False),
        (1e-3, math.inf, False),
    ],
)
def test_events_are_believed_only_where_the_outside_clock_bears_them_out(
    events: float, outside: float, believed: bool
) -> None:
    if believed:
        assert agreed(events, outside) == events
    else:
        with pytest.raises(Disagreement):
            agreed(events, outside)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_artefact_or_a_bad_one(data: bytes) -> None:
    with pytest.raises(BadArtefact):
        parse_artefact(data)
    header = json.dumps({"ok": True, "log": "", "plan": "{}", "bytes": len(data) + 4}).encode()
    assert parse_artefact(header + b"\n\x7fELF" + data).data == b"\x7fELF" + data


@pytest.mark.parametrize(
    ("header", "word"),
    [
        (b'{"ok": true, "bytes": 3}', "as long as it says"),
        (b'{"ok": true, "bytes": true}', "as long as it says"),
        (b'{"ok": false, "error": "no such file"}', "no such file"),
        (b'{"ok": 1, "bytes": 4}', "failed"),
        (b"[]", "not an object"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_a_build_that_failed_or_lies_is_told(header: bytes, word: str) -> None:
    with pytest.raises(BadArtefact, match=word):
        parse_artefact(header + b"\n\x7fELF")
