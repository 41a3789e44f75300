"""Many trees asked many things through the real guest's code, without containers: one process, a fork per tree.

Run as a program it reads jobs from its input and prints what each tree answered, as the judge would get it.
"""

from __future__ import annotations

import json
import os
import resource
import runpy
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

GUEST = Path(__file__).resolve().parents[3] / "sandbox" / "guest"
ROOM = 64 * 1024
CPU_SECONDS = 2
"""A tree that spins is ended; whoever is slow but honest has several times as long as it needs."""
SLEEP_SECONDS = 60


def answers(jobs: list[dict[str, Any]], workers: int = 2) -> list[list[str]]:
    """For each job {"language", "root", "file", "asks"}, the answers' texts: JSON, or why there is none."""
    parts = [jobs[i::workers] for i in range(workers)]
    running = [
        subprocess.Popen(
            [sys.executable, "-I", "-B", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in parts
    ]
    for child, part in zip(running, parts, strict=True):
        assert child.stdin is not None
        child.stdin.write(json.dumps(part).encode())
        child.stdin.close()
        child.stdin = None
    found: list[list[list[str]]] = []
    for child in running:
        out, err = child.communicate()
        assert child.returncode == 0, err.decode()
        found.append(json.loads(out))
    return [found[i % workers][i // workers] for i in range(len(jobs))]


def _serve() -> None:
    runpy.run_path(str(GUEST / "__main__.py"))["load"]()
    print(json.dumps([_forked(job) for job in json.load(sys.stdin)]))


def _forked(job: dict[str, Any]) -> list[str]:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        signal.alarm(SLEEP_SECONDS)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        with os.fdopen(writer, "w") as out:
            out.write(json.dumps(_answers(job)))
            out.flush()
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as source:
        text = source.read()
    os.waitpid(child, 0)
    try:
        found: list[str] = json.loads(text)
    except ValueError:
        return ["it ended or hung"] * len(job["asks"])
    return found


def _answers(job: dict[str, Any]) -> list[str]:
    import importlib

    failure = importlib.import_module("guest.failure").Failure
    memory = SimpleNamespace(inputs=b"", outputs=bytearray(ROOM))
    root = Path(job["root"])
    try:
        if job["language"] == "python":
            call = importlib.import_module("guest.plain").load_plain(str(root), job["file"], memory)
        else:
            call = importlib.import_module("guest.program").load_program(root / job["file"], memory)
    except failure as error:
        return [f"{error.reason}: {error.text}"] * len(job["asks"])
    found = []
    for ask in job["asks"]:
        memory.inputs = json.dumps(ask).encode()
        try:
            call([{"in": 0, "shape": [len(memory.inputs)]}], [{"at": 0, "shape": [ROOM]}])
            found.append(bytes(memory.outputs).decode().rstrip())
        except failure as error:
            found.append(f"{error.reason}: {error.text}")
    return found


if __name__ == "__main__":
    _serve()
