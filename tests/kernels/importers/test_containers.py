"""An imported task in its real container, beside a judge in another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kernels.importers import openevolve
from kernels.importers.task import write_target
from sandbox.docker_backend import DockerBackend
from sandbox.images.version import tag
from sandbox.judging import CandidateFault, Judge, JudgeSettings
from sandbox.payload import place
from tests.kernels.importers.conftest import child_of
from tests.kernels.importers.shapes import OPENEVOLVE, plant
from tests.sandbox.judge.conftest import GUEST, JUDGE

pytestmark = pytest.mark.docker

PROGRAM = "initial_program.py"
PRYING = """STEP = 0.25
import os, subprocess
seen = [path for path in ("/target", "/judge", "/evaluator/evaluator.py") if os.path.exists(path)]
assert not seen, seen
try:
    open("/evaluator/task/goals.txt", "w")
    raise SystemExit("the evaluator can be written")
except OSError:
    pass
subprocess.Popen(["sleep", "600"])
"""


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[DockerBackend]:
    made = DockerBackend(instance=f"imports-{os.urandom(4).hex()}", allowed_roots=[tmp_path])
    try:
        yield made
    finally:
        made.settle()
        made.reap(keep=())
        made.close()


def test_scores_and_walls(backend: DockerBackend, tmp_path: Path) -> None:
    target = write_target(tmp_path, "goals", openevolve.read(plant(tmp_path / "source", OPENEVOLVE)))
    payloads = tmp_path / "payload"
    folder = place(target.judge_files(), payloads)
    settings = JudgeSettings.model_validate(target.judge_settings(folder))
    image, io, labels = backend.image_id(tag()), tmp_path / "io", {"ratchet.test": "imports"}
    judge = Judge(
        backend, image, settings, io, "imports", place(GUEST, payloads), place(JUDGE, payloads), labels=labels
    )
    with closing(judge):
        arms = child_of(target, tmp_path / "one", {PROGRAM: ("STEP = 0.5", PRYING)})
        with judge.session("one", os.urandom(32), arms) as session:
            session.build("child")
            session.check("child", "visible")
            pairs = session.pairs(2, "visible") + session.pairs(1, "sealed")
            session.finish()
        assert [round(pair.child - pair.parent, 9) for pair in pairs] == [0.1] * 3
        arms = child_of(target, tmp_path / "two", {PROGRAM: ("STEP = 0.5", "x = bytearray(4 * 10**9)")})
        with judge.session("two", os.urandom(32), arms) as session:
            session.build("child")
            with pytest.raises(CandidateFault, match=r"failed:exception|killed:memory"):
                session.check("child", "visible")
