"""CPUs for measurements: who sits at which, and whose turn it is to call candidates there.

What is timed sits alone. Where only a score counts two may sit at one CPU and take turns, so that one is prepared, or
looked at once more and cleared away, while the other one is called.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

SHARING = 2
"""Sessions at one CPU, where they take turns."""


class Seat:
    """A place at `cpu`. Between `enter` and `leave` nobody else there calls a candidate. For one thread."""

    def __init__(self, cpu: str, turn: threading.Lock | None = None) -> None:
        """Without a `turn` the seat is one's own all the time."""
        self.cpu = cpu
        self.waited = 0.0
        """Seconds until it was this seat's turn, all times together."""
        self._turn = turn
        self._entered = False

    def enter(self) -> None:
        """Wait for the turn; nothing when it is this seat's already."""
        if self._turn is None or self._entered:
            return
        began = time.monotonic()
        self._turn.acquire()
        self._entered = True
        self.waited += time.monotonic() - began

    def leave(self) -> None:
        """Let the next one have its turn. May be repeated."""
        if self._turn is not None and self._entered:
            self._entered = False
            self._turn.release()


class Seats:
    """Of all measuring CPUs. They are given in the order of asking, so that nobody waits for ever. Thread-safe."""

    def __init__(self, cpus: Sequence[str]) -> None:
        self._turns = {cpu: threading.Lock() for cpu in cpus}
        self._change = threading.Condition()  # protects everything below
        self._line: deque[object] = deque()
        self._taken: Counter[str] = Counter()
        self._alone: set[str] = set()

    @contextmanager
    def take(self, *, alone: bool) -> Iterator[Seat]:
        """A seat, as soon as one is free; `alone`: nobody else sits at its CPU."""
        cpu = self._wait(alone)
        seat = Seat(cpu, None if alone else self._turns[cpu])
        try:
            yield seat
        finally:
            seat.leave()
            with self._change:
                self._taken[cpu] -= 1
                self._alone.discard(cpu)
                self._change.notify_all()

    def _wait(self, alone: bool) -> str:
        me = object()
        with self._change:
            self._line.append(me)
            try:
                self._change.wait_for(lambda: self._line[0] is me and bool(self._free(alone)))
                cpu = self._free(alone)
                self._taken[cpu] += 1
                if alone:
                    self._alone.add(cpu)
                return cpu
            finally:
                self._line.remove(me)
                self._change.notify_all()

    def _free(self, alone: bool) -> str:
        """The CPU with the fewest sessions, if there is room at it; else nothing."""
        open_to = [cpu for cpu in self._turns if cpu not in self._alone]
        cpu = min(open_to, key=lambda one: self._taken[one], default="")
        return cpu if cpu and self._taken[cpu] < (1 if alone else SHARING) else ""
