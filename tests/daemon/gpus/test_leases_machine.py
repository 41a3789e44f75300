"""Leases under a thousand random schedules of holders that start, stall, crash and come back late."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from daemon.gpus.leases import REST_SECONDS, Lease, Leases, Rows, StaleLease

DEVICES = ("a", "b")
TERM = 30.0


class MemoryShelf:
    """Rows in a dictionary: what is tested here is the order of things; the database has tests of its own."""

    def __init__(self) -> None:
        self.rows: Rows = {}

    @contextmanager
    def edit(self) -> Iterator[Rows]:
        rows = dict(self.rows)
        yield rows
        self.rows = rows

    def look(self) -> Rows:
        return self.rows


@dataclass
class Holder:
    """A process that believes it holds a lease, and its container: none, started, or confirmed (its code runs)."""

    lease: Lease
    container: str = "none"
    crashed: bool = False


class LeaseMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 1e9
        self.leases = Leases(MemoryShelf(), clock=lambda: self.now)
        self.holders: list[Holder] = []
        self.carers: list[Lease] = []
        self.tokens: list[int] = []

    @initialize()
    def register(self) -> None:
        self.leases.register([(device, "rocm") for device in DEVICES])
        for device in DEVICES:
            self.care(device, True)

    @rule()
    def ask(self) -> None:
        lease = self.leases.grant(DEVICES, "h", TERM)
        if lease is not None:
            self.holders.append(Holder(lease))
            self.tokens.append(lease.token)

    @rule(device=st.sampled_from(DEVICES), healthy=st.booleans())
    def care(self, device: str, healthy: bool) -> None:
        """Begin, fence, end, without a pause."""
        lease = self.leases.begin_care(device, TERM)
        if lease is not None:
            self.tokens.append(lease.token)
            self.fence(device)
            self.leases.end_care(lease, healthy=healthy)

    @rule(device=st.sampled_from(DEVICES))
    def begin_care_and_stall(self, device: str) -> None:
        lease = self.leases.begin_care(device, TERM)
        if lease is not None:
            self.tokens.append(lease.token)
            self.carers.append(lease)

    @precondition(lambda self: self.carers)
    @rule(data=st.data())
    def end_care_late(self, data: st.DataObject) -> None:
        lease = self.carers.pop(data.draw(st.integers(0, len(self.carers) - 1)))
        try:
            self.leases.check(lease)
        except StaleLease:
            with pytest.raises(StaleLease):
                self.leases.end_care(lease, healthy=True)
            return
        self.fence(lease.device)
        self.leases.end_care(lease, healthy=True)

    @precondition(lambda self: self.holders)
    @rule(data=st.data(), act=st.sampled_from(["start", "confirm", "renew", "release", "hang", "crash"]))
    def act(self, data: st.DataObject, act: str) -> None:
        holder = self.holders[data.draw(st.integers(0, len(self.holders) - 1))]
        if holder.crashed:
            return
        if act == "crash":
            holder.crashed = True
            return
        stale = self.stale(holder.lease)
        try:
            if act == "start" and holder.container == "none":
                self.leases.check(holder.lease)
                holder.container = "started"
            elif act == "confirm" and holder.container == "started":
                self.leases.check(holder.lease)
                holder.container = "confirmed"
            elif act == "renew":
                holder.lease = self.leases.renew(holder.lease, TERM)
            elif act in ("release", "hang"):
                holder.container = "none"
                if act == "hang":
                    self.leases.hung(holder.lease, f"c{holder.lease.token % 3}")
                else:
                    self.leases.release(holder.lease)
                self.holders.remove(holder)
            else:
                return
            assert not stale, f"{act} with a stale token went through"
        except StaleLease:
            assert stale, f"{act} was refused to the holder of the newest token"
            holder.container = "none"  # a refused holder removes what is its own
            self.holders.remove(holder)

    @rule(seconds=st.sampled_from([1.0, TERM / 2, TERM + 1, REST_SECONDS + 1]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(device=st.sampled_from(DEVICES))
    def a_person_returns_it(self, device: str) -> None:
        drained = {row.device: row.state for row in self.leases.all()}[device] == "drained"
        assert self.leases.put_back(device, "ana") is drained

    def fence(self, device: str) -> None:
        """What is done before a device is cared for: no container on it outlives this."""
        for holder in self.holders:
            if holder.lease.device == device:
                holder.container = "none"

    def stale(self, lease: Lease) -> bool:
        row = {row.device: row for row in self.leases.all()}[lease.device]
        return row.token != lease.token or row.state != "leased"

    @invariant()
    def no_two_live_candidates_hold_one_gpu(self) -> None:
        for device in DEVICES:
            live = [one for one in self.holders if one.lease.device == device and one.container == "confirmed"]
            assert len(live) <= 1

    @invariant()
    def tokens_only_grow(self) -> None:
        assert self.tokens == sorted(set(self.tokens))


TestLeaseMachine = LeaseMachine.TestCase
TestLeaseMachine.settings = settings(
    max_examples=1000, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
