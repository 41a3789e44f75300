"""What is made ahead is used once, within its bounds, and never outlives its pool."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

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
        self.broken = False
        self.tries = 0
        self.go = threading.Event()
        self.go.set()
        self._lock = threading.Lock()

    def __call__(self, kind: str) -> Room:
        self.tries += 1
        assert self.go.wait(20)
        if self.broken:
            raise OSError("no engine")
        with self._lock:
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
        assert [pool.take("a") for _ in range(3)] == [None] * 3
    assert maker.made == []


def test_the_next_one_waits_already() -> None:
    maker = Maker()
    with pool_of(maker, Bounds(idle=1, seconds=60)) as pool:
        assert pool.take("a") is None
        until(lambda: pool.idle("a") == 1)
        first = pool.take("a")
        until(lambda: pool.idle("a") == 1)
        assert first is maker.made[0] and pool.take("a") is not first


def test_no_more_wait_than_the_bounds_allow_and_than_were_asked_for() -> None:
    maker = Maker()
    with pool_of(maker, Bounds(idle=3, seconds=60)) as pool:
        pool.take("a")
        until(lambda: pool.idle("a") == 1)
        for _ in range(20):
            pool.take("a")
            time.sleep(0.01)
        until(lambda: pool.idle("a") == 3)
        time.sleep(0.1)
        assert pool.idle("a") == 3 and pool.idle("b") == 0


def test_no_two_get_the_same() -> None:
    maker = Maker()
    with pool_of(maker, Bounds(idle=2, seconds=60)) as pool, ThreadPoolExecutor(8) as threads:
        taken: list[int] = []
        until(lambda: taken.extend(one.number for one in threads.map(pool.take, "a" * 16) if one) or len(taken) > 50)
    assert len(set(taken)) == len(taken)


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


def test_what_cannot_be_made_is_not_tried_again_until_somebody_asks() -> None:
    maker = Maker()
    maker.broken = True
    with pool_of(maker, Bounds(idle=1, seconds=60)) as pool:
        assert pool.take("a") is None
        until(lambda: maker.tries == 1)
        time.sleep(1.5)
        assert maker.tries == 1
        maker.broken = False
        assert pool.take("a") is None or maker.tries == 2
        until(lambda: pool.idle("a") == 1)


def test_one_that_is_being_made_is_waited_for_by_one() -> None:
    maker = Maker()
    maker.go.clear()
    with pool_of(maker, Bounds(idle=1, seconds=60)) as pool, ThreadPoolExecutor(2) as threads:
        assert pool.take("a") is None
        until(lambda: maker.tries == 1)
        first, second = threads.submit(pool.take, "a"), threads.submit(pool.take, "a")
        until(lambda: first.done() or second.done())
        maker.go.set()
        assert {first.result(20), second.result(20)} == {None, maker.made[0]}


def test_a_policy_that_allows_less_takes_back_what_waits() -> None:
    maker, bounds = Maker(), [Bounds(idle=2, seconds=60)]
    pool: Pool[str, Room] = Pool(maker, lambda: bounds[0])
    pool.take("a")
    until(lambda: pool.idle("a") == 1)
    bounds[0] = Bounds()
    until(lambda: pool.idle("a") == 0)
    pool.close()
    assert all(room.closed.is_set() for room in maker.made)


def test_closing_closes_what_waits() -> None:
    maker = Maker()
    with pool_of(maker, Bounds(idle=2, seconds=60)) as pool:
        pool.take("a")
        until(lambda: pool.idle("a") == 1)
        taken = [pool.take("a")]
        until(lambda: pool.idle("a") == 2)
    assert all(room.closed.is_set() != (room in taken) for room in maker.made)
    pool.close()


def test_nothing_is_made_while_it_is_to_be_quiet() -> None:
    maker, quiet = Maker(), threading.Event()
    quiet.set()
    pool: Pool[str, Room] = Pool(maker, lambda: Bounds(idle=1, seconds=60), quiet.is_set)
    assert pool.take("a") is None
    time.sleep(1.5)
    assert maker.tries == 0
    quiet.clear()
    pool.stir()
    until(lambda: pool.idle("a") == 1)
    pool.close()
