"""What may not even be asked for: forbidden options by rule name, checked before the engine hears of them. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from pydantic import BaseModel, ConfigDict

from sandbox.docker_options import LABEL, OWN_LABELS
from sandbox.spec import ContainerSpec

MOST_PIDS = 256


class Finding(BaseModel):
    """One refusal: which rule, what it says, what is wrong here, and what to do instead."""

    model_config = ConfigDict(frozen=True)

    rule: str
    title: str
    message: str
    remedy: str


_RULES: dict[str, tuple[str, str]] = {
    "image-tag": ("Images are named by id", "use DockerBackend.image_id(name) and pass the sha256:… it returns"),
    "user-root": ("Nothing runs as root", "use numeric ids above 0, such as 65534:65534"),
    "env-loader": ("No variable steers the loader or a shell", "link or wrap the program instead"),
    "env-secret": ("No secret enters a container", "let the gateway hold the key; the runner reaches its socket"),
    "env-name": ("Variable names are plain", "use letters, digits and underscores, and no NUL in values"),
    "mount-control-socket": ("No engine socket is mounted", "there is none: the socket is root on the host"),
    "mount-outside": ("Mounts lie below the allowed roots", "copy the files into the state directory (see payload.py)"),
    "mount-path": ("Mount paths are absolute and canonical", "resolve '..', doubled slashes and links first"),
    "mount-target": (
        "Mounts hide nothing of the system",
        "mount below a folder of your own, such as /io or /candidate",
    ),
    "mount-twice": ("One target, one mount", "give every mount and tmpfs its own target"),
    "mount-writable": ("Runners write single files", "mount the one file read-write and its folder read-only"),
    "tmpfs-target": ("Only scratch folders are tmpfs", "use /tmp, /work, /dev/shm or a folder of your own"),
    "device-folder": ("Devices are leased one by one", "name the node, such as /dev/dri/renderD128"),
    "device-unknown": ("Only GPU nodes can be leased", "use /dev/kfd, /dev/dri/renderD<N> or /dev/nvidia<N>"),
    "device-many": ("One GPU a container, whole", "pass the nodes of one lease (see devices.py), no more and no fewer"),
    "device-role": ("Only a runner gets devices", "give the devices to the container with role 'run'"),
    "device-runtime": ("gVisor passes no AMD GPU", "use runtime runc for it"),
    "group-root": ("No group but a device's", "pass the numeric group of the device node"),
    "pids-many": (f"At most {MOST_PIDS} processes", "lower limits.pids"),
    "label-reserved": ("Labels under 'ratchet.' that we set are ours", "choose another label"),
    "privileged": ("Never privileged", "remove it; devices are leased by name"),
    "host-namespace": ("No namespace of the host", "remove it"),
    "capability": ("No capability is added", "remove it; memory placement calls are allowed without one"),
    "unconfined": ("Seccomp and AppArmor stay on", "remove it; our profile lets GPU runtimes work"),
    "network": ("No network", "remove it; models are reached by the gateway's socket"),
    "restart": ("Nothing restarts by itself", "remove it; the workflow retries"),
    "option-unknown": ("Options that are not in ContainerSpec do not exist", "remove it"),
}

_FORBIDDEN_OPTIONS: dict[str, str] = {
    **dict.fromkeys(["privileged"], "privileged"),
    **dict.fromkeys(
        ["pid", "pid_mode", "ipc", "ipc_mode", "uts", "uts_mode", "userns", "userns_mode"], "host-namespace"
    ),
    **dict.fromkeys(["cgroupns", "cgroup_parent"], "host-namespace"),
    **dict.fromkeys(["cap_add", "cap_drop", "capabilities"], "capability"),
    **dict.fromkeys(["security_opt", "seccomp", "apparmor", "no_new_privileges"], "unconfined"),
    **dict.fromkeys(["network", "network_mode", "networks", "ports", "publish", "dns", "extra_hosts"], "network"),
    **dict.fromkeys(["restart", "restart_policy"], "restart"),
    **dict.fromkeys(["volumes", "volumes_from", "binds"], "mount-outside"),
    **dict.fromkeys(["gpus", "device_requests", "device_cgroup_rules"], "device-folder"),
    **dict.fromkeys(["group_add"], "group-root"),
}

_LOADER = re.compile(r"LD_.*|GLIBC_TUNABLES|GCONV_PATH|BASH_ENV|ENV|PYTHON(PATH|HOME|STARTUP|INSPECT)", re.IGNORECASE)
_SECRET = re.compile(
    r".*(PASSWORD|PASSWD|SECRET|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|_TOKEN$)|TOKEN|(AWS|DOCKER|SSH|TEMPORAL)_.*",
    re.IGNORECASE,
)
_CONTROL_SOCKET = re.compile(
    r".*(docker|containerd|podman|crio|cri-dockerd|buildkitd|dockershim)[^/]*\.sock", re.DOTALL
)
_DEVICE = re.compile(r"/dev/(kfd|dri/renderD[0-9]+|nvidia[0-9]+|nvidiactl|nvidia-uvm)")
_ONE_GPU = (
    (re.compile(r"/dev/dri/renderD[0-9]+"), {"/dev/kfd"}),
    (re.compile(r"/dev/nvidia[0-9]+"), {"/dev/nvidiactl", "/dev/nvidia-uvm"}),
)
"""The node that a GPU has to itself, and those that it shares with the others of its make."""
_SYSTEM = (
    "bin",
    "boot",
    "dev",
    "etc",
    "lib",
    "lib32",
    "lib64",
    "libx32",
    "proc",
    "root",
    "run",
    "sbin",
    "sys",
    "usr",
    "var",
)


def refuse(spec: ContainerSpec, allowed_roots: Sequence[str | PurePosixPath]) -> list[Finding]:
    """Every forbidden thing that `spec` asks for; empty means it may be created.

    Mount sources are compared as text: the backend resolves links on both sides before it asks.
    """
    return [found for check in _CHECKS for found in check(spec, [str(root) for root in allowed_roots])]


def refuse_options(options: Mapping[str, object]) -> list[Finding]:
    """Refusals for raw container options, as a target's or an operator's file might carry them.

    An unset one (false, empty, null) is refused as well: no reader should think that it has an effect here.
    """
    known = set(ContainerSpec.model_fields)
    return [
        finding(_FORBIDDEN_OPTIONS.get(name.lower().replace("-", "_"), "option-unknown"), f"option {name!r}")
        for name in sorted(options)
        if name not in known
    ]


def forbidden_source(source: str) -> bool:
    """Whether a host path is a container engine's socket."""
    return _CONTROL_SOCKET.fullmatch(source) is not None


