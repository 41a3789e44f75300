"""Every probe fails before a sound target's judge, over local processes; a weakened target is caught by name."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.probe_results import Checked, Checks
from daemon.probing import _Attacks, attack
from kernels.probes.probe import Probe
from kernels.target import Target, load_target
from sandbox.docker_backend import DockerBackend
from sandbox.images.version import tag
from sandbox.judge_session import Trial
from sandbox.judging import Judge
from sandbox.payload import place
from tests.daemon.targets import TARGETS, WEAKENED, write
from tests.sandbox.judge.conftest import GUEST, JUDGE
from tests.sandbox.judge.local import LocalBackend

CHECKOUT = Path(__file__).resolve().parents[2]
Try = Callable[[Target], Checked]


@pytest.fixture
def attacked(tmp_path: Path) -> Iterator[Try]:
    """Attack a target's judge over local processes."""
    judges: list[Judge] = []

    def go(target: Target) -> Checked:
        work = tmp_path / f"work{len(judges)}"
        work.mkdir()
        settings = target.judge_settings(target.folder)
        image = "sha256:" + "0" * 64
        judge = Judge(LocalBackend(work), image, settings, tmp_path / "io", f"p{len(judges)}", GUEST, JUDGE)
        judges.append(judge)
        return attack(judge, target)

    yield go
    for judge in judges:
        judge.close()


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_of_forty_lines_holds_every_probe(name: str, attacked: Try, tmp_path: Path) -> None:
    assert len(TARGETS[name]["evaluator.py"].splitlines()) <= 40
    checked = attacked(write(tmp_path, name))
    assert checked.passed, checked
    assert len(checked.attacks) >= {"scan": 20, "words": 15, "tally": 9}[name]
    assert {one.state for one in checked.attacks} == {"held"}


def test_the_shipped_target_in_python_holds_every_probe(attacked: Try) -> None:
    checked = attacked(load_target(CHECKOUT / "kernels" / "packing"))
    assert checked.passed and len(checked.attacks) >= 13, checked


@pytest.mark.parametrize("flaw", WEAKENED)
def test_a_weak_target_is_caught_by_the_name_of_the_probe(flaw: str, attacked: Try, tmp_path: Path) -> None:
    name, old, new, caught = WEAKENED[flaw]
    checked = attacked(write(tmp_path, name, old, new))
    assert not checked.passed
    assert caught <= {one.name for one in checked.caught}, checked
    assert all(probe in checked.why() for probe in caught)


def test_a_seed_that_fails_its_own_judge_is_a_problem_of_the_target(attacked: Try, tmp_path: Path) -> None:
    target = write(tmp_path, "scan", "1e-5 * np.sqrt", "-1.0 * np.sqrt")
    checked = attacked(target)
    assert not checked.passed and "the seed fails its own judge: failed:wrong" in checked.why()


def test_a_result_is_kept_for_exactly_these_files(tmp_path: Path) -> None:
    target, checks = write(tmp_path, "scan"), Checks(tmp_path / "checks")
    checked = Checked("scan", target.manifest(), problem="none was made")
    checks.keep(target, "image-1", checked)
    assert checks.find(target, "image-1") == checked
    assert checks.find(target, "image-2") is None
    seed = tmp_path / "scan" / "seed" / "scan.c"
    seed.write_text(seed.read_text() + "\n")
    assert checks.find(target, "image-1") is None
    assert Checks(tmp_path / "checks").find(write(tmp_path, "scan"), "image-1") == checked
    for file in (tmp_path / "checks").iterdir():
        file.write_text('{"attacks": 3')
    assert checks.find(target, "image-1") is None


def test_the_target_of_the_readme_holds_every_probe(attacked: Try, tmp_path: Path) -> None:
    text = (CHECKOUT / "README.md").read_text("utf-8")
    blocks = re.findall(r"```(?:toml|python)\n(.*?)```", text, re.S)
    files = {"target.toml": 'name = "primes"', "seed/primes.py": "STRIDE", "evaluator.py": "Judge side of `primes`"}
    for path, sign in files.items():
        file = tmp_path / "primes" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(next(block for block in blocks if sign in block), "utf-8")
    checked = attacked(load_target(tmp_path / "primes"))
    assert checked.passed, checked
    assert {one.state for one in checked.attacks} == {"held"} and len(checked.attacks) >= 15


class Lucky:
    """Sessions in which a probe is right as often as told, whatever it does."""

    def __init__(self, *verdicts: str) -> None:
        self.verdicts = list(verdicts)

    def __enter__(self) -> Lucky:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def trial(self, arm: str, at: str, suites: tuple[str, ...]) -> Trial:
        return Trial(self.verdicts.pop(0), "")


@pytest.mark.parametrize(
    ("later", "state"), [(["failed:wrong"], "held"), (["", "failed:wrong"], "held"), (["", ""], "got through")]
)
def test_right_by_luck_is_no_fault_of_the_judge(later: list[str], state: str, tmp_path: Path) -> None:
    attacks = _Attacks(None, write(tmp_path, "scan"), "", tmp_path, lambda one: None)  # type: ignore[arg-type]
    lucky = Lucky("", *later)
    attacks._session = lambda *_: lucky  # type: ignore[assignment,method-assign]
    attacks._volley(lucky, [Probe("zeros", "answers with zeros", {})], alone=True)  # type: ignore[arg-type]
    assert [one.state for one in attacks.ended] == [state] and not lucky.verdicts


@pytest.mark.docker
def test_in_real_containers_too(tmp_path: Path) -> None:
    target, payloads = write(tmp_path, "words"), tmp_path / "payload"
    backend = DockerBackend(instance=f"test-{os.urandom(6).hex()}", allowed_roots=[tmp_path])
    image = backend.image_id(tag())
    settings = target.judge_settings(place(target.judge_files(), payloads))
    guest, program, io = place(GUEST, payloads), place(JUDGE, payloads), tmp_path / "io"
    judge = Judge(backend, image, settings, io, f"p-{os.urandom(4).hex()}", guest, program)
    try:
        checked = attack(judge, target)
    finally:
        judge.close()
        backend.reap(())
        backend.close()
    assert checked.passed, checked
