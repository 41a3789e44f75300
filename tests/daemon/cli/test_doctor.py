"""The doctor names what is wrong, each with its remedy."""

from __future__ import annotations

import http.server
import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from daemon import service
from daemon.cli import checks, checks_engine, checks_service, checks_state, scrape
from daemon.records.audit import AuditLog
from daemon.records.blobs import BlobStore
from daemon.records.chain import records
from daemon.records.keys import ensure_signing_key
from daemon.records.kinds import check_kinds
from daemon.settings import Settings
from daemon.steps import campaigns
from sandbox.engine import EngineFacts
from tests.daemon.cli.conftest import Ratchet
from tests.daemon.test_decisions import changed
from tests.daemon.test_decisions import read as decision
from workflows.models import CampaignSpec
from workflows.ports import RefusedError

SOUND = EngineFacts(
    endpoint="unix:///var/run/docker.sock",
    version="29.0",
    api_version="1.52",
    cgroup_version="2",
    cpus=4,
    memory_bytes=8 << 30,
    runtimes=("runc", "runsc"),
    security_options=("name=seccomp,profile=builtin", "name=userns"),
    swap_limit=True,
    data_root="/var/lib/docker",
    warnings=(),
    storage="overlay2 on xfs",
    runc="1.3.3",
)


def settings(tmp_path: Path, **more: object) -> Settings:
    return Settings.load(state=tmp_path, **more)


def test_a_sound_engine_is_ok() -> None:
    assert {finding.grade for finding in checks_engine._abilities(SOUND)} == {"ok"}


@pytest.mark.parametrize(
    ("weakness", "check", "grade", "remedy"),
    [
        ({"swap_limit": False}, "limits", "fail", "swapaccount=1"),
        ({"warnings": ("WARNING: No memory limit support",)}, "limits", "fail", "cgroup_enable=memory"),
        ({"security_options": ("name=userns",)}, "seccomp", "fail", "seccomp"),
        ({"security_options": ("name=seccomp,profile=unconfined",)}, "seccomp", "fail", "seccomp"),
        ({"security_options": ("name=seccomp,profile=builtin",)}, "user namespaces", "warn", "userns-remap"),
        ({"runtimes": ("runc",)}, "gVisor", "warn", "STEPS=gvisor"),
        ({"storage": "overlay2 on extfs"}, "storage quota", "warn", "pquota"),
        ({"runc": "1.1.5"}, "runc", "warn", "1.2.8"),
        ({"runc": "1.3.2"}, "runc", "warn", "1.2.8"),
        ({"runc": ""}, "runc", "warn", "1.2.8"),
    ],
)
def test_each_weakness_of_the_engine_is_named_with_its_remedy(
    weakness: dict[str, object], check: str, grade: str, remedy: str
) -> None:
    found = {one.check: one for one in checks_engine._abilities(SOUND.model_copy(update=weakness))}
    assert found[check].grade == grade
    assert remedy in found[check].remedy


@pytest.mark.parametrize("runc", ["1.2.8", "1.4.0", "v1.3.3", "1.1.5+ds1", "1.1.5+ds1-1+deb12u1"])
def test_a_runtime_that_is_mended_is_ok(runc: str) -> None:
    assert checks_engine._runc(SOUND.model_copy(update={"runc": runc})).grade == "ok"


def test_the_api_on_the_network_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def grades() -> list[str]:
        return [one.grade for one in checks_engine.exposure(settings(tmp_path))]

    monkeypatch.setattr(checks_engine, "_daemon_flags", lambda: iter(()))
    monkeypatch.setattr(checks_engine, "_daemon_file", lambda: "")
    monkeypatch.setattr(checks_engine, "PORTS", ())
    assert grades() == ["ok"]
    monkeypatch.setattr(checks_engine, "_daemon_flags", lambda: iter(["tcp://0.0.0.0:2375"]))
    assert grades() == ["fail"]
    monkeypatch.setattr(checks_engine, "_daemon_flags", lambda: iter(()))
    monkeypatch.setattr(checks_engine, "_daemon_file", lambda: "tcp://0.0.0.0:2376")
    assert grades() == ["warn"]
    monkeypatch.setattr(checks_engine, "_daemon_file", lambda: "")
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(checks_engine, "PORTS", (server.getsockname()[1],))
        assert grades() == ["warn"]


def test_no_engine_is_a_failure_with_a_remedy(tmp_path: Path) -> None:
    (found,) = checks_engine.docker(settings(tmp_path, docker_url=f"unix://{tmp_path}/none.sock"))
    assert (found.grade, found.check) == ("fail", "engine")
    assert "make setup" in found.remedy


def test_an_occupied_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        free = {"temporal_port": 0, "temporal_ui_port": -1, "sdk_metrics_port": 0}
        (found,) = checks_service.ports(settings(tmp_path, metrics_port=port, **free))
    assert found.grade == "fail"
    assert f"RATCHET_METRICS_PORT {port}" in found.found


def test_opa_that_is_missing_or_another_is_said(tmp_path: Path) -> None:
    (none,) = checks_service.opa(settings(tmp_path, opa_bin=str(tmp_path / "opa")))
    assert (none.grade, none.remedy) == ("fail", "make setup")
    (other,) = checks_service.opa(settings(tmp_path, opa_bin="/bin/true"))
    assert other.grade == "warn"
    (theirs,) = checks_service.opa(settings(tmp_path, opa_url="http://opa:8181"))
    assert theirs.grade == "ok"


