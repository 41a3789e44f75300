"""Candidates for a GPU: compiled without one, measured under the lease of one."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path

from temporalio import activity

from daemon.governed import CAMPAIGN, CANDIDATE
from daemon.gpus.lending import Loan
from daemon.gpus.parts import programs
from daemon.house import House
from daemon.steps.effects import DAEMON, Meter, attempt
from daemon.steps.integrity import unaltered
from daemon.steps.maxima import BUILD_CPUS, BUILD_MARGIN_SECONDS
from kernels.target import Target
from sandbox.artefacts import Artefact, BadArtefact, lay_out, read_artefact
from sandbox.copyout import make_outbox
from sandbox.devices import Vendor
from sandbox.images.version import layer_tag
from sandbox.judging import CandidateFault
from sandbox.launching import LAUNCHER, Launch, build_spec
from sandbox.payload import collect, digest
from sandbox.spec import Limits
from workflows import queues
from workflows.models import CandidateSpec

MIB = 1024 * 1024
BUILD = {
    "memory_bytes": 3072 * MIB,
    "pids": 128,
    "nofile": 1024,
    "fsize_bytes": 128 * MIB,
    "cpus": BUILD_CPUS,
}
HANG = "killed:gpu-hang"


def device_for(house: House, spec: CandidateSpec) -> str:
    """See `workflows.ports.CandidatePort.device`."""
    return house.gpus.queue_for(spec.facts.target.devices)


@contextmanager
def launching(
    house: House,
    target: Target,
    *,
    campaign: str,
    candidate: str,
    step: str,
    arms: Mapping[str, Path],
    meter: Meter,
) -> Iterator[tuple[dict[str, Path], Launch]]:
    """The folders of a device target's compiled arms, and how to launch them under a lease.

    Both arms are compiled before a device is asked for. A call that does not return is the kernel's hang: nothing else
    of the candidate runs on the leased device.

    Raises CandidateFault (`failed:build`, `killed:gpu-hang`), InfrastructureError (`no-device`, `gpu-busy`).
    """
    if target.device is None:
        raise ValueError(f"{target.name} needs no device")
    only = queues.device_of(activity.info().task_queue) if activity.in_activity() else ""
    found = house.gpus.devices(target.device.vendors)
    example = found.get(only) or next(iter(found.values()), None)
    vendor: Vendor = example.vendor if example else target.device.vendors[0]
    arch = example.arch if example and example.arch else target.device.arch
    names = {"campaign": campaign, "candidate": candidate}
    labels = {CAMPAIGN: campaign, CANDIDATE: candidate}
    build = _Build(house, target, vendor, arch, f"{candidate}-{step}", labels, meter)
    built = {arm: build.laid_out(arm, folder) for arm, folder in arms.items()}
    wanted: list[Vendor] = [vendor] if example else list(target.device.vendors)
    asked = time.monotonic()
    with house.gpus.lend(wanted, only=only, arch=arch, **names) as loan:
        started = time.monotonic()
        meter.waited(started - asked)
        launch = _launch(house, target.device.rows, loan)
        objects = {arm: (folder / target.build.file).read_bytes() for arm, folder in built.items()}
        body = {
            "device": loan.device.name,
            "token": loan.lease.token,
            "image": launch.image,
            "arch": arch,
            "objects": {arm: hashlib.sha256(data).hexdigest() for arm, data in objects.items()},
        }
        house.audit.append("gpu.launched", actor=DAEMON, campaign=campaign, candidate=candidate, body=body)
        try:
            with unaltered(house, campaign, candidate, partial(_parts, house, launch)):
                yield built, launch
            loan.check()  # somebody else may have been on the device while this was measured: it counts for nothing
        except CandidateFault as fault:
            if not fault.silent:
                loan.check()  # what came from under a lease that ran out is nobody's fault but ours
                raise
            house.gpus.hung(loan, **names)
            told = f"a launch did not end within {target.resources.call_seconds:g} s"
            raise CandidateFault(fault.arm, HANG, told, fault.log, silent=True) from fault
        finally:
            meter.add("gpu_ms", (time.monotonic() - started) * 1000)


def _launch(house: House, rows: int, loan: Loan) -> Launch:
    image = house.image(layer_tag("hip") if loan.device.vendor == "rocm" else "")
    return Launch(loan.grant, image, programs(house.settings.home / "payload"), rows)


def _parts(house: House, launch: Launch) -> dict[str, str]:
    """What measures on the device, as it is mounted."""
    guest, launcher = (digest(collect(folder)) for folder in launch.programs)
    vendor = "hip" if launch.grant.vendor == "rocm" else ""
    return {"launcher": launcher, "guest": guest, "launch image": house.image(vendor and layer_tag(vendor))}


@dataclass(frozen=True)
class _Build:
    """How both arms are compiled."""

    house: House
    target: Target
    vendor: str
    arch: str
    key: str
    labels: dict[str, str]
    meter: Meter

    def laid_out(self, arm: str, folder: Path) -> Path:
        """A folder with the object and the plan that the arm's tree was compiled to."""
        return lay_out(self._compiled(arm, folder), folder.with_name(f"{arm}-built"), self.target.build.file)

    def _compiled(self, arm: str, folder: Path) -> Artefact:
        house, build = self.house, self.target.build
        out = make_outbox(folder.with_name(f"{arm}-out") / "artefact")
        words = {"{arch}": self.arch, "{vendor}": self.vendor, "{launcher}": LAUNCHER}
        spec = build_spec(
            f"{self.key}-{attempt()}-build-{arm}",
            house.image("" if build.image == "base" else layer_tag(build.image)),
            programs(house.settings.home / "payload"),
            folder,
            out,
            argv=[reduce(lambda word, name: word.replace(name, words[name]), words, word) for word in build.argv],
            seconds=build.seconds,
            file=build.file,
            limits=Limits.model_validate({**BUILD, "wall_seconds": build.seconds + BUILD_MARGIN_SECONDS}),
            labels=self.labels,
        )
        end = house.backend.run(spec)
        self.meter.add("cpu_ms", end.cpu_seconds * 1000)
        if end.reason in ("timeout", "memory", "pids", "output"):
            log = end.stderr.decode("utf-8", "replace")
            raise CandidateFault(arm, f"killed:{end.reason}", "while it was built", log)
        try:
            return read_artefact(out)
        except BadArtefact as error:
            raise CandidateFault(arm, "failed:build", str(error), error.log) from error
