"""A codec server as Temporal's tools expect one: `POST /encode` and `POST /decode`, payloads in protobuf's JSON form.

See docs.temporal.io/codec-server. It serves this host alone; a page of another origin gets nothing, since every request
has to bring a word that only whoever started the server was told.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import PayloadCodec

from daemon.records.keys import BadKey
from daemon.serving import until_stopped

HOST = "127.0.0.1"
MOST_BYTES = 16 * 1024 * 1024
Turn = Callable[[Sequence[Payload]], Awaitable[list[Payload]]]


def application(codec: PayloadCodec, word: str) -> web.Application:
    """The server's two answers; without `word` as the header `Authorization` there are none."""

    def answering(turn: Turn) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), word.encode()):
                raise web.HTTPUnauthorized(text="give the word that `ratchet codec` printed: --codec-auth WORD")
            try:
                asked = Parse(await request.text(), Payloads())
                turned = await turn(asked.payloads)
            except (ParseError, UnicodeDecodeError, BadKey) as error:
                raise web.HTTPBadRequest(text=str(error)) from error
            return web.json_response(text=MessageToJson(Payloads(payloads=turned)))

        return answer

    app = web.Application(client_max_size=MOST_BYTES)
    app.add_routes([web.post("/encode", answering(codec.encode)), web.post("/decode", answering(codec.decode))])
    return app


async def serve(codec: PayloadCodec, port: int, tell: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. Raises InfrastructureError when the port is occupied."""
    word = secrets.token_urlsafe(24)
    told = f"--codec-endpoint http://{HOST}:{{}} --codec-auth {word}"
    await until_stopped(application(codec, word), HOST, port, lambda at: tell(told.format(at)))
