"""Lends GPUs: finds them, cares for them between two holders, and keeps a lease alive while it is used."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from daemon.gpus.leases import RETURNED, DeviceRow, Lease, Leases, StaleLease
from daemon.records.audit import AuditLog
from sandbox.devices import Device, Grant, Vendor
from sandbox.launching import GPU, GPU_TOKEN
from workflows.ports import InfrastructureError

TERM_SECONDS = 45.0
"""A lease is renewed at a third of this; a holder that died is noticed after it."""
CARE_SECONDS = 300.0
PATIENCE_SECONDS = 1800.0
"""How long a step waits for a device before it is tried again later."""
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Report:
    """What caring for a device found."""

    healthy: bool
    filled: int = 0
    """Bytes of its memory that were filled with poison."""
    detail: str = ""


class Caretaker(Protocol):
    """Makes a device fit for its next holder."""

    def fence(self, device: str, token: int) -> int:
        """Remove every container that has this device under an older token; how many. Raises InfrastructureError."""

    def tend(self, device: Device, token: int, check: Callable[[], None]) -> Report:
        """Probe it and fill its memory with poison. Raises InfrastructureError when that could not even be tried.

        `check` raises it when the care's own lease is over; asked before and after a start on the device.
        """


class Told(Protocol):
    """Where states go to be seen (see `gauges.GpuMetrics`)."""

    def gpu_states(self, states: Mapping[str, str]) -> None: ...

    def gpu_hang(self) -> None: ...


class Loan:
    """A leased device. What is started on it carries its labels, and is started only after `check`."""

    def __init__(self, leases: Leases, lease: Lease, device: Device, driver: str) -> None:
        self._leases = leases
        self.lease = lease
        self.device = device
        self.grant = Grant(
            vendor=device.vendor,
            devices=device.grant(),
            environment=device.environment(),
            labels={GPU: device.name, GPU_TOKEN: str(lease.token)},
            driver=driver,
            check=self.check,
        )
        self.over = False

    def check(self) -> None:
        """Raises InfrastructureError when the lease is no longer in force: whatever ran on it counts for nothing."""
        in_force(self._leases, self.lease)


class Lender:
    """Thread-safe; state is in the leases only."""

    def __init__(
        self,
        leases: Leases,
        find: Callable[[], list[Device]],
        caretaker: Caretaker,
        audit: AuditLog,
        told: Told,
        driver: Callable[[Device], str] = lambda device: "",
        *,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.leases = leases
        self._find = find
        self._caretaker = caretaker
        self._audit = audit
        self._told = told
        self._driver = driver
        self._patience = patience
        self.served = tuple(sorted({*(device.name for device in find()), *(row.device for row in leases.all())}))
        """Devices that this daemon polls a queue for: those there at its start, and those known from before, since what
        waits for one that is gone must be told so."""

    def devices(self, wanted: Sequence[Vendor]) -> dict[str, Device]:
        """The host's GPUs of these makes, by name, as they are now: nodes may be renumbered at any start."""
        found = {device.name: device for device in self._find() if device.vendor in wanted}
        self.leases.register((device.name, device.vendor) for device in found.values())
        return found

    def queue_for(self, wanted: Sequence[Vendor]) -> str:
        """The device that a task should wait for: one that is free, else one that will be; empty when there is none."""
        found = self.devices(wanted)
        order = {"free": 0, "resting": 1, "caring": 1, "leased": 2}
        usable = found.keys() & set(self.served)
        rows = [row for row in self.leases.all() if row.device in usable and row.state in order]
        return min(rows, key=lambda row: (order[row.state], row.device)).device if rows else ""

    @contextmanager
    def lend(
        self, wanted: Sequence[Vendor], *, campaign: str, candidate: str, only: str = "", arch: str = ""
    ) -> Iterator[Loan]:
        """A device for the block, cared for before and after. Waits for one (`only`: for that one, while it is there;
        `arch`: for one that runs what was compiled for it).

        Raises InfrastructureError: `no-device` when there is none that could become free, `gpu-busy` after waiting.
        """
        loan = self._wait(wanted, candidate, only, arch)
        names: dict[str, Any] = {"actor": "daemon", "campaign": campaign, "candidate": candidate}
        body = {"device": loan.device.name, "token": loan.lease.token}
        try:
            self._audit.append("gpu.leased", body=body, **names)
            with self._renewed(loan):
                yield loan
        finally:
            try:
                self._audit.append("gpu.released", body={**body, "ended": self._give_back(loan)}, **names)
            finally:
                self.tend(loan.device)

    def hung(self, loan: Loan, *, campaign: str, candidate: str) -> None:
        """A kernel of the candidate hung: no new lease before the device is found healthy; a second one drains it."""
        try:
            state = self.leases.hung(loan.lease, candidate)
        except StaleLease as error:
            raise InfrastructureError(f"gpu-lease: {error}") from error
        loan.over = True
        self._told.gpu_hang()
        body = {"device": loan.device.name, "token": loan.lease.token, "state": state}
        self._audit.append("gpu.hung", actor="daemon", campaign=campaign, candidate=candidate, body=body)

    def tend(self, device: Device) -> bool:
        """Care for a device that rests; True when it is free now."""
        after = next((row.reason for row in self.leases.all() if row.device == device.name), "")
        if after.startswith(RETURNED):
            # Before the rest begins to end: a death in between tells it twice, not never.
            by, _, why = after.removeprefix(RETURNED).partition(": ")
            self._audit.append("gpu.returned", actor=by, body={"device": device.name, "reason": why})
        lease = self.leases.begin_care(device.name, CARE_SECONDS)
        if lease is None:
            self._show()
            return False
        try:
            self._caretaker.fence(device.name, lease.token)
            report = self._caretaker.tend(device, lease.token, partial(in_force, self.leases, lease))
        except InfrastructureError as error:
            report = Report(False, detail=str(error)[:300])
        body = {"device": device.name, "token": lease.token, "healthy": report.healthy}
        body |= {"filled": report.filled, "detail": report.detail, "after": after}
        self._audit.append("gpu.tended", actor="daemon", body=body)
        try:
            self.leases.end_care(lease, healthy=report.healthy, reason=report.detail)
        except StaleLease:
            return False
        finally:
            self._show()
        return report.healthy

    # -- parts ---------------------------------------------------------------------------------------------------

    def _wait(self, wanted: Sequence[Vendor], candidate: str, only: str, arch: str) -> Loan:
        until = time.monotonic() + self._patience
        while True:
            found = {name: one for name, one in self.devices(wanted).items() if arch in ("", one.arch) or not one.arch}
            names = [name for name in found if only in ("", name)] or list(found)
            usable = [row for row in self.leases.all() if row.device in names and row.state != "drained"]
            if not usable:
                raise InfrastructureError(
                    none_at_all(wanted, [row for row in self.leases.all() if row.device in found])
                )
            lease = self.leases.grant(names, candidate, TERM_SECONDS)
            if lease is not None:
                self._show()
                device = found[lease.device]
                return Loan(self.leases, lease, device, self._driver(device))
            if any(self.tend(found[row.device]) for row in usable if row.state == "resting"):
                continue
            if time.monotonic() > until:
                now = [row for row in self.leases.all() if row.device in names]
                states = ", ".join(f"{row.device} {row.state} {row.reason}".strip() for row in now)
                raise InfrastructureError(f"gpu-busy: none became free in {self._patience:g} s ({states})")
            time.sleep(POLL_SECONDS)

    @contextmanager
    def _renewed(self, loan: Loan) -> Iterator[None]:
        done = threading.Event()

        def renew() -> None:
            while not done.wait(TERM_SECONDS / 3):
                try:
                    self.leases.renew(loan.lease, TERM_SECONDS)
                except StaleLease:
                    return  # the next check says so
                except InfrastructureError:
                    continue  # there is time for two more tries; a lease that is not renewed runs out by itself

        thread = threading.Thread(target=renew, name=f"lease-{loan.device.name}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _give_back(self, loan: Loan) -> str:
        if loan.over:
            return "hung"
        try:
            self.leases.release(loan.lease)
        except StaleLease:
            return "stale"
        return "released"

    def _show(self) -> None:
        self._told.gpu_states({row.device: row.state for row in self.leases.all()})


def in_force(leases: Leases, lease: Lease) -> None:
    """Raises InfrastructureError when the lease is over: whoever held it must touch nothing."""
    try:
        leases.check(lease)
    except StaleLease as error:
        raise InfrastructureError(f"gpu-lease: {error}") from error


def none_at_all(wanted: Sequence[Vendor], drained: Sequence[DeviceRow]) -> str:
    """Why there is no device, and what to do."""
    if drained:
        told = "; ".join(f"{row.device}: {row.reason}" for row in drained)
        return f"no-device: every GPU is drained ({told}); look at it, then `ratchet doctor return`"
    return f"no-device: this host has no GPU for {' or '.join(wanted)}; `ratchet doctor gpu` says why"
