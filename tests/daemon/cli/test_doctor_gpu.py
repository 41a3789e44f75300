"""`ratchet doctor gpu` on made-up hosts, and `ratchet doctor return`."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from daemon.cli import checks_gpu, checks_gpu_host
from daemon.cli.checks import Finding
from daemon.gpus.leases import Leases
from daemon.gpus.shelf import DatabaseShelf
from daemon.records.db import Database, sqlite_url
from daemon.settings import Settings
from tests.daemon.cli.conftest import Ratchet
from tests.sandbox.gpu_host import add_amd, add_nvidia, stand_ins, write

GID = 48_104
NODES = {"/dev/kfd": (10, 237), "/dev/dri/renderD240": (10, 229)}
"""Devices of the kernel's own that open and do nothing: loop-control and fuse."""


def amd_host(root: Path, minor: int = 240, *, gid: int = GID, mode: int = 0o660) -> Path:
    """A host with one AMD GPU whose nodes are character devices."""
    add_amd(root, 1, minor, nodes=False)
    write(root, "sys/module/amdgpu/version", "6.10.5\n")
    for path in (root / "dev/kfd", root / f"dev/dri/renderD{minor}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(10, 237))
        os.chown(path, 0, gid)
        path.chmod(mode)
    return root


def said(findings: list[Finding]) -> dict[tuple[str, str], list[Finding]]:
    """By check and grade."""
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.check, finding.grade), []).append(finding)
    return found


def test_a_sound_amd_host_is_told_step_by_step(tmp_path: Path) -> None:
    root = amd_host(tmp_path)
    (driver,) = checks_gpu.drivers(root)
    assert (driver.grade, driver.found) == ("ok", "amdgpu 6.10.5, with compute")
    nodes = list(checks_gpu.nodes(root))
    assert [node.grade for node in nodes] == ["ok", "ok"]
    assert all(f"group {GID} (passed by number)" in node.found for node in nodes)
    (device,) = checks_gpu.devices(root)
    assert device.found.startswith("rocm-0000-c1-00-0: gfx90a, 63 GiB, /dev/dri/renderD240 /dev/kfd")


def test_a_sound_nvidia_host_is_told_step_by_step(tmp_path: Path) -> None:
    add_nvidia(tmp_path, 0)
    write(tmp_path, "proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX 570.1\nGCC\n")
    (driver,) = checks_gpu.drivers(tmp_path)
    assert (driver.grade, driver.found) == ("ok", "NVRM version: NVIDIA UNIX 570.1")
    (device,) = checks_gpu.devices(tmp_path)
    assert "/dev/nvidia-uvm /dev/nvidia0 /dev/nvidiactl" in device.found


@pytest.mark.parametrize("case", ["none", "no compute", "no uvm", "no device", "only root", "no gpu"])
def test_what_a_host_lacks_is_named_with_its_remedy(case: str, tmp_path: Path) -> None:
    check, grade, remedy = {
        "none": ("driver", "warn", "modprobe amdgpu"),
        "no compute": ("driver", "fail", "CONFIG_HSA_AMD"),
        "no uvm": ("nodes", "fail", "modprobe nvidia-uvm"),
        "no device": ("nodes", "fail", "udevadm trigger"),
        "only root": ("permissions", "fail", 'GROUP="render"'),
        "no gpu": ("driver", "fail", "dmesg"),
    }[case]
    if case == "no compute":
        (tmp_path / "sys/module/amdgpu").mkdir(parents=True)
    elif case == "no uvm":
        add_nvidia(tmp_path, 0)
        (tmp_path / "dev/nvidia-uvm").unlink()
    elif case == "no device":
        add_amd(tmp_path, 1, 128)
    elif case == "only root":
        amd_host(tmp_path, gid=0)
    elif case == "no gpu":
        (tmp_path / "proc/driver/nvidia").mkdir(parents=True)
    steps = (checks_gpu.drivers, checks_gpu.nodes, checks_gpu.devices)
    found = said([finding for step in steps for finding in step(tmp_path)])
    assert any(remedy in finding.remedy for finding in found[check, grade]), found


def test_a_variable_that_hides_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIP_VISIBLE_DEVICES", "3")
    (finding,) = checks_gpu.visible()
    assert finding.grade == "warn" and "HIP_VISIBLE_DEVICES=3" in finding.found


@pytest.mark.docker
def test_a_gpu_is_passed_to_a_container_for_real(tmp_path: Path) -> None:
    root = amd_host(tmp_path / "good")
    other = amd_host(tmp_path / "other", gid=GID + 1)
    with stand_ins(NODES, GID):
        (good,) = checks_gpu_host.passing(Settings.load(state=tmp_path / "state", host_root=root))
        (bad,) = checks_gpu_host.passing(Settings.load(state=tmp_path / "state", host_root=other))
    assert (good.grade, good.remedy) == ("ok", "")
    assert "rocm-0000-c1-00-0: its nodes open" in good.found
    assert bad.grade == "fail" and "/dev/kfd EACCES" in bad.found and "numeric group" in bad.remedy


@pytest.mark.docker
def test_the_command_goes_through_every_step(tmp_path: Path, ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATCHET_HOST_ROOT", str(tmp_path))
    told = ratchet("doctor", "gpu", "--json")
    assert told.code == 0, told
    checks = [finding["check"] for finding in told.document["findings"]]
    assert checks == [
        "driver", "nodes", "device", "visible devices", "image", "image", "policy", "pass-through", "leases",
    ]  # fmt: skip


def test_a_drained_gpu_is_named_and_returned_by_a_person_once(tmp_path: Path, ratchet: Ratchet) -> None:
    state = tmp_path / "state"
    state.mkdir()
    db = Database(sqlite_url(state / "records.db"))
    leases = Leases(DatabaseShelf(db))
    leases.register([("rocm-1", "rocm")])
    for candidate in ("k-c1", "k-c2"):
        care = leases.begin_care("rocm-1", 60)
        assert care is not None
        leases.end_care(care, healthy=True)
        lease = leases.grant(["rocm-1"], candidate, 60)
        assert lease is not None
        leases.hung(lease, candidate)
        with leases._shelf.edit() as rows:
            rows["rocm-1"] = rows["rocm-1"]._replace(since=0.0)
    (finding,) = checks_gpu.leases(Settings.load(state=state))
    assert finding.grade == "fail" and "kernels of k-c1, k-c2 hung" in finding.found
    assert "ratchet doctor return rocm-1" in finding.remedy
    assert ratchet("doctor", "return", "rocm-1", "--reason", "x", "--by", "a: b").code == 2
    assert ratchet("doctor", "return", "rocm-1", "--reason", "\x1b[2J", "--by", "ana").code == 2
    assert ratchet("doctor", "return", "rocm-1", "--reason", "a loose cable", "--by", "ana").code == 0
    assert ratchet("doctor", "return", "rocm-1", "--reason", "again", "--by", "ana").code == 1
    (row,) = leases.all()
    assert (row.state, row.reason, row.hangs) == ("resting", "returned by ana: a loose cable", ())
    db.close()
