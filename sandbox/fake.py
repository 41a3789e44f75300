"""A backend without an engine: same surface, same rules, same verdicts, and containers that are only told about.

It shares `ContainerKeeper` and the watcher with the real backend, so refusals, names, limits on output and deadlines
are the real ones; only the engine below is played. What a container does is a `Script`, chosen from its spec.
"""

from __future__ import annotations

import hashlib
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import engine_errors
from sandbox.engine import EngineFacts, Found, Gone, NameTaken, Sample, Stream
from sandbox.keeper import ContainerKeeper
from sandbox.spec import ContainerSpec


@dataclass(frozen=True)
class Script:
    """What a played container does: write, perhaps act on its mounts, and end by itself after `seconds`, or never."""

    stdout: bytes = b""
    stderr: bytes = b""
    code: int = 0
    seconds: float | None = 0.0
    """None: only a kill ends it."""
    repeat: int = 1
    """How often the output is written; it goes on until a kill when there is no end to it."""
    oom: bool = False
    pids: int = 3
    cpu_share: float = 0.1
    """CPU seconds per second."""
    action: Callable[[], None] | None = None
    """Runs on the host at the start, for example to write the bundle that an agent would have written."""


class FakeBackend(ContainerKeeper):
    """See `backend.Backend`. `play` chooses the script for a spec; images are known by name in `images`."""

    def __init__(
        self,
        play: Callable[[ContainerSpec], Script] | None = None,
        *,
        instance: str,
        allowed_roots: Sequence[Path],
        images: Sequence[str] = ("ratchet-sandbox:dev",),
    ) -> None:
        self.engine = FakeEngine(images)
        super().__init__(self.engine, instance=instance, allowed_roots=allowed_roots)
        self._play = play or (lambda spec: Script())

    def _create(self, spec: ContainerSpec) -> str:
        identity = super()._create(spec)
        self.engine.played[identity].script = self._play(spec)
        return identity


class _Played:
    """One container of the fake engine."""

    def __init__(self, name: str, body: Mapping[str, Any]) -> None:
        self.name = name
        self.body = body
        self.script = Script()
        self.changed = threading.Condition()
        self.started: float | None = None
        self.killed = False
        self.removed = False

    def state(self) -> tuple[bool, int]:
        """Whether it has ended, and its exit code."""
        if self.killed:
            return True, 137
        end = self.script.seconds
        over = self.started is not None and end is not None and time.monotonic() >= self.started + end
        return over, self.script.code

    def wait(self, seconds: float) -> int | None:
        """Exit code, once it has ended within `seconds`."""
        until = time.monotonic() + seconds
        with self.changed:
            while True:
                if self.removed and not self.killed:
                    raise Gone(self.name)
                over, code = self.state()
                left = until - time.monotonic()
                if over:
                    return code
                if left <= 0:
                    return None
                self.changed.wait(min(left, 0.01))

    def end(self, *, removed: bool) -> None:
        """Kill it, and perhaps forget it."""
        with self.changed:
            self.killed = self.killed or not self.state()[0]
            self.removed = self.removed or removed
            self.changed.notify_all()


