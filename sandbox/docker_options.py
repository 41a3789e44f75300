"""From a spec to the body of the engine's `POST /containers/create`: pure, and the only place that words options.

Everything that a spec cannot say is fixed here: no network, no capability, no new privilege, read-only root, own
namespaces, our system call profile, no log on disk, no restart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sandbox.seccomp.rules import Variant
from sandbox.seccomp.rules import profile as seccomp_profile
from sandbox.spec import ContainerSpec

LABEL = "ratchet."
OWN_LABELS = ("instance", "role", "name", "owner", "deadline")
"""Written after `ratchet.` by the backend; `owner` is the process that started it, `deadline` is Unix seconds."""

GRACE_SECONDS = 30
"""How long after its deadline a container ends itself when no daemon is left to end it."""

BASE_ENV: Mapping[str, str] = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108
"""What the runner finds in its environment besides the spec's own names; nothing of the host's is passed on."""

EXECUTABLE_TMPFS = "/work"
TMPFS_INODES = 65_536
SENTRY_TASKS = 64


def engine_name(instance: str, name: str) -> str:
    """The engine-wide name of a container: two daemons on one engine do not meet."""
    return f"{instance}.{name}"


def environment(spec: ContainerSpec) -> dict[str, str]:
    """The whole environment inside."""
    return {**BASE_ENV, **spec.env}


def command(spec: ContainerSpec) -> list[str]:
    """The spec's command under a timer of its own, which outlives the daemon but is not the deadline.

    Only the backend's kill is trusted to end a container on time. The timer is the belt for a daemon that was killed
    and did not come back; a runner that stops it (they share a user) waits for the reaper instead.
    """
    seconds = math.ceil(spec.limits.wall_seconds) + GRACE_SECONDS
    return ["/usr/bin/timeout", "--signal=KILL", str(seconds), *spec.command]


def pids_limit(spec: ContainerSpec) -> int:
    """Tasks that the engine allows: the spec's, and room for gVisor's own threads, which count like the runner's."""
    return spec.limits.pids + (SENTRY_TASKS if spec.runtime == "runsc" else 0)


def tmpfs(spec: ContainerSpec) -> dict[str, str]:
    """Mount options by mount point."""
    options = {}
    for target, size in spec.limits.tmpfs.items():
        programs = "exec" if target == EXECUTABLE_TMPFS else "noexec"
        options[target] = f"rw,{programs},nosuid,nodev,size={size},nr_inodes={TMPFS_INODES},mode=1777"
    return options


def security_options(spec: ContainerSpec) -> list[str]:
    """No new privileges, and our own system call profile by content, for what the container is."""
    variant: Variant = "gvisor" if spec.runtime == "runsc" else "gpu" if spec.devices.paths else "runner"
    return ["no-new-privileges", f"seccomp={seccomp_profile(variant)}"]


def ulimits(spec: ContainerSpec) -> list[dict[str, Any]]:
    """Soft and hard alike."""
    values = {"core": 0, "fsize": spec.limits.fsize_bytes, "nofile": spec.limits.nofile}
    return [{"Name": name, "Soft": value, "Hard": value} for name, value in values.items()]


def labels(spec: ContainerSpec, *, instance: str, owner: str, deadline: float) -> dict[str, str]:
    """The spec's labels and ours."""
    ours = {
        "instance": instance,
        "role": spec.role,
        "name": spec.name,
        "owner": owner,
        "deadline": str(math.ceil(deadline)),
    }
    return {**spec.labels, **{LABEL + key: value for key, value in ours.items()}}


def create_body(spec: ContainerSpec, labelled: Mapping[str, str]) -> dict[str, Any]:
    """The request, for API 1.41 and newer."""
    limits = spec.limits
    return {
        "Image": spec.image,
        "Hostname": "sandbox",
        "User": spec.user,
        "Env": [f"{name}={value}" for name, value in environment(spec).items()],
        # As entrypoint, since an image may bring one that a mere command would be handed to.
        "Entrypoint": command(spec),
        "Cmd": [],
        # An engine makes a missing working folder itself, closed to the runner, and a tmpfs there inherits that. The
        # root always exists and is never writable; programs that need another folder change to it.
        "WorkingDir": "/",
        "AttachStdin": False,
        "AttachStdout": True,
        "AttachStderr": True,
        "OpenStdin": False,
        "Tty": False,
        # The runtime makes the private network namespace; the engine's own preparation of one that has no network
        # anyway (a namespace on the host, two more starts of its binary) costs as much as all the rest of a start.
        "NetworkDisabled": True,
        "Healthcheck": {"Test": ["NONE"]},
        "Labels": dict(labelled),
        "HostConfig": {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "CapAdd": [],
            "Privileged": False,
            "SecurityOpt": security_options(spec),
            "PidsLimit": pids_limit(spec),
            "Memory": limits.memory_bytes,
            "MemorySwap": limits.memory_bytes,
            "NanoCpus": nano_cpus(spec),
            "CpusetCpus": spec.cpuset,
            "IpcMode": "none",
            "CgroupnsMode": "private",
            "Init": True,
            "Runtime": spec.runtime,
            "Ulimits": ulimits(spec),
            "Tmpfs": tmpfs(spec),
            "Mounts": [
                {
                    "Type": "bind",
                    "Source": mount.source,
                    "Target": mount.target,
                    "ReadOnly": mount.read_only,
                    "BindOptions": {"Propagation": "rprivate"},
                }
                for mount in spec.mounts
            ],
            "Devices": [
                {"PathOnHost": path, "PathInContainer": path, "CgroupPermissions": "rw"} for path in spec.devices.paths
            ],
            "GroupAdd": [str(group) for group in spec.devices.groups],
            "LogConfig": {"Type": "none", "Config": {}},
            "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
            "AutoRemove": False,
            "PublishAllPorts": False,
        },
    }


def nano_cpus(spec: ContainerSpec) -> int:
    """The engine's unit of CPU share: 10⁻⁹ CPUs."""
    return round(spec.limits.cpus * 1_000_000_000)
