"""Starts everything in order, stops it in reverse. The composition root."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import shutil
import signal
import socket
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import IO, Any

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner

from daemon import parts
from daemon.activations import Activations
from daemon.cli.checks import examine, machine_checks
from daemon.encryption import converter
from daemon.engines.opa import OpaEngine
from daemon.engines.temporal import TemporalServer
from daemon.faults import Faults
from daemon.genomes.moves import GenomeSteps
from daemon.governed import GovernedBackend
from daemon.halt import Halt
from daemon.house import House
from daemon.housekeeping import Housekeeping
from daemon.instance import instance_of
from daemon.killing import Watch, remove_containers
from daemon.killswitch import KillSwitch
from daemon.metrics import Metrics
from daemon.packages import require_locked
from daemon.pulse import Pulse
from daemon.records.canonical import canonical
from daemon.seats import SHARING
from daemon.settings import CHECKOUT, Settings
from daemon.steps.campaigns import CampaignSteps
from daemon.steps.candidates import CandidateSteps
from daemon.steps.quarantine import QuarantineSteps
from daemon.steps.replay import ReplaySteps
from daemon.workers import Workers, connect, runtime
from workflows import queues
from workflows.ports import InfrastructureError, RefusedError

log = logging.getLogger("ratchet")

FOLDERS = ("audit", "blobs", "engines", "io", "keys", "payload", "rooms", "run", "scratch")
CHECK_SECONDS = 2.0
KILLED_GRACE_SECONDS = 3.0
"""How long steps may take to notice that the kill switch took their containers."""
CUT_SECONDS = 7.0
"""Kept of a shutdown's time for steps that do not end by themselves: a model may take minutes to answer."""


