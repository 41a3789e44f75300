"""Things made ahead of their one use: how many wait, and for how long, follows demand and given bounds."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

log = logging.getLogger("ratchet.pool")

DEMAND_SECONDS = 10.0
"""As many wait (within the bounds) as were taken in this time, and one for as long as the bounds let it wait."""
PAUSE_SECONDS = 1.0
"""Between two looks at what waits."""


@dataclass(frozen=True)
class Bounds:
    """What policy allows. Nothing is made ahead while `idle` is 0."""

    idle: int = 0
    """Most things of one kind that may wait."""
    seconds: float = 0.0
    """How long one may wait; then it is closed, used or not."""


class Thing(Protocol):
    """What can wait in a pool."""

    def alive(self) -> bool:
        """Whether it can still be used."""

    def close(self) -> None:
        """Release it; must not raise."""


K = TypeVar("K", bound=Hashable)
T = TypeVar("T", bound=Thing)


class Pool(Generic[K, T]):
    """Makes things of each kind ahead. What is taken never comes back. Thread-safe; starts its thread when needed."""

    def __init__(
        self, make: Callable[[K], T], bounds: Callable[[], Bounds], quiet: Callable[[], bool] = lambda: False
    ) -> None:
        """While `quiet` says so, nothing is made."""
        self._make = make
        self._quiet = quiet
        self._bounds = bounds
        self._turn = threading.Condition()  # protects everything below
        self._idle: defaultdict[K, deque[tuple[float, T]]] = defaultdict(deque)
        self._takes: defaultdict[K, deque[float]] = defaultdict(deque)
        self._making: Counter[K] = Counter()
        self._waiting: Counter[K] = Counter()
        self._failed: set[K] = set()
        """Kinds of which none is made ahead until somebody asks for one again: a refusal is not asked for anew."""
        self._spent: list[T] = []
        """What died or waited too long, to be closed."""
        self._thread: threading.Thread | None = None
        self._closed = False

    def take(self, kind: K) -> T | None:
        """One that waits, or the one that is just being made; None when the caller has to do without."""
        with self._turn:
            self._takes[kind].append(time.monotonic())
            self._failed.discard(kind)
            self._tend()
            while True:
                if (thing := self._pop(kind)) is not None:
                    return thing
                if self._closed or self._waiting[kind] >= self._making[kind]:
                    return None
                self._waiting[kind] += 1
                try:
                    self._turn.wait()
                finally:
                    self._waiting[kind] -= 1

    def idle(self, kind: K) -> int:
        """How many of a kind wait."""
        with self._turn:
            return len(self._idle[kind])

    def stir(self) -> None:
        """Look now whether something is to be made."""
        with self._turn:
            self._turn.notify_all()

    def close(self) -> None:
        """Close what waits, and make no more. Returns when nothing is being made. May be repeated."""
        with self._turn:
            self._closed = True
            thread = self._thread
            self._spent += [thing for things in self._idle.values() for _, thing in things]
            self._idle.clear()
            self._turn.notify_all()
        if thread is not None:
            thread.join()
        self._close_spent()

    def _pop(self, kind: K) -> T | None:
        """The oldest that still lives and has not waited too long."""
        while self._idle[kind]:
            born, thing = self._idle[kind].popleft()
            if thing.alive() and time.monotonic() < born + self._bounds().seconds:
                return thing
            self._spent.append(thing)
        return None

    def _tend(self) -> None:
        self._turn.notify_all()
        if self._thread is None and not self._closed and self._bounds().idle > 0:
            self._thread = threading.Thread(target=self._work, name="pool", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            self._close_spent()
            with self._turn:
                if self._closed:
                    return
                self._drop_old()
                kind = self._short()
                if kind is None:
                    if not self._spent:
                        self._turn.wait(PAUSE_SECONDS)
                    continue
                self._making[kind] += 1
            made = self._made(kind)
            with self._turn:
                self._making[kind] -= 1
                if made is None:
                    self._failed.add(kind)
                elif self._closed:
                    self._spent.append(made)
                else:
                    self._idle[kind].append((time.monotonic(), made))
                self._turn.notify_all()

    def _made(self, kind: K) -> T | None:
        try:
            return self._make(kind)
        except Exception as error:
            # Whoever needs one does it himself, and then meets the error where it can be told.
            log.warning("nothing could be made ahead: %s", error)
            return None

    def _short(self) -> K | None:
        """A kind of which fewer wait than are wanted."""
        if self._quiet():
            return None
        now, bounds = time.monotonic(), self._bounds()
        for kind, takes in self._takes.items():
            while takes and takes[0] < now - max(DEMAND_SECONDS, bounds.seconds):
                takes.popleft()
            lately = sum(1 for at in takes if at > now - DEMAND_SECONDS)
            wanted = min(bounds.idle, max(lately, 1)) if takes and kind not in self._failed else 0
            if len(self._idle[kind]) + self._making[kind] < wanted:
                return kind
        return None

    def _drop_old(self) -> None:
        bounds = self._bounds()
        limit = time.monotonic() - bounds.seconds
        for things in self._idle.values():
            while things and (len(things) > bounds.idle or things[0][0] < limit or not things[0][1].alive()):
                self._spent.append(things.popleft()[1])

    def _close_spent(self) -> None:
        with self._turn:
            spent, self._spent = self._spent, []
        for thing in spent:
            thing.close()
