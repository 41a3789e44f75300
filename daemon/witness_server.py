"""The HTTP side of a witness: `POST /add-checkpoint`, see `records/witness.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from daemon.records.cosignatures import WitnessKey
from daemon.records.keys import ensure_signing_key, load_signing_key
from daemon.records.witness import Witness
from daemon.serving import until_stopped

MOST_BYTES = 64 * 1024


def application(witness: Witness) -> web.Application:
    """The one answer that a witness has."""

    async def add(request: web.Request) -> web.Response:
        answer = await asyncio.to_thread(witness.add_checkpoint, await request.read())
        return web.Response(status=answer.status, text=answer.text, content_type=answer.kind)

    app = web.Application(client_max_size=MOST_BYTES)
    app.add_routes([web.post("/add-checkpoint", add)])
    return app


async def serve(
    folder: Path, name: str, logs: Mapping[str, Ed25519PublicKey], host: str, port: int, tell: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM. Raises InfrastructureError when the port is occupied, BadKey."""
    path = folder / "witness.pem"
    public = ensure_signing_key(path)
    key = WitnessKey(name, public)
    witness = Witness(folder / "logs", name, load_signing_key(path), logs)
    await until_stopped(application(witness), host, port, lambda at: tell(f"witness:http://{host}:{at} {key.text()}"))