def finding(rule: str, message: str) -> Finding:
    """The refusal by this rule."""
    title, remedy = _RULES[rule]
    return Finding(rule=rule, title=title, message=message[:300], remedy=remedy)


def _image(spec: ContainerSpec, roots: list[str]) -> Iterator[Finding]:
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", spec.image):
        yield finding("image-tag", f"image {spec.image!r} is not an id")


def _identity(spec: ContainerSpec, roots: list[str]) -> Iterator[Finding]:
    if not re.fullmatch(r"[1-9][0-9]{0,8}:[1-9][0-9]{0,8}", spec.user):
        yield finding("user-root", f"user {spec.user!r}")
    yield from (finding("group-root", f"group {group}") for group in spec.devices.groups if group <= 0)


def _environment(spec: ContainerSpec, roots: list[str]) -> Iterator[Finding]:
    for name, value in spec.env.items():
        if _LOADER.fullmatch(name):
            yield finding("env-loader", f"variable {name}")
        elif _SECRET.fullmatch(name):
            yield finding("env-secret", f"variable {name}")
        elif not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or "\0" in value:
            yield finding("env-name", f"variable {name!r}")


def _canonical(path: str) -> bool:
    plain = path.isprintable() and path.startswith("/") and not path.startswith("//")
    return plain and posixpath.normpath(path) == path


def _mounts(spec: ContainerSpec, roots: list[str]) -> Iterator[Finding]:
    for mount in spec.mounts:
        shown = f"{mount.source!r} at {mount.target!r}"
        if forbidden_source(mount.source):
            yield finding("mount-control-socket", shown)
        if not _canonical(mount.source) or not _canonical(mount.target):
            yield finding("mount-path", shown)
        elif not any(_below(mount.source, root) for root in roots):
            yield finding("mount-outside", f"{shown} (allowed: below {', '.join(roots) or 'nothing'})")
        if mount.target.split("/")[1:2] in ([""], *([part] for part in _SYSTEM)):
            yield finding("mount-target", shown)


def _below(path: str, root: str) -> bool:
    # Strictly: a root itself holds other candidates' files.
    return PurePosixPath(root) in PurePosixPath(path).parents


def _tmpfs(spec: ContainerSpec, roots: list[str]) -> Iterator[Finding]:
    for target, size in spec.limits.tmpfs.items():
        first = target.split("/")[1:2]
        system = first in ([""], *([part] for part in _SYSTEM)) and target != "/dev/shm"  # noqa: S108
        if system or not _canonical(target) or size <= 0 or "," in target:
            yield finding("tmpfs-target", f"{target!r} with {size} bytes")
    targets = [mount.target for mount in spec.mounts] + list(spec.limits.tmpfs)
    for target in sorted({target for target in targets if targets.count(target) > 1}):
        yield finding("mount-twice", f"{target!r}")


def _devices(spec: ContainerSpec, roots: list[str]) -> Iterator[Finding]:
    for path in spec.devices.paths:
        if path in ("/dev", "/dev/dri", "/dev/shm", "/dev/nvidia") or path.endswith("/"):  # noqa: S108
            yield finding("device-folder", f"{path!r} is a folder")
        elif not _DEVICE.fullmatch(path):
            yield finding("device-unknown", f"{path!r}")
    known = all(_DEVICE.fullmatch(path) for path in spec.devices.paths)
    if spec.devices.paths and known and not any(_one_gpu(spec.devices.paths, own, shared) for own, shared in _ONE_GPU):
        yield finding("device-many", f"{', '.join(spec.devices.paths)} are not one GPU's nodes")
    if spec.devices.paths and spec.role != "run":
        yield finding("device-role", f"role {spec.role!r} asks for {', '.join(spec.devices.paths)}")
    if "/dev/kfd" in spec.devices.paths and spec.runtime == "runsc":
        yield finding("device-runtime", "/dev/kfd with runsc")


def _one_gpu(paths: Sequence[str], own: re.Pattern[str], shared: set[str]) -> bool:
    rest = [path for path in paths if path not in shared]
    return len(paths) == len(shared) + 1 == len(set(paths)) and len(rest) == 1 and own.fullmatch(rest[0]) is not None


def _bounds(spec: ContainerSpec, roots: list[str]) -> Iterator[Finding]:
    if spec.limits.pids > MOST_PIDS:
        yield finding("pids-many", f"pids {spec.limits.pids}")
    for label in spec.labels:
        if label.removeprefix(LABEL) in OWN_LABELS and label.startswith(LABEL):
            yield finding("label-reserved", f"label {label!r}")


_CHECKS: tuple[Callable[[ContainerSpec, list[str]], Iterator[Finding]], ...] = (
    _image,
    _identity,
    _environment,
    _mounts,
    _tmpfs,
    _devices,
    _bounds,
)
