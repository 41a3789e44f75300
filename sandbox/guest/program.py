"""Candidates that are programs: text in by standard input, text out by standard output, once per call.

A request is {"stdin": text, "args": [text, …]}; an outcome is {"value": stdout, "code": exit code, "text": stderr's
end}. A negative code is the signal that ended the program.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .failure import Failure
from .memory import Memory
from .plain import read_text, write_text

STDERR_LIMIT = 2000


def load_program(path: Path, memory: Memory) -> Callable[[list[dict[str, Any]], list[dict[str, Any]]], None]:
    """Run the built program anew for each call. The deadline is the judge's."""
    if not path.is_file():
        raise Failure("load", f"the build left no program {path.name}")

    def call(arguments: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> None:
        request = json.loads(read_text(arguments, memory))
        write_text(_run(path, request, outputs[0]["shape"][0]), outputs, memory)

    return call


def _run(path: Path, request: dict[str, Any], limit: int) -> dict[str, Any]:
    with tempfile.TemporaryFile(dir=path.parent) as stdin, tempfile.TemporaryFile(dir=path.parent) as stderr:
        stdin.write(request["stdin"].encode())
        stdin.seek(0)
        try:
            child = subprocess.Popen(
                [str(path), *request.get("args", [])],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "ASAN_OPTIONS": "detect_leaks=0"},
            )
        except OSError as error:
            raise Failure("load", f"cannot run {path.name}: {error.strerror}") from error
        with child:
            out = child.stdout.read(limit + 1) if child.stdout else b""
            if len(out) > limit:
                os.killpg(child.pid, signal.SIGKILL)
                raise Failure("bad-output", f"the program printed more than {limit} bytes")
            code = child.wait()
        stderr.seek(max(0, stderr.seek(0, os.SEEK_END) - STDERR_LIMIT))
        said = stderr.read().decode("utf-8", "replace")
    return {"value": out.decode("utf-8", "backslashreplace"), "code": code, "text": said}
