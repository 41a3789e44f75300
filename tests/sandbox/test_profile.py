"""The reference profile, broken one setting at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.docker_backend import DockerBackend
from sandbox.profile import ASSERTIONS, ProfileError, missed
from sandbox.spec import ContainerSpec, Devices, Limits, Mount
from tests.sandbox.room import inspected, spec
from workflows.ports import InfrastructureError

Breaker = Callable[[dict[str, Any]], object]


def host(key: str, value: object) -> Breaker:
    return lambda seen: seen["HostConfig"].__setitem__(key, value)


def config(key: str, value: object) -> Breaker:
    return lambda seen: seen["Config"].__setitem__(key, value)


def option(text: str) -> Breaker:
    return lambda seen: seen["HostConfig"]["SecurityOpt"].append(text)


def without_new_privileges_rule(seen: dict[str, Any]) -> None:
    seen["HostConfig"]["SecurityOpt"].remove("no-new-privileges")


def other_profile(seen: dict[str, Any]) -> None:
    seen["HostConfig"]["SecurityOpt"][:] = ["no-new-privileges", "seccomp=unconfined"]


def mount(**changes: object) -> Breaker:
    return lambda seen: seen["Mounts"][0].update(changes)


def extra_mount(source: str) -> Breaker:
    extra = {"Type": "bind", "Source": source, "Destination": "/extra", "RW": False, "Propagation": "rprivate"}
    return lambda seen: seen["Mounts"].append(extra)


def label(key: str, value: str) -> Breaker:
    return lambda seen: seen["Config"]["Labels"].__setitem__(key, value)


KFD = {"PathOnHost": "/dev/kfd", "PathInContainer": "/dev/kfd", "CgroupPermissions": "rw"}
GPU_TWO = {"PathOnHost": "/dev/dri/renderD129", "PathInContainer": "/dev/dri/renderD129", "CgroupPermissions": "rw"}

BREAKS: list[tuple[str, Breaker]] = [
    ("image-digest", lambda seen: seen.__setitem__("Image", "sha256:" + "f" * 64)),
    ("image-digest", lambda seen: seen.__setitem__("Image", "debian:latest")),
    ("network-none", host("NetworkMode", "bridge")),
    ("network-none", host("NetworkMode", "host")),
    ("network-none", lambda seen: seen["NetworkSettings"]["Networks"].__setitem__("bridge", {})),
    ("network-extras", host("PortBindings", {"80/tcp": [{"HostPort": "80"}]})),
    ("network-extras", host("PublishAllPorts", True)),
    ("network-extras", host("ExtraHosts", ["a:1.2.3.4"])),
    ("network-extras", host("Dns", ["1.1.1.1"])),
    ("network-extras", host("Links", ["other"])),
    ("read-only-root", host("ReadonlyRootfs", False)),
    ("cap-drop-all", host("CapDrop", ["NET_RAW"])),
    ("cap-drop-all", host("CapDrop", None)),
    ("cap-add-none", host("CapAdd", ["SYS_PTRACE"])),
    ("not-privileged", host("Privileged", True)),
    ("security-options", without_new_privileges_rule),
    ("security-options", other_profile),
    ("security-options", option("seccomp=unconfined")),
    ("security-options", option("label=disable")),
    ("security-options", option("systempaths=unconfined")),
    ("apparmor", lambda seen: seen.__setitem__("AppArmorProfile", "unconfined")),
    ("proc-masked", host("MaskedPaths", None)),
    ("proc-masked", host("ReadonlyPaths", [])),
    ("user", config("User", "")),
    ("user", config("User", "0:0")),
    ("groups", host("GroupAdd", ["0"])),
    ("pids-limit", host("PidsLimit", 0)),
    ("pids-limit", host("PidsLimit", None)),
    ("memory", host("Memory", 0)),
    ("memory-swap", host("MemorySwap", -1)),
    ("oom-kill", host("OomKillDisable", True)),
    ("oom-kill", host("OomScoreAdj", -900)),
    ("cpus", host("NanoCpus", 0)),
    ("cpuset", host("CpusetCpus", "0-63")),
    ("pid-namespace", host("PidMode", "host")),
    ("ipc-namespace", host("IpcMode", "host")),
    ("ipc-namespace", host("IpcMode", "shareable")),
    ("uts-namespace", host("UTSMode", "host")),
    ("user-namespace", host("UsernsMode", "host")),
    ("cgroup-namespace", host("CgroupnsMode", "host")),
    ("cgroup-parent", host("CgroupParent", "/")),
    ("mounts", mount(RW=True)),
    ("mounts", mount(Source="/etc")),
    ("mounts", mount(Propagation="rshared")),
    ("mounts", mount(Type="volume")),
    ("mounts", lambda seen: seen["Mounts"].clear()),
    ("mounts", extra_mount("/etc")),
    ("control-socket", extra_mount("/var/run/docker.sock")),
    ("volumes", host("Binds", ["/etc:/host"])),
    ("volumes", host("VolumesFrom", ["other"])),
    ("volumes", config("Volumes", {"/data": {}})),
    ("tmpfs", host("Tmpfs", {"/tmp": "rw"})),
    ("tmpfs", host("Tmpfs", None)),
    ("devices", host("Devices", [])),
    ("devices", lambda seen: seen["HostConfig"]["Devices"].append(GPU_TWO)),
    ("devices", host("Devices", [{**KFD, "CgroupPermissions": "rwm"}])),
    ("device-rules", host("DeviceCgroupRules", ["c *:* rwm"])),
    ("device-rules", host("DeviceRequests", [{"Driver": "nvidia", "Count": -1}])),
    ("log-driver", host("LogConfig", {"Type": "json-file", "Config": {}})),
    ("restart", host("RestartPolicy", {"Name": "always"})),
    ("ulimits", host("Ulimits", [])),
    ("ulimits", lambda seen: seen["HostConfig"]["Ulimits"][0].__setitem__("Hard", -1)),
    ("runtime", host("Runtime", "kata")),
    ("init", host("Init", False)),
    ("sysctls", host("Sysctls", {"kernel.shmmax": "1"})),
    ("environment", lambda seen: seen["Config"]["Env"].append("LD_PRELOAD=/work/a.so")),
    ("environment", lambda seen: seen["Config"]["Env"].pop()),
    ("command", config("Entrypoint", ["/bin/sh"])),
    ("command", config("Cmd", ["--more"])),
    ("working-folder", config("WorkingDir", "/proc/self/fd/8")),
    ("terminal", config("Tty", True)),
    ("terminal", config("OpenStdin", True)),
    ("health-check", config("Healthcheck", {"Test": ["CMD", "true"]})),
    ("labels", label("ratchet.role", "judge")),
    ("labels", label("ratchet.instance", "")),
]


def full_spec() -> ContainerSpec:
    return spec(
        mounts=(Mount(source="/state/in", target="/io/in"),),
        devices=Devices(paths=("/dev/kfd", "/dev/dri/renderD128"), groups=(104,)),
        cpuset="1",
        env={"A": "1"},
    )


def test_an_obedient_engine_misses_nothing() -> None:
    assert missed(full_spec(), inspected(full_spec())) == []


def test_the_profile_has_at_least_eighteen_assertions_with_names_of_their_own() -> None:
    assert len({assertion.rule for assertion in ASSERTIONS}) == len(ASSERTIONS) >= 18


def test_every_assertion_is_broken_below() -> None:
    assert {rule for rule, _ in BREAKS} == {assertion.rule for assertion in ASSERTIONS}


@pytest.mark.parametrize(("rule", "broken"), BREAKS, ids=[f"{rule}-{at}" for at, (rule, _) in enumerate(BREAKS)])
def test_one_broken_setting_is_missed_by_its_rule(rule: str, broken: Breaker) -> None:
    seen = inspected(full_spec())
    broken(seen)
    problems = missed(full_spec(), seen)
    rules = [problem.split(":")[0] for problem in problems]
    assert rule in rules
    assert set(rules) <= {rule, "mounts"}  # an extra mount is also not among the spec's
    assert all("wanted" in problem and ";" in problem for problem in problems)


@pytest.mark.parametrize("rule", [assertion.rule for assertion in ASSERTIONS])
def test_an_unreadable_inspect_is_missed(rule: str) -> None:
    lenient = {"apparmor"}  # an engine without AppArmor says nothing of it; checked by its own break above
    missing = {problem.split(":")[0] for problem in missed(full_spec(), {})}
    assert rule in missing | lenient


@pytest.mark.docker
def test_a_real_container_meets_the_profile(docker_backend: DockerBackend, sandbox_image: str, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("x")
    wanted = spec(image=sandbox_image, mounts=(Mount(source=str(tmp_path / "in"), target="/io/in"),), cpuset="0")
    running = docker_backend.launch(wanted)
    try:
        assert missed(wanted, docker_backend._engine.inspect(running.id)) == []
    finally:
        running.remove()


@pytest.mark.docker
def test_a_real_container_with_leased_devices_meets_the_profile(
    docker_backend: DockerBackend, sandbox_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Created only: an engine looks for the nodes at the start."""
    lease = Devices(paths=("/dev/kfd", "/dev/dri/renderD128"), groups=(104, 105))
    inspects: list[dict[str, Any]] = []
    inspect = docker_backend._engine.inspect
    monkeypatch.setattr(docker_backend._engine, "inspect", lambda at: inspects.append(inspect(at)) or inspects[-1])
    wanted = spec(image=sandbox_image, devices=lease)
    with pytest.raises(InfrastructureError, match="/dev/"):
        docker_backend.launch(wanted)
    assert missed(wanted, inspects[0]) == []
    assert missed(spec(image=sandbox_image), inspects[0])


