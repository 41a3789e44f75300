"""Leases of GPUs: at most one holder a device, told apart by a fencing token. Pure over a shelf for rows.

A token is larger than any given before, on whichever device. Who holds an older one is refused, however sure it is.
States of a device: `free` → `leased` → `resting` → (cared for, under a token of its own) → `free`, or `drained` until a
person returns it. A lease that ran out leaves its device resting: whatever its holder left there is removed first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple, Protocol

State = Literal["free", "leased", "resting", "caring", "drained"]

REST_SECONDS = 30.0
"""Between two tries to find a device healthy again."""
RETURNED = "returned by "
"""Begins the reason of a rest that a person ordered; name, colon and why follow."""
HANGS_THAT_DRAIN = 2
"""Hangs of so many different candidates are the device's fault until a person has looked."""


class StaleLease(Exception):
    """A token that is no longer the device's: its holder must stop at once, and touch nothing."""


class Lease(NamedTuple):
    """The right to use a device until it expires."""

    device: str
    token: int
    holder: str
    expires: float
    """Unix seconds."""


class DeviceRow(NamedTuple):
    """A device as the records know it."""

    device: str
    vendor: str
    state: State
    token: int
    holder: str
    expires: float
    hangs: tuple[str, ...]
    """Candidates whose kernels hung since the device was last returned by a person."""
    reason: str
    since: float


Rows = dict[str, DeviceRow]


class Shelf(Protocol):
    """Where rows are kept."""

    def edit(self) -> AbstractContextManager[Rows]:
        """All rows by device, for the only writer at its time: what is changed is kept, unless the block raises."""

    def look(self) -> Rows:
        """All rows by device, as of one moment."""


class Leases:
    """Thread-safe, and safe for many processes; every method is one transaction. `clock` gives Unix seconds."""

    def __init__(self, shelf: Shelf, clock: Callable[[], float] = time.time) -> None:
        self._shelf = shelf
        self._clock = clock

    def register(self, devices: Iterable[tuple[str, str]]) -> None:
        """Make devices (name, vendor) known. A new one rests first: nobody knows what was done to it before."""
        wanted = dict(devices)
        if wanted.keys() <= self._shelf.look().keys():
            return
        with self._shelf.edit() as rows:
            for device, vendor in wanted.items():
                rows.setdefault(device, DeviceRow(device, vendor, "resting", 0, "", 0.0, (), "new", 0.0))

    def grant(self, devices: Sequence[str], holder: str, seconds: float) -> Lease | None:
        """A lease of the first free one of these devices, or None."""
        with self._shelf.edit() as rows:
            self._sweep(rows)
            for device in devices:
                if device in rows and rows[device].state == "free":
                    return self._give(rows, device, "leased", holder, seconds)
        return None

    def renew(self, lease: Lease, seconds: float) -> Lease:
        """The same lease, running from now. Raises StaleLease."""
        with self._shelf.edit() as rows:
            row = self._own(rows, lease)
            rows[lease.device] = row._replace(expires=self._clock() + seconds)
            return lease._replace(expires=rows[lease.device].expires)

    def check(self, lease: Lease) -> None:
        """Raises StaleLease unless it is in force now. To be asked before and after each container's start."""
        self._own(self._shelf.look(), lease)

    def release(self, lease: Lease) -> None:
        """Give it back; the device rests until it was cared for. Raises StaleLease."""
        with self._shelf.edit() as rows:
            self._rest(rows, self._own(rows, lease), "released")

    def hung(self, lease: Lease, candidate: str) -> State:
        """The candidate's kernel hung: the device rests, or is drained when it was not the first candidate's.

        Raises StaleLease.
        """
        with self._shelf.edit() as rows:
            row = self._own(rows, lease)
            hangs = row.hangs if candidate in row.hangs else (*row.hangs, candidate)
            self._rest(rows, row._replace(hangs=hangs), f"kernels of {', '.join(hangs)} hung")
            if len(hangs) >= HANGS_THAT_DRAIN:
                rows[lease.device] = rows[lease.device]._replace(state="drained")
            return rows[lease.device].state

    def begin_care(self, device: str, seconds: float) -> Lease | None:
        """A lease for caring for a device that rests, when its rest is over; None when there is nothing to do."""
        with self._shelf.edit() as rows:
            self._sweep(rows)
            row = rows.get(device)
            if row is None or row.state != "resting":
                return None
            ready = row.reason in ("new", "released") or row.reason.startswith(RETURNED)
            if not ready and self._clock() < row.since + REST_SECONDS:
                return None
            return self._give(rows, device, "caring", "care", seconds)

    def end_care(self, lease: Lease, *, healthy: bool, reason: str = "") -> None:
        """Free the device, or let it rest again. Raises StaleLease."""
        with self._shelf.edit() as rows:
            row = self._own(rows, lease)
            self._rest(rows, row, "" if healthy else reason or "not healthy")
            if healthy:
                rows[lease.device] = rows[lease.device]._replace(state="free")

    def put_back(self, device: str, by: str, why: str) -> bool:
        """A person returns a drained device: it is cared for before it is used. False when it was not drained.

        `by` has no colon in it. Whoever cares for the device next tells the audit log.
        """
        with self._shelf.edit() as rows:
            row = rows.get(device)
            if row is None or row.state != "drained":
                return False
            self._rest(rows, row._replace(hangs=()), f"{RETURNED}{by}: {why}")
            return True

    def all(self) -> list[DeviceRow]:
        """Every known device, by name. One whose lease ran out is shown as resting."""
        rows = dict(self._shelf.look())
        self._sweep(rows)
        return [rows[device] for device in sorted(rows)]

    # -- parts, inside a transaction -------------------------------------------------------------------------------

    def _give(self, rows: Rows, device: str, state: State, holder: str, seconds: float) -> Lease:
        now = self._clock()
        lease = Lease(device, 1 + max(row.token for row in rows.values()), holder, now + seconds)
        rows[device] = rows[device]._replace(
            state=state, token=lease.token, holder=holder, expires=lease.expires, reason="", since=now
        )
        return lease

    def _sweep(self, rows: Rows) -> None:
        for row in list(rows.values()):
            if row.state in ("leased", "caring") and row.expires <= self._clock():
                self._rest(rows, row, "released")

    def _own(self, rows: Rows, lease: Lease) -> DeviceRow:
        row = rows.get(lease.device)
        if row is None:
            raise StaleLease(f"no device {lease.device} is known")
        if row.state not in ("leased", "caring") or row.token != lease.token or row.expires <= self._clock():
            told = f"token {lease.token} of {lease.device} is no longer in force ({row.state}, token {row.token})"
            raise StaleLease(told)
        return row

    def _rest(self, rows: Rows, row: DeviceRow, reason: str) -> None:
        rows[row.device] = row._replace(state="resting", holder="", expires=0.0, reason=reason, since=self._clock())
