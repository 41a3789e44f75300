"""Who is on the other end of a Unix socket, as the kernel tells it: no token, nothing that a candidate could forge."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

_CREDENTIALS = struct.Struct("3i")
_CONTAINER = re.compile(r"(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?(?:/|$)")


class Peer(NamedTuple):
    """Credentials of the connecting process at the time of connect(), in our namespaces."""

    pid: int
    uid: int
    gid: int


ContainerOf = Callable[[int], str | None]
"""Container id of a host pid, or None when it runs in none."""


def peer(connection: socket.socket) -> Peer:
    """Read SO_PEERCRED."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return Peer(*_CREDENTIALS.unpack(data))


def container_of(pid: int, proc: Path = Path("/proc")) -> str | None:
    """Docker container id from the process's cgroup paths (v1 or v2). None when gone, unreadable or not in one."""
    try:
        text = (proc / str(pid) / "cgroup").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = {match.group(1) for line in text.splitlines() for match in [_CONTAINER.search(line)] if match}
    return found.pop() if len(found) == 1 else None
