"""The search: campaigns, candidates, evidence and promotions."""

from __future__ import annotations

from daemon.metrics import labels
from daemon.metrics.registry import Registry


class SearchMetrics(Registry):
    """Campaigns and their candidates."""

    def __init__(self) -> None:
        super().__init__()
        self._candidates = self._counter(
            "candidates",
            "Candidates decided, by verdict class.",
            verdict=labels.VERDICTS,
            metric_kind=labels.METRIC_KINDS,
        )
        self._in_flight = self._gauge("candidates_in_flight", "Candidates started and not yet decided.")
        self._live = self._gauge("campaigns_live", "Campaigns that are open.")
        self._score = self._open_gauge("campaign_best_score", "Best verified score of a running campaign.", "campaign")
        self._e_value = self._histogram("e_value", "Highest e-value of each measured candidate.", labels.EVIDENCE)
        self._pairs = self._histogram("measured_pairs", "Parent/child pairs that each candidate took.", labels.PAIRS)
        self._promotions = self._counter("promotions", "Answers of the promotion step.", outcome=labels.PROMOTIONS)
        self._rollouts = self._counter("genome_rollouts", "Ends of canaries of the agent.", outcome=labels.ROLLOUTS)

    def candidate_decided(self, verdict: str, metric_kind: str) -> None:
        """Count a decided candidate; `verdict` as recorded (`failed:no-gain`) or its class alone."""
        self._candidates.labels(
            labels.known(verdict.partition(":")[0], labels.VERDICTS), labels.known(metric_kind, labels.METRIC_KINDS)
        ).inc()

    def in_flight(self, count: int) -> None:
        """Candidates started and not yet decided, over all campaigns."""
        self._in_flight.set(count)

    def measured(self, pairs: int, e_value: float) -> None:
        """A candidate's measurement ended."""
        self._pairs.observe(pairs)
        self._e_value.observe(e_value)

    def best_score(self, campaign: str, score: float) -> None:
        """Best verified score of a running campaign."""
        if self._knows(campaign):
            self._score.labels(campaign).set(score)

    def campaign_opened(self, campaign: str) -> None:
        """A campaign runs (again); more than 32 at once are counted but have no gauges of their own."""
        with self._lock:
            self._campaigns.add(campaign)
            self._live.set(len(self._campaigns))

    def campaign_ended(self, campaign: str) -> None:
        """Remove every series of an ended campaign."""
        with self._lock:
            self._campaigns.discard(campaign)
            self._live.set(len(self._campaigns))
        self._forget(campaign)

    def rollout(self, outcome: str) -> None:
        """A canary of the agent was completed or taken back."""
        self._rollouts.labels(labels.known(outcome, labels.ROLLOUTS)).inc()

    def promotion(self, outcome: str) -> None:
        """An answer of the promotion step (`Promotion.status`)."""
        self._promotions.labels(labels.known(outcome, labels.PROMOTIONS)).inc()
