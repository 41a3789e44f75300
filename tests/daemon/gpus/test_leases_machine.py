"""Leases under a thousand random schedules of holders and carers that start, stall, crash and come back late."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from daemon.gpus.leases import REST_SECONDS, Lease, Leases, Rows, StaleLease

DEVICES = ("a", "b")
TERM = 30.0
NEXT = {"none": "looked", "looked": "created", "created": "runs"}
"""A container's start, as three instructions between which anything may happen. Its code runs in the last state only:
the launcher waits for a judge, which asks after the second look; care is ended there if the lease is over."""


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
class Party:
    """A process that believes it holds a lease, and its container."""

    lease: Lease
    cares: bool
    container: str = "none"
    fenced: bool = False
    crashed: bool = False


class LeaseMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 1e9
        self.leases = Leases(MemoryShelf(), clock=lambda: self.now)
        self.parties: list[Party] = []
        self.tokens: list[int] = []

    @initialize()
    def register(self) -> None:
        self.leases.register([(device, "rocm") for device in DEVICES])
        for device in DEVICES:
            self.care(device, True)

    @rule(dies=st.booleans())
    def ask(self, dies: bool) -> None:
        """Who dies right behind the commit holds a lease that it never heard of."""
        lease = self.leases.grant(DEVICES, "h", TERM)
        if lease is not None:
            self.tokens.append(lease.token)
            if not dies:
                self.parties.append(Party(lease, cares=False))

    @rule(device=st.sampled_from(DEVICES), healthy=st.booleans())
    def care(self, device: str, healthy: bool) -> None:
        """All of it without a pause."""
        lease = self.leases.begin_care(device, TERM)
        if lease is not None:
            self.tokens.append(lease.token)
            self.fence(lease)
            self.leases.end_care(lease, healthy=healthy)

    @rule(device=st.sampled_from(DEVICES))
    def begin_care(self, device: str) -> None:
        lease = self.leases.begin_care(device, TERM)
        if lease is not None:
            self.tokens.append(lease.token)
            self.parties.append(Party(lease, cares=True))

    @precondition(lambda self: any(not party.crashed for party in self.parties))
    @rule(data=st.data(), act=st.sampled_from(["start", "start", "start", "renew", "end", "hang", "crash"]))
    def act(self, data: st.DataObject, act: str) -> None:
        party = data.draw(st.sampled_from([party for party in self.parties if not party.crashed]))
        if act == "crash":
            party.crashed = True
            return
        stale = self.stale(party)
        try:
            if act == "start":
                self.go_on(party)
                return
            if act == "renew":
                party.lease = self.leases.renew(party.lease, TERM)
            else:
                self.end(party, hang=act == "hang")
            assert not stale, f"{act} with a stale token went through"
        except StaleLease:
            assert stale, f"{act} was refused to the holder of the newest token"
            self.parties.remove(party)  # a refused holder removes what is its own

    def go_on(self, party: Party) -> None:
        """The next instruction of a start; a look that goes through was not in vain."""
        if party.cares and not party.fenced:
            self.fence(party.lease)
            party.fenced = True
        elif party.container in NEXT:
            if party.container != "looked":
                self.leases.check(party.lease)
                assert not self.stale(party)
            party.container = NEXT[party.container]

    def end(self, party: Party, *, hang: bool) -> None:
        party.container = "none"
        if not party.cares and hang:
            self.leases.hung(party.lease, f"c{party.lease.token % 3}")
        elif not party.cares:
            self.leases.release(party.lease)
        else:
            if not party.fenced:
                self.fence(party.lease)
            self.leases.end_care(party.lease, healthy=not hang)
        self.parties.remove(party)

    @rule(seconds=st.sampled_from([1.0, TERM / 2, TERM + 1, REST_SECONDS + 1]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(device=st.sampled_from(DEVICES))
    def a_person_returns_it(self, device: str) -> None:
        drained = {row.device: row.state for row in self.leases.all()}[device] == "drained"
        assert self.leases.put_back(device, "ana", "looked") is drained

    def fence(self, lease: Lease) -> None:
        """What comes before care: no older container on the device outlives it, and no newer one is hit."""
        for party in self.parties:
            if party.lease.device == lease.device and party.lease.token < lease.token:
                assert self.stale(party), "the device was cared for while somebody held it"
                party.container = "none" if party.container != "looked" else "looked"

    def stale(self, party: Party) -> bool:
        row = {row.device: row for row in self.leases.all()}[party.lease.device]
        return row.token != party.lease.token or row.state != ("caring" if party.cares else "leased")

    @invariant()
    def no_two_live_candidates_hold_one_gpu(self) -> None:
        for device in DEVICES:
            on_it = [party for party in self.parties if party.lease.device == device]
            assert sum(party.container == "runs" for party in on_it) <= 1
            assert sum(not self.stale(party) for party in on_it) <= 1

    @invariant()
    def tokens_only_grow(self) -> None:
        assert self.tokens == sorted(set(self.tokens))


def test_no_two_live_candidates_hold_one_gpu_in_a_thousand_schedules() -> None:
    run_state_machine_as_test(
        LeaseMachine,
        settings=settings(
            max_examples=1000, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_a_look_is_refused_from_the_moment_of_expiry() -> None:
    now = 1e9
    leases = Leases(MemoryShelf(), clock=lambda: now)
    leases.register([("a", "rocm")])
    care = leases.begin_care("a", TERM)
    assert care is not None
    leases.end_care(care, healthy=True)
    lease = leases.grant(["a"], "h", TERM)
    assert lease is not None
    now += TERM
    for act in (leases.check, leases.release, lambda one: leases.renew(one, TERM), lambda one: leases.hung(one, "c")):
        with pytest.raises(StaleLease, match="token 2"):
            act(lease)
