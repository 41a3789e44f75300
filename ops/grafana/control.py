"""What holds the candidates: the gate and the sandbox."""

from __future__ import annotations

from ops.grafana.panels import HERE, Panel, Query, Row

GATE = Row(
    "Gate",
    [
        Panel(
            "Decisions",
            "Answers of the gate. error: no valid answer came, which counts as no and is retried.",
            "ops",
            [Query(f"sum by (outcome) (rate(ratchet_decisions_total{HERE}[$__rate_interval]))", "{{outcome}}")],
            colours={"permitted": "green", "denied": "orange", "hold": "blue", "error": "red"},
            stacked=True,
        ),
        Panel(
            "Denials by rule",
            "The ten rules that denied most in the shown time. The code leads to the rule, its reason and its remedy.",
            "none",
            [
                Query(
                    f"topk(10, sum by (code) (increase(ratchet_denials_total{HERE}[$__range])) > 0)",
                    "{{code}}",
                    instant=True,
                )
            ],
            kind="bargauge",
            empty="none",
            steps=((None, "orange"),),
            decimals=0,
        ),
        Panel(
            "Time to a decision (99 %)",
            "By question. Slow answers mean a busy machine or a policy that walks large data.",
            "s",
            [
                Query(
                    'instance_question:ratchet_decision_duration_seconds:p99_5m{instance=~"$instance"}', "{{question}}"
                )
            ],
        ),
        Panel(
            "Findings by level",
            "What rules found in the last hour. advisory and dry-run stop nothing; soft-mandatory waits for an "
            "override; hard-mandatory is final.",
            "none",
            [Query(f"sum by (level) (increase(ratchet_findings_total{HERE}[1h]))", "{{level}}")],
            colours={"advisory": "blue", "dry-run": "purple", "soft-mandatory": "orange", "hard-mandatory": "red"},
            decimals=0,
        ),
        Panel(
            "Answers to holds",
            "What people said in the last hour, and which holds expired. refused: it did not count, by policy or "
            "for its signature.",
            "none",
            [Query(f"sum by (answer) (increase(ratchet_hold_answers_total{HERE}[1h]))", "{{answer}}")],
            decimals=0,
        ),
        Panel(
            "Approvals of open holds",
            "How many approvals the open holds need in all, and how many were given.",
            "none",
            [Query(f"sum by (state) (ratchet_hold_approvals{HERE})", "{{state}}")],
            decimals=0,
        ),
        Panel(
            "Bundle in force",
            "Revision of the policy bundle that decides now; it is in every decision record.",
            "none",
            [Query(f"ratchet_policy_active_info{HERE}", "{{revision}}", instant=True)],
            kind="stat",
            width=16,
            height=4,
        ),
        Panel(
            "In force since",
            "Age of the bundle in force.",
            "s",
            [Query(f"time() - max(ratchet_policy_last_reload_timestamp_seconds{HERE} > 0)")],
            kind="stat",
            height=4,
        ),
    ],
)

SANDBOX = Row(
    "Sandbox",
    [
        Panel(
            "Containers alive",
            "By role: propose runs the agent, run the candidate, judge the trusted side. Judges live as long as their "
            "campaign.",
            "none",
            [Query(f"sum by (role) (ratchet_containers_live{HERE})", "{{role}}")],
            width=6,
        ),
        Panel(
            "Containers ended in the last hour",
            "By how they ended. timeout, memory, pids and output are limits that candidates ran into.",
            "none",
            [Query(f"sum by (reason) (increase(ratchet_sandbox_runs_total{HERE}[1h]))", "{{reason}}")],
            width=6,
            stacked=True,
            decimals=0,
        ),
        Panel(
            "Share of containers killed",
            "Over the last hour. A jump for all targets points at limits that are too tight.",
            "percentunit",
            [Query('instance:ratchet_sandbox_kills:ratio1h{instance=~"$instance"}', "killed")],
            width=6,
            top=1.0,
        ),
        Panel(
            "Life of a container (95 %)",
            "By role, over a quarter of an hour.",
            "s",
            [
                Query(
                    "histogram_quantile(0.95, sum by (role, le) "
                    f"(rate(ratchet_sandbox_run_duration_seconds_bucket{HERE}[15m]))) >= 0",
                    "{{role}}",
                )
            ],
            width=6,
        ),
    ],
)
