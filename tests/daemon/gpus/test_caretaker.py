"""Care by containers: what is removed, what is started, and what each answer of the program means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from daemon.gpus.caretaker import ContainerCaretaker
from sandbox.devices import Device, Node
from sandbox.engine import Found
from sandbox.exits import Exit, Reason
from sandbox.spec import ContainerSpec
from workflows.ports import InfrastructureError, RefusedError

GPU = Device("rocm-1", "rocm", (Node("/dev/dri/renderD128", 104, 0o660, True), Node("/dev/kfd", 104, 0o660, True)))


class Stand:
    """Engine, backend and container in one; `end` is what the container comes to, None while it runs."""

    def __init__(self, end: Exit | None) -> None:
        self.end = end
        self.events: list[str] = []
        self.there: list[Found] = []
        self.specs: list[ContainerSpec] = []

    def find(self, labels: Sequence[str]) -> list[Found]:
        assert list(labels) == ["ratchet.gpu=rocm-1"]
        return self.there

    def launch(self, spec: ContainerSpec) -> Stand:
        self.specs.append(spec)
        self.events.append("launch")
        return self

    def wait(self, seconds: float) -> Exit | None:
        return self.end

    def kill(self, reason: Reason) -> Exit:
        self.events.append(f"kill {reason}")
        return ended(b"", reason)

    def remove(self, container: str = "it") -> None:
        self.events.append(f"remove {container}")


def ended(out: bytes, reason: Reason = "exit", code: int = 0) -> Exit:
    return Exit(code=code, reason=reason, stdout=out, stderr=b"driver: oh")


def carer(stand: Stand, tmp_path: Path) -> ContainerCaretaker:
    made_up: Any = stand
    return ContainerCaretaker(
        made_up,
        made_up,
        lambda _: f"sha256:{'0' * 64}",
        lambda: (tmp_path / "guest", tmp_path / "launcher"),
        lambda _: "",
    )


def nothing() -> None:
    """A lease that is in force."""


def second() -> Callable[[], None]:
    """A lease that is in force at the first look only."""
    looks: list[int] = []

    def check() -> None:
        looks.append(1)
        if len(looks) > 1:
            raise InfrastructureError("gpu-lease: over")

    return check


def test_only_what_is_older_is_removed(tmp_path: Path) -> None:
    stand = Stand(None)
    tokens = {"old": "6", "own": "7", "newer": "8", "strange": "x", "none": None}
    stand.there = [Found(id, {} if token is None else {"ratchet.gpu.token": token}) for id, token in tokens.items()]
    assert carer(stand, tmp_path).fence("rocm-1", 7) == 3
    assert stand.events == ["remove old", "remove strange", "remove none"]


@pytest.mark.parametrize(
    ("end", "healthy", "detail"),
    [
        (ended(b'{"healthy": true, "filled": 64}'), True, ""),
        (ended(b'{"healthy": true, "filled": 64}', code=1), False, ""),
        (ended(b'{"healthy": false, "error": "memory does not hold"}', code=1), False, "memory does not hold"),
        (ended(b'{"healthy": 1}'), False, ""),
        (ended(b"", "timeout"), False, "did not answer in time"),
        (None, False, "did not answer in time"),
    ],
)
def test_each_answer_has_its_meaning(end: Exit | None, healthy: bool, detail: str, tmp_path: Path) -> None:
    stand = Stand(end)
    report = carer(stand, tmp_path).tend(GPU, 7, nothing)
    assert report.healthy is healthy and detail in report.detail
    assert stand.events == ["launch", *(["kill timeout"] if end is None else []), "remove it"]
    (spec,) = stand.specs
    assert spec.devices.paths == ("/dev/dri/renderD128", "/dev/kfd")
    assert spec.labels == {"ratchet.gpu": "rocm-1", "ratchet.gpu.token": "7"}


@pytest.mark.parametrize("out", [b"", b"[]", b"{}", b'{"healthy": true, "filled": "much"}'])
def test_no_answer_is_our_fault_and_names_what_was_said(out: bytes, tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match=r"care of rocm-1 gave no answer .*driver: oh"):
        carer(Stand(ended(out)), tmp_path).tend(GPU, 7, nothing)


def test_a_poison_is_a_nan_that_was_not_used_before(tmp_path: Path) -> None:
    stand = Stand(ended(b'{"healthy": true}'))
    for _ in range(8):
        carer(stand, tmp_path).tend(GPU, 7, nothing)
    words = [int(spec.command[spec.command.index("--poison") + 1], 16) for spec in stand.specs]
    assert len(set(words)) > 1
    assert all(word & 0x7FF80000 == 0x7FF80000 and word > 0x7FF80000 for word in words)


def test_care_whose_lease_ends_while_it_starts_is_taken_away(tmp_path: Path) -> None:
    stand = Stand(ended(b'{"healthy": true}'))
    with pytest.raises(InfrastructureError, match="gpu-lease"):
        carer(stand, tmp_path).tend(GPU, 7, second())
    assert stand.events == ["launch", "remove it"]


def test_what_policy_refuses_leaves_the_device_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(spec: ContainerSpec) -> Stand:
        raise RefusedError("SANDBOX-GPU", "GPUs are not allowed here.")

    stand = Stand(None)
    monkeypatch.setattr(stand, "launch", refuse)
    report = carer(stand, tmp_path).tend(GPU, 7, nothing)
    assert not report.healthy and "not allowed" in report.detail
