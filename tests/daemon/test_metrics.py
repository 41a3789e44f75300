"""The metrics: names, closed label sets, what comes and goes, and the endpoint."""

from __future__ import annotations

import re
import socket
import threading
import urllib.request
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from daemon.metrics import Metrics
from daemon.metrics import labels as module
from daemon.metrics.labels import model_class
from workflows import models, ports
from workflows.ports import RefusedError

UNITS = ("_seconds", "_bytes", "_total", "_info", "_timestamp_seconds")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("1.2.3")


def _value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def _page(metrics: Metrics) -> str:
    return generate_latest(metrics.registry).decode()


def test_names_carry_prefix_and_unit(metrics: Metrics) -> None:
    families = list(text_string_to_metric_families(_page(metrics)))
    assert len(families) >= 30
    for family in families:
        assert re.fullmatch(r"ratchet_[a-z][a-z0-9_]*", family.name), family.name
        assert family.documentation.endswith("."), family.name
        assert not re.search(r"_(ms|millis|kb|mb|percent)(_|$)", family.name), family.name
        if family.type == "histogram" and "duration" in family.name:
            assert family.name.endswith("_seconds")
    assert "_created" not in _page(metrics)


def test_every_closed_series_is_there_from_the_start_with_zero(metrics: Metrics) -> None:
    for verdict in module.VERDICTS:
        assert _value(metrics, "ratchet_candidates_total", verdict=verdict, metric_kind="time") == 0
    assert _value(metrics, "ratchet_decisions_total", question="edit", outcome="denied") == 0
    assert _value(metrics, "ratchet_sandbox_runs_total", role="judge", reason="timeout") == 0
    assert _value(metrics, "ratchet_spend_total", account="usd") == 0
    assert _value(metrics, "ratchet_audit_writable") == 0
    assert _value(metrics, "ratchet_build_info", version="1.2.3") == 1


def test_the_sets_are_those_of_the_workflows() -> None:
    assert set(module.ACCOUNTS) == set(models.ACCOUNTS)
    public = {name for port in (ports.CampaignPort, ports.CandidatePort) for name in vars(port) if name[0] != "_"}
    assert set(module.STEPS) == public
    assert set(module.PROMOTIONS) == set(models.Promotion.model_fields["status"].annotation.__args__)  # type: ignore[union-attr]


@given(st.text(max_size=30))
def test_no_text_opens_a_new_series(text: str) -> None:
    metrics = Metrics()
    before = _page(metrics).count("\n")
    metrics.candidate_decided(text, text)
    metrics.decision(text, text, 0.1)
    metrics.sandbox_run(text, text, 1.0)
    metrics.promotion(text)
    metrics.infrastructure_error(text)
    metrics.spent({text: 3})
    metrics.budget("c", text, cap=1, spent=1, reserved=1)
    with metrics.step(text):
        pass
    metrics.gateway_call(text, text, 0.1, input_tokens=1, output_tokens=1)
    extra = [line for line in _page(metrics).splitlines() if "other" in line]
    assert _page(metrics).count("\n") - before <= len(extra)


def test_verdicts_count_by_class(metrics: Metrics) -> None:
    metrics.candidate_decided("failed:wrong-result", "score")
    metrics.candidate_decided("accepted", "time")
    assert _value(metrics, "ratchet_candidates_total", verdict="failed", metric_kind="score") == 1
    assert _value(metrics, "ratchet_candidates_total", verdict="accepted", metric_kind="time") == 1


def test_denial_codes_are_capped(metrics: Metrics) -> None:
    metrics.denial_codes(["EDIT-PATH"])
    assert _value(metrics, "ratchet_denials_total", code="EDIT-PATH") == 0
    metrics.decision("edit", "denied", 0.01, [f"X-{n}" for n in range(150)])
    metrics.decision("edit", "denied", 0.01, ["EDIT-PATH", "not a code!", "X-1"])
    assert _value(metrics, "ratchet_denials_total", code="EDIT-PATH") == 1
    assert _value(metrics, "ratchet_denials_total", code="X-1") == 2
    assert _value(metrics, "ratchet_denials_total", code="other") == 52
    assert _page(metrics).count("ratchet_denials_total{") == 101  # 100 and `other`


