"""First row: is it well, and does anybody have to do something?"""

from __future__ import annotations

from ops.grafana.panels import HERE, Panel, Query, Row

_YES_NO = {"1": ("yes", "green"), "0": ("no", "red")}


def _stat(title: str, description: str, expr: str, unit: str = "none", **rest: object) -> Panel:
    return Panel(title, description, unit, [Query(expr)], kind="stat", width=3, height=4, **rest)  # type: ignore[arg-type]


GLANCE = Row(
    "At a glance",
    [
        _stat(
            "Daemon up",
            "Whether Prometheus reaches the daemon. If not: runbook RatchetDown.",
            'min(up{job="ratchet", instance=~"$instance"})',
            words=_YES_NO,
        ),
        _stat(
            "Ready",
            "Workers poll and every engine (Temporal, OPA, Docker) answers.",
            f"min(ratchet_ready{HERE})",
            words=_YES_NO,
        ),
        _stat("Campaigns running", "Open campaigns, paused ones included.", f"sum(ratchet_campaigns_live{HERE})"),
        _stat(
            "Candidates in flight",
            "Started and not yet decided, those that wait for a person included.",
            f"sum(ratchet_candidates_in_flight{HERE})",
        ),
        _stat(
            "Holds",
            "Candidates that wait for a person's signed approval. After its expiry a hold is a no.",
            f"sum(ratchet_holds{HERE})",
            steps=((None, "green"), (1, "orange")),
        ),
        _stat(
            "Longest hold",
            "How long the oldest hold has been waiting.",
            f"time() - min(ratchet_hold_oldest_timestamp_seconds{HERE} > 0)",
            unit="s",
            steps=((None, "green"), (3600, "orange"), (86400, "red")),
            empty="none",
        ),
        _stat(
            "Audit log writable",
            "Without it nothing new happens. If not: runbook RatchetAuditNotWritable.",
            f"min(ratchet_audit_writable{HERE})",
            words=_YES_NO,
        ),
        _stat(
            "Policy folder in force",
            "No: the last change was refused and the last good bundle rules. Runbook RatchetPolicyReloadRejected.",
            f"1 - max(ratchet_policy_rejected{HERE})",
            words=_YES_NO,
        ),
    ],
)
