"""Containers with a GPU's nodes, on the real engine: stand-in nodes, the kernel's real device control group.

The control group decides before a driver is asked: EPERM is its no, and any other answer is the driver's.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import payload
from sandbox.devices import discover
from sandbox.docker_backend import DockerBackend
from sandbox.keeper import ForbiddenOption
from sandbox.profile import missed
from sandbox.selfcheck.suite import INSIDE
from sandbox.spec import Devices, Limits, Mount
from tests.sandbox.gpu_host import add_amd, add_nvidia, stand_ins
from tests.sandbox.room import spec

pytestmark = pytest.mark.docker

GID = 48_104
"""A group that no image knows by name."""
LEASED, OTHER, SHARED = (10, 229), (10, 237), (10, 183)
"""Devices of the kernel's own (fuse, loop-control, hwrng): opening does nothing, and no container gets them."""
AMD = {"/dev/kfd": SHARED, "/dev/dri/renderD240": LEASED, "/dev/dri/renderD241": OTHER}
NVIDIA = {"/dev/nvidia240": LEASED, "/dev/nvidia241": OTHER, "/dev/nvidiactl": SHARED, "/dev/nvidia-uvm": (10, 228)}

PROBE = """
import errno, json, os, stat, sys
def attempt(action):
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "ok"
def nodes():
    for folder, _, names in os.walk("/dev"):
        for name in names:
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
                yield path
def make(number):
    path = f"/work/n{number[0]}-{number[1]}"
    return attempt(lambda: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(*number)))
opened = json.loads(sys.argv[1])
print(json.dumps({
    "nodes": sorted(nodes()),
    "opened": {path: attempt(lambda: os.close(os.open(path, os.O_RDWR))) for path in opened},
    "made": [make(number) for number in json.loads(sys.argv[2])],
    "groups": os.getgroups(),
    "visible": {name: value for name, value in os.environ.items() if "VISIBLE" in name},
}))
"""
PLAIN = {"full", "null", "random", "tty", "urandom", "zero", "ptmx"}


@pytest.fixture
def look(docker_backend: DockerBackend, sandbox_image: str) -> Iterator[Callable[..., Any]]:
    """What a container with these devices sees, and what it can open and make."""

    def ask(devices: Devices, paths: list[str], numbers: list[tuple[int, int]], env: dict[str, str]) -> Any:
        command = ("python3", "-I", "-c", PROBE, json.dumps(paths), json.dumps(numbers))
        end = docker_backend.run(
            spec(image=sandbox_image, command=command, devices=devices, env=env, limits=Limits(wall_seconds=30))
        )
        assert end.code == 0, end
        return json.loads(end.stdout)

    yield ask


def given_nodes(seen: Any) -> set[str]:
    return {path for path in seen["nodes"] if path.removeprefix("/dev/") not in PLAIN and "/pts/" not in path}


@pytest.mark.parametrize("vendor", ["rocm", "cuda"])
def test_only_the_leased_gpus_nodes_are_there_and_open(vendor: str, look: Callable[..., Any], tmp_path: Path) -> None:
    names = AMD if vendor == "rocm" else NVIDIA
    if vendor == "rocm":
        add_amd(tmp_path, 1, 240)
    else:
        add_nvidia(tmp_path, 240)
    (device,) = discover(tmp_path)
    wanted = Devices(paths=device.grant().paths, groups=(GID,))
    own, other = (next(path for path in names if number in path) for number in ("240", "241"))
    with stand_ins(names, GID):
        seen = look(wanted, [*wanted.paths, other], [OTHER, LEASED], device.environment())
        altered = look(wanted, [own, other], [], dict.fromkeys(device.environment(), "0,1,2,3"))
    assert given_nodes(seen) == set(wanted.paths)
    assert seen["opened"][own] == "ok"
    assert not {seen["opened"][path] for path in wanted.paths} & {"EPERM", "EACCES", "ENOENT"}
    assert seen["opened"][other] == "ENOENT"
    assert seen["made"] == ["EPERM", "EPERM"]
    assert GID in seen["groups"]
    assert seen["visible"] == device.environment()
    assert given_nodes(altered) == set(wanted.paths), "a variable is a convenience: it opens nothing"
    assert altered["opened"] == {own: "ok", other: "ENOENT"}


