"""The Docker engine behind our narrow surface. The only file that imports `docker`."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import docker
import requests.exceptions
from docker.errors import APIError, DockerException, NotFound

from sandbox import cgroups, engine_errors
from sandbox.engine import EngineFacts, Found, Gone, NameTaken, Sample, Stream
from sandbox.exits import Exit
from sandbox.keeper import ContainerKeeper
from sandbox.profile import ProfileError
from sandbox.supervised import Supervised as Running

__all__ = ["DEFAULT_ENDPOINT", "DockerBackend", "DockerEngine", "EngineFacts", "Exit", "ProfileError", "Running"]

DEFAULT_ENDPOINT = "unix:///var/run/docker.sock"

_SECONDS = {"create": 60.0, "start": 60.0, "remove": 60.0, "list": 30.0, "sample": 2.0}
_QUICK = 15.0
_CHUNK = 256 * 1024


class DockerBackend(ContainerKeeper):
    """Containers on one Docker engine. See `backend.Backend` for the surface.

    `base_url` is the engine's address (default `unix:///var/run/docker.sock`); neither DOCKER_HOST nor the docker
    command's context is looked at. `instance` owns the containers; mounts must lie below `allowed_roots`. Nothing is
    connected before the first call.
    """

    def __init__(self, base_url: str | None = None, *, instance: str, allowed_roots: Sequence[Path]) -> None:
        super().__init__(DockerEngine(base_url or DEFAULT_ENDPOINT), instance=instance, allowed_roots=allowed_roots)


class DockerEngine:
    """`engine.Engine` over the engine's HTTP API. Thread-safe: each call takes a connection of its own from a pool."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._local = endpoint.startswith("unix://")
        self._lock = threading.Lock()
        self._idle: list[docker.APIClient] = []
        self._version = ""
        self._groups_are_here = False

    def facts(self) -> EngineFacts:
        """Version and abilities of the engine."""
        with self._call("asking for its version") as api:
            info, version = api.info(), api.version()
        return EngineFacts(
            endpoint=self._endpoint,
            version=str(version.get("Version", "")),
            api_version=str(version.get("ApiVersion", "")),
            cgroup_version=str(info.get("CgroupVersion", "1")),
            cpus=int(info.get("NCPU", 0)),
            memory_bytes=int(info.get("MemTotal", 0)),
            runtimes=tuple(sorted(info.get("Runtimes") or {})),
            security_options=tuple(info.get("SecurityOptions") or ()),
            swap_limit=bool(info.get("SwapLimit")),
            data_root=str(info.get("DockerRootDir", "")),
            warnings=tuple(info.get("Warnings") or ()),
            storage=_storage(info),
            runc=next((str(one["Version"]) for one in version.get("Components") or () if one["Name"] == "runc"), ""),
        )

    def image_id(self, name: str) -> str:
        """See `backend.Backend.image_id`."""
        try:
            with self._call(f"looking for image {name}") as api:
                return str(_untyped(api).inspect_image(name)["Id"])
        except Gone:
            raise engine_errors.missing_image(name) from None

    def create(self, name: str, body: Mapping[str, Any]) -> str:
        """See `engine.Engine.create`."""
        try:
            with self._call(f"creating container {name}", "create") as api:
                return str(_untyped(api).create_container_from_config(dict(body), name=name)["Id"])
        except Gone:
            raise engine_errors.missing_image(str(body.get("Image"))) from None

    def rename(self, container: str, name: str) -> None:
        """See `engine.Engine.rename`."""
        with self._call(f"naming a container {name}", "rename") as api:
            api.rename(container, name)

    def inspect(self, container: str) -> dict[str, Any]:
        """See `engine.Engine.inspect`."""
        with self._call("inspecting a container") as api:
            inspected: dict[str, Any] = api.inspect_container(container)
            return inspected

    def attach(self, container: str) -> Stream:
        """See `engine.Engine.attach`."""
        with self._call("attaching to a container") as api:
            return _SocketStream(api.attach_socket(container, params={"stdout": 1, "stderr": 1, "stream": 1}))

    def start(self, container: str) -> None:
        """See `engine.Engine.start`."""
        with self._call("starting a container", "start") as api:
            api.start(container)

    def wait(self, container: str, seconds: float) -> int | None:
        """See `engine.Engine.wait`."""
        with self._call("waiting for a container", seconds=max(seconds, 0.05), silence_is_none=True) as api:
            return int(api.wait(container)["StatusCode"])
        return None

    def kill(self, container: str) -> None:
        """See `engine.Engine.kill`."""
        with self._call("killing a container", conflict_is_none=True) as api:
            api.kill(container)

    def sample(self, container: str) -> Sample | None:
        """See `engine.Engine.sample`. From the host's control groups if they are here, else the engine's statistics."""
        if self._local and (seen := cgroups.read(container)) is not None:
            self._groups_are_here = True
            return seen
        if self._groups_are_here:
            return None  # it has ended, and its group with it: the engine would have to look for nothing
        with self._call("sampling a container", "sample", silence_is_none=True, conflict_is_none=True) as api:
            stats: dict[str, Any] = api.stats(container, stream=False, one_shot=True)
            pids = stats.get("pids_stats", {}).get("current")
            used = stats.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage")
            return None if pids is None or used is None else Sample(int(pids), int(used) / 1e9)
        return None

    def remove(self, container: str) -> None:
        """See `engine.Engine.remove`."""
        with contextlib.suppress(Gone), self._call("removing a container", "remove") as api:
            api.remove_container(container, v=True, force=True)

    def find(self, labels: Sequence[str]) -> list[Found]:
        """See `engine.Engine.find`."""
        with self._call("listing containers", "list") as api:
            listed = api.containers(all=True, filters={"label": list(labels)})
        return [Found(str(item["Id"]), item.get("Labels") or {}) for item in listed]

    def close(self) -> None:
        """Close idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for api in idle:
            api.close()

    @contextlib.contextmanager
    def _call(
        self,
        doing: str,
        kind: str = "",
        *,
        seconds: float | None = None,
        silence_is_none: bool = False,
        conflict_is_none: bool = False,
    ) -> Iterator[docker.APIClient]:
        """A client for one call, with this kind's time limit, and every failure in our words.

        With `silence_is_none` an answer that does not come in time leaves the block quietly, with `conflict_is_none`
        the engine's "not running" does; the caller then goes on behind it.
        """
        limit = seconds if seconds is not None else _SECONDS.get(kind, _QUICK)
        api: docker.APIClient | None = None
        sound = False
        try:
            api = self._take(limit)
            yield api
            sound = True
        except NotFound as error:
            sound = True
            raise Gone(str(error.explanation)) from None
        except APIError as error:
            sound = True
            status, text = error.status_code, str(error.explanation or error)
            if status == 409 and kind in ("create", "rename"):
                raise NameTaken(text) from None
            if status == 409 and (conflict_is_none or (kind == "remove" and "in progress" in text)):
                return
            raise engine_errors.from_response(doing, status, text) from error
        except (requests.exceptions.RequestException, DockerException, OSError) as error:
            if silence_is_none and "timed out" in str(error).lower():
                return
            raise engine_errors.from_silence(doing, self._endpoint, error, limit) from error
        finally:
            if api is not None:
                self._give_back(api, sound)

    def _take(self, limit: float) -> docker.APIClient:
        if self._local:
            # Tells the plain cause of a dead engine, where the client would wrap it and leak a socket.
            with socket.socket(socket.AF_UNIX) as knock:
                knock.settimeout(limit)
                knock.connect(self._endpoint.removeprefix("unix://"))
        with self._lock:
            api = self._idle.pop() if self._idle else None
        if api is None:
            # "auto" costs a call, so only the first client asks which version the engine speaks.
            api = docker.APIClient(self._endpoint, version=self._version or "auto", timeout=int(_QUICK))
            # The client keeps a connection for each of the last 25 addresses, and nearly each of ours is new.
            api.headers["Connection"] = "close"
            api.trust_env = False
            self._version = str(api.api_version)
        api.timeout = limit  # type: ignore[assignment]
        return api

    def _give_back(self, api: docker.APIClient, sound: bool) -> None:
        if sound:
            with self._lock:
                self._idle.append(api)
        else:
            api.close()


def _untyped(api: docker.APIClient) -> Any:
    """The client, for calls that its type stubs leave out."""
    return api


class _SocketStream:
    """The hijacked connection of an attach call."""

    def __init__(self, hijacked: Any) -> None:
        # The wrapper object refuses all reads after its first timeout; the socket below it does not.
        self._wrapper = hijacked
        self._socket = getattr(hijacked, "_sock", hijacked)

    def read(self, seconds: float) -> bytes | None:
        """See `engine.Stream.read`. A broken connection reads as the end; what ended is asked by other means."""
        self._socket.settimeout(seconds)
        try:
            return bytes(self._socket.recv(_CHUNK))
        except TimeoutError:
            return None
        except OSError:
            return b""

    def close(self) -> None:
        """See `engine.Stream.close`."""
        response = getattr(self._wrapper, "_response", None)
        parts: tuple[Any, ...] = (response, self._wrapper, self._socket)
        for part in parts:
            # Each of them believes that it owns the connection, and complains when another closed it before.
            with contextlib.suppress(OSError, ValueError, AttributeError):
                part.close()


def _storage(info: Mapping[str, Any]) -> str:
    below = dict(info.get("DriverStatus") or ()).get("Backing Filesystem", "an unknown file system")
    return f"{info.get('Driver', 'unknown')} on {below}"
