"""`ratchet codec`: the Temporal CLI reads sealed payloads through it, as long as a person lets it run."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from daemon.cli import reach
from daemon.cli.errors import BadInput


def codec(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="On 127.0.0.1; 0 picks a free one.")] = 8081,
) -> None:
    """Open and seal payloads for the Temporal CLI, with this state folder's keys. Ends with Ctrl-C.

    Whoever reaches the port reads what campaigns said, so it listens on this host alone and asks for the word that it
    prints: give both to `temporal ... --codec-endpoint URL --codec-auth WORD`.
    """
    from daemon.codec_server import serve
    from daemon.encryption import Keys, Sealing

    here = reach.settings()
    if not here.payload_keys.exists():
        raise BadInput(
            f"there are no payload keys in {here.payload_keys}: nothing is sealed; "
            "set RATCHET_ENCRYPT_PAYLOADS=true for the daemon to seal payloads"
        )
    asyncio.run(serve(Sealing(Keys.read(here.payload_keys)), port, typer.echo))
