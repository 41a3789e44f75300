"""One run of an agent: a genome in a runner container, a task before it, the gateway's socket beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from daemon.gateway.grants import Grant, Usage
from daemon.genomes.ceiling import FILE, config
from daemon.governed import CAMPAIGN, CANDIDATE
from daemon.house import House
from daemon.steps.maxima import PROPOSE
from sandbox.bytecode import with_bytecode
from sandbox.copyout import BadBundle, Bundle, make_outbox, parse_bundle, read_box
from sandbox.exits import Exit
from sandbox.payload import collect, place
from sandbox.spec import ContainerSpec, Limits, Mount

ENTRY = ("python3", "-I", "/agent/agent.py")
"""Fixed here: what a genome says of itself decides nothing about how it is started."""


@dataclass(frozen=True)
class AgentRun:
    """What came of it. `bundle` is absent when the agent left none that can be read; `problem` says why."""

    ended: Exit
    usage: Usage
    log: str
    """Blob hash of what the container printed: for people, evidence of nothing."""
    raw: bytes = b""
    """The bundle's bytes."""
    bundle: Bundle | None = None
    problem: str = ""
    verdict: str = ""
    """`killed:…` or `failed:…` when there is nothing to gate."""

    @property
    def unanswered(self) -> bool:
        """It has nothing to gate, and the provider failed it: our trouble, never the candidate's."""
        return bool(self.usage.faults) and (bool(self.verdict) or self.bundle is None)


def run_agent(
    house: House,
    grant: Grant,
    genome: str,
    task: Mapping[str, Any],
    folder: Path,
    image: str,
    *,
    name: str,
    limits: Limits = PROPOSE,
) -> AgentRun:
    """Start the genome's tree on a task and take its bundle. A model call that was paid before is not paid again.

    Raises InfrastructureError and RefusedError; everything that the agent did wrong is in the answer.
    """
    box = make_outbox(folder / "out" / "bundle.json")
    payload = house.settings.home / "payload"
    tree = house.trees.read_tree(genome)
    # Read here for the agent, whose start it would slow down; what cannot be read, it finds out by itself.
    whole = {**task, "genome": config(tree.get(FILE))}
    document = place({"task.json": json.dumps(whole).encode()}, payload)
    files = {path: file.data for path, file in tree.items()}
    agent = place(with_bytecode(files, _shipped(house.settings.agent)), payload)
    socket = house.gateway.open(grant)
    try:
        container = ContainerSpec(
            role="propose",
            name=name,
            image=image,
            command=ENTRY,
            mounts=(
                Mount(source=str(agent), target="/agent"),
                Mount(source=str(document / "task.json"), target="/task/task.json"),
                Mount(source=str(socket), target="/gateway"),
                Mount(source=str(box), target="/out/bundle.json", read_only=False),
            ),
            limits=limits,
            labels={CAMPAIGN: grant.campaign, CANDIDATE: grant.candidate},
        )
        # The socket serves this one container, by the kernel's word: nobody else's process is listened to.
        ended = house.backend.run(container, on_started=lambda running: house.gateway.bind(grant.candidate, running.id))
    finally:
        usage = house.gateway.close(grant.candidate, socket)
    log = house.blobs.put(b"--- stdout\n" + ended.stdout + b"\n--- stderr\n" + ended.stderr)
    return _read(ended, usage, log, box)


@cache
def _shipped(agent: Path) -> frozenset[bytes]:
    """The files of generation 0; where a genome has changed one, it brings a file of its own."""
    return frozenset(collect(agent).values())


def container_name(what: str) -> str:
    """A name that the engine takes, different for different texts however long they are."""
    plain = what.replace("/", "-")
    if len(plain) <= 100 and plain == what:
        return f"ratchet-{plain}"
    return f"ratchet-{plain[:80]}-{hashlib.sha256(what.encode()).hexdigest()[:12]}"


def _read(ended: Exit, usage: Usage, log: str, box: Path) -> AgentRun:
    """What the box holds, once nobody can write to it any more."""
    if ended.reason != "exit":
        return AgentRun(ended, usage, log, verdict=f"killed:{ended.reason}")
    try:
        raw = read_box(box)
        bundle = parse_bundle(raw)
    except BadBundle as error:
        rule = "agent" if error.rule == "empty" else "bad-output"
        return AgentRun(ended, usage, log, verdict=f"failed:{rule}", problem=str(error))
    if bundle.status == "failed":
        return AgentRun(ended, usage, log, raw, bundle, bundle.reason, f"failed:{_word(bundle)}")
    return AgentRun(ended, usage, log, raw, bundle)


def _word(bundle: Bundle) -> str:
    """The agent's own reason as one tame word of a verdict."""
    word = "".join(letter if letter.isalnum() else "-" for letter in bundle.reason.lower().split(":", 1)[0])
    return word.strip("-")[:40] or "no-reason"
