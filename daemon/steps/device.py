"""Candidates for a GPU: compiled without one, measured under the lease of one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from pathlib import Path

from temporalio import activity

from daemon.governed import CAMPAIGN, CANDIDATE
from daemon.gpus.parts import programs
from daemon.house import House
from daemon.steps.effects import Meter, attempt
from kernels.target import Target
from sandbox.artefacts import Artefact, BadArtefact, lay_out, read_artefact
from sandbox.copyout import make_outbox
from sandbox.devices import Vendor
from sandbox.images.version import layer_tag
from sandbox.judging import CandidateFault
from sandbox.launching import LAUNCHER, Launch, build_spec
from sandbox.spec import Limits
from workflows import queues
from workflows.models import CandidateSpec

MIB = 1024 * 1024
BUILD = {"memory_bytes": 3072 * MIB, "pids": 128, "nofile": 1024, "fsize_bytes": 128 * MIB}
MARGIN_SECONDS = 15.0
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
) -> Iterator[tuple[dict[str, Path], Launch | None]]:
    """The arms' folders and how to launch them: as they are for other targets, compiled and leased for device targets.

    Both arms are compiled before a device is asked for. A call that does not return is the kernel's hang: nothing else
    of the candidate runs on the leased device.

    Raises CandidateFault (`failed:build`, `killed:gpu-hang`), InfrastructureError (`no-device`, `gpu-busy`).
    """
    if target.device is None:
        yield dict(arms), None
        return
    only = queues.device_of(activity.info().task_queue) if activity.in_activity() else ""
    found = house.gpus.devices(target.device.vendors)
    example = found.get(only) or next(iter(found.values()), None)
    vendor: Vendor = example.vendor if example else target.device.vendors[0]
    arch = example.arch if example and example.arch else target.device.arch
    names = {"campaign": campaign, "candidate": candidate}
    built = {
        arm: lay_out(
            _compiled(house, target, arm, folder, (vendor, arch), f"{candidate}-{step}", names),
            folder.with_name(f"{arm}-built"),
            target.build.file,
        )
        for arm, folder in arms.items()
    }
    wanted: list[Vendor] = [vendor] if example else list(target.device.vendors)
    with house.gpus.lend(wanted, only=only, arch=arch, **names) as loan:
        started = time.monotonic()
        image = house.image(layer_tag("hip") if loan.device.vendor == "rocm" else "")
        try:
            yield built, Launch(loan.grant, image, programs(house.settings.home / "payload"), target.device.rows)
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


def _compiled(
    house: House, target: Target, arm: str, folder: Path, kind: tuple[str, str], key: str, names: Mapping[str, str]
) -> Artefact:
    vendor, arch = kind
    out = make_outbox(folder.with_name(f"{arm}-out") / "artefact")
    image = house.image("" if target.build.image == "base" else layer_tag(target.build.image))
    words = {"{arch}": arch, "{vendor}": vendor, "{launcher}": LAUNCHER}
    spec = build_spec(
        f"{key}-{attempt()}-build-{arm}",
        image,
        programs(house.settings.home / "payload"),
        folder,
        out,
        argv=[reduce(lambda word, name: word.replace(name, words[name]), words, word) for word in target.build.argv],
        seconds=target.build.seconds,
        file=target.build.file,
        limits=Limits.model_validate({**BUILD, "wall_seconds": target.build.seconds + MARGIN_SECONDS}),
        labels={CAMPAIGN: names["campaign"], CANDIDATE: names["candidate"]},
    )
    end = house.backend.run(spec)
    if end.reason in ("timeout", "memory", "pids", "output"):
        raise CandidateFault(arm, f"killed:{end.reason}", "while it was built", end.stderr.decode("utf-8", "replace"))
    try:
        return read_artefact(out)
    except BadArtefact as error:
        raise CandidateFault(arm, "failed:build", str(error), error.log) from error
