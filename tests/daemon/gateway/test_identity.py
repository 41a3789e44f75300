"""The kernel's word on who is connecting."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from daemon.gateway.identity import container_of, peer

ID = "0123456789abcdef" * 4


def test_credentials_are_the_kernels() -> None:
    left, right = socket.socketpair()
    with left, right:
        assert peer(left) == (os.getpid(), os.getuid(), os.getgid())


@pytest.mark.parametrize(
    ("cgroup", "container"),
    [
        (f"12:pids:/docker/{ID}\n11:memory:/docker/{ID}\n0::/\n", ID),
        (f"0::/system.slice/docker-{ID}.scope\n", ID),
        (f"0::/docker/{ID}/inner\n", ID),
        ("0::/user.slice/session-1.scope\n", None),
        (f"1:a:/docker/{ID}\n2:b:/docker/{'f' * 64}\n", None),
        (f"0::/docker/{ID[:-1]}\n", None),
    ],
)
def test_the_container_is_read_from_the_cgroup(cgroup: str, container: str | None, tmp_path: Path) -> None:
    (tmp_path / "77").mkdir()
    (tmp_path / "77" / "cgroup").write_text(cgroup)
    assert container_of(77, tmp_path) == container
    assert container_of(78, tmp_path) is None
