"""What the self-check's programs would show in a good sandbox, played by the fake backend; and each promise broken."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.docker_options import BASE_ENV
from sandbox.fake import Script
from sandbox.selfcheck.contract import GIVEN, WORDS
from sandbox.selfcheck.isolation import CALLS, DEVICES, HARMLESS_DEVICES
from sandbox.spec import MIB, ContainerSpec

Play = Callable[[ContainerSpec], Script]

REFUSED = {name: "EPERM" for _, names in CALLS.values() for name in names.split()} | {"clone3": "ENOSYS"}
HONEST = {"thread": "ok", "pair": "x", "fork": "ok", "child": "x"}
VIEW: dict[str, Any] = {
    "env": {**BASE_ENV, "CHECK": "1"},
    "ids": [[65534] * 3, [65534] * 3, []],
    "status": {**dict.fromkeys(("CapEff", "CapBnd", "CapPrm"), "0" * 16), "Seccomp": "2"},
    "interfaces": ["lo"],
    "proc_canaries": 0,
    "processes": 3,
    "devices": sorted(HARMLESS_DEVICES),
    "hostname": "sandbox",
    "cgroup": "0::/",
    "kernel": os.uname().release,
    "mounts": ["/", "/check", "/dev", "/io/in", "/io/out", "/proc", "/sys", "/tmp", "/work"],
    "folder": "/",
    "stdin": 0,
    "writes": {"/x": "EROFS", "/tmp/x": "ok", "/work/x": "ok"},
    "reads": dict.fromkeys((*DEVICES, "/proc/kcore", "/proc/1/mem", "/etc/shadow", "/var/run/docker.sock"), "ENOENT"),
}  # fmt: skip


def program_of(spec: ContainerSpec) -> str:
    """Which of the suite's programs a container is for."""
    return spec.name.split("-")[2]


def told(document: dict[str, Any]) -> Script:
    return Script(json.dumps(document).encode())


def write(spec: ContainerSpec, data: bytes, target: str = "/io/out") -> None:
    Path(next(mount.source for mount in spec.mounts if mount.target == target)).write_bytes(data)


def late(spec: ContainerSpec) -> None:
    """A descendant that goes on for some seconds after the kill."""
    import threading

    def go() -> None:
        for count in range(1, 80):
            write(spec, b"." * count)
            time.sleep(0.05)

    threading.Thread(target=go, daemon=True).start()


def good(spec: ContainerSpec) -> Script:
    """What a sandbox that keeps every promise shows."""
    scripts = {
        "calls": told(REFUSED),
        "allowed": told(HONEST),
        "view": told(VIEW),
        "code": Script(b"out", b"err", code=3),
        "bytes": Script(GIVEN),
        "words": Script(json.dumps(WORDS).encode()),
        "copies": Script(b"held\n", action=lambda: write(spec, GIVEN)),
        "marks": Script(b"/tmp []\n/work []\n"),
        "runs": Script(b"work\n"),
        "crashes": Script(code=139),
        "hangs": Script(seconds=None, action=lambda: write(spec, b"...")),
        "eats": Script(code=137, oom=True, seconds=0.1),
        "crowds": Script(seconds=None, pids=64),
        "babbles": Script(b"y\n" * 50_000, repeat=10_000, seconds=None),
        "fills": Script(b"a" * (3 * MIB) + b"z"),
        "opens": Script(code=1),
        "grows": Script(code=1),
        "floods": Script(code=1),
        "sleeps": Script(seconds=None),
    }
    return scripts[program_of(spec)]


def seen(**changes: Any) -> Callable[[ContainerSpec], Script]:
    """The view from inside, with something in it that must not be there."""
    return lambda spec: told({**VIEW, **changes})


def plain(script: Script) -> Callable[[ContainerSpec], Script]:
    return lambda spec: script


BROKEN: dict[str, tuple[str, Callable[[ContainerSpec], Script]]] = {
    **{
        f"call-{name}": ("calls", plain(told({**REFUSED, names.split()[-1]: "ok"})))
        for name, (_, names) in CALLS.items()
    },
    "call-clone3": ("calls", plain(told({**REFUSED, "clone3": "ok"}))),
    "honest-calls": ("allowed", plain(told({**HONEST, "thread": "EPERM"}))),
    "environment": ("view", seen(env={**BASE_ENV, "CHECK": "1", "AWS_SECRET_ACCESS_KEY": "x"})),
    "user": ("view", seen(ids=[[0] * 3, [65534] * 3, []])),
    "capabilities": ("view", seen(status={**VIEW["status"], "CapBnd": "00000000a80425fb"})),
    "seccomp": ("view", seen(status={**VIEW["status"], "Seccomp": "0"})),
    "interfaces": ("view", seen(interfaces=["eth0", "lo"])),
    "read-only": ("view", seen(writes={**VIEW["writes"], "/etc/x": "ok"})),
    "kernel-memory": ("view", seen(reads={**VIEW["reads"], "/proc/kcore": "ok"})),
    "no-devices-open": ("view", seen(reads={**VIEW["reads"], "/dev/kvm": "ok"})),
    "devices": ("view", seen(devices=["null", "sda"])),
    "passwords": ("view", seen(reads={**VIEW["reads"], "/etc/shadow": "ok"})),
    "engine-socket": ("view", seen(reads={**VIEW["reads"], "/var/run/docker.sock": "ok"})),
    "processes": ("view", seen(processes=140)),
    "canaries": ("view", seen(proc_canaries=1)),
    "host-name": ("view", seen(hostname="build-7")),
    "control-groups": ("view", seen(cgroup="12:pids:/docker/0123")),
    "mounts": ("view", seen(mounts=[*VIEW["mounts"], "/home"])),
    "runtime": ("view", seen(kernel="4.4.0")),
    "stdin": ("view", seen(stdin=1)),
    "folder": ("view", seen(folder="/root")),
    "exit-code": ("code", plain(Script(b"out", b"err", code=0))),
    "streams": ("code", plain(Script(b"outerr", code=3))),
    "bytes": ("bytes", plain(Script(GIVEN.replace(b"\n", b"\r\n")))),
    "arguments": ("words", plain(Script(json.dumps(["two", *WORDS]).encode()))),
    "written-file": ("copies", lambda spec: Script(b"held\n", action=lambda: write(spec, GIVEN[:-1]))),
    "given-file": ("copies", lambda spec: Script(b"held\n", action=lambda: write(spec, b"", "/io/in"))),
    "fresh": ("marks", plain(Script(b"/tmp ['mark']\n/work []\n"))),
    "programs": ("runs", plain(Script(b"work\ntmp\n"))),
    "signal": ("crashes", plain(Script(code=1))),
    "deadline": ("hangs", plain(Script(seconds=0.0))),
    "deadline-time": ("hangs", plain(Script(seconds=0.0))),
    "descendants": ("hangs", lambda spec: Script(seconds=None, action=lambda: late(spec))),
    "memory": ("eats", plain(Script(code=137))),
    "processes-limit": ("crowds", plain(Script(seconds=None, pids=3))),
    "cpu": ("crowds", plain(Script(seconds=None, pids=64, cpu_share=0.0))),
    "output-limit": ("babbles", plain(Script(b"y\n"))),
    "output-ends": ("fills", plain(Script(b"a" * 100))),
    "open-files": ("opens", plain(Script())),
    "file-size": ("grows", plain(Script())),
    "scratch-size": ("floods", plain(Script())),
}
"""By point: a program and what it shows in a sandbox that breaks the promise. The rest: `test_selfcheck`."""
