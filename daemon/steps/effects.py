"""An effect with its bookkeeping: reserved before, recorded before and after, settled whatever happens."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from temporalio import activity

from daemon.house import House
from daemon.records.audit import AuditUnavailable
from daemon.records.lookup import of_candidate
from workflows.models import Account

DAEMON = "daemon"
"""The actor of everything that no person asked for by name."""


def attempt() -> int:
    """Number of the activity attempt under way: an attempt that spends again needs a ledger key of its own."""
    return activity.info().attempt if activity.in_activity() else 1


def recorded(house: House, kind: str, campaign: str, candidate: str) -> bool:
    """Whether an earlier attempt of the step under way, cut short, has recorded this kind about the candidate.

    The first attempt is a local activity: before it there can only have been one in a process that ended. Whatever
    comes later follows trouble, and looks into the log itself.
    """
    if not activity.in_activity():
        return False
    if activity.info().is_local and attempt() == 1:
        return house.earlier.has(kind, campaign, candidate)
    return kind in told(house, candidate)


def told(house: House, candidate: str) -> dict[str, dict[str, Any]]:
    """What the audit log says of a candidate so far: the newest body of each kind of record."""
    house.audit.flush()
    return {record["kind"]: record["body"] for record in of_candidate(house.settings.home / "audit", candidate)}


def request() -> str:
    """Names the request under way, the same over its attempts: what is booked under it is booked once."""
    if not activity.in_activity():
        return uuid.uuid4().hex
    info = activity.info()
    return f"{info.workflow_run_id}/{info.activity_id}"


class Meter:
    """What an effect took so far. Wall time is counted by itself."""

    raw = ""
    """Blob hash of what was measured, as it was measured; empty where nothing is."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._amounts: dict[Account, int] = {}

    def add(self, account: Account, amount: float) -> None:
        """Count an amount in the account's unit."""
        self._amounts[account] = self._amounts.get(account, 0) + max(0, round(amount))

    def waited(self, seconds: float) -> None:
        """Leave out time in which nothing was used: a wait for a machine of ours is no cost of anybody's."""
        self._started += seconds

    def amounts(self) -> dict[Account, int]:
        """The sums, wall time included."""
        return {"wall_ms": round((time.monotonic() - self._started) * 1000), **self._amounts}


@contextmanager
def effect(
    house: House,
    kind: str,
    *,
    campaign: str,
    candidate: str,
    reserve: Mapping[Account, int],
    body: Mapping[str, Any],
) -> Iterator[Meter]:
    """Reserve, record the intent durably, run the block, record the outcome, settle.

    The ledger key is the candidate, the kind and the attempt. After a crash inside the block the reservation stays open
    and counts at its maximum, until `unfinished` ends it.

    Raises BudgetExceeded or AuditUnavailable before anything happened.
    """
    key = f"{candidate}/{kind}/{attempt()}"
    house.ledger.reserve(campaign, key, reserve)
    tell = partial(house.audit.append, actor=DAEMON, campaign=campaign, candidate=candidate)
    try:
        tell(f"{kind}.intent", body={"key": key, "reserved": dict(reserve), **body})
    except BaseException:
        house.ledger.release(key)
        raise
    meter = Meter()
    ended = "done"
    try:
        yield meter
    except BaseException as error:
        ended = f"{type(error).__name__}: {error}"[:500]
        raise
    finally:
        taken = meter.amounts()
        settled = {account: taken.get(account, 0) for account in reserve}
        outcome = {"key": key, "ended": ended, "spent": settled, "raw": meter.raw}
        try:
            try:
                tell(f"{kind}.outcome", body=outcome)
            except AuditUnavailable:
                # It happened, so it is told as soon as the log can be written; the next effect waits for that.
                tell(f"{kind}.outcome", body=outcome, durable=False)
        finally:
            # Last: an open line is the sign by which the next start finds an effect without an end.
            house.ledger.settle(key, settled)
            house.metrics.spent({str(name): amount for name, amount in settled.items()})


@contextmanager
def scratch(house: House, candidate: str, step: str) -> Iterator[Path]:
    """A fresh, private folder for one step, gone afterwards; what a crash left there is cleared first."""
    folder = house.scratch(candidate, step)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
