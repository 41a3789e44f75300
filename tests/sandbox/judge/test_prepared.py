"""Sessions made ahead, in real containers: nothing of a candidate before its turn, and nothing of it after."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.docker_backend import DockerBackend
from sandbox.judging import Judge
from sandbox.payload import place
from sandbox.pool import Bounds
from sandbox.prepared import ARMS
from tests.sandbox.judge.conftest import GUEST, JUDGE, seed_of, settings_of
from workflows.ports import InfrastructureError

pytestmark = pytest.mark.docker


@pytest.fixture
def judge(docker_backend: DockerBackend, sandbox_image: str, tmp_path: Path) -> Iterator[Judge]:
    """A judge of `packing` that keeps one session ready."""
    payloads = tmp_path / "payload"
    made = Judge(
        docker_backend,
        sandbox_image,
        settings_of("packing"),
        tmp_path / "io",
        f"p-{os.urandom(4).hex()}",
        place(GUEST, payloads),
        place(JUDGE, payloads),
        bounds=lambda: Bounds(idle=1, seconds=120),
    )
    made.settings = made.settings.model_copy(
        update={"folder": str(place(Path(made.settings.folder), payloads)), "call_seconds": 5.0}
    )
    yield made
    made.close()


def fill(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
        (folder / name).chmod(0o644)


def until(said: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not said():
        assert time.monotonic() < end
        time.sleep(0.01)


def runners(backend: DockerBackend) -> dict[str, str]:
    """Container id → role of everything that runs now."""
    found = backend._engine.find([f"ratchet.instance={backend._instance}", "ratchet.role=run"])
    return {item.id: item.labels["ratchet.name"] for item in found}


def test_each_session_has_containers_of_its_own_that_started_before_the_tree_was_there(
    judge: Judge, docker_backend: DockerBackend
) -> None:
    used: list[str] = []
    seeds: set[bytes] = set()
    judge.take("before any waits").close()
    until(lambda: judge.ready() == 1)
    for turn in range(3):
        with judge.take(f"turn-{turn}", labels={"ratchet.candidate": f"c-{turn}"}) as session:
            seeds.add(session.seed)
            assert [list(session.folder(arm).iterdir()) for arm in ARMS] == [[], []]
            (waiting,) = session._prepared.runners.values()  # type: ignore[union-attr]
            assert waiting.alive() and waiting.name.startswith(f"{judge.campaign}-ready-")
            for arm in ARMS:
                fill(session.folder(arm), seed_of("packing"))
            session.build("child")
            assert session.check("child", "visible") == 5
            child = session._runners["child"]
            assert child.id == waiting.id
            inspected = docker_backend._engine.inspect(child.id)
            assert inspected["Name"].endswith(f"-turn-{turn}-child")
            (tree,) = [mount for mount in inspected["Mounts"] if mount["Destination"] == "/candidate"]
            assert not tree["RW"] and tree["Source"] == str(session.folder("child"))
            used.append(child.id)
            folder = session.folder("child")
        assert not folder.exists()
        until(lambda: judge.ready() == 1)
    assert len(set(used)) == len(seeds) == 3
    judge.close()
    docker_backend.settle()
    assert runners(docker_backend) == {}


def test_what_waits_is_not_lost_when_the_judge_dies(judge: Judge) -> None:
    judge.take("one").close()
    until(lambda: judge.ready() == 1)
    assert judge._running is not None
    judge._running.kill()
    with judge.take("two") as session:
        fill(session.folder("child"), seed_of("packing"))
        session.build("child")
        assert session.check("child", "visible") == 5


def test_a_refused_use_runs_nothing(
    judge: Judge, docker_backend: DockerBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge.take("one").close()
    until(lambda: judge.ready() == 1)

    def refuse(running: object, spec: object) -> None:
        running.remove()  # type: ignore[attr-defined]
        raise InfrastructureError("kill switch: pulled")

    monkeypatch.setattr(docker_backend, "assign", refuse)
    with judge.take("two") as session:
        fill(session.folder("child"), {"packing.py": "raise SystemExit(7)\n"})
        with pytest.raises(InfrastructureError, match="kill switch"):
            session.build("child")


@pytest.mark.parametrize("how", ["killed", "folder"])
def test_one_that_cannot_be_used_is_replaced_by_a_fresh_one(judge: Judge, how: str) -> None:
    judge.take("one").close()
    until(lambda: judge.ready() == 1)
    with judge.take("two") as session:
        (waiting,) = session._prepared.runners.values()  # type: ignore[union-attr]
        if how == "killed":
            waiting.kill()
        else:
            session.folder("child").rename(session.folder("child").with_name("aside"))
            session.folder("child").mkdir()
            session.folder("child").chmod(0o755)
        fill(session.folder("child"), seed_of("packing"))
        session.build("child")
        assert session._runners["child"].id != waiting.id
        assert session.check("child", "visible") == 5


def test_a_seed_that_is_given_is_used_with_a_container_of_the_moment(judge: Judge) -> None:
    judge.take("one").close()
    until(lambda: judge.ready() == 1)
    with judge.take("two", seed=bytes(32)) as session:
        assert session.seed == bytes(32) and session._prepared is not None and session._prepared.runners == {}
        fill(session.folder("child"), seed_of("packing"))
        session.build("child")
    assert judge.ready() == 1


def test_gvisor_shows_a_tree_that_was_written_after_the_start(judge: Judge) -> None:
    judge.settings = judge.settings.model_copy(update={"runtime": "runsc", "build_seconds": 60.0})
    judge.take("one").close()
    until(lambda: judge.ready() == 1)
    with judge.take("two") as session:
        fill(session.folder("child"), seed_of("packing"))
        session.build("child")
        assert session.check("child", "visible") == 5


def test_nothing_is_started_beside_a_candidate_that_is_timed(judge: Judge, docker_backend: DockerBackend) -> None:
    judge.settings = judge.settings.model_copy(update={"metric_kind": "time"})
    with judge.take("one"):
        time.sleep(2)
        assert judge.ready() == 0 and runners(docker_backend) == {}
    until(lambda: judge.ready() == 1)
    with judge.take("two") as session:
        assert sorted(session._prepared.runners) == ["child", "parent"]  # type: ignore[union-attr]
        time.sleep(2)
        assert judge.ready() == 0
