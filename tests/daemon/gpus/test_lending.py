"""Lending: what is done around a holder, and what is not lent. Devices are made up; the rows are in a real database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from daemon.gpus import lending
from daemon.gpus.leases import Lease, Leases
from daemon.gpus.lending import CARE_SECONDS, Lender, Report
from daemon.gpus.shelf import DatabaseShelf
from daemon.records.audit import AuditLog
from daemon.records.chain import records
from daemon.records.db import Database, sqlite_url
from daemon.records.keys import ensure_signing_key
from daemon.records.kinds import problems
from sandbox.devices import Device, Node
from workflows.ports import InfrastructureError

NAMES = {"campaign": "k", "candidate": "k-c1"}


def device(minor: int) -> Device:
    nodes = tuple(Node(path, 104, 0o660, True) for path in (f"/dev/dri/renderD{minor}", "/dev/kfd"))
    return Device(f"rocm-{minor}", "rocm", nodes, arch="gfx90a")


class House:
    """A host with GPUs, who cares for them, and everything that was told."""

    def __init__(self, folder: Path, count: int = 1) -> None:
        ensure_signing_key(folder / "audit.pem")
        self.now, self.folder = 1e9, folder
        self.audit = AuditLog(folder / "audit", folder / "audit.pem")
        self.db = Database(sqlite_url(folder / "records.db"))
        self.leases = Leases(DatabaseShelf(self.db), clock=lambda: self.now)
        self.here = [device(128 + number) for number in range(count)]
        self.healthy, self.care_takes = True, 1.0
        self.events: list[str] = []
        self.states: dict[str, str] = {}
        self.lender = self.another()

    def another(self) -> Lender:
        """Another process's lender over the same records."""
        return Lender(self.leases, lambda: self.here, self, self.audit, self, patience=0.0)

    def fence(self, device: str, token: int) -> int:
        self.events.append(f"fence {device} {token}")
        return 0

    def tend(self, device: Device, token: int, check: Callable[[], None]) -> Report:
        self.events.append(f"tend {device.name} {token}")
        self.now += self.care_takes
        check()
        return Report(self.healthy, filled=1 << 30, detail="" if self.healthy else "memory does not hold")

    def gpu_states(self, states: Mapping[str, str]) -> None:
        self.states = dict(states)

    def gpu_hang(self) -> None:
        self.events.append("hang")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.audit.close()
    made.db.close()


def test_a_device_is_fenced_and_poisoned_before_its_first_and_between_all_holders(house: House) -> None:
    for number in range(2):
        with house.lender.lend(["rocm"], **NAMES) as loan:
            house.events.append(f"holder {number}")
            assert loan.grant.devices.paths == ("/dev/dri/renderD128", "/dev/kfd")
            assert loan.grant.labels == {"ratchet.gpu": "rocm-128", "ratchet.gpu.token": str(loan.lease.token)}
            assert house.states == {"rocm-128": "leased"}
            loan.check()
    assert house.events == [
        "fence rocm-128 1", "tend rocm-128 1", "holder 0", "fence rocm-128 3", "tend rocm-128 3", "holder 1",
        "fence rocm-128 5", "tend rocm-128 5",
    ]  # fmt: skip
    assert house.states == {"rocm-128": "free"}


def test_a_leased_device_is_not_lent_again(house: House) -> None:
    other = house.another()
    with (
        house.lender.lend(["rocm"], **NAMES),
        pytest.raises(InfrastructureError, match="gpu-busy"),
        other.lend(["rocm"], **NAMES),
    ):
        pass


def test_without_a_device_the_verdict_names_it(house: House) -> None:
    with pytest.raises(InfrastructureError, match="no-device"), house.lender.lend(["cuda"], **NAMES):
        pass
    assert house.lender.queue_for(["cuda"]) == ""
    assert house.lender.queue_for(["rocm"]) == "rocm-128"


