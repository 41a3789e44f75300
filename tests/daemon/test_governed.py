"""Once the doors are shut no container is launched, and one that was being launched is not left behind."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, ClassVar

import pytest

from daemon.governed import GovernedBackend
from daemon.killswitch import KillSwitch
from sandbox.docker_backend import DockerBackend
from sandbox.spec import ContainerSpec
from workflows.ports import InfrastructureError


class Yes:
    """A gate that permits."""

    cause = ""
    permitted = True
    soft = False
    require: ClassVar[dict[str, object]] = {}

    def decide(self, *_: object, **__: object) -> Yes:
        return self


class Nobody:
    """Standing of a candidate about which nobody said anything."""

    def facts(self, *_: object) -> dict[str, object]:
        return {"overrides": [], "waiting": 0}


class Launched:
    """A container that was started."""

    removed = False

    def remove(self) -> None:
        self.removed = True


@pytest.fixture
def backend(tmp_path: Path) -> GovernedBackend:
    backend = GovernedBackend(f"unix://{tmp_path}/none.sock", instance="x", allowed_roots=[tmp_path])
    gate: Any = Yes()
    standing: Any = Nobody()
    backend.gate, backend.switch, backend.standing = gate, KillSwitch(tmp_path), standing
    return backend


SPEC = ContainerSpec(role="run", name="a", image="sha256:" + "0" * 64, command=("true",))


def test_behind_shut_doors_nothing_is_launched(backend: GovernedBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DockerBackend, "launch", lambda self, spec: pytest.fail("launched"))
    backend.shut()
    with pytest.raises(InfrastructureError, match="shutting down"):
        backend.launch(SPEC)


def test_a_launch_under_way_is_waited_for_and_undone(backend: GovernedBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go, launched = threading.Event(), threading.Event(), Launched()

    def launch(self: DockerBackend, spec: ContainerSpec) -> Any:
        begun.set()
        go.wait()
        return launched

    monkeypatch.setattr(DockerBackend, "launch", launch)
    told: list[str] = []

    def use() -> None:
        with pytest.raises(InfrastructureError, match="shutting down"):
            backend.launch(SPEC)
        told.append("refused")

    user, closer = threading.Thread(target=use), threading.Thread(target=backend.shut)
    user.start()
    assert begun.wait(60)
    closer.start()
    closer.join(0.2)
    assert closer.is_alive(), "it waits for the launch"
    go.set()
    user.join()
    closer.join()
    assert launched.removed and told == ["refused"]
