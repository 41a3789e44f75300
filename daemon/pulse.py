"""Gauges that follow the records: read anew every few seconds, so that they are right after a restart too."""

from __future__ import annotations

import logging
import threading

from daemon.house import House
from workflows.models import Account

log = logging.getLogger(__name__)

SECONDS = 5.0


class Pulse:
    """One thread that brings the gauges up to date."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
        self._audited = house.audit.size
        self._open: set[str] = set()
        self._held: set[str] = set()

    def start(self) -> None:
        """Beat once now, then every few seconds."""
        self._beat()
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(SECONDS):
            try:
                self._beat()
            except Exception:  # a gauge that lags must never end the thread
                log.exception("could not bring the gauges up to date")

    def _beat(self) -> None:
        self._audit()
        campaigns = {row.campaign for row in self._house.archive.campaigns() if row.closed is None}
        for campaign in self._open - campaigns:
            self._house.metrics.campaign_ended(campaign)
        self._open = campaigns
        reserved: dict[str, int] = {}
        waiting = [hold for hold in self._house.holds.waiting() if hold.campaign in campaigns]
        held = {hold.candidate: hold.opened for hold in waiting}
        self._house.metrics.hold_approvals(
            sum(hold.body["approvals_needed"] for hold in waiting), sum(len(hold.body["given"]) for hold in waiting)
        )
        in_flight = 0
        for campaign in campaigns:
            in_flight += self._campaign(campaign)
            self._budget(campaign, reserved)
        self._house.metrics.in_flight(in_flight)
        self._house.metrics.reserved(reserved)
        for candidate in self._held - held.keys():
            self._house.metrics.hold(candidate, None)
        for candidate, since in held.items():
            self._house.metrics.hold(candidate, since)
        self._held = set(held)

    def _audit(self) -> None:
        audit, metrics = self._house.audit, self._house.metrics
        metrics.audit_writable(not audit.problem)
        if audit.size > self._audited:
            metrics.audit_appended(audit.size - self._audited)
            self._audited = audit.size

    def _campaign(self, campaign: str) -> int:
        """Report one campaign; returns how many of its candidates are under way."""
        metrics, archive = self._house.metrics, self._house.archive
        metrics.campaign_opened(campaign)
        best = archive.leaderboard(campaign, 1)
        if best and best[0].score is not None:
            metrics.best_score(campaign, best[0].score)
        return len(archive.unrecorded(campaign))

    def _budget(self, campaign: str, reserved: dict[str, int]) -> None:
        account: Account
        for account, line in self._house.ledger.statement(campaign).items():
            self._house.metrics.budget(campaign, account, cap=line.cap, spent=line.spent, reserved=line.reserved)
            reserved[account] = reserved.get(account, 0) + line.reserved
