"""Compose file, Grafana provisioning and systemd unit: what they point at is there, and nothing stands open."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from daemon.cli import errors
from daemon.settings import Settings
from ops.grafana import generate
from tests.ops.promql import OPS

UNIT = OPS / "systemd" / "ratchet.service"


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture
def services() -> dict[str, Any]:
    found: dict[str, Any] = _yaml(OPS / "compose.yaml")["services"]
    return found


@pytest.fixture
def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(UNIT.read_text(encoding="utf-8"))
    return parser


def test_images_are_pinned_and_can_be_pinned_by_digest(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert re.fullmatch(rf"\$\{{RATCHET_{name.upper()}_IMAGE:-[a-z]+/[a-z]+:v?\d+\.\d+\.\d+\}}", service["image"])


def test_what_is_mounted_exists_and_is_read_only(services: dict[str, Any]) -> None:
    for service in services.values():
        for volume in service["volumes"]:
            if volume.startswith("./"):
                source, _, mode = volume.split(":")
                assert (OPS / source).exists() and mode == "ro"


def test_nothing_listens_beyond_this_host_and_no_password_is_known(services: dict[str, Any]) -> None:
    assert all(service["network_mode"] == "host" and "ports" not in service for service in services.values())
    assert "--web.listen-address=127.0.0.1:9090" in services["prometheus"]["command"]
    settings = services["grafana"]["environment"]
    assert settings["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    assert settings["GF_SECURITY_ADMIN_PASSWORD"].startswith("${RATCHET_GRAFANA_PASSWORD:?")
    assert settings["GF_AUTH_ANONYMOUS_ENABLED"] == settings["GF_USERS_ALLOW_SIGN_UP"] == "false"
    assert all(service["cap_drop"] == ["ALL"] for service in services.values())


def test_grafana_finds_its_data_and_its_dashboard(services: dict[str, Any]) -> None:
    mounts = dict(volume.split(":")[:2][::-1] for volume in services["grafana"]["volumes"])
    (provider,) = _yaml(OPS / "grafana" / "provisioning" / "dashboards" / "ratchet.yaml")["providers"]
    folder = mounts[provider["options"]["path"]]
    assert (OPS / folder).resolve() == generate.OUT.parent
    assert services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] == (
        f"{provider['options']['path']}/{generate.OUT.name}"
    )
    (source,) = _yaml(OPS / "grafana" / "provisioning" / "datasources" / "prometheus.yaml")["datasources"]
    assert source["type"] == "prometheus" and source["url"] == "http://127.0.0.1:9090"
    scrape = _yaml(OPS / "prometheus" / "prometheus.yml")["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scrape


def test_the_scraped_ports_are_the_daemons_defaults() -> None:
    text = (OPS / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    for name in ("metrics_port", "sdk_metrics_port"):
        assert f"127.0.0.1:{Settings.model_fields[name].default}" in text


def test_the_unit_gives_the_daemon_time_to_drain(unit: configparser.ConfigParser) -> None:
    service = unit["Service"]
    assert service["Type"] == "notify" and service["KillMode"] == "mixed" and service["Restart"] == "on-failure"
    assert int(service["RestartPreventExitStatus"]) == errors.KILLED, "a killed daemon is not started by a machine"
    assert int(service["TimeoutStopSec"].removesuffix("s")) > 30 > Settings.model_fields["shutdown_seconds"].default
    assert service["ExecStart"].endswith("/ratchet up")
    assert service["Environment"] == f"RATCHET_STATE=/var/lib/{service['StateDirectory']}"


def test_the_unit_is_hardened(unit: configparser.ConfigParser) -> None:
    service = unit["Service"]
    for name in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "RestrictNamespaces", "ProtectKernelModules"):
        assert service[name] == "yes"
    assert service["ProtectSystem"] == "strict" and service["CapabilityBoundingSet"] == ""
    assert service["User"] not in ("", "root")


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    """Asked where systemd is; elsewhere the two tests above have to do."""
    text = re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", UNIT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (tmp_path / UNIT.name).write_text(text, encoding="utf-8")
    if analyze := shutil.which("systemd-analyze"):
        answer = subprocess.run(
            [analyze, "verify", "--man=no", tmp_path / UNIT.name],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        complaints = [line for line in (answer.stdout + answer.stderr).splitlines() if UNIT.name in line]
        assert complaints == []
