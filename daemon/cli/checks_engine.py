"""Checks of the container engine and of the machine below it."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.cli.checks import Finding

if TYPE_CHECKING:
    from daemon.settings import Settings
    from sandbox.docker_backend import DockerEngine
    from sandbox.engine import EngineFacts


PORTS = (2375, 2376)
"""Where Docker's API is by custom, plain and with TLS."""


def docker(of: Settings) -> Iterator[Finding]:
    """Does the engine answer, and does it have what the sandbox relies on."""
    from sandbox.docker_backend import DockerEngine
    from workflows.ports import InfrastructureError

    engine = DockerEngine(of.docker_url)
    try:
        facts = engine.facts()
    except InfrastructureError as error:
        yield Finding("engine", "fail", str(error), "make setup; or start the engine that RATCHET_DOCKER_URL names")
        return
    try:
        yield Finding("engine", "ok", f"{facts.version} at {facts.endpoint}, cgroup v{facts.cgroup_version}")
        yield from _abilities(facts)
        yield _image(engine, of)
        yield from _leftovers(engine)
    finally:
        engine.close()


def _abilities(facts: EngineFacts) -> Iterator[Finding]:
    options = " ".join(facts.security_options)
    missing = [warning for warning in facts.warnings if "limit support" in warning]
    if missing or not facts.swap_limit:
        told = "; ".join(missing) or "no swap limit support"
        yield Finding(
            "limits", "fail", told, "boot with cgroup_enable=memory swapaccount=1 (Debian: /etc/default/grub)"
        )
    else:
        yield Finding("limits", "ok", f"memory, swap, cpu, pids; {facts.cpus} CPUs, {facts.memory_bytes >> 30} GiB")
    if "name=seccomp" in options and "profile=unconfined" not in options:
        yield Finding("seccomp", "ok", "on")
    else:
        yield Finding("seccomp", "fail", "off", "use an engine and kernel built with seccomp")
    if "name=userns" in options or "name=rootless" in options:
        yield Finding("user namespaces", "ok", "containers' ids are not the host's")
    else:
        yield Finding(
            "user namespaces",
            "warn",
            "not remapped: uid 65534 in a container is uid 65534 here",
            'set "userns-remap": "default" in /etc/docker/daemon.json (new images and containers only)',
        )
    if "runsc" in facts.runtimes:
        yield Finding("gVisor", "ok", "runsc is there for targets that ask for it")
    else:
        yield Finding("gVisor", "warn", "no runsc", "make setup STEPS=gvisor, if targets should run in gVisor")

    yield _quota(facts)
    yield _runc(facts)


def _quota(facts: EngineFacts) -> Finding:
    """Containers write to sized tmpfs; a quota of the storage is a second wall, and only some drivers have one."""
    driver, _, below = facts.storage.partition(" on ")
    if driver in ("btrfs", "zfs") or (driver == "overlay2" and below == "xfs"):
        return Finding("storage quota", "ok", facts.storage)
    told = f"{facts.storage} has none; what runs writes to memory of a fixed size only"
    return Finding("storage quota", "warn", told, "put the engine's data root on XFS with pquota, for a second wall")


def _runc(facts: EngineFacts) -> Finding:
    """Escapes of 2024 and 2025 (CVE-2024-21626, CVE-2025-31133 and its kin) are mended upstream since 1.2.8 and 1.3.3.

    Distributions mend older versions and keep their number, with a suffix of their own: of those the number says
    nothing.
    """
    number = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)(\S*)", facts.runc)
    if number is None:
        return Finding("runc", "warn", f"version {facts.runc or 'unknown'}", "see that runc is 1.2.8, 1.3.3 or newer")
    version = tuple(int(part) for part in number.groups()[:3])
    if version >= (1, 3, 3) or (1, 2, 8) <= version < (1, 3, 0):
        return Finding("runc", "ok", facts.runc)
    if re.search(r"deb|ds|ubuntu|el\d|fc\d|amzn|suse", number[4]):
        return Finding("runc", "ok", f"{facts.runc}, mended by its distribution: keep it up to date")
    return Finding("runc", "warn", f"{facts.runc} is open to known escapes", "update runc to 1.2.8, 1.3.3 or newer")


def _image(engine: DockerEngine, of: Settings) -> Finding:
    from sandbox.images.version import tag
    from workflows.ports import InfrastructureError

    name = of.image or tag()
    try:
        return Finding("image", "ok", f"{name} is {engine.image_id(name)[7:19]}")
    except InfrastructureError as error:
        return Finding("image", "fail", str(error), "make image")


def _leftovers(engine: DockerEngine) -> Iterator[Finding]:
    from sandbox import ownership
    from sandbox.docker_options import LABEL

    found = [
        one for one in engine.find([f"{LABEL}instance"]) if not ownership.alive(one.labels.get(f"{LABEL}owner", ""))
    ]
    if found:
        names = ", ".join(one.labels.get(f"{LABEL}name", one.id[:12]) for one in found[:5])
        yield Finding(
            "containers", "warn", f"{len(found)} without a live owner: {names}", "`ratchet up` removes its own"
        )
    else:
        yield Finding("containers", "ok", "none without a live owner")


def exposure(of: Settings) -> Iterator[Finding]:
    """Who can reach the Docker API can become root here: is it offered on the network?"""
    remedy = 'remove tcp:// from "hosts" in /etc/docker/daemon.json and from dockerd\'s -H flags'
    told = [f"{name}" for name in (_daemon_file(), *_daemon_flags()) if name]
    for port in PORTS:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                told.append(f"something answers on port {port}")
    if told:
        yield Finding("exposure", "fail" if any("2375" in one for one in told) else "warn", "; ".join(told), remedy)
    elif of.docker_url.startswith("tcp://"):
        yield Finding("exposure", "warn", f"the engine is reached by {of.docker_url}", "prefer a Unix socket or TLS")
    else:
        yield Finding("exposure", "ok", "the Docker API is not on TCP")


def _daemon_file() -> str:
    try:
        hosts = json.loads(Path("/etc/docker/daemon.json").read_text()).get("hosts", [])
    except (OSError, ValueError, AttributeError):
        return ""
    return ", ".join(str(host) for host in hosts if str(host).startswith("tcp://"))


def _daemon_flags() -> Iterator[str]:
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"dockerd"):
            yield from (word.decode(errors="replace") for word in words if b"tcp://" in word)
