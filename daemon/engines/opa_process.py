"""One OPA server process, serving one bundle for its whole life. Who replaces it, and when, is in `opa.py`."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from pathlib import Path

from daemon.engines.canary import failed_canaries, open_doors
from daemon.engines.processes import Child, free_port
from daemon.gate import Endpoint, Gate
from policies.bundle import Source
from workflows.ports import InfrastructureError

START_SECONDS = 20.0
"""How long a new server may take to answer on a busy machine."""

_ATTEMPTS = 3


class OpaProcess:
    """A running server: `endpoint` to ask it, `stop` to end it."""

    def __init__(self, child: Child, endpoint: Endpoint, folder: Path) -> None:
        self.child = child
        self.endpoint = endpoint
        self._folder = folder

    @classmethod
    def start(cls, opa: Path, source: Source, folder: Path, log: Path) -> OpaProcess:
        """Build `source` into `folder` and serve it on loopback, to holders of a fresh token only.

        Returns once it answers. Raises InfrastructureError, with the end of the server's log.
        """
        bundle = source.build(folder / "bundle")
        token = secrets.token_urlsafe(32)
        _write_token_hash(folder / "token", token)
        for attempt in range(1, _ATTEMPTS + 1):
            port = free_port()
            argv = [
                str(opa), "run", "--server", "--addr", f"127.0.0.1:{port}",
                "--authentication=token", "--authorization=basic",
                "--skip-version-check", "--log-level", "error", "--shutdown-grace-period", "2",
                "--bundle", str(bundle.path), str(folder / "token"),
            ]  # fmt: skip
            child = Child.start("opa", argv, log=log)
            endpoint = Endpoint(f"http://127.0.0.1:{port}", token, bundle.revision)
            try:
                child.wait_healthy(lambda place=endpoint: _answers(place), seconds=START_SECONDS)  # type: ignore[misc]
            except InfrastructureError:
                child.stop(grace=1.0)
                if attempt == _ATTEMPTS:  # until then, somebody may have taken the port
                    raise
            else:
                return cls(child, endpoint, folder)
        raise AssertionError("unreachable")

    def unfit(self) -> list[str]:
        """Why this server must not be used: canaries it lets through, doors it leaves open."""
        return failed_canaries(self.endpoint) + open_doors(self.endpoint)

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.child.alive()

    def stop(self) -> None:
        """End the process and remove its folder. Idempotent."""
        self.child.stop(grace=3.0)
        shutil.rmtree(self._folder, ignore_errors=True)


def _write_token_hash(folder: Path, token: str) -> None:
    """A second bundle that holds only the hash of the token: nothing that is asked of the server can reveal it."""
    (folder / "access").mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(token.encode()).hexdigest()
    (folder / "access" / "data.json").write_text(json.dumps({"token_sha256": digest}))
    (folder / ".manifest").write_text(json.dumps({"roots": ["access"], "rego_version": 1}))


def _answers(endpoint: Endpoint) -> bool:
    gate = Gate(lambda: endpoint, deadline=0.5)
    try:
        return gate.decide("stop", {}).cause == ""
    finally:
        gate.close()
