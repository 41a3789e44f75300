"""How commands reach a daemon: its Temporal server, and its records in the state folder."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from temporalio.client import Client, WorkflowHandle

    from daemon.records.archive import Archive
    from daemon.settings import Settings

T = TypeVar("T")
CONNECT_SECONDS = 10.0


def settings() -> Settings:
    """The same settings as the daemon's. Raises BadSettings."""
    from daemon.settings import Settings

    return Settings.load()


def endpoints(of: Settings) -> dict[str, Any]:
    """What the running daemon wrote down about itself (`run/endpoints.json`); empty when it did not."""
    try:
        found = json.loads((of.home / "run" / "endpoints.json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def temporal_address(of: Settings) -> str:
    """Where Temporal is: RATCHET_TEMPORAL_ADDRESS, TEMPORAL_ADDRESS, the running daemon's, or the usual port."""
    given = of.temporal_address or os.environ.get("TEMPORAL_ADDRESS", "")
    return str(given or endpoints(of).get("temporal") or f"127.0.0.1:{of.temporal_port or 7233}")


async def connect() -> Client:
    """A client with our converter. Raises InfrastructureError with the remedy when nothing answers."""
    from temporalio.client import Client
    from temporalio.envconfig import ClientConfig

    from daemon.encryption import converter
    from workflows.ports import InfrastructureError

    here = settings()
    profile: dict[str, Any] = dict(ClientConfig.load_client_connect_config())
    profile["target_host"] = temporal_address(here)
    if not os.environ.get("TEMPORAL_NAMESPACE"):
        profile["namespace"] = str(endpoints(here).get("namespace") or here.temporal_namespace)
    sealing = converter(here.payload_keys, seals=here.encrypt_payloads)
    try:
        return await asyncio.wait_for(Client.connect(**profile, data_converter=sealing), CONNECT_SECONDS)
    except (RuntimeError, OSError, TimeoutError) as error:
        raise InfrastructureError(
            f"temporal: nothing answers at {profile['target_host']}; start the daemon with `ratchet up`, "
            "or name your server in RATCHET_TEMPORAL_ADDRESS"
        ) from error


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run one command's coroutine; Temporal's errors become ours."""
    return asyncio.run(translated(work))


async def translated(work: Coroutine[Any, Any, T]) -> T:
    """Temporal's errors become ours."""
    from temporalio.client import WorkflowQueryFailedError, WorkflowUpdateFailedError
    from temporalio.service import RPCError, RPCStatusCode

    from daemon.cli.errors import BadInput
    from workflows.ports import InfrastructureError, RefusedError

    try:
        return await work
    except WorkflowUpdateFailedError as error:
        raise RefusedError("update", str(error.cause)) from error
    except WorkflowQueryFailedError as error:
        raise BadInput(f"the campaign could not answer: {error}") from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise BadInput("no such campaign here; `ratchet campaign list` shows them") from error
        if error.status is RPCStatusCode.INVALID_ARGUMENT:
            raise BadInput(str(error)) from error
        raise InfrastructureError(f"temporal: {error}") from error


async def campaign(name: str) -> WorkflowHandle[Any, Any]:
    """The handle of a campaign; the latest run when it continued as new."""
    return (await connect()).get_workflow_handle(name)


async def latest() -> str:
    """Id of the campaign that was started last. Raises BadInput when there is none."""
    from daemon.cli.errors import BadInput

    async for found in (await connect()).list_workflows('WorkflowType="Campaign"', limit=1):
        return found.id
    raise BadInput("there is no campaign yet; start one with `ratchet campaign start`")


def archive() -> Archive:
    """The index of candidates, from the records. Raises InfrastructureError when there is none."""
    from daemon.records.archive import Archive
    from daemon.records.db import Database
    from workflows.ports import InfrastructureError

    here = settings()
    if not here.database_url and not (here.home / "records.db").is_file():
        raise InfrastructureError(f"records: nothing recorded in {here.home}; set RATCHET_STATE, or run `ratchet up`")
    return Archive(Database(here.database))