@pytest.mark.docker
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"NetworkMode": "bridge"}, "network-none"),
        ({"ReadonlyRootfs": False}, "read-only-root"),
        ({"CapAdd": ["SYS_ADMIN"]}, "cap-add-none"),
        ({"CapDrop": ["NET_RAW"]}, "cap-drop-all"),
        ({"Privileged": True}, "not-privileged"),
        ({"SecurityOpt": ["no-new-privileges", "seccomp=unconfined"]}, "security-options"),
        ({"PidsLimit": 0}, "pids-limit"),
        ({"MemorySwap": -1}, "memory-swap"),
        ({"NanoCpus": 0}, "cpus"),
        ({"PidMode": "host"}, "pid-namespace"),
        ({"IpcMode": "host"}, "ipc-namespace"),
        ({"UsernsMode": "host"}, "user-namespace"),
        ({"CgroupnsMode": "host"}, "cgroup-namespace"),
        ({"Binds": ["/var/run/docker.sock:/s"]}, "control-socket"),
        ({"LogConfig": {"Type": "json-file", "Config": {}}}, "log-driver"),
        ({"RestartPolicy": {"Name": "always"}}, "restart"),
        ({"Init": False}, "init"),
        ({"Ulimits": []}, "ulimits"),
        ({"Devices": [GPU_TWO | {"PathOnHost": "/dev/null"}]}, "devices"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_real_container_that_misses_is_removed_unstarted(
    docker_backend: DockerBackend,
    sandbox_image: str,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, object],
    rule: str,
) -> None:
    engine = docker_backend._engine
    create = engine.create
    started: list[str] = []

    def disobey(name: str, body: dict[str, Any]) -> str:
        worse = copy.deepcopy(body)
        worse["HostConfig"].update(change)
        return create(name, worse)

    monkeypatch.setattr(engine, "create", disobey)
    monkeypatch.setattr(engine, "start", started.append)
    with pytest.raises(ProfileError) as error:
        docker_backend.launch(spec(image=sandbox_image, limits=Limits(wall_seconds=5)))
    assert rule in [problem.split(":")[0] for problem in error.value.missed]
    assert started == []
    assert engine.find([f"ratchet.instance={docker_backend._instance}"]) == []
