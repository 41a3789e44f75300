"""Control group files of both versions, as the kernel writes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from sandbox.cgroups import read
from sandbox.engine import Sample

ID = "a" * 64


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.parametrize("inner", [f"docker/{ID}", f"system.slice/docker-{ID}.scope"])
def test_version_1(tmp_path: Path, inner: str) -> None:
    write(
        tmp_path,
        {
            f"pids/{inner}/pids.current": "3\n",
            f"pids/{inner}/pids.events": "max 2\n",
            f"cpuacct/{inner}/cpuacct.usage": "1500000000\n",
            f"memory/{inner}/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
        },
    )
    assert read(ID, tmp_path) == Sample(3, 1.5, 2, 1)


@pytest.mark.parametrize("inner", [f"docker/{ID}", f"system.slice/docker-{ID}.scope"])
def test_version_2(tmp_path: Path, inner: str) -> None:
    write(
        tmp_path,
        {
            "cgroup.controllers": "cpu memory pids\n",
            f"{inner}/pids.current": "3\n",
            f"{inner}/pids.events": "max 0\n",
            f"{inner}/cpu.stat": "usage_usec 2500000\nuser_usec 1\nsystem_usec 2\n",
            f"{inner}/memory.events": "low 0\nhigh 0\nmax 7\noom 2\noom_kill 1\n",
        },
    )
    assert read(ID, tmp_path) == Sample(3, 2.5, 0, 1)


@pytest.mark.parametrize("text", ["", "not a number\n", "1 2 3\n"])
def test_what_is_not_there_or_not_readable_is_no_sample(tmp_path: Path, text: str) -> None:
    assert read(ID, tmp_path) is None
    write(tmp_path, {f"pids/docker/{ID}/pids.current": text, f"cpuacct/docker/{ID}/cpuacct.usage": text})
    assert read(ID, tmp_path) is None
