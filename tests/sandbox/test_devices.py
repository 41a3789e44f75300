"""Which GPUs a host has, read from made-up hosts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.devices import Node, architecture, discover
from sandbox.refusals import refuse
from sandbox.spec import Devices
from tests.sandbox.gpu_host import NODES, add_amd, add_nvidia, add_processor, write
from tests.sandbox.room import spec


def test_a_host_without_gpus_has_none(tmp_path: Path) -> None:
    assert discover(tmp_path) == []
    add_processor(tmp_path)
    write(tmp_path, "/dev/kfd")
    assert discover(tmp_path) == []


def test_each_amd_gpu_is_its_render_node_and_the_shared_one(tmp_path: Path) -> None:
    add_processor(tmp_path)
    add_amd(tmp_path, 1, 128, bus=0xC1)
    add_amd(tmp_path, 2, 130, bus=0x05, gfx=90402)
    second, first = discover(tmp_path)
    assert (first.name, first.arch, first.memory_bytes) == ("rocm-0000-c1-00-0", "gfx90a", 68702699520)
    assert (second.name, second.arch) == ("rocm-0000-05-00-0", "gfx942")
    assert first.grant() == Devices(
        paths=("/dev/dri/renderD128", "/dev/kfd"), groups=(os.getgid(),) * bool(os.getgid())
    )
    assert second.nodes[0].path == "/dev/dri/renderD130"


def test_a_renumbered_gpu_keeps_its_name(tmp_path: Path) -> None:
    add_amd(tmp_path / "before", 1, 128, bus=0xC1)
    add_amd(tmp_path / "after", 3, 135, bus=0xC1)
    (before,), (after,) = discover(tmp_path / "before"), discover(tmp_path / "after")
    assert before.name == after.name
    assert before.grant() != after.grant()


def test_partitions_of_one_gpu_are_devices_of_their_own(tmp_path: Path) -> None:
    for node, minor in ((1, 128), (2, 129), (3, 130)):
        add_amd(tmp_path, node, minor)
    found = discover(tmp_path)
    assert [one.name for one in found] == ["rocm-0000-c1-00-0", "rocm-0000-c1-00-0-p1", "rocm-0000-c1-00-0-p2"]
    assert len({one.nodes[0].path for one in found}) == 3


def test_each_nvidia_gpu_is_named_by_its_address_and_minor(tmp_path: Path) -> None:
    add_nvidia(tmp_path, 3, bus=0x17)
    add_nvidia(tmp_path, 0, bus=0xAA)
    first, second = discover(tmp_path)
    assert first.name == "cuda-0000-17-00-0"
    assert first.grant() == Devices(paths=("/dev/nvidia-uvm", "/dev/nvidia3", "/dev/nvidiactl"))
    assert first.environment() == {"CUDA_VISIBLE_DEVICES": "GPU-0000-3"}
    assert (second.model, second.nodes[0].path) == ("NVIDIA H100", "/dev/nvidia0")


def test_what_is_incomplete_is_no_device(tmp_path: Path) -> None:
    add_amd(tmp_path, 1, 128, nodes=False)
    add_nvidia(tmp_path, 0, control=False)
    assert discover(tmp_path) == []
    write(tmp_path, "/dev/kfd")
    assert discover(tmp_path) == []


def test_odd_files_of_the_kernel_are_survived(tmp_path: Path) -> None:
    add_amd(tmp_path, 1, 128)
    (tmp_path / NODES / "1" / "properties").write_bytes(b"\xff\xfe simd_count\nsimd_count many\ndrm_render_minor 128\n")
    write(tmp_path, "proc/driver/nvidia/gpus/x/information", "Device Minor: ../../kfd\n")
    assert discover(tmp_path) == []


@pytest.mark.parametrize(("version", "name"), [(90010, "gfx90a"), (90402, "gfx942"), (110000, "gfx1100"), (0, "")])
def test_the_kernels_number_is_the_compilers_name(version: int, name: str) -> None:
    assert architecture(version) == name


@pytest.mark.parametrize(
    ("gid", "mode", "group", "opens"),
    [(104, 0o660, 104, True), (104, 0o666, None, True), (0, 0o660, None, False), (104, 0o600, None, False)],
)
def test_the_group_is_the_nodes_own_number(gid: int, mode: int, group: int | None, opens: bool) -> None:
    node = Node("/dev/kfd", gid, mode, True)
    assert (node.group, node.open_to_runners) == (group, opens)


def test_what_is_granted_is_never_refused(tmp_path: Path) -> None:
    add_amd(tmp_path, 1, 128)
    add_nvidia(tmp_path, 0)
    for device in discover(tmp_path):
        asked = spec(devices=device.grant(), env=device.environment())
        assert refuse(asked, ["/state"]) == []


NAMES = ["/dev/kfd", "/dev/dri/renderD128", "/dev/dri/renderD129", "/dev/nvidia0", "/dev/nvidia1", "/dev/nvidiactl"]


@given(st.lists(st.sampled_from([*NAMES, "/dev/nvidia-uvm"]), min_size=1, max_size=5))
def test_nothing_but_the_nodes_of_one_gpu_can_be_asked_for(paths: list[str]) -> None:
    refused = {found.rule for found in refuse(spec(devices=Devices(paths=tuple(paths))), [])}
    amd = len(paths) == 2 and paths.count("/dev/kfd") == 1 and sum("renderD" in path for path in paths) == 1
    own = sum(path in ("/dev/nvidia0", "/dev/nvidia1") for path in paths)
    nvidia = len(paths) == 3 and own == 1 and {"/dev/nvidiactl", "/dev/nvidia-uvm"} <= set(paths)
    assert ("device-many" in refused) is not (amd or nvidia)