def test_the_control_group_lets_only_the_leased_numbers_through(
    docker_backend: DockerBackend, sandbox_image: str, tmp_path: Path
) -> None:
    """The other GPU's node, shown inside by way of a folder: it is there, its mode permits it, the kernel does not."""
    lease = Devices(paths=("/dev/dri/renderD240", "/dev/kfd"), groups=(GID,))
    folder = tmp_path / "shown"
    folder.mkdir(mode=0o755)
    careless = folder / "renderD241"
    program = "import os; os.open('/shown/renderD241', os.O_RDWR)"
    with stand_ins(AMD, GID):
        os.mknod(careless, stat.S_IFCHR | 0o666, os.makedev(*OTHER))
        careless.chmod(0o666)
        end = docker_backend.run(
            spec(
                image=sandbox_image,
                command=("python3", "-I", "-c", program),
                devices=lease,
                mounts=(Mount(source=str(folder), target="/shown"),),
            )
        )
    assert end.code == 1
    assert b"PermissionError: [Errno 1]" in end.stderr, end


def test_a_node_is_never_mounted_past_the_lease(
    docker_backend: DockerBackend, sandbox_image: str, tmp_path: Path
) -> None:
    os.mknod(tmp_path / "node", stat.S_IFCHR | 0o666, os.makedev(*OTHER))
    asked = spec(image=sandbox_image, mounts=(Mount(source=str(tmp_path / "node"), target="/in"),))
    with pytest.raises(ForbiddenOption, match="mount-path"):
        docker_backend.launch(asked)


def test_what_the_engine_says_of_it_is_asserted_before_its_start(
    docker_backend: DockerBackend, sandbox_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, inspects = docker_backend._engine, []
    inspect = engine.inspect
    monkeypatch.setattr(engine, "inspect", lambda name: inspects.append(inspect(name)) or inspects[-1])
    leased = spec(
        image=sandbox_image,
        devices=Devices(paths=("/dev/kfd", "/dev/dri/renderD240"), groups=(GID,)),
        limits=Limits(wall_seconds=20),
    )
    with stand_ins(AMD, GID):
        assert docker_backend.run(leased).code == 0
    first = inspects[0]
    assert missed(leased, first) == []
    assert first["HostConfig"]["GroupAdd"] == [str(GID)]
    assert sorted(node["PathOnHost"] for node in first["HostConfig"]["Devices"]) == ["/dev/dri/renderD240", "/dev/kfd"]
    assert '"mbind"' in first["HostConfig"]["SecurityOpt"][1], "our profile for GPUs, not an open one"
    another = leased.model_copy(update={"devices": Devices(paths=("/dev/kfd", "/dev/dri/renderD241"), groups=(GID,))})
    assert [problem.split(":")[0] for problem in missed(another, first)] == ["devices"]


def test_every_dangerous_call_is_refused_with_a_gpu_too(
    docker_backend: DockerBackend, sandbox_image: str, tmp_path: Path
) -> None:
    folder = payload.place({INSIDE.name: INSIDE.read_bytes()}, tmp_path / "payload")

    def ask(question: str) -> Any:
        end = docker_backend.run(
            spec(
                image=sandbox_image,
                command=("python3", "-I", f"/probes/{INSIDE.name}", question),
                mounts=(Mount(source=str(folder), target="/probes"),),
                devices=Devices(paths=("/dev/kfd", "/dev/dri/renderD240"), groups=(GID,)),
            )
        )
        assert end.code == 0, end
        return json.loads(end.stdout)

    with stand_ins(AMD, GID):
        calls, allowed = ask("calls"), ask("allowed")
    assert calls.pop("clone3") == "ENOSYS"
    assert {name: result for name, result in calls.items() if result != "EPERM"} == {}
    assert len(calls) > 80
    assert (allowed["mbind_is_known"], allowed["get_mempolicy"]) == ("ok", "ok"), "what the variant is for"
