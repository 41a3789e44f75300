"""What a candidate can see, call and reach: asked from inside real containers."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sandbox import payload
from sandbox.docker_backend import DockerBackend
from sandbox.seccomp.rules import VARIANTS, Variant, document, file_of, profile, rendered
from sandbox.selfcheck.suite import INSIDE
from sandbox.spec import Limits, Mount
from tests.sandbox.room import spec


def plainly_allowed(variant: Variant) -> set[str]:
    rules = document(variant)["syscalls"]
    free = [rule["names"] for rule in rules if rule["action"] == "SCMP_ACT_ALLOW" and not rule["args"]]
    return {name for names in free for name in names}


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_shipped_profile_is_the_written_one(variant: Variant) -> None:
    assert file_of(variant).read_text() == rendered(variant), "run `python -m sandbox.seccomp.rules`"
    assert json.loads(profile(variant)) == document(variant)


def test_gvisor_is_asked_for_clone3_itself_and_nothing_else() -> None:
    assert plainly_allowed("gvisor") - plainly_allowed("runner") == {"clone3"}
    assert not plainly_allowed("runner") - plainly_allowed("gvisor")


def test_a_gpu_adds_memory_placement_and_nothing_else() -> None:
    assert plainly_allowed("gpu") - plainly_allowed("runner") == {"get_mempolicy", "mbind", "set_mempolicy"}
    assert not plainly_allowed("runner") - plainly_allowed("gpu")


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_rule_allows_a_dangerous_call(variant: Variant) -> None:
    allowed = plainly_allowed(variant) - ({"clone3"} if variant == "gvisor" else set())
    dangerous = {"clone", "clone3", "unshare", "setns", "mount", "bpf", "keyctl", "ptrace", "socket", "personality"}
    assert not allowed & dangerous
    assert not {name for name in allowed if name.startswith("io_uring")}


@pytest.fixture
def probe(docker_backend: DockerBackend, sandbox_image: str, tmp_path: Path) -> Any:
    folder = payload.place({INSIDE.name: INSIDE.read_bytes()}, tmp_path / "payload")

    def ask(question: str) -> Any:
        end = docker_backend.run(
            spec(
                image=sandbox_image,
                command=("python3", "-I", f"/probes/{INSIDE.name}", question),
                mounts=(Mount(source=str(folder), target="/probes"),),
                limits=Limits(wall_seconds=30),
            )
        )
        assert end.code == 0, end
        return json.loads(end.stdout)

    return ask


@pytest.mark.docker
def test_every_dangerous_call_is_refused(probe: Any) -> None:
    seen = probe("calls")
    assert seen.pop("clone3") == "ENOSYS"  # so that C libraries fall back to clone
    assert {name: result for name, result in seen.items() if result != "EPERM"} == {}
    assert len(seen) > 80


@pytest.mark.docker
def test_honest_programs_find_their_calls(probe: Any) -> None:
    assert probe("allowed") == {
        "thread": "ok",
        "pair": "x",
        "fork": "ok",
        "child": "x",
        "mbind_is_known": "EPERM",
        "get_mempolicy": "EPERM",
        "personality": "ok",
    }


@pytest.mark.docker
def test_the_view_from_inside(probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "RATCHET_CANARY", "LD_PRELOAD_CANARY"):
        monkeypatch.setenv(name, "CANARY")
    seen = probe("view")
    env = seen["env"]
    assert env.pop("HOSTNAME", "sandbox") == "sandbox"
    env.pop("PWD", None), env.pop("LC_CTYPE", None)
    assert env == {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8"}
    assert seen["ids"] == [[65534] * 3, [65534] * 3, [65534]] or seen["ids"] == [[65534] * 3, [65534] * 3, []]
    assert seen["status"] == {
        **dict.fromkeys(("CapEff", "CapBnd", "CapPrm", "CapAmb"), "0" * 16),
        "NoNewPrivs": "1",
        "Seccomp": "2",
    }
    assert seen["interfaces"] == ["lo"]
    assert seen["proc_canaries"] == 0
    assert seen["processes"] <= 4
    assert set(seen["devices"]) == {
        "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "stderr", "stdin", "stdout", "tty", "urandom", "zero",
    }  # fmt: skip
    assert not seen["shm"]
    assert "docker" not in seen["cgroup"]
    writes = seen["writes"]
    assert {path for path, result in writes.items() if result == "ok"} == {"/tmp/x", "/work/x"}
    assert {path for path, result in seen["reads"].items() if result == "ok"} <= set()


OTHER_ABIS = r"""
#include <stdlib.h>
#include <unistd.h>
#include <sys/syscall.h>
int main(int argc, char **argv) {
    long result;
    if (argv[1][0] == '3')
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory"); /* getpid of the 32-bit table */
    else
        result = syscall(0x40000000 | SYS_getpid); /* x32 */
    return result > 0 ? 42 : 0;
}
"""


@pytest.mark.docker
@pytest.mark.parametrize("abi", ["32", "x32"])
def test_other_calling_conventions_are_closed(docker_backend: DockerBackend, sandbox_image: str, abi: str) -> None:
    script = f"cat > /work/a.c <<'C'\n{OTHER_ABIS}\nC\ngcc -o /work/a /work/a.c && echo built && exec /work/a {abi}"
    end = docker_backend.run(spec(image=sandbox_image, command=("sh", "-c", script)))
    assert end.stdout == b"built\n"
    assert end.code != 42
    assert (end.reason, end.code) in {("signal", 128 + 31), ("exit", 0)}


@pytest.mark.docker
def test_an_abstract_socket_of_the_host_is_out_of_reach(docker_backend: DockerBackend, sandbox_image: str) -> None:
    name = "ratchet-canary"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0" + name)
        listener.listen()
        program = f"import socket; socket.socket(socket.AF_UNIX).connect('\\0{name}')"
        end = docker_backend.run(spec(image=sandbox_image, command=("python3", "-c", program)))
    assert b"ConnectionRefusedError" in end.stderr


@pytest.mark.docker
def test_many_at_once_do_not_mix(docker_backend: DockerBackend, sandbox_image: str) -> None:
    def go(number: int) -> bytes:
        script = f"sleep 0.$(({number} % 3)); seq {number} {number + 20000}"
        return docker_backend.run(spec(name=f"n{number}", image=sandbox_image, command=("sh", "-c", script))).stdout

    with ThreadPoolExecutor(6) as pool:
        for number, output in zip(range(12), pool.map(go, range(12)), strict=True):
            assert output.split() == [b"%d" % at for at in range(number, number + 20001)]


@pytest.mark.docker
@pytest.mark.parametrize(
    ("target", "runs"), [("/tmp", False), ("/work", True)]
)  # fmt: skip
def test_only_the_build_folder_holds_programs(
    docker_backend: DockerBackend, sandbox_image: str, target: str, runs: bool
) -> None:
    script = f"cp /bin/true {target}/t && {target}/t"
    end = docker_backend.run(spec(image=sandbox_image, command=("sh", "-c", script)))
    assert (end.code == 0) is runs


@pytest.mark.docker
def test_nothing_of_one_container_is_in_the_next(docker_backend: DockerBackend, sandbox_image: str) -> None:
    for _ in range(2):
        end = docker_backend.run(
            spec(image=sandbox_image, command=("sh", "-c", "ls -A /tmp /work; touch /tmp/marker /work/marker"))
        )
        assert end.stdout.split() == [b"/tmp:", b"/work:"]


@pytest.mark.docker
def test_a_read_only_mount_stays_so_and_a_writable_file_is_written(
    docker_backend: DockerBackend, sandbox_image: str, tmp_path: Path
) -> None:
    (tmp_path / "in").write_text("given")
    (tmp_path / "out").write_text("")
    (tmp_path / "out").chmod(0o666)
    end = docker_backend.run(
        spec(
            image=sandbox_image,
            command=("sh", "-c", "cat /io/in > /io/out; echo x > /io/in || rm /io/in || touch /io/new || echo held"),
            mounts=(
                Mount(source=str(tmp_path / "in"), target="/io/in"),
                Mount(source=str(tmp_path / "out"), target="/io/out", read_only=False),
            ),
        )
    )
    assert end.stdout == b"held\n"
    assert (tmp_path / "in").read_text() == (tmp_path / "out").read_text() == "given"
