"""What is made ahead is used once, within its bounds, and never outlives its pool."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from sandbox.pool import Bounds, Pool


class Room:
    """A thing that knows whether it was closed."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.closed = threading.Event()
        self.dead = False

    def alive(self) -> bool:
        return not self.dead

    def close(self) -> None:
        self.closed.set()


class Maker:
    """Counts what it makes; fails while `broken`."""

    def __init__(self) -> None:
        self.made: list[Room] = []
        self.makers: set[str] = set()
        self.broken = False
        self._lock = threading.Lock()

    def __call__(self, kind: str) -> Room:
        if self.broken:
            raise OSError("no engine")
        with self._lock:
            self.makers.add(threading.current_thread().name)
            self.made.append(Room(len(self.made)))
            return self.made[-1]


@contextmanager
def pool_of(maker: Maker, bounds: Bounds) -> Iterator[Pool[str, Room]]:
    pool = Pool(maker, lambda: bounds)
    try:
        yield pool
    finally:
        pool.close()


def until(said: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not said():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_nothing_is_made_ahead_unless_it_may_be() -> None:
    maker = Maker()
    with pool_of(maker, Bounds()) as pool:
        taken = [pool.take("a") for _ in range(3)]
    assert taken == maker.made and maker.makers == {threading.current_thread().name}


def test_the_next_one_waits_already() -> None:
    maker = Maker()
    with pool_of(maker, Bounds(idle=1, seconds=60)) as pool:
        first = pool.take("a")
        until(lambda: pool.idle("a") == 1)
        waiting = maker.made[-1]
        assert pool.take("a") is waiting is not first


def test_no_more_wait_than_the_bounds_allow_and_than_were_asked_for() -> None:
    maker = Maker()
    with pool_of(maker, Bounds(idle=3, seconds=60)) as pool:
        pool.take("a")
        until(lambda: pool.idle("a") == 1)
        for _ in range(20):
            pool.take("a")
        until(lambda: pool.idle("a") == 3)
        time.sleep(0.1)
        assert pool.idle("a") == 3 and pool.idle("b") == 0


def test_no_two_get_the_same() -> None:
    maker = Maker()
    with pool_of(maker, Bounds(idle=2, seconds=60)) as pool, ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: pool.take("a").number, range(200)))
    assert len(set(taken)) == 200


def test_what_died_or_waited_too_long_is_closed_and_not_given_out() -> None:
    maker, bounds = Maker(), Bounds(idle=1, seconds=0.2)
    with pool_of(maker, bounds) as pool:
        pool.take("a")
        until(lambda: pool.idle("a") == 1)
        old = maker.made[-1]
        assert old.closed.wait(20)
        until(lambda: pool.idle("a") == 0)
        assert pool.take("a") is not old
    with pool_of(maker, Bounds(idle=1, seconds=60)) as pool:
        pool.take("b")
        until(lambda: pool.idle("b") == 1)
        dead = maker.made[-1]
        dead.dead = True
        assert pool.take("b") is not dead and dead.closed.wait(20)


def test_whoever_needs_one_meets_the_error_and_the_pool_recovers() -> None:
    maker = Maker()
    maker.broken = True
    with pool_of(maker, Bounds(idle=1, seconds=60)) as pool:
        with pytest.raises(OSError, match="no engine"):
            pool.take("a")
        maker.broken = False
        pool.take("a")
        until(lambda: pool.idle("a") == 1)


def test_closing_closes_what_waits() -> None:
    maker = Maker()
    with pool_of(maker, Bounds(idle=2, seconds=60)) as pool:
        taken = [pool.take("a"), pool.take("a")]
        until(lambda: pool.idle("a") == 2)
    assert all(room.closed.is_set() != (room in taken) for room in maker.made)
    pool.close()
