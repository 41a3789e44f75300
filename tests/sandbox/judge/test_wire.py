"""Lines from a hostile peer: bounded in size, time and shape."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.judge.wire import LINE_LIMIT, Closed, Late, Link, Malformed, decode, encode


@pytest.fixture
def ends() -> Iterator[tuple[Link, socket.socket]]:
    ours, theirs = socket.socketpair()
    link = Link(ours)
    yield link, theirs
    link.close()
    theirs.close()


@given(st.binary(max_size=500))
def test_any_bytes_are_an_object_or_malformed(line: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert isinstance(decode(line), dict)


@given(st.dictionaries(st.text(), st.one_of(st.integers(-(2**53), 2**53), st.text(), st.none(), st.booleans())))
def test_what_is_encoded_is_decoded(message: dict[str, object]) -> None:
    line = encode(message)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert decode(line[:-1]) == message


@pytest.mark.parametrize(
    "line",
    [b"[" * 60_000, b'{"a":' * 10_000, b'{"a":NaN}', b'{"a":1,"a":2}', b'{"a":' + b"9" * 60_000 + b"}", b"[]", b"\xff"],
)
def test_bombs_are_malformed(line: bytes) -> None:
    with pytest.raises(Malformed):
        decode(line)


def test_lines_are_cut_at_their_ends(ends: tuple[Link, socket.socket]) -> None:
    link, peer = ends
    peer.sendall(b'{"a":1}\n{"b":2}\n')
    assert link.receive(1) == {"a": 1}
    assert link.pending()
    assert link.receive(1) == {"b": 2}
    assert not link.pending()


def test_a_line_without_end_is_malformed(ends: tuple[Link, socket.socket]) -> None:
    link, peer = ends
    writer = threading.Thread(target=peer.sendall, args=(b"x" * (LINE_LIMIT + 70_000),), daemon=True)
    writer.start()
    with pytest.raises(Malformed):
        link.receive_line(5)
    writer.join(5)


def test_dripping_bytes_do_not_stretch_the_deadline(ends: tuple[Link, socket.socket]) -> None:
    link, peer = ends
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.02):
            peer.sendall(b"x")

    writer = threading.Thread(target=drip, daemon=True)
    writer.start()
    started = time.monotonic()
    with pytest.raises(Late):
        link.receive_line(0.2)
    assert time.monotonic() - started < 60
    stop.set()
    writer.join(5)


def test_a_hang_up_is_told(ends: tuple[Link, socket.socket]) -> None:
    link, peer = ends
    peer.sendall(json.dumps({"a": 1}).encode())
    peer.close()
    assert link.pending()
    with pytest.raises(Closed):
        link.receive(1)
    with pytest.raises(Closed):
        for _ in range(100):
            link.send({"a": "x" * 10_000}, 1)


def test_a_peer_that_does_not_read_is_late(ends: tuple[Link, socket.socket]) -> None:
    link, _ = ends
    with pytest.raises(Late):
        for _ in range(1000):
            link.send({"a": "x" * 60_000}, 0.05)
