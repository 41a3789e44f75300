"""Runs inside the sandbox image, as a candidate would: tries what must fail, and prints what happened as JSON.

`python3 -I inside.py calls|allowed|view`. Standard library only.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

libc = ctypes.CDLL(None, use_errno=True)

# Native x86-64 numbers, from the kernel's arch/x86/entry/syscalls/syscall_64.tbl.
SYSCALLS: dict[str, tuple[Any, ...]] = {
    "unshare": (272, 0x10000000),
    "unshare_time": (272, 0x80),
    "setns": (308, 0, 0),
    "mount": (165, b"none", b"/tmp", b"tmpfs", 0, 0),
    "umount2": (166, b"/tmp", 0),
    "pivot_root": (155, b"/", b"/"),
    "chroot": (161, b"/tmp"),
    "open_tree": (428, -100, b"/", 1),
    "move_mount": (429, -100, b"/", -100, b"/tmp", 0),
    "fsopen": (430, b"tmpfs", 0),
    "fspick": (433, -100, b"/", 0),
    "mount_setattr": (442, -100, b"/", 0, 0, 0),
    "bpf": (321, 0, 0, 0),
    "add_key": (248, b"user", b"a", b"b", 1, -4),
    "request_key": (249, b"user", b"a", 0, 0),
    "keyctl": (250, 0, -4, 0),
    "userfaultfd": (323, 1),
    "io_uring_setup": (425, 1, ctypes.create_string_buffer(256)),
    "io_uring_enter": (426, 0, 0, 0, 0, 0),
    "io_uring_register": (427, 0, 0, 0, 0),
    "perf_event_open": (298, ctypes.create_string_buffer(128), 0, -1, -1, 0),
    "ptrace": (101, 0, 0, 0, 0),
    "process_vm_readv": (310, os.getpid(), 0, 0, 0, 0, 0),
    "process_vm_writev": (311, os.getpid(), 0, 0, 0, 0, 0),
    "process_madvise": (440, 0, 0, 0, 0, 0),
    "pidfd_getfd": (438, 0, 0, 0),
    "kcmp": (312, os.getpid(), os.getpid(), 0, 0, 0),
    "name_to_handle_at": (303, -100, b"/", 0, 0, 0),
    "open_by_handle_at": (304, 0, 0, 0),
    "fanotify_init": (300, 0, 0),
    "swapon": (167, b"/tmp/x", 0),
    "reboot": (169, 0, 0, 0),
    "init_module": (175, 0, 0, b""),
    "finit_module": (313, 0, b"", 0),
    "delete_module": (176, b"x", 0),
    "kexec_load": (246, 0, 0, 0, 0),
    "acct": (163, 0),
    "settimeofday": (164, 0, 0),
    "clock_settime": (227, 0, 0),
    "sethostname": (170, b"x", 1),
    "syslog": (103, 10, 0, 0),
    "quotactl": (179, 0, 0, 0, 0),
    "iopl": (172, 3),
    "ioperm": (173, 0, 1, 1),
    "modify_ldt": (154, 0, 0, 0),
    "personality_no_randomisation": (135, 0x0040000),
    "vmsplice": (278, 1, 0, 0, 0),
    "memfd_secret": (447, 0),
    "remap_file_pages": (216, 0, 0, 0, 0, 0),
}
CLONE_NEW = {
    "clone_newns": 0x20000,
    "clone_newcgroup": 0x2000000,
    "clone_newuts": 0x4000000,
    "clone_newipc": 0x8000000,
    "clone_newuser": 0x10000000,
    "clone_newpid": 0x20000000,
    "clone_newnet": 0x40000000,
}
STATUS = ("CapEff", "CapBnd", "CapPrm", "CapAmb", "NoNewPrivs", "Seccomp")
FAMILIES = {
    "inet": 2,
    "ax25": 3,
    "inet6": 10,
    "key": 15,
    "netlink": 16,
    "packet": 17,
    "alg": 38,
    "vsock": 40,
    "xdp": 44,
}


def syscall(number: int, *arguments: Any) -> str:
    """Name of the error, or `ok`."""
    ctypes.set_errno(0)
    converted = [ctypes.c_long(item) if isinstance(item, int) else item for item in arguments]
    if libc.syscall(ctypes.c_long(number), *converted) != -1:
        return "ok"
    return errno.errorcode[ctypes.get_errno()]


def clone(flags: int) -> str:
    """A child with these flags: `ok`, or the error."""
    ctypes.set_errno(0)
    child = libc.syscall(ctypes.c_long(56), ctypes.c_long(flags | 17), 0, 0, 0, 0)
    if child == 0:
        os._exit(0)
    if child > 0:
        os.waitpid(child, 0)
        return "ok"
    return errno.errorcode[ctypes.get_errno()]


def attempt(action: Callable[[], object]) -> str:
    """`ok`, or the error's name."""
    try:
        action()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, type(error).__name__)
    return "ok"