class Service:
    """One daemon over one state folder."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.house: House | None = None
        self.client: Client | None = None
        self._undo: list[tuple[str, Callable[[], Any]]] = []
        self._workers: Workers | None = None
        self._lock: IO[str] | None = None
        self._temporal: TemporalServer | None = None
        self._opa: OpaEngine | None = None
        self._activations: Activations | None = None
        self._switch = KillSwitch(settings.home)
        self._remove = partial(remove_containers, settings.docker_url, instance_of(settings.home))
        self._watch = Watch(self._switch, self._remove)
        self._cut = False

    async def start(self) -> None:
        """Bring everything up; on any failure take down what was started and raise what failed."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        settings, home = self.settings, self.settings.home
        await asyncio.to_thread(require_locked, CHECKOUT / "requirements.lock")
        self._prepare(home)
        self._watch_switch()
        endpoint = self.metrics.serve(settings.metrics_port, settings.metrics_host)
        self._undo.append(("metrics", endpoint.close))
        # Independent and slow: the engines start side by side.
        opening = asyncio.to_thread(self._start_opa)
        if settings.given_temporal:
            await opening
        else:
            self._temporal = TemporalServer(home, port=settings.temporal_port, ui_port=settings.temporal_ui_port)
            self._undo.append(("temporal", self._temporal.stop))
            await asyncio.gather(opening, asyncio.to_thread(self._temporal.start))
        self._refuse_if_killed()
        address = self._temporal.address if self._temporal else settings.given_temporal
        self.house = await asyncio.to_thread(self._open_house)
        self._watch.attach(self.house.gateway.stop, self.house.audit)
        on = runtime(f"{settings.metrics_host}:{settings.sdk_metrics_port}") if settings.sdk_metrics_port else None
        sealing = converter(settings.payload_keys, seals=settings.encrypt_payloads)
        self.client = await connect(address, settings.temporal_namespace, on=on, converter=sealing)
        self._workers = Workers(
            self.client,
            CampaignSteps(self.house, search_attributes=self._temporal is not None),
            CandidateSteps(self.house),
            GenomeSteps(self.house),
            ReplaySteps(self.house),
            QuarantineSteps(self.house),
            propose_slots=settings.propose_slots,
            # One more than there are seats: its question to policy and its folders are ready when a seat is free.
            measure_slots=SHARING * len(settings.measuring) + 1,
            gpus=self.house.gpus.served,
            grace_seconds=self._grace,
            interceptors=[Halt(self._halted), Faults(self.metrics)],
            # The sandbox finds mistakes in workflow code: every test of workflows runs in it, and every replay of what
            # was recorded. Here it would look for the same at each turn, which is a twentieth of the daemon's work.
            runner=UnsandboxedWorkflowRunner(),
        )
        self._refuse_if_killed()
        await self._workers.start()
        self._publish(address, endpoint.port)
        pulse = Pulse(self.house)
        pulse.start()
        self._undo.append(("pulse", pulse.stop))
        keeping = Housekeeping(self.house)
        keeping.start()
        self._undo.append(("housekeeping", keeping.stop))
        self.metrics.ready(True)
        _tell_systemd("READY=1")
        log.info("ready", extra={"temporal": address, "metrics": endpoint.port, "revision": self.house.gate.revision})

    async def run_forever(self) -> None:
        """Serve until SIGTERM or SIGINT, until the kill switch is pulled, or until an engine of ours dies."""
        loop = asyncio.get_running_loop()
        asked = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, asked.set)
        while not asked.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asked.wait(), CHECK_SECONDS)
            if self._watch.acted:
                self._refuse_if_killed()
            if self._temporal is not None and not self._temporal.alive():
                raise RuntimeError("the embedded Temporal server ended; see engines/temporal.log in the state folder")
            _tell_systemd("WATCHDOG=1")
        log.info("draining", extra={"seconds": self.settings.shutdown_seconds})

    async def stop(self) -> None:
        """Drain, then take everything down in reverse order. Safe to call twice."""
        self.metrics.ready(False)
        _tell_systemd("STOPPING=1")
        if self._workers is not None and self.house is not None:
            workers, self._workers = self._workers, None
            await self._drain(workers, self.house.backend)
        await asyncio.to_thread(self._watch.settle)
        while self._undo:
            name, undo = self._undo.pop()
            try:
                await asyncio.to_thread(undo)
            except InfrastructureError as error:
                log.warning("could not stop a part", extra={"part": name, "error": str(error)})
            except Exception:
                log.exception("could not stop a part", extra={"part": name})

    # -- parts ---------------------------------------------------------------------------------------------------

    @property
    def _grace(self) -> float:
        """Seconds in which running steps may come to their own end."""
        return max(self.settings.shutdown_seconds - CUT_SECONDS, 0.5)

    async def _drain(self, workers: Workers, backend: GovernedBackend) -> None:
        """Let running steps end; then take their containers away, and leave behind what not even that ends."""
        drained = asyncio.ensure_future(workers.stop())
        done, _ = await asyncio.wait({drained}, timeout=KILLED_GRACE_SECONDS if self._switch.pulled() else self._grace)
        if not done:
            self._cut = True
            log.warning("cutting steps short")
            with contextlib.suppress(InfrastructureError):
                await asyncio.to_thread(backend.shut)
                await asyncio.to_thread(self._remove)
            await asyncio.wait({drained}, timeout=CUT_SECONDS)
        drained.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await drained

    def _halted(self) -> str:
        """Why no step may begin or count now; empty when they may."""
        if self._switch.pulled():
            return "kill switch: pulled; ratchet rearm lets the daemon start again"
        return "daemon: shutting down; the next start goes on from here" if self._cut else ""

    def _refuse_if_killed(self) -> None:
        """Raises RefusedError, saying who pulled the switch and how to re-arm it."""
        killed = self._switch.killed()
        if killed is not None:
            raise RefusedError("KILLED", killed.sentence())

    def _watch_switch(self) -> None:
        """From here on the switch acts by itself, whatever else hangs; SIGUSR1 pulls it."""
        self._watch.start()
        self._undo.append(("kill switch", self._watch.stop))
        # Not the event loop's handler: that one would wait for the loop.
        signal.signal(signal.SIGUSR1, lambda *_: self._watch.pull("SIGUSR1"))

    def _prepare(self, home: Path) -> None:
        self._refuse_if_killed()
        home.mkdir(mode=0o711, parents=True, exist_ok=True)
        for name in FOLDERS:
            (home / name).mkdir(exist_ok=True)
        # Everything but what containers mount is for the daemon's own user.
        for name in ("audit", "blobs", "engines", "keys", "run"):
            (home / name).chmod(0o700)
        self._lock = (home / "run" / "daemon.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusedError(
                "STATE", f"another daemon works on {home}; stop it, or set RATCHET_STATE to another folder"
            ) from None
        self._undo.append(("lock", self._lock.close))

    def _start_opa(self) -> None:
        self._opa, self._activations = parts.policy_engine(self.settings, self.metrics)
        self._undo.append(("opa", self._opa.stop))
        self._opa.start()

    def _open_house(self) -> House:
        if self._opa is None or self._activations is None:
            raise RuntimeError("the policy engine is started before the house is opened")
        house = parts.build(self.settings, instance_of(self.settings.home), self.metrics, self._opa, self._undo)
        self._tell_machine(house)
        self._activations.record_in(house.audit)
        left = house.backend.reap(())
        if left:
            log.warning("removed containers that a crash left behind", extra={"count": len(left)})
        for room in (self.settings.home / "rooms").iterdir():
            shutil.rmtree(room, ignore_errors=True)  # of sessions whose containers are gone now
        return house

    def _tell_machine(self, house: House) -> None:
        """The first record of each start, after the log's own opening: on what machine this is."""
        found = [asdict(finding) for finding in examine(self.settings, machine_checks())]
        weak = [one["check"] for one in found if one["grade"] != "ok"]
        house.audit.append(
            "daemon.start", actor="daemon", body={"doctor": house.blobs.put(canonical(found)), "weak": weak}
        )

    def _publish(self, temporal: str, metrics_port: int) -> None:
        """Tell the CLI where everything is."""
        path = self.settings.home / "run" / "endpoints.json"
        document = {
            "pid": os.getpid(),
            "temporal": temporal,
            "temporal_ui": self._temporal.ui if self._temporal else "",
            "namespace": self.settings.temporal_namespace,
            "task_queue": queues.MAIN,
            "metrics": f"http://{self.settings.metrics_host}:{metrics_port}/metrics",
        }
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(document, indent=2) + "\n")
        fresh.replace(path)
        self._undo.append(("endpoints", lambda: path.unlink(missing_ok=True)))


def _tell_systemd(word: str) -> None:
    """The sd_notify protocol; nothing happens outside systemd."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, contextlib.suppress(OSError):
            notify.sendto(word.encode(), f"\0{address[1:]}" if address.startswith("@") else address)