def test_ledger_units_become_base_units(metrics: Metrics) -> None:
    metrics.spent({"micro_usd": 2_500_000, "cpu_ms": 1500, "tokens": 7, "wall_ms": -4})
    assert _value(metrics, "ratchet_spend_total", account="usd") == pytest.approx(2.5)
    assert _value(metrics, "ratchet_spend_total", account="cpu_seconds") == pytest.approx(1.5)
    assert _value(metrics, "ratchet_spend_total", account="tokens") == 7
    assert _value(metrics, "ratchet_spend_total", account="wall_seconds") == 0
    metrics.reserved({"micro_usd": 1_000_000})
    metrics.reserved({"tokens": 5})
    assert _value(metrics, "ratchet_reserved", account="usd") == 0
    assert _value(metrics, "ratchet_reserved", account="tokens") == 5


def test_an_ended_campaign_leaves_no_series(metrics: Metrics) -> None:
    for campaign in ("one", "two"):
        metrics.campaign_opened(campaign)
        metrics.best_score(campaign, 1.5)
        metrics.budget(campaign, "tokens", cap=10, spent=4, reserved=1)
    metrics.campaign_ended("one")
    metrics.campaign_ended("one")
    metrics.best_score("one", 9.0)  # a late report does not bring it back
    metrics.budget("one", "tokens", cap=1, spent=1, reserved=1)
    assert 'campaign="one"' not in _page(metrics)
    assert _value(metrics, "ratchet_campaign_best_score", campaign="two") == 1.5
    assert _value(metrics, "ratchet_budget_spent", campaign="two", account="tokens") == 4
    assert _value(metrics, "ratchet_campaigns_live") == 1


def test_many_campaigns_do_not_fill_the_page(metrics: Metrics) -> None:
    for n in range(100):
        metrics.campaign_opened(f"c{n:03}")
    for n in range(100):
        metrics.best_score(f"c{n:03}", 1.0)
    assert _page(metrics).count("ratchet_campaign_best_score{") == 32
    assert _value(metrics, "ratchet_campaigns_live") == 100


def test_holds_show_the_longest_wait(metrics: Metrics) -> None:
    metrics.hold("b", 200.0)
    metrics.hold("a", 100.0)
    assert _value(metrics, "ratchet_holds") == 2
    assert _value(metrics, "ratchet_hold_oldest_timestamp_seconds") == 100
    metrics.hold("a", None)
    assert _value(metrics, "ratchet_hold_oldest_timestamp_seconds") == 200
    metrics.hold("b", None)
    metrics.hold("b", None)
    assert _value(metrics, "ratchet_hold_oldest_timestamp_seconds") == 0


def test_one_policy_revision_is_active(metrics: Metrics) -> None:
    metrics.policy_loaded("r1")
    metrics.policy_rejected()
    assert _value(metrics, "ratchet_policy_rejected") == 1
    assert _value(metrics, "ratchet_policy_active_info", revision="r1") == 1
    metrics.policy_loaded("r2")
    assert _value(metrics, "ratchet_policy_rejected") == 0
    assert _value(metrics, "ratchet_policy_active_info", revision="r1") is None
    assert _value(metrics, "ratchet_policy_active_info", revision="r2") == 1
    assert _value(metrics, "ratchet_policy_reloads_total", outcome="loaded") == 2
    metrics.policy_rejected()
    metrics.policy_unchanged()
    assert _value(metrics, "ratchet_policy_rejected") == 0
    assert (_value(metrics, "ratchet_policy_last_reload_timestamp_seconds") or 0) > 1e9


