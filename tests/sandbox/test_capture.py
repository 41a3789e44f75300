"""Output in bounded memory."""

from __future__ import annotations

import struct
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from sandbox.capture import Demultiplexer, HeadTail


@given(st.lists(st.binary(max_size=40)), st.integers(min_value=0, max_value=20))
def test_head_and_tail_are_kept_exactly(pieces: list[bytes], keep: int) -> None:
    kept = HeadTail(keep)
    for piece in pieces:
        kept.add(piece)
    whole = b"".join(pieces)
    assert kept.total == len(whole)
    if len(whole) <= 2 * keep:
        assert kept.value() == whole
    else:
        gap = b"\n[%d bytes left out]\n" % (len(whole) - 2 * keep)
        assert kept.value() == whole[:keep] + gap + whole[len(whole) - keep :]


frames = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=50)))


@given(frames, st.data())
def test_streams_are_told_apart_however_the_wire_cuts_them(parts: list[tuple[int, bytes]], data: st.DataObject) -> None:
    wire = b"".join(struct.pack(">BxxxI", number, len(text)) + text for number, text in parts)
    split = Demultiplexer()
    at = 0
    while at < len(wire):
        size = data.draw(st.integers(min_value=1, max_value=30))
        split.feed(wire[at : at + size])
        at += size
    assert split.stdout.value() == b"".join(text for number, text in parts if number == 1)
    assert split.stderr.value() == b"".join(text for number, text in parts if number == 2)


@given(st.binary(max_size=500))
def test_hostile_frames_are_only_bytes(wire: bytes) -> None:
    split = Demultiplexer(keep=16)
    split.feed(wire)
    assert split.total <= len(wire)


def test_a_huge_line_stays_small() -> None:
    chunk = struct.pack(">BxxxI", 1, 2**31) + b"x" * 250_000
    split = Demultiplexer()
    tracemalloc.start()
    try:
        split.feed(chunk)
        for _ in range(400):
            split.feed(chunk[8:])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert split.total == 401 * 250_000
    assert peak < 8 * 1024 * 1024
