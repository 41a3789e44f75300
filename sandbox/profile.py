"""The reference profile: what `docker inspect` must say of a created container before it may start. Pure.

Each assertion compares one fact of the created container with what the spec (or the house) wants. What cannot be read
counts as missed, and so does any option that we never ask for but that an engine's default might have added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox import docker_options
from sandbox.refusals import Finding, forbidden_source, refuse, refuse_options
from sandbox.spec import ContainerSpec
from workflows.ports import RefusedError

__all__ = ["ASSERTIONS", "Assertion", "Finding", "ProfileError", "missed", "refuse", "refuse_options"]

ENGINE = "another engine default or plugin changed it: compare with `docker info` and the engine's daemon.json"
SWAP = "the kernel counts no swap: boot with swapaccount=1, or use cgroup v2"
OURS = "the spec and the created container differ: report it, with the container's inspect"


class ProfileError(RefusedError):
    """A created container misses the reference profile. It was removed unstarted."""

    def __init__(self, name: str, missed_rules: list[str]) -> None:
        super().__init__("sandbox-profile", f"sandbox: container {name} misses the profile: " + "; ".join(missed_rules))
        self.missed = tuple(missed_rules)


@dataclass(frozen=True)
class Assertion:
    """One line of the profile: the fact seen must be the fact wanted, in value and in type."""

    rule: str
    title: str
    seen: Callable[[Mapping[str, Any]], object]
    wanted: Callable[[ContainerSpec], object]
    remedy: str = ENGINE


def missed(spec: ContainerSpec, inspected: Mapping[str, Any]) -> list[str]:
    """`rule: title (seen …, wanted …); remedy` for every assertion that does not hold; empty means start it."""
    problems = []
    for assertion in ASSERTIONS:
        wanted = assertion.wanted(spec)
        try:
            seen = assertion.seen(inspected)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            seen = "nothing readable"
        if type(seen) is not type(wanted) or seen != wanted:
            facts = f"seen {_short(seen)}, wanted {_short(wanted)}"
            problems.append(f"{assertion.rule}: {assertion.title} ({facts}); {assertion.remedy}")
    return problems


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


def _host(key: str) -> Callable[[Mapping[str, Any]], object]:
    return lambda inspected: inspected["HostConfig"][key]


def _config(key: str) -> Callable[[Mapping[str, Any]], object]:
    return lambda inspected: inspected["Config"][key]


def _host_lacks(*keys: str) -> Callable[[Mapping[str, Any]], object]:
    """The names among `keys` that carry something; engines write nothing as null, empty or not at all."""
    return lambda inspected: [key for key in keys if inspected["HostConfig"].get(key) not in (None, "", [], {}, 0)]


def _always(value: object) -> Callable[[ContainerSpec], object]:
    return lambda spec: value


def _networks(inspected: Mapping[str, Any]) -> object:
    return [inspected["HostConfig"]["NetworkMode"], sorted(set(inspected["NetworkSettings"]["Networks"]) - {"none"})]


def _mounts_seen(inspected: Mapping[str, Any]) -> object:
    return sorted(
        (mount["Type"], mount["Source"], mount["Destination"], mount["RW"], mount["Propagation"])
        for mount in inspected["Mounts"]
    )


def _mounts_wanted(spec: ContainerSpec) -> object:
    return sorted(("bind", mount.source, mount.target, not mount.read_only, "rprivate") for mount in spec.mounts)


def _control_sockets(inspected: Mapping[str, Any]) -> object:
    return [mount["Source"] for mount in inspected["Mounts"] if forbidden_source(mount["Source"])]


def _devices_seen(inspected: Mapping[str, Any]) -> object:
    devices = inspected["HostConfig"]["Devices"] or []
    return sorted((item["PathOnHost"], item["PathInContainer"], item["CgroupPermissions"]) for item in devices)


def _ulimits_seen(inspected: Mapping[str, Any]) -> object:
    return sorted((item["Name"], item["Soft"], item["Hard"]) for item in inspected["HostConfig"]["Ulimits"])


def _labels_seen(inspected: Mapping[str, Any]) -> object:
    labels = inspected["Config"]["Labels"]
    named = [labels[docker_options.LABEL + key] for key in ("role", "name")]
    return [*named, all(labels[docker_options.LABEL + key] for key in ("instance", "owner", "deadline"))]


_PROC_MASKED = {"/proc/kcore", "/proc/keys", "/sys/firmware"}
_PROC_READ_ONLY = {"/proc/sys", "/proc/sysrq-trigger"}

ASSERTIONS: tuple[Assertion, ...] = (
    Assertion("image-digest", "exactly the image asked for", lambda i: i["Image"], lambda s: s.image, OURS),
    Assertion("network-none", "no network", _networks, _always(["none", []])),
    Assertion(
        "network-extras",
        "no ports, links, hosts or name servers",
        _host_lacks("PortBindings", "PublishAllPorts", "Links", "ExtraHosts", "Dns", "DnsSearch", "DnsOptions"),
        _always([]),
    ),
    Assertion("read-only-root", "the root file system is read-only", _host("ReadonlyRootfs"), _always(True)),
    Assertion("cap-drop-all", "every capability is dropped", _host("CapDrop"), _always(["ALL"])),
    Assertion("cap-add-none", "no capability is added", _host_lacks("CapAdd"), _always([])),
    Assertion("not-privileged", "not privileged", _host("Privileged"), _always(False)),
    Assertion(
        "security-options",
        "no new privileges, and our system call profile, and nothing else",
        lambda i: sorted(i["HostConfig"]["SecurityOpt"]),
        lambda s: sorted(docker_options.security_options(s)),
    ),
    Assertion(
        "apparmor", "AppArmor is not switched off", lambda i: i["AppArmorProfile"] == "unconfined", _always(False)
    ),
    Assertion(
        "proc-masked",
        "the engine's masked and read-only kernel files stay so",
        lambda i: [
            set(i["HostConfig"]["MaskedPaths"]) >= _PROC_MASKED,
            set(i["HostConfig"]["ReadonlyPaths"]) >= _PROC_READ_ONLY,
        ],
        _always([True, True]),
    ),
    Assertion("user", "the spec's user, who is not root", _config("User"), lambda s: s.user, OURS),
    Assertion(
        "groups",
        "no group beyond the lease's",
        lambda i: sorted(i["HostConfig"]["GroupAdd"] or []),
        lambda s: sorted(str(group) for group in s.devices.groups),
        OURS,
    ),
    Assertion("pids-limit", "the number of processes is limited", _host("PidsLimit"), docker_options.pids_limit),
    Assertion("memory", "memory is limited", _host("Memory"), lambda s: s.limits.memory_bytes),
    Assertion("memory-swap", "no swap beyond it", _host("MemorySwap"), lambda s: s.limits.memory_bytes, SWAP),
    Assertion(
        "oom-kill", "the kernel may end it for memory", _host_lacks("OomKillDisable", "OomScoreAdj"), _always([])
    ),
    Assertion("cpus", "CPU time is limited", _host("NanoCpus"), docker_options.nano_cpus),
    Assertion("cpuset", "only the CPUs asked for", _host("CpusetCpus"), lambda s: s.cpuset),
    Assertion("pid-namespace", "sees its own processes only", _host("PidMode"), _always("")),
    Assertion("ipc-namespace", "no shared memory with others", _host("IpcMode"), _always("none")),
    Assertion("uts-namespace", "own host name", _host("UTSMode"), _always("")),
    Assertion("user-namespace", "the engine's user mapping stays on", _host("UsernsMode"), _always("")),
    Assertion("cgroup-namespace", "own view of control groups", _host("CgroupnsMode"), _always("private")),
    Assertion("cgroup-parent", "the engine's control group", _host_lacks("CgroupParent", "Cgroup"), _always([])),
    Assertion("mounts", "exactly the mounts of the spec", _mounts_seen, _mounts_wanted, OURS),
    Assertion("control-socket", "no container engine's socket", _control_sockets, _always([])),
    Assertion(
        "volumes",
        "no volumes, old-style binds or other containers' mounts",
        lambda i: [_host_lacks("Binds", "VolumesFrom", "VolumeDriver")(i), bool(i["Config"].get("Volumes"))],
        _always([[], False]),
    ),
    Assertion("tmpfs", "sized, nosuid, nodev", _host("Tmpfs"), docker_options.tmpfs),
    Assertion(
        "devices",
        "exactly the lease's devices",
        _devices_seen,
        lambda s: sorted((path, path, "rw") for path in s.devices.paths),
        OURS,
    ),
    Assertion(
        "device-rules", "no device rules or requests", _host_lacks("DeviceCgroupRules", "DeviceRequests"), _always([])
    ),
    Assertion("log-driver", "no log on disk", lambda i: i["HostConfig"]["LogConfig"]["Type"], _always("none")),
    Assertion("restart", "never restarted", lambda i: i["HostConfig"]["RestartPolicy"]["Name"], _always("no")),
    Assertion(
        "ulimits",
        "files, file size and core dumps are limited",
        _ulimits_seen,
        lambda s: sorted((item["Name"], item["Soft"], item["Hard"]) for item in docker_options.ulimits(s)),
    ),
    Assertion("runtime", "the runtime asked for", _host("Runtime"), lambda s: s.runtime),
    Assertion("init", "an init reaps orphans", _host("Init"), _always(True)),
    Assertion("sysctls", "no kernel settings", _host_lacks("Sysctls"), _always([])),
    Assertion(
        "environment",
        "exactly our environment, with nothing from image or host",
        lambda i: sorted(i["Config"]["Env"]),
        lambda s: sorted(f"{name}={value}" for name, value in docker_options.environment(s).items()),
        "the image brings variables of its own: rebuild it with `make image`",
    ),
    Assertion(
        "command",
        "exactly the spec's command",
        lambda i: [*(i["Config"]["Entrypoint"] or []), *(i["Config"]["Cmd"] or [])],
        docker_options.command,
        OURS,
    ),
    Assertion("working-folder", "starts in the read-only root", _config("WorkingDir"), _always("/")),
    Assertion(
        "terminal",
        "no terminal and no input",
        lambda i: [i["Config"]["Tty"], i["Config"]["OpenStdin"]],
        _always([False, False]),
        OURS,
    ),
    Assertion(
        "health-check",
        "the engine runs nothing inside by itself",
        lambda i: (i["Config"].get("Healthcheck") or {"Test": ["NONE"]})["Test"],
        _always(["NONE"]),
    ),
    Assertion("labels", "findable by the reaper", _labels_seen, lambda s: [s.role, s.name, True], OURS),
)
"""The profile, in the order in which misses are told."""
