"""How each part of the house is made from settings. Order and lifetime are `service.py`'s business."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import make_url

from daemon.activations import Activations
from daemon.engines.opa import OpaEngine, opa_engine
from daemon.gate import Gate
from daemon.gateway.identity import container_of
from daemon.gateway.meter import Meter
from daemon.gateway.ports import Permit
from daemon.gateway.provider import LiteLLMProvider
from daemon.gateway.server import Gateway
from daemon.governed import GovernedBackend
from daemon.gpus.parts import lender
from daemon.house import House
from daemon.judges import Judges
from daemon.killing import remove_containers
from daemon.killswitch import KillSwitch
from daemon.metrics import Metrics
from daemon.records.archive import Archive
from daemon.records.audit import AuditLog
from daemon.records.blobs import BlobStore
from daemon.records.db import Database
from daemon.records.earlier import Earlier
from daemon.records.holds import Holds
from daemon.records.journal import Journal
from daemon.records.keys import ensure_signing_key
from daemon.records.ledger import Ledger
from daemon.records.once import Once
from daemon.records.outside import Outside, place_of
from daemon.records.rollouts import Rollouts
from daemon.records.trials import Trials
from daemon.redaction import Redactor, in_environment
from daemon.repo import TreeStore
from daemon.restores import Restores
from daemon.settings import Settings
from daemon.standing import Standing
from daemon.steps.models import permit
from daemon.steps.populations import Populations
from daemon.unfinished import end_unfinished
from sandbox.images.version import tag

Undo = list[tuple[str, Callable[[], Any]]]
"""What to call to take a part down, in the order of their making."""


def policy_engine(settings: Settings, metrics: Metrics) -> tuple[OpaEngine, Activations]:
    """The policy server, and who records which bundle rules."""
    policies = settings.policies.resolve()
    activations = Activations(policies, settings.home / "audit", metrics, ours=not settings.opa_url)
    restores = Restores(settings.home, activations.record, redactor_of(settings).value)
    engine = opa_engine(
        policies,
        settings.home,
        url=settings.opa_url,
        token=settings.opa_token,
        configured=settings.opa_bin,
        listeners=activations.listeners,
        refusal=restores.refusal,
    )
    return engine, activations


def audit_log(settings: Settings, metrics: Metrics, undo: Undo) -> AuditLog:
    """The audit log, with the signing key made on the first start, and its checkpoints on their way outside."""
    home = settings.home
    key = home / "keys" / "audit.pem"
    ensure_signing_key(key)
    if not settings.checkpoint_target:
        audit = AuditLog(home / "audit", key)
    else:
        outside = Outside(place_of(settings.checkpoint_target, home), metrics.checkpoint)
        undo.append(("checkpoints", outside.close))
        audit = AuditLog(home / "audit", key, on_checkpoint=outside.offer)
    undo.append(("audit", audit.close))
    return audit


def redactor_of(settings: Settings) -> Redactor:
    """Knows every secret that the daemon was given: by its environment, and by its settings."""
    keys = [entry.api_key.get_secret_value() for entry in settings.models if entry.api_key is not None]
    database = make_url(settings.database).password or ""
    return Redactor([*in_environment(), *keys, settings.opa_token, database])


def gate(engine: OpaEngine, audit: AuditLog, metrics: Metrics, redactor: Redactor) -> Gate:
    """The gate; every decision is in the audit log before its effect."""

    def record(decision: dict[str, Any]) -> None:
        outcome = "permitted" if decision["permitted"] else "hold" if decision["hold"] else "denied"
        metrics.decision(
            decision["question"],
            "error" if decision["cause"] else outcome,
            decision["seconds"],
            [finding["code"] for finding in decision["deny"]],
        )
        metrics.findings((found["level"], found["code"]) for found in (*decision["deny"], *decision["warn"]))
        body = {key: value for key, value in decision.items() if key not in ("campaign", "candidate")}
        audit.append(
            "decision", actor="gate", campaign=decision["campaign"], candidate=decision["candidate"], body=body
        )

    return Gate(engine.endpoint, record, redact=redactor.value)


def build(settings: Settings, instance: str, metrics: Metrics, engine: OpaEngine, undo: Undo) -> House:
    """Open the records and put everything together; what must be closed is added to `undo`."""
    home = settings.home
    db = Database(settings.database)
    undo.append(("records", db.close))
    audit = audit_log(settings, metrics, undo)
    redactor = redactor_of(settings)
    asked = gate(engine, audit, metrics, redactor)
    undo.append(("gate", asked.close))
    backend = GovernedBackend(settings.docker_url, instance=instance, allowed_roots=[home])
    archive, holds = Archive(db, trees := TreeStore(home / "archive.git")), Holds(db)
    standing = Standing(holds, archive, settings.signers)
    backend.gate, backend.switch, backend.standing = asked, KillSwitch(home), standing
    ledger, blobs, journal = Ledger(db), BlobStore(home / "blobs"), Journal(db)
    alone = settings.database.startswith("sqlite")
    unfinished = partial(end_unfinished, ledger, journal, audit, home / "audit", alone=alone)
    unfinished()
    undo.append(("effects", unfinished))
    undo.append(("docker", partial(_close_docker, backend, settings.docker_url, instance)))
    permitted = permit(asked, ledger, archive, standing)
    gateway = _gateway(settings, journal, ledger, audit, blobs, metrics, redactor, permitted)
    gateway.start()
    undo.append(("gateway", gateway.stop))
    judges = Judges(backend, home, settings.measuring)
    undo.append(("judges", judges.close_all))
    image_name = settings.image or tag()
    return House(
        settings=settings,
        image_name=image_name,
        ledger=ledger,
        journal=journal,
        audit=audit,
        earlier=Earlier(home / "audit"),
        blobs=blobs,
        archive=archive,
        trees=trees,
        gate=asked,
        backend=backend,
        gateway=gateway,
        judges=judges,
        gpus=lender(settings, db, backend, audit, metrics, image_name),
        metrics=metrics,
        holds=holds,
        standing=standing,
        trials=Trials(db),
        rollouts=Rollouts(db),
        once=Once(db),
        populations=Populations(archive),
    )


def _close_docker(backend: GovernedBackend, docker_url: str, instance: str) -> None:
    """Whoever still uses a container works for a daemon that has ended: none is left, in use or not."""
    backend.shut()
    try:
        remove_containers(docker_url, instance)
    finally:
        backend.close()


CALLS = {"model.answer": "ok", "model.replayed": "replayed", "model.refused": "refused", "model.fault": "failed"}
"""Audit kinds of the gateway that end a call, and how the metric names that."""


def _gateway(
    settings: Settings,
    journal: Journal,
    ledger: Ledger,
    audit: AuditLog,
    blobs: BlobStore,
    metrics: Metrics,
    redactor: Redactor,
    permitted: Permit,
) -> Gateway:
    def record(kind: str, body: dict[str, Any]) -> None:
        if kind in CALLS:
            tokens = {"input_tokens": int(body.get("tokens_in", 0)), "output_tokens": int(body.get("tokens_out", 0))}
            metrics.gateway_call(str(body.get("model", "")), CALLS[kind], float(body.get("seconds", 0.0)), **tokens)
        audit.append(
            kind,
            actor="gateway",
            campaign=str(body.get("campaign", "")),
            candidate=str(body.get("candidate", "")),
            body={key: value for key, value in body.items() if key not in ("campaign", "candidate")},
        )

    provider = LiteLLMProvider(settings.catalogue, [settings.home / "scripts", settings.scripts])
    provider.warm()
    meter = Meter(provider, ledger, journal, record, blobs.put, permit=permitted, redact=redactor.text)
    # AF_UNIX paths are short: the folder is named so that even a deep state folder works (sockets are bound by fd).
    return Gateway(meter, settings.home / "run" / "gateway", container_of=container_of)
