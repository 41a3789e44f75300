"""Policy: what the gate answered, what rules found, and which bundle is in force."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.metrics import labels
from daemon.metrics.labels import OTHER
from daemon.metrics.registry import Registry


class PolicyMetrics(Registry):
    """Decisions and bundles."""

    def __init__(self) -> None:
        super().__init__()
        self._decisions = self._counter(
            "decisions", "Answers of the gate.", question=labels.QUESTIONS, outcome=labels.DECISION_OUTCOMES
        )
        self._decision_time = self._histogram(
            "decision_duration_seconds", "Time to an answer.", labels.FAST, question=labels.QUESTIONS
        )
        self._findings = self._counter("findings", "What rules found, by the level of the rule.", level=labels.LEVELS)
        self._warnings = self._counter(
            "warnings", "Findings that stop nothing, by rule code.", level=labels.WARNINGS, code=(OTHER,)
        )
        self._flips = self._gauge(
            "policy_flips", "Recent decisions that the newest bundle would have decided otherwise."
        )
        self._denials = self._counter("denials", "Denials by rule code of the policy.", code=(OTHER,))
        self._reloads = self._counter("policy_reloads", "Policy bundles offered to the gate.", outcome=labels.RELOADS)
        self._rejected = self._gauge(
            "policy_rejected", "1 while a changed bundle is refused and the last good one rules."
        )
        self._reloaded = self._gauge(
            "policy_last_reload_timestamp_seconds", "Unix time of the last bundle that was loaded."
        )
        self._revision = self._open_gauge("policy_active_info", "Revision of the bundle in force; 1.", "revision")

    def decision(self, question: str, outcome: str, seconds: float, codes: Iterable[str] = ()) -> None:
        """An answer of the gate with the codes of its denials. At most 100 codes get a series; the rest are `other`."""
        self._decisions.labels(
            labels.known(question, labels.QUESTIONS), labels.known(outcome, labels.DECISION_OUTCOMES)
        ).inc()
        self._decision_time.labels(labels.known(question, labels.QUESTIONS)).observe(seconds)
        for code in codes:
            self._denials.labels(self._code(code)).inc()

    def findings(self, found: Iterable[tuple[str, str]]) -> None:
        """What rules found in one decision: level and code of each."""
        for level, code in found:
            self._findings.labels(labels.known(level, labels.LEVELS)).inc()
            if level in labels.WARNINGS:
                self._warnings.labels(level, self._code(code)).inc()

    def denial_codes(self, codes: Iterable[str]) -> None:
        """Start a series with 0 for every rule code that the loaded policy can deny with."""
        for code in codes:
            self._denials.labels(self._code(code))

    def policy_loaded(self, revision: str) -> None:
        """A bundle came into force."""
        self._reloads.labels("loaded").inc()
        self._rejected.set(0)
        self._reloaded.set_to_current_time()
        self._revision.clear()
        self._revision.labels(revision).set(1)

    def policy_flips(self, flips: int) -> None:
        """Recent decisions that the newest bundle would have decided otherwise."""
        self._flips.set(flips)

    def policy_rejected(self) -> None:
        """A changed bundle was refused; the last good one stays in force."""
        self._reloads.labels("rejected").inc()
        self._rejected.set(1)

    def policy_unchanged(self) -> None:
        """The folder holds again what is in force: nothing is waiting to be mended."""
        self._rejected.set(0)