def test_audit(metrics: Metrics) -> None:
    metrics.audit_appended()
    assert _value(metrics, "ratchet_audit_records_total") == _value(metrics, "ratchet_audit_writable") == 1
    assert (_value(metrics, "ratchet_audit_last_append_timestamp_seconds") or 0) > 1e9
    metrics.audit_writable(False)
    assert _value(metrics, "ratchet_audit_writable") == 0


def test_containers_and_kills(metrics: Metrics) -> None:
    metrics.containers("run", 1)
    metrics.containers("run", 1)
    metrics.containers("run", -1)
    metrics.sandbox_run("run", "timeout", 60.0)
    metrics.sandbox_run("run", "exit", 1.0)
    assert _value(metrics, "ratchet_containers_live", role="run") == 1
    assert _value(metrics, "ratchet_sandbox_kills_total", reason="timeout") == 1
    assert _value(metrics, "ratchet_sandbox_runs_total", role="run", reason="exit") == 1
    assert _value(metrics, "ratchet_sandbox_run_duration_seconds_sum", role="run") == 61


def test_a_step_is_timed_even_when_it_fails(metrics: Metrics) -> None:
    with pytest.raises(ZeroDivisionError), metrics.step("gate"):
        raise ZeroDivisionError
    assert _value(metrics, "ratchet_step_duration_seconds_count", step="gate") == 1


def test_faults_count_by_the_part_that_the_message_names(metrics: Metrics) -> None:
    metrics.infrastructure_error(ports.InfrastructureError("docker: image missing: run make image"))
    metrics.infrastructure_error("what is this")
    assert _value(metrics, "ratchet_infrastructure_errors_total", part="docker") == 1
    assert _value(metrics, "ratchet_infrastructure_errors_total", part="other") == 1


def test_models_count_by_class(metrics: Metrics) -> None:
    names = ("ratchet/tuner", "ratchet/scripted/demo", "openai/gpt", "ratchet/new", "scripted")
    assert [model_class(name) for name in names] == ["tuner", "scripted", "remote", "remote", "remote"]
    metrics.gateway_call("ratchet/scripted/demo", "ok", 0.2, input_tokens=100, output_tokens=-1)
    assert _value(metrics, "ratchet_gateway_tokens_total", model_class="scripted", direction="input") == 100
    assert _value(metrics, "ratchet_gateway_tokens_total", model_class="scripted", direction="output") == 0


def test_the_rest_is_reported(metrics: Metrics) -> None:
    metrics.ready(True)
    metrics.in_flight(3)
    metrics.measured(12, 400.0)
    metrics.promotion("not-better")
    assert _value(metrics, "ratchet_ready") == 1
    assert _value(metrics, "ratchet_candidates_in_flight") == 3
    assert _value(metrics, "ratchet_e_value_bucket", le="1000.0") == 1
    assert _value(metrics, "ratchet_measured_pairs_sum") == 12
    assert _value(metrics, "ratchet_promotions_total", outcome="not-better") == 1


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        yield busy.getsockname()[1]


def test_the_endpoint_serves_and_gives_its_port_back(metrics: Metrics) -> None:
    endpoint = metrics.serve(0)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{endpoint.port}/metrics") as answer:
            assert b"ratchet_ready 0.0" in answer.read()
    finally:
        endpoint.close()
    again = Metrics().serve(endpoint.port)
    again.close()


def test_an_occupied_port_is_a_clear_refusal(metrics: Metrics, taken: int) -> None:
    threads = threading.active_count()
    with pytest.raises(RefusedError, match=f"127.0.0.1:{taken}: the port is in use; .*RATCHET_METRICS_PORT") as refused:
        metrics.serve(taken)
    assert refused.value.rule == "metrics-port"
    assert threading.active_count() == threads


def test_two_daemons_in_one_process_do_not_share_metrics() -> None:
    one, other = Metrics(), Metrics()
    one.audit_appended()
    assert _value(other, "ratchet_audit_records_total") == 0
