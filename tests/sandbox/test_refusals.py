"""What may not be asked for, by rule name, and that nothing starts then."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from sandbox.fake import FakeBackend
from sandbox.keeper import ForbiddenOption
from sandbox.refusals import refuse, refuse_options
from sandbox.spec import ContainerSpec, Devices, Limits, Mount
from tests.sandbox.room import spec
from workflows.ports import InfrastructureError

ROOTS = ["/state"]


def mounted(source: str, target: str = "/in") -> dict[str, Any]:
    return {"mounts": (Mount(source=source, target=target),)}


FORBIDDEN: list[tuple[str, dict[str, Any]]] = [
    ("image-tag", {"image": "ratchet-sandbox:dev"}),
    ("image-tag", {"image": "debian@sha256:" + "0" * 64}),
    ("user-root", {"user": "0:0"}),
    ("user-root", {"user": "65534:0"}),
    ("user-root", {"user": "root"}),
    ("user-root", {"user": ""}),
    ("env-loader", {"env": {"LD_PRELOAD": "/work/x.so"}}),
    ("env-loader", {"env": {"ld_library_path": "/work"}}),
    ("env-loader", {"env": {"PYTHONPATH": "/work"}}),
    ("env-secret", {"env": {"OPENAI_API_KEY": "x"}}),
    ("env-secret", {"env": {"AWS_PROFILE": "x"}}),
    ("env-secret", {"env": {"GITHUB_TOKEN": "x"}}),
    ("env-name", {"env": {"A=B": "x"}}),
    ("env-name", {"env": {"A": "x\0y"}}),
    ("mount-control-socket", mounted("/var/run/docker.sock")),
    ("mount-control-socket", mounted("/run/containerd/containerd.sock")),
    ("mount-outside", mounted("/etc/passwd")),
    ("mount-outside", mounted("/")),
    ("mount-outside", mounted("/state")),
    ("mount-outside", mounted("/stateful/x")),
    ("mount-path", mounted("/state/../etc")),
    ("mount-path", mounted("state/x")),
    ("mount-path", mounted("/state//x")),
    ("mount-path", mounted("/state/x\ny")),
    ("mount-path", mounted("/state/x", "/in/../etc")),
    ("mount-target", mounted("/state/x", "/")),
    ("mount-target", mounted("/state/x", "/etc/passwd")),
    ("mount-target", mounted("/state/x", "/proc/1")),
    ("mount-target", mounted("/state/x", "/usr/bin/timeout")),
    ("mount-twice", mounted("/state/x", "/tmp")),
    ("tmpfs-target", {"limits": Limits(tmpfs={"/proc": 1})}),
    ("tmpfs-target", {"limits": Limits(tmpfs={"/usr/lib": 1 << 20})}),
    ("tmpfs-target", {"limits": Limits(tmpfs={"/tmp": 0})}),
    ("device-folder", {"devices": Devices(paths=("/dev/dri",))}),
    ("device-folder", {"devices": Devices(paths=("/dev",))}),
    ("device-unknown", {"devices": Devices(paths=("/dev/sda",))}),
    ("device-unknown", {"devices": Devices(paths=("/dev/dri/card0",))}),
    ("device-unknown", {"devices": Devices(paths=("/dev/dri/renderD128/../card0",))}),
    ("device-many", {"devices": Devices(paths=("/dev/kfd", "/dev/dri/renderD128", "/dev/dri/renderD129"))}),
    ("device-many", {"devices": Devices(paths=("/dev/nvidia0", "/dev/nvidia1", "/dev/nvidiactl", "/dev/nvidia-uvm"))}),
    ("device-many", {"devices": Devices(paths=("/dev/kfd",))}),
    ("device-role", {"role": "propose", "devices": Devices(paths=("/dev/kfd",))}),
    ("device-runtime", {"runtime": "runsc", "devices": Devices(paths=("/dev/kfd",))}),
    ("group-root", {"devices": Devices(groups=(0,))}),
    ("pids-many", {"limits": Limits(pids=257)}),
    ("label-reserved", {"labels": {"ratchet.instance": "other"}}),
]


@given(st.text("/.a\n\\", max_size=12).map("/state".__add__) | st.text(max_size=12))
def test_what_passes_as_a_source_lies_below_a_root(source: str) -> None:
    assume(source)
    rules = {finding.rule for finding in refuse(spec(**mounted(source)), ROOTS)}
    if not rules & {"mount-path", "mount-outside", "mount-control-socket"}:
        assert posixpath.normpath(source) == source
        assert source.startswith("/state/")


def test_a_plain_spec_is_not_refused() -> None:
    plain = spec(
        mounts=(Mount(source="/state/a", target="/io/in"), Mount(source="/state/b", target="/io/out", read_only=False)),
        devices=Devices(paths=("/dev/kfd", "/dev/dri/renderD128"), groups=(104,)),
        limits=Limits(tmpfs={"/tmp": 1 << 20, "/dev/shm": 1 << 20}),
        env={"OMP_NUM_THREADS": "1"},
    )
    assert refuse(plain, ROOTS) == []


@pytest.mark.parametrize(("rule", "changes"), FORBIDDEN, ids=[f"{rule}-{at}" for at, (rule, _) in enumerate(FORBIDDEN)])
def test_a_forbidden_wish_is_refused_by_its_rule(rule: str, changes: dict[str, Any]) -> None:
    findings = refuse(spec(**changes), ROOTS)
    assert rule in [finding.rule for finding in findings]
    assert all(finding.title and finding.message and finding.remedy for finding in findings)


@pytest.mark.parametrize(
    ("option", "rule"),
    [
        ("privileged", "privileged"),
        ("network_mode", "network"),
        ("network-mode", "network"),
        ("ports", "network"),
        ("pid_mode", "host-namespace"),
        ("ipc", "host-namespace"),
        ("uts", "host-namespace"),
        ("userns_mode", "host-namespace"),
        ("cap_add", "capability"),
        ("security_opt", "unconfined"),
        ("seccomp", "unconfined"),
        ("apparmor", "unconfined"),
        ("restart", "restart"),
        ("volumes", "mount-outside"),
        ("gpus", "device-folder"),
        ("frobnicate", "option-unknown"),
    ],
)
def test_options_that_do_not_exist_here_are_refused_by_name(option: str, rule: str) -> None:
    assert [finding.rule for finding in refuse_options({"cpuset": "0", option: False})] == [rule]
    with pytest.raises(ValidationError):
        ContainerSpec.model_validate({**spec().model_dump(), option: True})


@pytest.fixture
def fake(tmp_path: Path) -> FakeBackend:
    (tmp_path / "roots").mkdir()
    return FakeBackend(instance="refusals", allowed_roots=[tmp_path / "roots"])


def refused(fake: FakeBackend, **changes: Any) -> str:
    with pytest.raises(ForbiddenOption) as error:
        fake.launch(spec(**{"image": fake.image_id("ratchet-sandbox:dev"), **changes}))
    assert fake.engine.played == {}
    return error.value.rule


def test_nothing_is_created_for_a_refused_spec(fake: FakeBackend) -> None:
    assert refused(fake, user="0:0") == "user-root"


def test_a_link_out_of_the_roots_is_followed_before_it_is_judged(fake: FakeBackend, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "roots" / "link").symlink_to(tmp_path / "secret")
    assert refused(fake, **mounted(str(tmp_path / "roots" / "link"))) == "mount-outside"


def test_a_control_socket_is_refused_under_any_other_name(fake: FakeBackend, tmp_path: Path) -> None:
    (tmp_path / "roots" / "plain").symlink_to("/var/run/docker.sock")
    assert refused(fake, **mounted(str(tmp_path / "roots" / "plain"))) == "mount-control-socket"


def test_a_runner_writes_single_files_only(fake: FakeBackend, tmp_path: Path) -> None:
    folder = tmp_path / "roots" / "folder"
    folder.mkdir()
    writable = (Mount(source=str(folder), target="/out", read_only=False),)
    assert refused(fake, mounts=writable) == "mount-writable"
    judge = spec(role="judge", image=fake.image_id("ratchet-sandbox:dev"), mounts=writable)
    assert fake.run(judge).code == 0


def test_a_fifo_is_no_mount_source(fake: FakeBackend, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "roots" / "fifo")
    assert refused(fake, **mounted(str(tmp_path / "roots" / "fifo"))) == "mount-path"


def test_a_missing_source_is_our_fault(fake: FakeBackend, tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="No such file"):
        fake.launch(spec(**mounted(str(tmp_path / "roots" / "gone"))))
