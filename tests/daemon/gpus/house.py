"""A daemon's parts on a made-up host with one NVIDIA GPU: stand-in nodes and driver library, all else real.

The library runs inside the launcher's containers; only what the device itself would do is made up.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import yaml

from daemon import parts
from daemon.house import House
from daemon.instance import instance_of
from daemon.metrics import Metrics
from daemon.records.chain import records
from daemon.repo import File
from daemon.service import FOLDERS
from daemon.settings import CHECKOUT, Settings
from daemon.steps.campaigns import CampaignSteps
from daemon.steps.candidates import CandidateSteps
from sandbox.devices import discover
from tests.sandbox.gpu_host import add_nvidia
from tests.sandbox.launcher.conftest import EVALUATOR
from workflows.models import Budget, CampaignFacts, CampaignSpec, CandidateSpec, Edit, Scorecard

GID = 48_104
NODES = {
    "/dev/nvidia240": (10, 229),
    "/dev/nvidia241": (10, 237),
    "/dev/nvidiactl": (10, 183),
    "/dev/nvidia-uvm": (10, 228),
}
CALL_SECONDS = 8.0
DEVICE = "cuda-0000-17-00-0"
PLAN = b'{"threads": 64, "rows": 1}'
TARGET = """
name = "rows"
title = "Rows times a row"
kind = "kernel"
integrity = "isolated"
description = "For the stand-in driver."
[tree]
editable = ["kernel.txt", "launch.json"]
[metric]
name = "seconds per launch"
kind = "time"
direction = "minimise"
min_effect = 0.5
[build]
language = "device"
argv = ["sh", "-c", "printf '\\\\177ELF%s' \\"$(cat kernel.txt)\\" > {out}/kernel.bin"]
file = "kernel.bin"
symbol = "rows_kernel"
[device]
vendors = ["cuda"]
arch = "none"
rows = 3
[resources]
call_seconds = 8.0
[judge]
max_pairs = 8
resolution_us = 0.1
gflops = 1e6
gbytes = 1e6
"""


class GpuHouse:
    """Start, use, stop. `library` is the stand-in for libcuda."""

    def __init__(self, folder: Path, library: str) -> None:
        self.home, self.root, self.policies = folder / "state", folder / "host", folder / "policies"
        self._undo: parts.Undo = []
        shutil.copytree(CHECKOUT / "policies", self.policies, ignore=shutil.ignore_patterns("__pycache__"))
        self.tune("sandbox", lambda data: data["gpu"].update(allowed=True))
        target = folder / "targets" / "rows"
        (target / "seed").mkdir(parents=True)
        (target / "target.toml").write_text(TARGET)
        timed = EVALUATOR.replace('"batch": 3}', '"batch": 3, "timed": rows == 64}')
        (target / "evaluator.py").write_text(timed)
        (target / "seed" / "kernel.txt").write_text("honest")
        (target / "seed" / "launch.json").write_bytes(PLAN)
        self.root.mkdir()
        self.plug(library)
        self._settings = Settings.load(
            state=self.home, policies=self.policies, targets=folder / "targets", host_root=self.root
        )

    def plug(self, library: str) -> None:
        """Put the GPU and its driver library into the host."""
        add_nvidia(self.root, 240)
        for name in ("nvidia240", "nvidiactl", "nvidia-uvm"):
            (self.root / "dev" / name).chmod(0o660)
            os.chown(self.root / "dev" / name, 0, GID)
        (self.root / "usr/lib64").mkdir(parents=True)
        shutil.copy(library, self.root / "usr/lib64/libcuda.so.1")

    def tune(self, package: str, change: Any) -> None:
        """Edit a package's policy data."""
        path = self.policies / "ratchet" / package / "data.yaml"
        data = yaml.safe_load(path.read_text())
        change(data)
        path.write_text(yaml.safe_dump(data))

    def start(self) -> None:
        """Bring the parts up."""
        self.home.mkdir(mode=0o711)
        for name in FOLDERS:
            (self.home / name).mkdir()
        self.metrics = Metrics()
        opa, _ = parts.policy_engine(self._settings, self.metrics)
        self._undo.append(("opa", opa.stop))
        opa.start()
        self.house: House = parts.build(self._settings, instance_of(self.home), self.metrics, opa, self._undo)
        self._numbers = 0

    def stop(self) -> None:
        """Take everything down."""
        while self._undo:
            self._undo.pop()[1]()

    def open(self, name: str) -> CampaignFacts:
        """A campaign over the target: the noise of its seed is measured on the GPU."""
        self._spec = CampaignSpec(
            target="rows", candidates=20, strategy="iid", started_by="test", budget=Budget(gpu_seconds=3600)
        )
        self.facts = CampaignSteps(self.house).open(name, self._spec)
        return self.facts

    def candidate(self) -> CandidateSpec:
        """The next one."""
        self._numbers += 1
        choice = CampaignSteps(self.house).choose(self._spec, self.facts, self._numbers)
        return CandidateSpec(campaign=self.facts.campaign, choice=choice, facts=self.facts)

    def evaluate(self, kernel: str) -> Scorecard:
        """A candidate whose kernel is one of the stand-in driver's."""
        files = {"kernel.txt": File(kernel.encode(), "100644"), "launch.json": File(PLAN, "100644")}
        edit = Edit(tree=self.house.trees.write_tree(files))
        return CandidateSteps(self.house).evaluate(self.candidate(), edit)

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Bodies of audit records of this kind."""
        self.house.audit.flush()
        return [record["body"] for record in records(self.home / "audit") if record["kind"] == kind]

    def gone(self) -> bool:
        """Whether the host has no GPU any more."""
        return discover(self.root) == []

    def unplug(self) -> None:
        """The GPU falls off the bus."""
        (self.root / "dev/nvidia240").unlink()
