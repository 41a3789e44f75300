"""`ratchet up`: the daemon in the foreground."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli import output, reach
from daemon.cli.output import JsonFlag

if TYPE_CHECKING:
    from daemon.settings import Settings

ANY_PORTS = {"temporal_port": 0, "temporal_ui_port": 0, "metrics_port": 0, "sdk_metrics_port": 0}


def up(
    any_ports: Annotated[
        bool, typer.Option("--any-ports", help="Pick free ports; run/endpoints.json in the state folder tells them.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Run the daemon: JSON logs on standard error; SIGTERM or Ctrl-C drains it and ends it within 30 s."""
    from daemon import logs
    from daemon.parts import redactor_of
    from daemon.settings import Settings

    settings = Settings.load(**ANY_PORTS) if any_ports else reach.settings()
    logs.configure(settings.log_level, redactor_of(settings).text)
    asyncio.run(serve(settings, as_json=as_json))


async def serve(settings: Settings, *, as_json: bool = False) -> None:
    """Start, say where everything is, serve until told to stop. Raises what failed, with everything taken down."""
    from daemon.service import Service

    service = Service(settings)
    await service.start()
    try:
        found = reach.endpoints(settings)
        if as_json:
            output.print_json(found)
        else:
            output.print_text("ratchet is up; stop it with Ctrl-C")
            output.print_facts(found)
        await service.run_forever()
    finally:
        await service.stop()
