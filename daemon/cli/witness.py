"""`ratchet audit witness`: vouches for other people's audit logs, as long as each only grows."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.errors import BadInput


def witness(
    folder: Annotated[Path, typer.Option("--folder", help="Keeps the key, and what was vouched for. Back it up.")],
    logs: Annotated[list[str], typer.Option("--log", metavar="ORIGIN=FILE", help="A log, and its public key (PEM).")],
    name: Annotated[str, typer.Option("--name", help="The witness's name: an address of yours without https://.")],
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 picks a free one.")] = 8090,
    host: Annotated[str, typer.Option("--host", help="Where to listen.")] = "127.0.0.1",
) -> None:
    """Run a witness for audit logs, best where their operators have no say. Ends with Ctrl-C.

    Prints its address and key: with them a daemon sends its checkpoints here
    (`RATCHET_CHECKPOINT_TARGET='witness:URL KEY'`), and others check them (`ratchet audit verify --witness KEY`). The
    origin of a log is the first line of its `audit/checkpoints`.
    """
    from daemon.records.cosignatures import NAME
    from daemon.records.keys import load_public_key
    from daemon.witness_server import serve

    if not NAME.fullmatch(name):
        raise BadInput(f"--name {name!r} has to be 1 to 100 characters without a blank or a plus")
    known = {}
    for log in logs:
        origin, _, file = log.partition("=")
        if not origin or not file:
            raise BadInput(f"--log {log!r} is not of the form ORIGIN=FILE")
        known[origin] = load_public_key(Path(file))
    asyncio.run(serve(folder, name, known, host, port, typer.echo))
