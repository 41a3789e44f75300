"""A GPU candidate's whole evaluation in containers, and what becomes of the GPU when kernels hang or it goes away."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ActivityError, ApplicationError

from daemon.gpus.leases import REST_SECONDS
from daemon.settings import CHECKOUT
from daemon.steps.device import launching
from daemon.steps.effects import Meter
from kernels.target import load_target
from sandbox.images.version import tag
from sandbox.judging import CandidateFault
from sandbox.launcher.plan import read_plan
from sandbox.spec import ContainerSpec
from tests.daemon.gpus.house import CALL_SECONDS, DEVICE, GID, NODES, GpuHouse
from tests.sandbox.gpu_host import stand_ins
from tests.sandbox.launcher.conftest import driver_library  # noqa: F401
from workflows import failures
from workflows.ports import InfrastructureError, RefusedError

pytestmark = [pytest.mark.docker, pytest.mark.opa, pytest.mark.measures]


@pytest.fixture(scope="module")
def gpus(
    tmp_path_factory: pytest.TempPathFactory,
    driver_library: Callable[[str], str],  # noqa: F811
) -> Iterator[GpuHouse]:
    made = GpuHouse(tmp_path_factory.mktemp("gpus"), driver_library("cuda"))
    with stand_ins(NODES, GID):
        try:
            made.start()
            made.open("gpu")
            yield made
        finally:
            made.stop()


def test_an_evaluation_under_a_lease(gpus: GpuHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    launched: list[ContainerSpec] = []
    launch = gpus.house.backend.launch

    def watched(spec: ContainerSpec) -> Any:
        launched.append(spec)
        return launch(spec)

    monkeypatch.setattr(gpus.house.backend, "launch", watched)
    leases = len(gpus.told("gpu.leased"))
    card = gpus.evaluate("honest")
    assert card.verdict in ("failed:no-gain", "accepted") and card.pairs > 0, card
    builds, runs = ([spec for spec in launched if word in spec.command] for word in ("compile", "serve"))
    cares = [spec for spec in launched if "care" in spec.command]
    assert (len(builds), len(runs), len(cares)) == (2, 2, 1)
    assert [spec.devices.paths for spec in launched if spec in builds] == [(), ()], (
        "no device where candidates' code is"
    )
    token = str(gpus.told("gpu.leased")[leases]["token"])
    for spec in runs:
        assert spec.devices.paths == tuple(sorted(path for path in NODES if path != "/dev/nvidia241"))
        assert spec.devices.groups == (GID,)
        assert (spec.labels["ratchet.gpu"], spec.labels["ratchet.gpu.token"]) == (DEVICE, token)
        assert not [mount for mount in spec.mounts if mount.target == "/guest"]
    told = gpus.told("gpu.launched")[-1]
    assert (told["device"], str(told["token"]), told["image"]) == (DEVICE, token, runs[0].image)
    assert told["objects"] == dict.fromkeys(("child", "parent"), hashlib.sha256(b"\x7fELFhonest").hexdigest())
    line = gpus.house.ledger.statement("gpu")["gpu_ms"]
    assert line.spent > 0 and line.reserved == 0
    assert gpus.metrics.registry.get_sample_value("ratchet_gpus", {"state": "free"}) == 1
    tended = gpus.told("gpu.tended")
    assert all(body["healthy"] and body["filled"] == 64 << 20 for body in tended), "poison after every holder"
    assert [body["token"] for body in tended][-1] > int(token)


def test_what_a_killed_daemon_left_on_the_device_is_gone_before_the_next_holder(gpus: GpuHouse) -> None:
    labels = ["--label", f"ratchet.gpu={DEVICE}", "--label", "ratchet.gpu.token=1"]
    command = ["docker", "run", "--detach", "--network=none", *labels, tag(), "sleep", "600"]
    left = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def there() -> bool:
        listed = subprocess.run(["docker", "ps", "-aq", "--no-trunc"], check=True, capture_output=True, text=True)
        return left in listed.stdout.split()

    lender = gpus.house.gpus
    try:
        with lender.lend(["cuda"], campaign="gpu", candidate="gpu-c0"):
            assert there(), "care was before it came"
        with lender.lend(["cuda"], campaign="gpu", candidate="gpu-c0"):
            assert not there()
    finally:
        subprocess.run(["docker", "rm", "--force", left], check=False, capture_output=True)


def test_hanging_kernels_are_killed_and_the_gpu_rests_then_drains(
    gpus: GpuHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    lender, house = gpus.house.gpus, gpus.house
    ahead = 0.0
    monkeypatch.setattr(lender.leases, "_clock", lambda: time.time() + ahead)
    monkeypatch.setattr(lender, "_patience", 0.0)

    def gpu_ms() -> int:
        return house.ledger.statement("gpu")["gpu_ms"].spent

    def state() -> str:
        return {row.device: row.state for row in lender.leases.all()}[DEVICE]

    before = gpu_ms()
    assert gpus.evaluate("nothing").verdict == "failed:wrong"
    honest, before = gpu_ms() - before, gpu_ms()
    card = gpus.evaluate("hang")
    assert card.verdict == "killed:gpu-hang", card
    assert str(CALL_SECONDS).rstrip("0.") in card.feedback
    assert gpu_ms() - before <= honest + CALL_SECONDS * 1000 + 10_000, "over 10 s behind its deadline"
    assert state() == "resting"
    with pytest.raises(InfrastructureError, match="gpu-busy"):
        gpus.evaluate("honest")
    ahead += REST_SECONDS + 1
    assert gpus.evaluate("nothing").verdict == "failed:wrong", "found healthy, it is lent again"
    assert gpus.evaluate("hang").verdict == "killed:gpu-hang"
    assert state() == "drained"
    ahead += 10 * REST_SECONDS
    with pytest.raises(InfrastructureError, match="no-device: every GPU is drained") as caught:
        gpus.evaluate("honest")
    assert verdict(caught.value) == "inconclusive:no-device"
    assert lender.leases.put_back(DEVICE, "ana", "a loose cable")
    with lender.lend(["cuda"], campaign="gpu", candidate="gpu-c0"):
        assert gpus.told("gpu.returned") == [{"device": DEVICE, "reason": "a loose cable"}]
    assert [body["state"] for body in gpus.told("gpu.hung")] == ["resting", "drained"]
    assert gpus.metrics.registry.get_sample_value("ratchet_gpu_hangs_total") == 2


def test_a_lease_that_was_lost_lets_nothing_count(gpus: GpuHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    lender = gpus.house.gpus
    append = gpus.house.audit.append

    def overtaken(kind: str, **fields: Any) -> None:
        append(kind, **fields)
        if kind == "seed.revealed":  # measured, and not yet counted
            row = next(row for row in lender.leases.all() if row.device == DEVICE)
            with lender.leases._shelf.edit() as rows:
                rows[DEVICE] = row._replace(token=row.token + 1)

    monkeypatch.setattr(gpus.house.audit, "append", overtaken)
    for kernel in ("honest", "hang"):
        with pytest.raises(InfrastructureError, match="gpu-lease"):
            gpus.evaluate(kernel)
        with lender.leases._shelf.edit() as rows:  # the other holder ends
            rows[DEVICE] = rows[DEVICE]._replace(state="resting", reason="released")
    assert [body["ended"] for body in gpus.told("gpu.released")][-2:] == ["stale"] * 2


def test_without_its_device_a_candidate_is_inconclusive(gpus: GpuHouse) -> None:
    gpus.unplug()
    with pytest.raises(InfrastructureError, match="no-device: this host has no GPU for cuda") as caught:
        gpus.evaluate("honest")
    assert verdict(caught.value) == "inconclusive:no-device"
    with pytest.raises(RefusedError, match="no-device") as refused:
        gpus.open("another")
    assert refused.value.rule == "NO-DEVICE"


@pytest.mark.parametrize(
    ("name", "file", "wanted"),
    [("rmsnorm_hip", "rmsnorm.hip", (b"gfx90a", b"rmsnorm")), ("softmax_triton", "softmax.py", (b"sm_90", b"softmax"))],
)
def test_a_shipped_target_is_compiled_for_real_and_then_needs_a_device(
    name: str, file: str, wanted: tuple[bytes, ...], gpus: GpuHouse
) -> None:
    target = load_target(CHECKOUT / "kernels" / name)
    root = gpus.home / "scratch" / name
    arms = {"child": Path(shutil.copytree(target.seed_folder, root / "child"))}
    names = {"campaign": "gpu", "candidate": "gpu-c0", "step": "evaluate"}
    with (
        pytest.raises(InfrastructureError, match="no-device") as caught,
        launching(gpus.house, target, arms=arms, meter=Meter(), **names),
    ):
        pass
    assert verdict(caught.value) == "inconclusive:no-device"
    made = (root / "child-built" / target.build.file).read_bytes()
    assert made.startswith((b"\x7fELF", b"__CLANG_OFFLOAD_BUNDLE__"))
    assert all(word in made for word in wanted)
    plan = read_plan((root / "child-built" / "launch.json").read_bytes())
    assert plan.threads >= 64 and plan.rows == 1
    (arms["child"] / file).write_text("this is no source")
    with (
        pytest.raises(CandidateFault) as fault,
        launching(gpus.house, target, arms=arms, meter=Meter(), **names),
    ):
        pass
    assert fault.value.verdict == "failed:build"
    assert file in fault.value.feedback
    shutil.rmtree(root)


def verdict(error: InfrastructureError) -> str:
    """What becomes of a candidate whose step ends so for good."""
    wrapped = ActivityError(
        "x", scheduled_event_id=1, started_event_id=1, identity="", activity_type="", activity_id="", retry_state=None
    )
    wrapped.__cause__ = ApplicationError(str(error), type="InfrastructureError")
    return failures.verdict_of(wrapped)