def test_a_lease_is_renewed_while_it_is_used_though_the_records_fail_for_a_moment(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew, calls = house.leases.renew, 0

    def failing(lease: Lease, seconds: float) -> Lease:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise InfrastructureError("records: locked")
        return renew(lease, seconds)

    monkeypatch.setattr(lending, "TERM_SECONDS", 0.1)
    monkeypatch.setattr(house.leases, "renew", failing)
    with house.lender.lend(["rocm"], **NAMES) as loan:
        house.now += 0.09
        until = time.monotonic() + 60
        while house.leases.all()[0].expires < house.now + 0.099:
            assert time.monotonic() < until, "nobody renews it"
            time.sleep(0.01)
        house.now += 0.09
        loan.check()


def test_the_queue_of_a_device_that_is_gone_is_still_served(house: House) -> None:
    assert house.lender.devices(["rocm"])
    house.here = []
    after = house.another()
    assert after.served == ("rocm-128",)
    assert after.queue_for(["rocm"]) == ""
    with pytest.raises(InfrastructureError, match="no-device"), after.lend(["rocm"], **NAMES, only="rocm-128"):
        pass


def test_a_device_of_another_make_is_not_lent_to_what_was_compiled(house: House) -> None:
    with pytest.raises(InfrastructureError, match="no-device"), house.lender.lend(["rocm"], **NAMES, arch="gfx942"):
        pass
    with house.lender.lend(["rocm"], **NAMES, arch="gfx90a"):
        pass


def test_a_holder_whose_lease_ran_out_is_told_so_and_gives_nothing_back(house: House) -> None:
    with house.lender.lend(["rocm"], **NAMES) as old:
        house.now += 1000
        with house.another().lend(["rocm"], **NAMES) as new:
            assert new.lease.token > old.lease.token
            with pytest.raises(InfrastructureError, match="gpu-lease"):
                old.check()
            new.check()


def test_a_device_that_is_not_healthy_is_not_lent_until_it_is(house: House) -> None:
    house.healthy = False
    with (
        pytest.raises(InfrastructureError, match="memory does not hold"),
        house.lender.lend(["rocm"], **NAMES),
    ):
        pass
    house.healthy = True
    with pytest.raises(InfrastructureError, match="gpu-busy"), house.lender.lend(["rocm"], **NAMES):
        pass
    house.now += 60
    with house.lender.lend(["rocm"], **NAMES):
        pass


def test_care_that_outlives_its_own_lease_frees_nothing(house: House) -> None:
    house.care_takes = CARE_SECONDS + 1
    with pytest.raises(InfrastructureError, match="gpu-busy"), house.lender.lend(["rocm"], **NAMES):
        pass
    assert house.states == {"rocm-128": "resting"}


def test_a_hang_rests_the_device_and_hangs_of_two_candidates_drain_it(house: House) -> None:
    def hang(candidate: str) -> None:
        with house.lender.lend(["rocm"], campaign="k", candidate=candidate) as loan:
            house.lender.hung(loan, campaign="k", candidate=candidate)

    hang("k-c1")
    assert house.states == {"rocm-128": "resting"}
    with pytest.raises(InfrastructureError, match="gpu-busy"):
        hang("k-c1")
    house.now += 60
    hang("k-c1")
    assert house.states == {"rocm-128": "resting"}, "the same candidate again says nothing of the device"
    house.now += 60
    hang("k-c2")
    assert house.states == {"rocm-128": "drained"}
    house.now += 3600
    with pytest.raises(InfrastructureError, match="no-device: every GPU is drained"):
        hang("k-c3")
    assert house.leases.put_back("rocm-128", "ana", "a loose cable")
    with house.lender.lend(["rocm"], **NAMES):
        pass
    assert house.events.count("hang") == 3
    house.audit.flush()
    told = [record for record in records(house.folder / "audit") if record["kind"] == "gpu.returned"]
    assert [(record["actor"], record["body"]["reason"]) for record in told] == [("ana", "a loose cable")]


def test_everything_is_in_the_audit_log(house: House, tmp_path: Path) -> None:
    with house.lender.lend(["rocm"], **NAMES) as loan:
        house.lender.hung(loan, **NAMES)
    found: list[dict[str, Any]] = [record for record in records(tmp_path / "audit") if "gpu" in str(record["kind"])]
    assert [record["kind"] for record in found] == ["gpu.tended", "gpu.leased", "gpu.hung", "gpu.released"]
    assert [problem for record in found for problem in problems(record)] == []
    assert found[0]["body"]["filled"] == 1 << 30
    assert found[3]["body"]["ended"] == "hung"