def test_a_pulled_kill_switch_is_told(tmp_path: Path) -> None:
    (armed,) = checks_state.kill_switch(settings(tmp_path))
    assert armed.grade == "ok"
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "killed").touch()
    (pulled,) = checks_state.kill_switch(settings(tmp_path))
    assert pulled.grade == "fail"
    assert "ratchet rearm" in pulled.remedy


def test_little_room_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks_state, "ENOUGH_BYTES", 1 << 60)
    (found,) = checks_state.disk(settings(tmp_path / "not" / "yet"))
    assert found.grade == "warn"
    monkeypatch.setattr(checks_state, "TOO_FEW_BYTES", 1 << 60)
    (found,) = checks_state.disk(settings(tmp_path))
    assert found.grade == "fail"


def test_a_key_that_others_may_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    for name in ("audit.pem", "audit.pem.pub", "allowed_signers"):
        (tmp_path / "keys" / name).write_text("x")
        (tmp_path / "keys" / name).chmod(0o644)
    found = [one for one in checks_state.audit(settings(tmp_path)) if one.check == "keys"]
    assert [one.remedy for one in found] == [f"chmod 600 {tmp_path}/keys/audit.pem"]


def test_packages_that_differ_from_the_lock_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.0.1")
    (found,) = checks_state.packages(settings(tmp_path))
    assert found.grade == "warn"
    assert "0.0.1 instead of" in found.found


METRICS = b"""# HELP ratchet_policy_rejected x
ratchet_policy_rejected 1.0
ratchet_policy_active_info{revision="abc\\"d"} 1.0
ratchet_audit_writable 0.0
"""


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Path]:
    """A state folder whose daemon says that its policies were refused and its audit log is stuck."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(METRICS)

        def log_message(self, *args: object) -> None:
            return

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    (tmp_path / "run").mkdir()
    (tmp_path / "audit").mkdir()
    address = f"http://127.0.0.1:{server.server_port}/metrics"
    (tmp_path / "run" / "endpoints.json").write_text(json.dumps({"metrics": address, "pid": os.getpid()}))
    yield tmp_path
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_refused_policy_and_a_stuck_audit_log_are_failures(daemon: Path) -> None:
    (policies,) = checks_service.policies(settings(daemon))
    assert (policies.grade, policies.remedy) == ("fail", "ratchet policy test says why")
    assert next(iter(checks_state.audit(settings(daemon)))).grade == "fail"


def test_metrics_are_read() -> None:
    found = scrape.parse(METRICS.decode())
    assert scrape.value(found, "ratchet_policy_rejected") == 1.0
    assert found["ratchet_policy_active_info"] == {(("revision", 'abc\\"d'),): 1.0}
    assert scrape.value(found, "nothing") is None


def test_a_check_that_breaks_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(of: Settings) -> list[checks.Finding]:
        raise ZeroDivisionError("x")

    monkeypatch.setattr(checks, "every_check", lambda: [broken])
    (found,) = checks.examine(settings(tmp_path))
    assert (found.grade, found.found) == ("fail", "ZeroDivisionError: x")


@pytest.mark.docker
def test_the_whole_report(ratchet: Ratchet) -> None:
    said = ratchet("doctor", "--json")
    grades = {one["check"]: one["grade"] for one in said.document["findings"]}
    assert {"engine", "limits", "seccomp", "image", "opa", "temporal", "disk", "audit", "packages"} <= set(grades)
    assert grades["engine"] == "ok"
    assert said.code == int(not said.document["fit"])
    text = ratchet("doctor").out
    assert text.splitlines()[-1] in ("fit", "not fit: mend what fails")


def test_each_start_of_the_daemon_records_on_what_machine_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [checks.Finding("runc", "warn", "1.1.0", "update"), checks.Finding("limits", "ok", "all")]
    monkeypatch.setattr(service, "examine", lambda of, only: found if only else [])
    ensure_signing_key(tmp_path / "audit.pem")
    blobs = BlobStore(tmp_path / "blobs")
    with AuditLog(tmp_path / "audit", tmp_path / "audit.pem") as audit:
        house: Any = SimpleNamespace(audit=audit, blobs=blobs)
        service.Service._tell_machine(SimpleNamespace(settings=settings(tmp_path)), house)  # type: ignore[arg-type]
    first, second, *_ = records(tmp_path / "audit")
    assert [first["kind"], second["kind"]] == ["audit.open", "daemon.start"]
    assert second["body"]["weak"] == ["runc"]
    assert json.loads(blobs.get(second["body"]["doctor"]))[0]["remedy"] == "update"
    assert check_kinds(tmp_path / "audit") == []


def test_what_the_doctor_finds_is_put_to_policy_before_a_campaign_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def decide(question: str, facts: dict[str, Any], **_: object) -> Any:
        asked.append(facts)
        return decision(changed(allow=False))

    monkeypatch.setattr(campaigns, "budget_facts", lambda *_, **__: {"action": "start"})
    steps = campaigns.CampaignSteps(SimpleNamespace(decide=decide))  # type: ignore[arg-type]
    found = [checks.Finding("runc", "warn", "1.1.0"), checks.Finding("limits", "ok", "all")]
    with pytest.raises(RefusedError):
        steps._may_start("k", CampaignSpec(target="matmul"), found)
    assert asked == [{"action": "start", "weaknesses": [{"check": "runc", "found": "1.1.0"}]}]
