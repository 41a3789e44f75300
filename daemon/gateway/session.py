"""One open grant: what its socket answers, its call counter and its use."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor

from aiohttp import web

from daemon.gateway import shapes
from daemon.gateway.connection import Connection, ConnectionServer
from daemon.gateway.errors import Refusal, error_body
from daemon.gateway.grants import Grant, Usage
from daemon.gateway.identity import ContainerOf, peer
from daemon.gateway.meter import Meter, Paid
from daemon.gateway.requests import MAX_BODY_BYTES, effective, parse

_log = logging.getLogger("ratchet.gateway")
_ROUTE = "/v1/chat/completions"
_MAX_CONNECTIONS = 8
_MAX_WAITING = 2
_MAX_RECORDED_REFUSALS = 32
_BIND_WAIT_SECONDS = 10.0


class Session:
    """Lives in the gateway's event loop; every method is called there."""

    def __init__(
        self,
        grant: Grant,
        meter: Meter,
        pool: Executor,
        *,
        uids: frozenset[int],
        container_of: ContainerOf | None,
        peer_seconds: float,
    ) -> None:
        self.grant = grant
        self.usage = Usage()
        self._meter = meter
        self._pool = pool
        self._uids = uids
        self._container_of = container_of
        self._container = ""
        self._bound = asyncio.Event()
        self._waiting = 0
        self._calls = 0
        self._one = asyncio.Lock()
        self._peer_seconds = peer_seconds
        self._working: set[asyncio.Future[Paid]] = set()
        self.server = ConnectionServer(self._handle, admit=self._admit, seconds=peer_seconds)

    def bind(self, container: str) -> None:
        """From now on only processes of this container are served (when the gateway attests containers)."""
        self._container = container
        self._bound.set()

    @property
    def working(self) -> bool:
        """Whether a provider still works on a call of this grant."""
        return bool(self._working)

    async def drain(self, seconds: float) -> None:
        """Wait for calls that a provider is still working on: they are paid for, whoever still listens."""
        if self._working:
            await asyncio.wait(self._working, timeout=seconds)

    def _admit(self, transport: asyncio.Transport) -> bool:
        """The peer's uid, from the kernel; and no flood of connections."""
        if len(self.server.connections) > _MAX_CONNECTIONS:
            return False
        return peer(transport.get_extra_info("socket")).uid in self._uids

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        connection = request.protocol
        if not isinstance(connection, Connection):
            raise TypeError("the gateway's server makes Connections only")
        kind = "application/json"
        try:
            status, kind, body = 200, *await self._answer(request, connection)
        except Refusal as refusal:
            status, body = await self._refuse(refusal)
        except Exception:
            _log.exception("gateway: call of %s failed", self.grant.candidate)
            status, body = self._broken()
        connection.arm()
        response = web.Response(status=status, body=body, content_type=kind)
        response.force_close()
        return response

    async def _answer(self, request: web.BaseRequest, connection: Connection) -> tuple[str, bytes]:
        """Content type and body."""
        if request.path != _ROUTE or request.query_string:
            raise Refusal(404, "route", f"only POST {_ROUTE} exists here")
        if request.method != "POST":
            raise Refusal(405, "route", f"only POST {_ROUTE} exists here")
        if request.content_type != "application/json" or "Content-Encoding" in request.headers:
            raise Refusal(415, "content-type", "send plain application/json")
        body = await _read(request)
        connection.disarm()
        await self._attest(connection)
        asked = parse(body)
        wanted = effective(asked, self.grant)
        if self._waiting >= _MAX_WAITING:
            raise Refusal(429, "concurrency", "one call at a time; wait for the answer")
        self._waiting += 1
        try:
            async with self._one:
                if self._calls >= self.grant.max_calls:
                    raise Refusal(429, "calls", f"all {self.grant.max_calls} calls of this candidate are used")
                index = self._calls
                self._calls += 1
                loop = asyncio.get_running_loop()
                work = loop.run_in_executor(self._pool, self._meter.call, self.grant, index, wanted)
                self._working.add(work)
                work.add_done_callback(self._count)
                # Not cancelled with the connection: the provider may charge, so the answer goes to the journal.
                paid = await asyncio.shield(work)
        finally:
            self._waiting -= 1
        if asked.stream:
            with_usage = asked.stream_options is not None and asked.stream_options.include_usage
            return "text/event-stream", shapes.events(self.grant, index, paid.completion, with_usage=with_usage)
        return "application/json", shapes.whole(self.grant, index, paid.completion)

    async def _attest(self, connection: Connection) -> None:
        """The peer's container, from the kernel, when the gateway is told how to read it."""
        if self._container_of is None:
            return
        try:
            await asyncio.wait_for(self._bound.wait(), _BIND_WAIT_SECONDS)
        except TimeoutError:
            raise Refusal(403, "identity", "no container is bound to this socket yet") from None
        transport = connection.transport
        if transport is None or self._container_of(peer(transport.get_extra_info("socket")).pid) != self._container:
            raise Refusal(403, "identity", "this socket belongs to another container")

    def _count(self, work: asyncio.Future[Paid]) -> None:
        self._working.discard(work)
        if work.cancelled() or work.exception() is not None:
            return
        paid, use = work.result(), self.usage
        spent = {} if paid.replayed else paid.spent
        self.usage = use.model_copy(
            update={
                "calls": use.calls + 1,
                "replayed": use.replayed + int(paid.replayed),
                "tokens": use.tokens + spent.get("tokens", 0),
                "micro_usd": use.micro_usd + spent.get("micro_usd", 0),
            }
        )

    async def _refuse(self, refusal: Refusal) -> tuple[int, bytes]:
        use = self.usage
        if refusal.rule.startswith("provider-"):
            faults = (*use.faults, refusal.rule.removeprefix("provider-"))
            self.usage = use.model_copy(update={"faults": faults[-_MAX_RECORDED_REFUSALS:]})
            return refusal.status, refusal.body()
        # A candidate must not be able to fill the audit log: after some refusals they are answered, not recorded.
        if len(use.refused) < _MAX_RECORDED_REFUSALS:
            self.usage = use.model_copy(update={"refused": (*use.refused, refusal.rule)})
            loop = asyncio.get_running_loop()
            try:
                await loop.run_in_executor(self._pool, self._meter.refused, self.grant, refusal)
            except Exception:
                _log.exception("gateway: cannot record a refusal of %s", self.grant.candidate)
                return self._broken()
        return refusal.status, refusal.body()

    def _broken(self) -> tuple[int, bytes]:
        """Our fault: the candidate learns nothing of it, the caller of `Gateway.close` does."""
        faults = (*self.usage.faults, "infrastructure")
        self.usage = self.usage.model_copy(update={"faults": faults[-_MAX_RECORDED_REFUSALS:]})
        return 503, error_body("infrastructure", "the gateway cannot serve this call now", 503)


async def _read(request: web.BaseRequest) -> bytes:
    """The body, up to the limit; the connection's deadline bounds the time."""
    too_large = Refusal(413, "body-size", f"the body may have at most {MAX_BODY_BYTES} bytes")
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise too_large
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise too_large
    return bytes(body)