def calls() -> dict[str, str]:
    """What the kernel says to every call that opens a way out."""
    seen = {name: syscall(*call) for name, call in SYSCALLS.items()}
    seen.update({name: clone(flags) for name, flags in CLONE_NEW.items()})
    seen["clone3"] = syscall(435, ctypes.create_string_buffer(88), 88)
    for name, family in FAMILIES.items():
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
            seen[f"socket_{name}_{int(kind)}"] = attempt(partial(socket.socket, family, kind))
    seen["socketpair_inet"] = attempt(lambda: socket.socketpair(socket.AF_INET))
    return seen


def allowed() -> dict[str, str]:
    """What honest programs need."""
    import subprocess
    import threading

    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    left, right = socket.socketpair()
    left.send(b"x")
    return {
        "thread": "ok",
        "pair": right.recv(1).decode(),
        "fork": clone(0),
        "child": subprocess.run(["echo", "x"], capture_output=True, text=True).stdout.strip(),
        "mbind_is_known": syscall(237, 0, 0, 0, 0, 0, 0),
        "get_mempolicy": syscall(239, 0, 0, 0, 0, 0),
        "personality": syscall(135, 0xFFFFFFFF),
    }


def read_from(path: str) -> None:
    """One byte of it."""
    with Path(path).open("rb") as stream:
        stream.read(1)


def listed(folder: str) -> list[str]:
    """Names in a folder; none when it is not there."""
    if attempt(lambda: os.scandir(folder).close()) != "ok":
        return []
    return sorted(path.name for path in Path(folder).iterdir())


def view() -> dict[str, Any]:
    """What a candidate can see and touch."""
    readable = []
    for folder, _, files in os.walk("/proc/1"):
        for name in files:
            try:
                with Path(folder, name).open("rb") as stream:
                    readable.append(stream.read(65536))
            except OSError:
                continue
        if folder.count("/") > 3:
            break
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    return {
        "env": dict(os.environ),
        "ids": [os.getresuid(), os.getresgid(), os.getgroups()],
        "status": {key: status.get(key, "") for key in STATUS},
        "interfaces": listed("/sys/class/net"),
        "proc_canaries": sum(b"CANARY" in text for text in readable),
        "processes": sum(name.isdigit() for name in listed("/proc")),
        "devices": listed("/dev"),
        "shm": Path("/dev/shm").exists(),
        "hostname": socket.gethostname(),
        "kernel": os.uname().release,
        "mounts": sorted({line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()}),
        "folder": str(Path.cwd()),
        "stdin": len(sys.stdin.buffer.read(1)),
        "cgroup": Path("/proc/self/cgroup").read_text(),
        "writes": {
            path: attempt(partial(Path(path).write_bytes, b"x"))
            for path in (
                "/x", "/etc/x", "/usr/x", "/var/tmp/x", "/run/x", "/root/x", "/home/x", "/opt/x", "/dev/x",
                "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/1/oom_score_adj",
                "/sys/fs/cgroup/x", "/sys/kernel/x", "/tmp/x", "/work/x",
            )
        },
        "reads": {
            path: attempt(partial(read_from, path))
            for path in (
                "/proc/kcore", "/proc/1/mem", "/dev/mem", "/dev/kmsg", "/dev/fuse", "/dev/net/tun", "/dev/kvm",
                "/dev/sda", "/dev/vda", "/etc/shadow", "/var/run/docker.sock",
            )
        },
    }  # fmt: skip


sys.stdout.write(json.dumps({"calls": calls, "allowed": allowed, "view": view}[sys.argv[1]]()))
