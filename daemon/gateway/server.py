"""The gateway as the rest of the daemon sees it: start, open a grant, close it, stop. Safe to call from any thread.

It runs its own event loop in its own thread: a worker thread that waits for a container never stalls a model call.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import socket
import threading
from collections.abc import Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from daemon.gateway.grants import Grant, Usage
from daemon.gateway.identity import ContainerOf
from daemon.gateway.meter import Meter
from daemon.gateway.requests import MODEL_ALIAS, Effective, effective, parse
from daemon.gateway.session import Session
from workflows.ports import InfrastructureError

SOCKET_NAME = "model.sock"
RUNNER_UID = 65534
_DRAIN_SECONDS = 600.0
_T = TypeVar("_T")


class Opening(NamedTuple):
    """A socket that listens now."""

    session: Session
    server: asyncio.Server
    folder: Path


class Gateway:
    """One Unix socket per open grant, under `run_dir`."""

    def __init__(
        self,
        meter: Meter,
        run_dir: Path,
        *,
        uids: Collection[int] = (RUNNER_UID,),
        container_of: ContainerOf | None = None,
        workers: int = 16,
        peer_seconds: float = 10.0,
    ) -> None:
        """`peer_seconds`: how long a peer may take to send its request, and again to read its answer.
        `container_of`: given, a socket serves only the container that `bind` names."""
        self._meter = meter
        self._run_dir = run_dir
        self._uids = frozenset(uids)
        self._container_of = container_of
        self._workers = workers
        self._peer_seconds = peer_seconds
        self._open: dict[str, Opening] = {}
        self._draining: dict[str, set[Session]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._openings = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pool: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Start the thread. Raises InfrastructureError when the run directory cannot be used."""
        if self._thread is not None:
            return
        try:
            self._run_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
            for left in self._run_dir.glob(f"*/{SOCKET_NAME}"):
                left.unlink()
                left.parent.rmdir()
        except OSError as error:
            raise InfrastructureError(f"gateway: cannot use {self._run_dir}: {error.strerror}") from error
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="gateway-call")
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="gateway", daemon=True)
        self._thread.start()
        ready.wait()

    def stop(self, seconds: float = 2.0) -> None:
        """Close every socket, give calls under way `seconds` to reach the journal, end the thread."""
        if self._thread is None or self._loop is None or self._pool is None:
            return
        self._wait(self._close_all(seconds))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._thread = self._loop = self._pool = None

    def open(self, grant: Grant) -> Path:
        """Listen for one candidate; returns the directory to mount read-only at /gateway.

        Opening again (a retried step) starts its call counter at 0, so that the journal answers what was paid before.
        """
        return self._wait(self._open_one(grant))

    def bind(self, candidate: str, container: str) -> None:
        """Name the container that may use the candidate's socket (full id)."""
        self._wait(self._bind_one(candidate, container))

    def ask(self, grant: Grant, messages: list[dict[str, str]]) -> str:
        """One call of the daemon's own, metered and journaled under the grant as a candidate's is. Raises Refusal."""
        body = json.dumps({"model": MODEL_ALIAS, "messages": messages, "max_tokens": grant.max_tokens}).encode()
        return self._meter.call(grant, 0, effective(parse(body), grant)).completion.text

    def embed(self, grant: Grant, text: str) -> str:
        """A text's embedding as the grant's model has it, a JSON list of numbers; metered and journaled as `ask` is.

        Raises Refusal.
        """
        asked = [{"role": "user", "content": text}]
        wanted = Effective(model=grant.model, messages=asked, max_tokens=1, parameters={}, kind="embedding")
        return self._meter.call(grant, 0, wanted).completion.text

    def close(self, candidate: str, folder: Path | None = None) -> Usage:
        """Stop listening and remove the socket; returns the use so far. Closing twice is harmless.

        With `folder` (what `open` returned) only that opening is closed, not one made by a retry since.
        """
        return self._wait(self._close_one(candidate, folder))

    def _run(self, ready: threading.Event) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(ready.set)
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, _T]) -> _T:
        if self._loop is None:
            work.close()
            raise InfrastructureError("gateway: not started")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open_one(self, grant: Grant) -> Path:
        await self._shut(grant.candidate)
        for before in self._draining.get(grant.candidate, set()).copy():
            # An answer still under way belongs in the journal before the same question may be asked again.
            await before.drain(_DRAIN_SECONDS)
        if self._pool is None:
            raise InfrastructureError("gateway: stopping")
        session = Session(
            grant,
            self._meter,
            self._pool,
            uids=self._uids,
            container_of=self._container_of,
            peer_seconds=self._peer_seconds,
        )
        self._openings += 1
        name = hashlib.sha256(f"{grant.candidate}\0{self._openings}".encode()).hexdigest()[:16]
        folder = self._run_dir / name
        try:
            listener = _listen(folder)
        except OSError as error:
            raise InfrastructureError(f"gateway: cannot listen in {folder}: {error.strerror}") from error
        server = await asyncio.get_running_loop().create_unix_server(session.server, sock=listener, backlog=64)
        await self._shut(grant.candidate)
        self._open[grant.candidate] = Opening(session, server, folder)
        return folder

    async def _bind_one(self, candidate: str, container: str) -> None:
        if candidate in self._open:
            self._open[candidate].session.bind(container)

    async def _close_one(self, candidate: str, folder: Path | None) -> Usage:
        opening = self._open.get(candidate)
        if opening is None or (folder is not None and opening.folder != folder):
            return Usage()
        await self._shut(candidate)
        return opening.session.usage

    async def _shut(self, candidate: str) -> None:
        opening = self._open.pop(candidate, None)
        if opening is None:
            return
        opening.server.close()
        for connection in opening.session.server.connections:
            connection.force_close()
        (opening.folder / SOCKET_NAME).unlink(missing_ok=True)
        opening.folder.rmdir()
        if opening.session.working:
            waiting = self._draining.setdefault(candidate, set())
            waiting.add(opening.session)
            task = asyncio.ensure_future(self._drained(candidate, opening.session))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _drained(self, candidate: str, session: Session) -> None:
        await session.drain(_DRAIN_SECONDS)
        waiting = self._draining.get(candidate, set())
        waiting.discard(session)
        if not waiting:
            self._draining.pop(candidate, None)

    async def _close_all(self, seconds: float) -> None:
        for candidate in list(self._open):
            await self._shut(candidate)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()


def _listen(folder: Path) -> socket.socket:
    """A listening socket that any uid may connect to; who may speak is decided per connection.

    It is bound through the folder's descriptor, since the path of an AF_UNIX socket may have 107 bytes at most.
    """
    folder.mkdir(mode=0o755, exist_ok=True)
    folder.chmod(0o755)
    path = folder / SOCKET_NAME
    path.unlink(missing_ok=True)
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(f"/proc/self/fd/{descriptor}/{SOCKET_NAME}")
        path.chmod(0o666)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    finally:
        os.close(descriptor)
    return listener
