"""What it costs and how the house itself runs: money, steps, Temporal."""

from __future__ import annotations

from ops.grafana.panels import CAMPAIGN, HERE, Panel, Query, Row

MONEY = Row(
    "Money",
    [
        Panel(
            "Spent in the last hour",
            "Settled model cost. Unknown prices are refused, not counted as zero.",
            "currencyUSD",
            [Query('instance_account:ratchet_spend:increase1h{instance=~"$instance", account="usd"}', "USD")],
        ),
        Panel(
            "Machine time in the last hour",
            "CPU, GPU and wall time settled by containers.",
            "s",
            [
                Query(
                    'instance_account:ratchet_spend:increase1h{instance=~"$instance", account=~".*_seconds"}',
                    "{{account}}",
                )
            ],
        ),
        Panel(
            "Budget used",
            "Spent and reserved, as a share of each cap. At 1 the campaign stops.",
            "percentunit",
            [
                Query(
                    f"instance_campaign_account:ratchet_budget_used:ratio{CAMPAIGN}",
                    "{{campaign}} {{account}}",
                    instant=True,
                )
            ],
            kind="bargauge",
            top=1.0,
            steps=((None, "green"), (0.8, "orange"), (0.95, "red")),
            empty="no campaign",
        ),
        Panel(
            "Model calls",
            "By outcome. replayed: answered from the journal after a restart, not paid again.",
            "ops",
            [Query(f"sum by (outcome) (rate(ratchet_gateway_calls_total{HERE}[$__rate_interval]))", "{{outcome}}")],
            colours={"ok": "green", "replayed": "blue", "refused": "orange", "failed": "red"},
            stacked=True,
        ),
        Panel(
            "Tokens",
            "Per second, by direction and model class.",
            "none",
            [
                Query(
                    f"sum by (model_class, direction) (rate(ratchet_gateway_tokens_total{HERE}[$__rate_interval]))",
                    "{{model_class}} {{direction}}",
                )
            ],
        ),
        Panel(
            "Time of a model call (95 %)",
            "By model class, over a quarter of an hour.",
            "s",
            [
                Query(
                    "histogram_quantile(0.95, sum by (model_class, le) "
                    f"(rate(ratchet_gateway_call_duration_seconds_bucket{HERE}[15m]))) >= 0",
                    "{{model_class}}",
                )
            ],
        ),
    ],
)

HOUSE = Row(
    "House",
    [
        Panel(
            "Time of a step (95 %)",
            "The steps of the one path. propose waits on models, evaluate measures; the others should stay far below a "
            "second.",
            "s",
            [Query('instance_step:ratchet_step_duration_seconds:p95_15m{instance=~"$instance"}', "{{step}}")],
            width=12,
        ),
        Panel(
            "Infrastructure errors by part",
            "Faults of our own in the last five minutes; each is retried and never held against a candidate.",
            "none",
            [Query(f"sum by (part) (increase(ratchet_infrastructure_errors_total{HERE}[5m])) > 0", "{{part}}")],
            width=12,
            stacked=True,
            empty="none",
            decimals=0,
        ),
        Panel(
            "Audit records",
            "Per second. Every effect leaves at least two: intent and outcome.",
            "ops",
            [Query(f"sum(rate(ratchet_audit_records_total{HERE}[$__rate_interval]))", "records")],
        ),
        Panel(
            "Daemon memory",
            "Resident memory of the daemon's process, engines and containers apart.",
            "bytes",
            [Query(f"ratchet_process_resident_memory_bytes{HERE}", "resident")],
        ),
        Panel(
            "Daemon processor time",
            "Share of one CPU.",
            "percentunit",
            [Query(f"rate(ratchet_process_cpu_seconds_total{HERE}[$__rate_interval])", "cpu")],
        ),
    ],
)

TEMPORAL = Row(
    "Temporal",
    [
        Panel(
            "Free worker slots",
            "By queue and kind of worker. At 0 work waits, see the next panel.",
            "none",
            [
                Query(
                    f"sum by (task_queue, worker_type) (temporal_worker_task_slots_available{HERE})",
                    "{{task_queue}} {{worker_type}}",
                )
            ],
        ),
        Panel(
            "Wait for a slot (95 %)",
            "From schedule to start of an activity, by queue.",
            "s",
            [
                Query(
                    "histogram_quantile(0.95, sum by (task_queue, le) "
                    f"(rate(temporal_activity_schedule_to_start_latency_seconds_bucket{HERE}[5m]))) >= 0",
                    "{{task_queue}}",
                )
            ],
        ),
        Panel(
            "Failed activity attempts",
            "In the last five minutes, by activity. Retries follow by themselves.",
            "none",
            [
                Query(
                    f"sum by (activity_type) (increase(temporal_activity_execution_failed_total{HERE}[5m])) > 0",
                    "{{activity_type}}",
                )
            ],
            stacked=True,
            empty="none",
            decimals=0,
        ),
    ],
)
