"""`ratchet mcp`: another coding agent hands in candidates, by the Model Context Protocol."""

from __future__ import annotations

from typing import Annotated

import typer

from daemon.cli.errors import BadInput
from daemon.cli.owner import user


def mcp(
    campaign: Annotated[str, typer.Option("--campaign", help="Where it works; the newest campaign if none.")] = "",
    by: Annotated[str, typer.Option("--by", help="Written down with what is handed in. Default: the user.")] = "",
) -> None:
    """Serve an outside agent over standard input and output: read targets and parents, submit, wait for verdicts.

    A person opens the campaign, with its budget: `ratchet campaign start TARGET --model ratchet/outside`.
    """
    try:
        from daemon.mcp.server import serve
    except ModuleNotFoundError as error:
        raise BadInput(f"{error.name} is not installed: install Ratchet with its extra `mcp`") from error
    serve(by or user(), campaign)
