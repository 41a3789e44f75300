"""What the search finds, and how sure it is."""

from __future__ import annotations

from ops.grafana.panels import CAMPAIGN, HERE, Panel, Query, Row

_VERDICTS = {
    "accepted": "green",
    "failed": "blue",
    "denied": "orange",
    "killed": "red",
    "quarantined": "purple",
    "inconclusive": "yellow",
}

SEARCH = Row(
    "Search",
    [
        Panel(
            "Candidates decided in the last hour",
            "By verdict. failed is the normal case; many killed or inconclusive ones point at limits or our parts.",
            "none",
            [Query('instance_verdict:ratchet_candidates:increase1h{instance=~"$instance"}', "{{verdict}}")],
            width=12,
            colours=_VERDICTS,
            stacked=True,
            decimals=0,
        ),
        Panel(
            "Best score",
            "Best verified score of each running campaign. Time targets: natural log of the speed-up over the seed "
            "(0.69 is twice as fast). Score targets: the metric itself.",
            "none",
            [Query(f"ratchet_campaign_best_score{CAMPAIGN}", "{{campaign}}")],
            width=12,
            bottom=None,
        ),
        Panel(
            "Pairs per measured candidate",
            "Interleaved parent/child measurements until the test was decided. Near the allowed maximum the gains are "
            "small against the noise.",
            "none",
            [
                Query(
                    f"histogram_quantile(0.5, sum by (le) (increase(ratchet_measured_pairs_bucket{HERE}[1h])))",
                    "median",
                ),
                Query(
                    f"histogram_quantile(0.9, sum by (le) (increase(ratchet_measured_pairs_bucket{HERE}[1h])))", "90 %"
                ),
            ],
        ),
        Panel(
            "Evidence (e-values)",
            "Highest e-value of each measured candidate. Acceptance needs 1/alpha, which grows over the campaign.",
            "none",
            [Query(f"sum by (le) (increase(ratchet_e_value_bucket{HERE}[$__rate_interval]))", "{{le}}", heatmap=True)],
            kind="heatmap",
        ),
        Panel(
            "Promotion answers in the last hour",
            "promoted: the pointer moved; hold: a person must sign; refused: policy said no; not-better: the sealed "
            "cases did not confirm the gain.",
            "none",
            [Query(f"sum by (outcome) (increase(ratchet_promotions_total{HERE}[1h]))", "{{outcome}}")],
            decimals=0,
        ),
    ],
)