class FakeEngine:
    """`engine.Engine` with containers that are only told about."""

    def __init__(self, images: Sequence[str]) -> None:
        self.images = {name: "sha256:" + hashlib.sha256(name.encode()).hexdigest() for name in images}
        self.played: dict[str, _Played] = {}
        self.started: list[str] = []
        """Names of all containers that were ever started, in order."""
        self._lock = threading.Lock()
        self._count = 0

    def facts(self) -> EngineFacts:
        """See `engine.Engine.facts`."""
        return EngineFacts(
            endpoint="fake",
            version="0",
            api_version="1.41",
            cgroup_version="2",
            cpus=2,
            memory_bytes=1 << 33,
            runtimes=("runc",),
            security_options=("name=seccomp,profile=default",),
            swap_limit=True,
            data_root="",
            warnings=(),
        )

    def image_id(self, name: str) -> str:
        """See `engine.Engine.image_id`."""
        if name not in self.images:
            raise engine_errors.missing_image(name)
        return self.images[name]

    def create(self, name: str, body: Mapping[str, Any]) -> str:
        """See `engine.Engine.create`."""
        if body["Image"] not in self.images.values():
            raise engine_errors.missing_image(str(body["Image"]))
        with self._lock:
            if any(played.name == name for played in self.played.values()):
                raise NameTaken(name)
            self._count += 1
            identity = hashlib.sha256(f"{name} {self._count}".encode()).hexdigest()
            self.played[identity] = _Played(name, body)
            return identity

    def rename(self, container: str, name: str) -> None:
        """See `engine.Engine.rename`."""
        _, played = self._get(container)
        with self._lock:
            if any(other.name == name for other in self.played.values()):
                raise NameTaken(name)
            played.name = name

    def inspect(self, container: str) -> dict[str, Any]:
        """See `engine.Engine.inspect`."""
        identity, played = self._get(container)
        inspected = inspection(played.body, identity)
        inspected["State"] = {"OOMKilled": played.script.oom}
        return inspected

    def attach(self, container: str) -> Stream:
        """See `engine.Engine.attach`."""
        return _PlayedStream(self._get(container)[1])

    def start(self, container: str) -> None:
        """See `engine.Engine.start`."""
        _, played = self._get(container)
        if played.script.action is not None:
            played.script.action()
        self.started.append(played.name)
        with played.changed:
            played.started = time.monotonic()
            played.changed.notify_all()

    def wait(self, container: str, seconds: float) -> int | None:
        """See `engine.Engine.wait`."""
        return self._get(container)[1].wait(seconds)

    def kill(self, container: str) -> None:
        """See `engine.Engine.kill`."""
        self._get(container)[1].end(removed=False)

    def sample(self, container: str) -> Sample | None:
        """See `engine.Engine.sample`."""
        _, played = self._get(container)
        if played.started is None or played.state()[0]:
            return None
        script = played.script
        return Sample(script.pids, script.cpu_share * (time.monotonic() - played.started), oom_kills=int(script.oom))

    def remove(self, container: str) -> None:
        """See `engine.Engine.remove`."""
        with self._lock:
            played = self.played.pop(container, None)
        if played is not None:
            played.end(removed=True)

    def find(self, labels: Sequence[str]) -> list[Found]:
        """See `engine.Engine.find`."""
        wanted = dict(label.split("=", 1) for label in labels)
        with self._lock:
            all_found = [Found(identity, played.body["Labels"]) for identity, played in self.played.items()]
        return [found for found in all_found if wanted.items() <= found.labels.items()]

    def close(self) -> None:
        """See `engine.Engine.close`."""

    def _get(self, container: str) -> tuple[str, _Played]:
        with self._lock:
            for identity, played in self.played.items():
                if container in (identity, played.name):
                    return identity, played
        raise Gone(container)


class _PlayedStream:
    """Frames of a script's output, until its end."""

    def __init__(self, played: _Played) -> None:
        self._played = played
        self._written = 0

    def read(self, seconds: float) -> bytes | None:
        """See `engine.Stream.read`."""
        script = self._played.script
        if self._played.started is not None and self._written < script.repeat and not self._played.killed:
            self._written += 1
            frames = ((1, script.stdout), (2, script.stderr))
            if data := b"".join(struct.pack(">BxxxI", number, len(text)) + text for number, text in frames if text):
                return data
        try:
            return None if self._played.wait(seconds) is None else b""
        except Gone:
            return b""

    def close(self) -> None:
        """See `engine.Stream.close`."""


def inspection(body: Mapping[str, Any], identity: str) -> dict[str, Any]:
    """What an engine that obeys says of a container created by this body; for the fake and for tests."""
    host = dict(body["HostConfig"])
    host.update(
        {"PidMode": "", "UTSMode": "", "UsernsMode": "", "Binds": None, "VolumesFrom": None, "DeviceRequests": None}
    )
    host["MaskedPaths"] = ["/proc/kcore", "/proc/keys", "/sys/firmware"]
    host["ReadonlyPaths"] = ["/proc/sys", "/proc/sysrq-trigger"]
    return {
        "Id": identity,
        "Image": body["Image"],
        "AppArmorProfile": "",
        "HostConfig": host,
        "Config": {key: value for key, value in body.items() if key != "HostConfig"},
        "NetworkSettings": {"Networks": {"none": {}}},
        "Mounts": [
            {
                "Type": "bind",
                "Source": mount["Source"],
                "Destination": mount["Target"],
                "RW": not mount["ReadOnly"],
                "Propagation": mount["BindOptions"]["Propagation"],
            }
            for mount in host["Mounts"]
        ],
    }
