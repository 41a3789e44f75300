"""The Temporal side of the daemon: client, and one worker for each task queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfig
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.worker import Interceptor, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workflows import queues
from workflows.activities import CampaignActivities, CandidateActivities
from workflows.campaign import Campaign
from workflows.candidate import Candidate
from workflows.converter import data_converter
from workflows.genome import GenomeActivities, GenomePort, Mover
from workflows.ports import CampaignPort, CandidatePort, InfrastructureError
from workflows.quarantine import Quarantine, QuarantineActivities, QuarantinePort
from workflows.replay import Replay, ReplayActivities, ReplayPort

LIGHT_SLOTS = 8
CONNECT_SECONDS = 30.0


def runtime(metrics_address: str) -> Runtime:
    """A runtime that serves Temporal's own metrics. Raises InfrastructureError when the port is occupied."""
    metrics = PrometheusConfig(
        bind_address=metrics_address, counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True
    )
    try:
        return Runtime(telemetry=TelemetryConfig(metrics=metrics))
    except (RuntimeError, ValueError) as error:
        raise InfrastructureError(
            f"metrics: cannot listen on {metrics_address} ({error}); set RATCHET_SDK_METRICS_PORT to another port"
        ) from error


async def connect(
    address: str, namespace: str, *, on: Runtime | None = None, converter: DataConverter = data_converter
) -> Client:
    """A client with our converter. TLS, keys and headers come from the Temporal CLI's own profiles and environment."""
    profile = ClientConfig.load_client_connect_config()
    profile["target_host"] = address or profile.get("target_host") or "127.0.0.1:7233"
    profile.setdefault("namespace", namespace)
    deadline = asyncio.get_running_loop().time() + CONNECT_SECONDS
    while True:
        try:
            return await Client.connect(**profile, data_converter=converter, runtime=on)
        except RuntimeError as error:
            if asyncio.get_running_loop().time() > deadline:
                raise InfrastructureError(f"temporal: no answer from {profile['target_host']}: {error}") from error
            await asyncio.sleep(0.2)


def workflow_runner() -> SandboxedWorkflowRunner:
    """What workflows run in: everything that could differ between a run and its replay is out of their reach."""
    passed = SandboxRestrictions.default.with_passthrough_modules("workflows", "pydantic", "pydantic_core")
    return SandboxedWorkflowRunner(restrictions=passed)


class Workers:
    """Polls the queues until stopped, one for each GPU too. A stop waits for running activities, then cancels them."""

    def __init__(
        self,
        client: Client,
        campaigns: CampaignPort,
        candidates: CandidatePort,
        genomes: GenomePort,
        replays: ReplayPort,
        quarantines: QuarantinePort,
        *,
        propose_slots: int,
        measure_slots: int,
        grace_seconds: float,
        gpus: Sequence[str] = (),
        interceptors: Sequence[Interceptor] = (),
        runner: WorkflowRunner | None = None,
    ) -> None:
        """`runner` is what workflows run in (default: `workflow_runner`)."""
        around, path = CampaignActivities(campaigns), CandidateActivities(candidates)
        activities: list[Callable[..., Any]] = [
            around.open_campaign,
            around.choose,
            around.check_stop,
            around.extend_budget,
            around.keep_note,
            around.receive,
            around.override_hold,
            around.escalate_hold,
            around.reject_hold,
            around.close_campaign,
            path.propose,
            path.gate_edit,
            path.screen,
            path.commit,
            path.pick_device,
            path.evaluate,
            path.promote,
            path.reject,
            path.record,
            GenomeActivities(genomes).move_genome,
            ReplayActivities(replays).replay_candidate,
            QuarantineActivities(quarantines).confirm_quarantine,
            QuarantineActivities(quarantines).reevaluate,
        ]
        slots = {queues.MAIN: LIGHT_SLOTS, queues.PROPOSE: propose_slots, queues.EVALUATE: measure_slots}
        slots |= {queues.gpu(device): 1 for device in gpus}
        self._pools = {queue: ThreadPoolExecutor(count, thread_name_prefix=queue) for queue, count in slots.items()}
        self._workers = [
            Worker(
                client,
                task_queue=queue,
                workflows=[Campaign, Candidate, Mover, Replay, Quarantine] if queue == queues.MAIN else [],
                activities=activities,
                activity_executor=self._pools[queue],
                max_concurrent_activities=count,
                max_concurrent_local_activities=count,
                interceptors=interceptors,
                workflow_runner=runner or workflow_runner(),
                graceful_shutdown_timeout=timedelta(seconds=grace_seconds),
                max_heartbeat_throttle_interval=timedelta(seconds=5),
            )
            for queue, count in slots.items()
        ]
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Begin polling."""
        for worker in self._workers:
            await self._stack.enter_async_context(worker)

    async def stop(self) -> None:
        """Take no new work, let running work end within the grace, cancel the rest."""
        await asyncio.gather(*(worker.shutdown() for worker in self._workers))
        await self._stack.aclose()
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
