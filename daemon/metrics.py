"""Every metric of the daemon, and the small calls by which the steps report.

Names start with `ratchet_` and use base units. Labels are closed sets, all there from the start with 0, so that
`rate` and `absent` work on a fresh daemon; a value outside its set counts as `other`. Never a label: candidate, commit,
path, prompt, free text. The campaign is one, on few gauges, while it runs. Reporting never raises and never blocks.
"""

from __future__ import annotations

import errno
import itertools
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.metrics import MetricWrapperBase

from daemon import metric_labels as labels
from daemon.gpus.gauges import GpuMetrics
from daemon.metric_labels import ACCOUNTS, KILLS, OTHER
from daemon.metric_server import Endpoint
from daemon.records.outside import Sent
from workflows.ports import RefusedError

_CODE = re.compile(r"[A-Z][A-Z0-9-]{0,39}")
_MAX_CODES = 100
_MAX_CAMPAIGNS = 32

Labelled = TypeVar("Labelled", bound=MetricWrapperBase)


class Metrics:
    """All metrics of one daemon, in a registry of their own."""

    def __init__(self, version: str = "0") -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._lock = threading.Lock()
        self._codes: set[str] = set()
        self._campaigns: set[str] = set()
        self._holds: dict[str, float] = {}
        ProcessCollector(namespace="ratchet", registry=self.registry)
        self._service(version)
        self._search()
        self._governance()
        self._sandbox()
        self._money()
        self.gpus = GpuMetrics(self.registry)

    # What is counted

    def _service(self, version: str) -> None:
        build = self._gauge("build_info", "Version of the daemon; always 1.", version=(version,))
        build.labels(version).set(1)
        self._ready = self._gauge("ready", "1 while workers poll and every engine answers.")
        self._steps = self._histogram(
            "step_duration_seconds", "Time of one step of the one path.", labels.SLOW, step=labels.STEPS
        )
        self._bugs = self._counter("bugs", "Errors of our own code that nobody foresaw, each met in an activity.")
        self._errors = self._counter("infrastructure_errors", "Faults of ours, retried, by part.", part=labels.PARTS)

    def _search(self) -> None:
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
        self._hold_count = self._gauge("holds", "Candidates that wait for a person.")
        self._hold_since = self._gauge(
            "hold_oldest_timestamp_seconds", "Unix time at which the longest waiting hold began; 0 without holds."
        )

    def _governance(self) -> None:
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
        self._answers = self._counter("hold_answers", "People's answers to holds.", answer=labels.HOLD_ANSWERS)
        self._approvals = self._gauge("hold_approvals", "Approvals of open holds.", state=("needed", "given"))
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
        self._audit_records = self._counter("audit_records", "Records appended to the audit log.")
        self._audit_time = self._gauge("audit_last_append_timestamp_seconds", "Unix time of the last audit record.")
        self._audit_writable = self._gauge("audit_writable", "1 while the audit log takes records.")

        self._checkpoints = self._counter(
            "checkpoints", "Attempts to send a checkpoint of the audit log outside.", outcome=labels.CHECKPOINTS
        )
        self._checkpoint_problem = self._gauge("checkpoint_failing", "1 while checkpoints do not get outside.")
        self._checkpoint_time = self._gauge(
            "checkpoint_last_sent_timestamp_seconds", "Unix time at which a checkpoint last got outside; 0 without one."
        )

    def _sandbox(self) -> None:
        self._runs = self._counter(
            "sandbox_runs", "Containers that ended, by how.", role=labels.ROLES, reason=labels.EXITS
        )
        self._run_time = self._histogram(
            "sandbox_run_duration_seconds", "Life of a container.", labels.SLOW, role=labels.ROLES
        )
        self._kills = self._counter("sandbox_kills", "Containers killed, by limit.", reason=KILLS)
        self._containers = self._gauge("containers_live", "Containers that exist now.", role=labels.ROLES)

    def _money(self) -> None:
        units = tuple(label for label, _ in ACCOUNTS.values())
        self._spend = self._counter("spend", "Settled spending; the account names the unit.", account=units)
        self._reserved = self._gauge("reserved", "Reserved and not yet settled, over all campaigns.", account=units)
        self._budget_cap = self._open_gauge("budget_cap", "Cap of a running campaign.", "campaign", "account")
        self._budget_spent = self._open_gauge(
            "budget_spent", "Settled spending of a running campaign.", "campaign", "account"
        )
        self._budget_reserved = self._open_gauge(
            "budget_reserved", "Open reservations of a running campaign.", "campaign", "account"
        )
        self._calls = self._counter(
            "gateway_calls",
            "Model calls through the gateway.",
            model_class=labels.MODEL_CLASSES,
            outcome=labels.CALL_OUTCOMES,
        )
        self._call_time = self._histogram(
            "gateway_call_duration_seconds", "Time of a model call.", labels.SLOW, model_class=labels.MODEL_CLASSES
        )
        self._tokens = self._counter(
            "gateway_tokens", "Tokens of model calls.", model_class=labels.MODEL_CLASSES, direction=labels.DIRECTIONS
        )

    # What the steps report

    def ready(self, yes: bool) -> None:
        """Workers poll and every engine answers, or not."""
        self._ready.set(yes)

    @contextmanager
    def step(self, step: str) -> Iterator[None]:
        """Time the block as one step, however it ends."""
        started = time.monotonic()
        try:
            yield
        finally:
            self._steps.labels(labels.known(step, labels.STEPS)).observe(time.monotonic() - started)

    def infrastructure_error(self, error: BaseException | str) -> None:
        """Count a fault of ours; the part is what the message starts with, up to the colon."""
        self._errors.labels(labels.known(str(error).partition(":")[0].strip(), labels.PARTS)).inc()

    def bug(self) -> None:
        """Count an error that nobody foresaw."""
        self._bugs.inc()

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

    def budget(self, campaign: str, account: str, *, cap: int, spent: int, reserved: int) -> None:
        """A line of a running campaign's ledger statement, in ledger units."""
        if account in ACCOUNTS and self._knows(campaign):
            label, factor = ACCOUNTS[account]
            self._budget_cap.labels(campaign, label).set(cap * factor)
            self._budget_spent.labels(campaign, label).set(spent * factor)
            self._budget_reserved.labels(campaign, label).set(reserved * factor)

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
        for gauge in (self._score, self._budget_cap, self._budget_spent, self._budget_reserved):
            for metric in gauge.collect():
                for sample in metric.samples:
                    if sample.labels["campaign"] == campaign:
                        gauge.remove(*sample.labels.values())

    def rollout(self, outcome: str) -> None:
        """A canary of the agent was completed or taken back."""
        self._rollouts.labels(labels.known(outcome, labels.ROLLOUTS)).inc()

    def promotion(self, outcome: str) -> None:
        """An answer of the promotion step (`Promotion.status`)."""
        self._promotions.labels(labels.known(outcome, labels.PROMOTIONS)).inc()

    def hold(self, candidate: str, since: float | None) -> None:
        """A candidate began to wait for a person (Unix seconds), or waits no more (None)."""
        with self._lock:
            if since is None:
                self._holds.pop(candidate, None)
            else:
                self._holds[candidate] = since
            self._hold_count.set(len(self._holds))
            self._hold_since.set(min(self._holds.values(), default=0.0))

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

    def hold_answer(self, answer: str) -> None:
        """A person answered a hold, or nobody did in time."""
        self._answers.labels(labels.known(answer, labels.HOLD_ANSWERS)).inc()

    def hold_approvals(self, needed: int, given: int) -> None:
        """Approvals that the open holds need, and have, together."""
        self._approvals.labels("needed").set(needed)
        self._approvals.labels("given").set(given)

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

    def audit_appended(self, count: int = 1) -> None:
        """The audit log took records."""
        self._audit_records.inc(count)
        self._audit_time.set_to_current_time()
        self._audit_writable.set(1)

    def audit_writable(self, yes: bool) -> None:
        """Whether the audit log takes records."""
        self._audit_writable.set(yes)

    def checkpoint(self, sent: Sent) -> None:
        """A checkpoint got outside, or an attempt failed."""
        self._checkpoints.labels("failed" if sent.problem else "sent").inc()
        self._checkpoint_problem.set(bool(sent.problem))
        self._checkpoint_time.set(sent.at)

    def sandbox_run(self, role: str, reason: str, seconds: float) -> None:
        """A container ended (`Exit.reason`)."""
        self._runs.labels(labels.known(role, labels.ROLES), labels.known(reason, labels.EXITS)).inc()
        self._run_time.labels(labels.known(role, labels.ROLES)).observe(seconds)
        if reason in KILLS:
            self._kills.labels(reason).inc()

    def containers(self, role: str, change: int) -> None:
        """Containers created (1) or removed (−1)."""
        self._containers.labels(labels.known(role, labels.ROLES)).inc(change)

    def spent(self, amounts: Mapping[str, int]) -> None:
        """Settled amounts, in ledger units."""
        for account, amount in amounts.items():
            if account in ACCOUNTS and amount > 0:
                label, factor = ACCOUNTS[account]
                self._spend.labels(label).inc(amount * factor)

    def reserved(self, amounts: Mapping[str, int]) -> None:
        """Open reservations over all campaigns, in ledger units; accounts left out have none."""
        for account, (label, factor) in ACCOUNTS.items():
            self._reserved.labels(label).set(amounts.get(account, 0) * factor)

    def gateway_call(self, model: str, outcome: str, seconds: float, *, input_tokens: int, output_tokens: int) -> None:
        """A model call ended; `model` is the full name, only its class is kept."""
        kind = labels.model_class(model)
        self._calls.labels(kind, labels.known(outcome, labels.CALL_OUTCOMES)).inc()
        self._call_time.labels(kind).observe(seconds)
        self._tokens.labels(kind, "input").inc(max(0, input_tokens))
        self._tokens.labels(kind, "output").inc(max(0, output_tokens))

    # How it is shown

    def serve(self, port: int, address: str = "127.0.0.1") -> Endpoint:
        """Serve `/metrics` in a thread of its own; port 0 takes a free one.

        Raises RefusedError (`metrics-port`) when the port cannot be had.
        """
        try:
            server, thread = start_http_server(port, addr=address, registry=self.registry)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            raise RefusedError(
                "metrics-port",
                f"metrics: cannot listen on {address}:{port}: {'the port is in use' if taken else error.strerror}; "
                "stop what uses it, or set RATCHET_METRICS_PORT to another port",
            ) from error
        return Endpoint(server.server_port, server, thread)

    # How they are made

    def _counter(self, name: str, text: str, **labels: tuple[str, ...]) -> Counter:
        return _filled(Counter(name, text, tuple(labels), namespace="ratchet", registry=self.registry), labels)

    def _gauge(self, name: str, text: str, **labels: tuple[str, ...]) -> Gauge:
        return _filled(Gauge(name, text, tuple(labels), namespace="ratchet", registry=self.registry), labels)

    def _open_gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """A gauge whose series come and go."""
        return Gauge(name, text, labels, namespace="ratchet", registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], **labels: tuple[str, ...]) -> Histogram:
        made = Histogram(name, text, tuple(labels), namespace="ratchet", registry=self.registry, buckets=buckets)
        return _filled(made, labels)

    def _knows(self, campaign: str) -> bool:
        """Whether a campaign is open and among the few that have series of their own."""
        with self._lock:
            return campaign in sorted(self._campaigns)[:_MAX_CAMPAIGNS]

    def _code(self, code: str) -> str:
        with self._lock:
            if code not in self._codes and len(self._codes) < _MAX_CODES and _CODE.fullmatch(code):
                self._codes.add(code)
            return code if code in self._codes else OTHER


def _filled(metric: Labelled, labels: Mapping[str, tuple[str, ...]]) -> Labelled:
    """Start every series of a closed label set with 0."""
    if labels:
        for values in itertools.product(*labels.values()):
            metric.labels(*values)
    return metric
