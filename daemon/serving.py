"""Small HTTP servers that a person runs in the foreground: the codec's, a witness's."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from aiohttp import web

from workflows.ports import InfrastructureError


async def until_stopped(app: web.Application, host: str, port: int, ready: Callable[[int], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is told the port. Raises InfrastructureError when it is occupied."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise InfrastructureError(f"cannot listen on {host}:{port} ({error.strerror}); give --port") from error
        ready(int(runner.addresses[0][1]))
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await ended.wait()
    finally:
        await runner.cleanup()
