"""How the lender of GPUs is put together for a daemon."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from daemon.governed import GovernedBackend
from daemon.gpus.caretaker import ContainerCaretaker
from daemon.gpus.leases import Leases
from daemon.gpus.lending import Lender
from daemon.gpus.shelf import DatabaseShelf
from daemon.judges import GUEST_PROGRAM
from daemon.metrics import Metrics
from daemon.records.audit import AuditLog
from daemon.records.db import Database
from daemon.settings import Settings
from sandbox.devices import Device, discover
from sandbox.docker_backend import DockerEngine
from sandbox.images.version import layer_tag
from sandbox.launching import Programs
from sandbox.payload import place

LAUNCHER_PROGRAM = GUEST_PROGRAM.parent / "launcher"
CUDA_LIBRARIES = ("usr/lib/x86_64-linux-gnu", "usr/lib64", "usr/lib/aarch64-linux-gnu", "usr/lib")
"""Where distributions keep the driver's `libcuda.so.1`."""


def lender(
    settings: Settings, db: Database, backend: GovernedBackend, audit: AuditLog, metrics: Metrics, base_image: str
) -> Lender:
    """A lender over the host's devices. Which devices there are is looked at here, and again at each lease."""
    payloads, root = settings.home / "payload", settings.host_root
    driver = partial(driver_folder, root, payloads)

    def image(device: Device) -> str:
        return backend.image_id(layer_tag("hip") if device.vendor == "rocm" else base_image)

    engine = DockerEngine(settings.docker_url)
    caretaker = ContainerCaretaker(backend, engine, image, lambda: programs(payloads), driver)
    return Lender(Leases(DatabaseShelf(db)), partial(discover, root), caretaker, audit, metrics, driver)


def programs(payloads: Path) -> Programs:
    """Guest and launcher, where containers can read them."""
    return place(GUEST_PROGRAM, payloads), place(LAUNCHER_PROGRAM, payloads)


def driver_folder(root: Path, payloads: Path, device: Device) -> str:
    """A copy of the host's own driver library for NVIDIA, which must fit its kernel module; the image has AMD's."""
    if device.vendor == "rocm":
        return ""
    for folder in CUDA_LIBRARIES:
        library = root / folder / "libcuda.so.1"
        if library.is_file():
            return str(place({"libcuda.so.1": library.read_bytes()}, payloads))
    return ""
