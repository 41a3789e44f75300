"""Bad input and a bad host: what happened, which rule, what to do; and nothing is lost."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.instance import instance_of
from tests.e2e.house import RATCHET, Daemon

pytestmark = pytest.mark.e2e


def refused_start(folder: Path, *flags: str, **settings: str) -> str:
    """What a daemon says that cannot start; it must not hang, nor leave a traceback."""
    daemon = Daemon(folder, **settings)
    done = subprocess.run(
        [str(RATCHET), "up", *flags], env=daemon.env, capture_output=True, text=True, timeout=300, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode not in (0, None) and "Traceback" not in said, said
    return said


def refused_campaign(daemon: Daemon, **spec: object) -> str:
    """What the Temporal CLI shows of a campaign that was refused."""
    name = daemon.start_campaign(**spec)
    daemon.until(lambda: daemon.ended(name))
    done = daemon.temporal("workflow", "result", "-w", name, check=False)
    return done.stdout + done.stderr


def test_an_unknown_target(daemon: Daemon) -> None:
    said = refused_campaign(daemon, target="matmull")
    assert "unknown target 'matmull'" in said and "matmul, packing" in said


def test_a_target_that_is_no_toml(daemon: Daemon) -> None:
    folder = daemon.targets / "broken"
    folder.mkdir(exist_ok=True)
    (folder / "target.toml").write_text('name = "broken\n')
    said = refused_campaign(daemon, target="broken")
    assert "target.toml" in said and "is not TOML" in said and "line 1" in said


def test_an_unknown_model(daemon: Daemon) -> None:
    said = refused_campaign(daemon, model="openai/gpt-free")
    assert "openai/gpt-free" in said and "ratchet.toml" in said


def test_more_money_than_policy_allows(daemon: Daemon) -> None:
    said = refused_campaign(daemon, budget={"usd": 1e6})
    assert "BUDGET" in said


def test_a_missing_image(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, RATCHET_IMAGE="ratchet-sandbox:never-built")
    daemon.start()
    try:
        said = refused_campaign(daemon)
        assert "never-built" in said and "make image" in said
    finally:
        assert daemon.stop() == 0


@pytest.mark.parametrize("setting", ["RATCHET_METRICS_PORT", "RATCHET_TEMPORAL_PORT"])
def test_an_occupied_port(tmp_path: Path, setting: str) -> None:
    ports = {"RATCHET_METRICS_PORT": "0", "RATCHET_TEMPORAL_PORT": "0", "RATCHET_SDK_METRICS_PORT": "0"}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = refused_start(tmp_path, **{**ports, "RATCHET_TEMPORAL_UI_PORT": "-1", setting: port})
    assert port in said and setting in said


def test_no_docker_engine(tmp_path: Path) -> None:
    said = refused_start(tmp_path, "--any-ports", RATCHET_DOCKER_URL=f"unix://{tmp_path}/none.sock")
    assert "docker" in said and "none.sock" in said


def test_policies_that_cannot_be_read(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path)
    (daemon.policies / "ratchet" / "stop" / "stop.rego").write_text("package ratchet.stop\n\nthis is not Rego\n")
    assert "stop.rego" in refused_start(tmp_path, "--any-ports")


def test_a_setting_of_the_wrong_type(tmp_path: Path) -> None:
    assert "metrics_port" in refused_start(tmp_path, RATCHET_METRICS_PORT="many")


def test_a_second_daemon_on_one_state_folder(daemon: Daemon) -> None:
    assert "another daemon" in refused_start(daemon.folder, "--any-ports")


PAUSE_SECONDS = 5.0
"""Within this time nothing starts any more, when it cannot be recorded."""


def containers(daemon: Daemon) -> set[str]:
    """Ids of all containers of a daemon."""
    label = f"label=ratchet.instance={instance_of(daemon.state)}"
    listed = subprocess.run(["docker", "ps", "-aq", "--filter", label], capture_output=True, text=True, check=True)
    return set(listed.stdout.split())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system that a test may fill."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m,mode=755", "ratchet-test", str(place)], check=True)
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_stops_effects_and_loses_nothing(small_disk: Path, tmp_path: Path) -> None:
    daemon = Daemon(small_disk)
    daemon.log = tmp_path / "daemon.log"  # what it says of the full disk has to stand somewhere else
    daemon.start()
    try:
        name = daemon.start_campaign(candidates=6, in_flight=1)
        daemon.until(lambda: daemon.query(name)["decided"] >= 1)
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 65536):
                    pass
            except OSError:
                pass
        daemon.until(lambda: "No space left" in daemon.log_text() or "full" in daemon.log_text())
        time.sleep(PAUSE_SECONDS)
        before = containers(daemon)
        time.sleep(PAUSE_SECONDS)
        assert containers(daemon) <= before, "an effect began that could not be recorded"
        filler.unlink()
        report = daemon.result(name)
        assert report["decided"] == 6 and daemon.ratchet("audit", "verify").returncode == 0
    finally:
        daemon.end()
