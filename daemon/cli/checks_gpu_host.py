"""`ratchet doctor gpu`, what the engine does with a GPU: its nodes really reach a container, and open there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from daemon.cli.checks import Finding

if TYPE_CHECKING:
    from daemon.settings import Settings
    from sandbox.devices import Device
    from sandbox.docker_backend import DockerBackend

PROBE = """
import errno, json, os, sys
def attempt(path):
    try:
        os.close(os.open(path, os.O_RDWR))
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))
    return "ok"
print(json.dumps({path: attempt(path) for path in sys.argv[1:]}))
"""
REMEDIES = {
    "EPERM": "the engine's device control group refuses it: is the engine itself in a container without the device?",
    "EACCES": "the node's group does not reach the container: give the node a numeric group of its own, mode 0660",
    "ENOENT": "the engine runs elsewhere: its host needs the node",
    "ENXIO": "the node has no device behind it: reload the driver",
    "ENODEV": "the node has no device behind it: reload the driver",
}


def passing(of: Settings) -> Iterator[Finding]:
    """For each GPU that nobody holds: a container with its nodes, by the profile of every other."""
    from sandbox.devices import discover
    from sandbox.docker_backend import DockerBackend
    from sandbox.images.version import tag
    from workflows.ports import InfrastructureError

    found = discover(of.host_root)
    if not found:
        yield Finding("pass-through", "ok", "not tried: there is no GPU to pass on")
        return
    backend = DockerBackend(of.docker_url, instance=f"doctor-gpu-{os.getpid()}", allowed_roots=[])
    try:
        image = backend.image_id(of.image or tag())
        for device in found:
            yield _passed(backend, image, device)
    except InfrastructureError as error:
        yield Finding("pass-through", "fail", str(error), "ratchet doctor")
    finally:
        backend.settle()
        backend.close()


def _passed(backend: DockerBackend, image: str, device: Device) -> Finding:
    from sandbox.spec import ContainerSpec, Limits
    from workflows.ports import RefusedError

    spec = ContainerSpec(
        role="run",
        name=f"doctor-{device.name}",
        image=image,
        command=("python3", "-I", "-c", PROBE, *device.grant().paths),
        devices=device.grant(),
        limits=Limits(wall_seconds=30),
    )
    try:
        end = backend.run(spec)
        opened: dict[str, str] = json.loads(end.stdout)
    except RefusedError as error:
        return Finding("pass-through", "fail", f"{device.name}: {error}"[:300], "as it says")
    except ValueError:
        last = end.stderr[-200:].decode("utf-8", "replace")
        return Finding("pass-through", "fail", f"{device.name}: {end.reason}: {last}", "ratchet doctor sandbox")
    bad = {path: word for path, word in opened.items() if word != "ok"}
    if not bad:
        return Finding("pass-through", "ok", f"{device.name}: its nodes open in a container, as uid 65534")
    told = ", ".join(f"{path} {word}" for path, word in sorted(bad.items()))
    remedy = next((REMEDIES[word] for word in bad.values() if word in REMEDIES), "see dmesg for what the driver says")
    return Finding("pass-through", "fail", f"{device.name}: does not open in a container: {told}", remedy)
