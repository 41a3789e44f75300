"""Judge and runners in real containers: what only walls and limits can hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from kernels.target import load_target
from sandbox.docker_backend import DockerBackend
from sandbox.judging import CandidateFault, Judge, Pair
from sandbox.payload import place
from tests.sandbox.judge.conftest import CHECKOUT, GUEST, JUDGE, plant, seed_of, settings_of
from tests.sandbox.judge.hostile import FORK_BOMB, LOUD, MEMORY_HOG, candidate
from workflows.ports import InfrastructureError

pytestmark = pytest.mark.docker


@pytest.fixture
def house(docker_backend: DockerBackend, sandbox_image: str, tmp_path: Path) -> Iterator[Callable[..., Judge]]:
    """Makes judges of real targets on the real engine."""
    made: list[Judge] = []
    payloads = tmp_path / "payload"

    def make(name: str, **changes: object) -> Judge:
        files = load_target(CHECKOUT / "kernels" / name).judge_files()
        judge = Judge(
            docker_backend,
            sandbox_image,
            settings_of(name, folder=str(place(files, payloads)), **changes),
            tmp_path / "io",
            f"j-{os.urandom(4).hex()}",
            place(GUEST, payloads),
            place(JUDGE, payloads),
            labels={"ratchet.test": "J"},
        )
        made.append(judge)
        return judge

    yield make
    for judge in made:
        judge.close()


@pytest.fixture
def measured(house: Callable[..., Judge], tmp_path: Path) -> Callable[..., list[Pair]]:
    """Put a child through build, checks and pairs against the seed."""

    def run(name: str, child: Mapping[str, str], count: int = 2, **changes: object) -> list[Pair]:
        arms = {
            "child": plant(tmp_path / "a" / "child", child),
            "parent": plant(tmp_path / "a" / "parent", seed_of(name)),
        }
        with house(name, **changes).session("trial", os.urandom(32), arms) as session:
            session.build("child")
            session.check("child", "visible")
            pairs = session.pairs(count, "visible") + session.pairs(count, "sealed")
            rates = {"GFLOP/s", "GB/s"} if name == "matmul" else set()
            assert all(set(figures) == rates for figures in session.profile.values())
            assert bool(session.profile) is bool(rates)
            assert not any("sealed" in case for case in session.profile)
            session.finish()
            assert session.cpu_seconds() > 0
            return pairs

    return run


@pytest.mark.parametrize("runtime", ["runc", "runsc"])
@pytest.mark.parametrize("name", ["matmul", "packing"])
def test_seeds_pass(name: str, runtime: str, measured: Callable[..., list[Pair]]) -> None:
    assert len(measured(name, seed_of(name), runtime=runtime, call_seconds=5.0)) == 4


@pytest.mark.parametrize(
    ("files", "verdicts"),
    [
        pytest.param(FORK_BOMB, {"killed:pids", "killed:timeout"}, id="fork bomb"),
        pytest.param(MEMORY_HOG, {"killed:memory"}, id="memory"),
        pytest.param(LOUD, {"killed:output", "killed:timeout"}, id="output"),
        pytest.param(candidate("for (;;) pause();"), {"killed:timeout"}, id="sleep"),
        pytest.param(candidate("abort();"), {"failed:crash"}, id="abort"),
        pytest.param(candidate("_exit(3);"), {"failed:exit"}, id="exit"),
        pytest.param(candidate("((float *)a)[0] = 1.0f;"), {"failed:crash"}, id="input"),
        pytest.param(
            candidate('honest(a, b, c, n, m, k); truncate("/io/out", 4096);'), {"failed:bad-output"}, id="cut output"
        ),
    ],
)
def test_limits_and_walls_give_the_verdict(
    files: Mapping[str, str], verdicts: set[str], measured: Callable[..., list[Pair]], docker_backend: DockerBackend
) -> None:
    with pytest.raises(CandidateFault) as caught:
        measured("matmul", files)
    assert caught.value.arm == "child"
    assert caught.value.verdict in verdicts, (caught.value.feedback, caught.value.log)


PROBE = """
static int reached(void)
{
    int fd;
    struct sockaddr_un address = {AF_UNIX, "/io/sock/s"};
    const char *hidden[] = {"/target/evaluator.py", "/judge/main.py", "/io/control", "/io/sock/../control",
                            "/var/run/docker.sock", "/proc/1/root/target", "/io/parent/in", "/candidate/../target"};
    for (unsigned i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (access(hidden[i], F_OK) == 0) return 1;
    if (open("/io/in", O_RDWR) >= 0 || open("/candidate/matmul.c", O_RDWR) >= 0) return 1;
    if (open("/guest/main.py", O_RDWR) >= 0 || open("/io/sock/t", O_RDWR | O_CREAT, 0600) >= 0) return 1;
    if (unlink("/io/sock/s") == 0 || unlink("/io/out") == 0 || chmod("/io/in", 0666) == 0) return 1;
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return 1;
    close(fd);
    return getuid() != 65534 || geteuid() != 65534 || getgid() != 65534;
}
"""


def test_nothing_of_the_judge_can_be_reached(measured: Callable[..., list[Pair]]) -> None:
    """The candidate answers right only if each of its attempts failed."""
    headers = "#include <fcntl.h>\n#include <sys/un.h>\n"
    assert measured("matmul", candidate("if (!reached()) honest(a, b, c, n, m, k);", headers + PROBE), count=1)


def test_a_fast_honest_child_is_seen_as_such(measured: Callable[..., list[Pair]]) -> None:
    """Loops in the order of memory: several times as fast on any machine."""
    body = """
    for (long i = 0; i < n; i++) {
        float *restrict row = c + i * m;
        for (int j = 0; j < m; j++) row[j] = 0.0f;
        for (int p = 0; p < k; p++) {
            const float x = a[i * k + p], *restrict from = b + (long)p * m;
            for (int j = 0; j < m; j++) row[j] += x * from[j];
        }
    }"""
    fast = candidate(body)
    fast["matmul.c"] = '#pragma GCC optimize("O3")\n' + fast["matmul.c"]
    pairs = measured("matmul", fast, count=8)
    assert sorted(pair.parent / pair.child for pair in pairs)[len(pairs) // 2] > 1.5


def test_the_judge_stands_apart(house: Callable[..., Judge], tmp_path: Path) -> None:
    judge = house("packing")
    arms = {"child": plant(tmp_path / "child", seed_of("packing"))}
    with judge.session("k", b"seed", arms) as session:
        session.build("child")
        assert judge.io.stat().st_mode & 0o777 == 0o700
        assert judge.io.stat().st_uid == (65533 if os.geteuid() == 0 else os.geteuid())
        (arm,) = judge.io.glob("*/child")
        modes = {path.name: path.stat().st_mode & 0o777 for path in arm.iterdir()}
        assert modes == {"in": 0o644, "out": 0o666, "sock": 0o755}
    judge.close()
    assert not judge.io.exists()


def test_a_judge_that_dies_is_our_fault_and_is_started_again(house: Callable[..., Judge], tmp_path: Path) -> None:
    judge = house("packing")
    arms = {"child": plant(tmp_path / "child", seed_of("packing"))}
    with judge.session("one", b"seed", arms) as session:
        session.build("child")
        assert judge._running is not None
        judge._running.kill()
        with pytest.raises(InfrastructureError, match="judge: "):
            session.check("child", "visible")
    with judge.session("two", b"seed", arms) as session:
        session.build("child")
        assert session.check("child", "visible") == 5
