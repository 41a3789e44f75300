"""Tries the files as they stand: the build command, then the visible cases. What it finds is advice, never a score."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from daemon.agent.compare import complaint
    from daemon.agent.workspace import Trouble, Workspace
else:
    from compare import complaint
    from workspace import Trouble, Workspace

BUILD_SECONDS = 60.0
CASE_SECONDS = 5.0
OUTPUT_BYTES = 64 * 1024
_UNSTEADY = re.compile(r"0x[0-9a-f]{4,16}|==\d+==")
"""Addresses and process numbers. Without them the same try reads the same, so a retried step asks the same again."""


def build(workspace: Workspace) -> Path:
    """Build into a folder of its own; returns it. Raises Trouble with the compiler's words."""
    import shutil  # most proposals try nothing, and an agent's start counts

    tree, out = workspace.lay_out(), workspace.folder / "out"
    out.mkdir(parents=True, exist_ok=True)
    argv = [str(word).replace("{out}", str(out)) for word in workspace.checks.get("build") or []]
    if argv and shutil.which(argv[0]):  # a compiler that only the judge's image has cannot be tried here
        code, said, _ = execute(argv, tree, b"", BUILD_SECONDS, workspace.folder)
        if code != 0:
            raise Trouble(f"the build failed with code {code}:\n{_steady(said)}")
    return out


def failures(workspace: Workspace) -> list[str]:
    """What is wrong, a text for each visible case that fails. Raises Trouble when it does not build."""
    out = build(workspace)
    found = []
    for case in workspace.checks.get("cases") or []:
        problem = complaint(case, _ask(workspace, out, case["ask"]))
        if problem:
            found.append(_steady(f"{case['name']}: asked {json.dumps(case['ask'])[:1000]}: {problem}"))
    return found


def _ask(workspace: Workspace, out: Path, ask: dict[str, Any]) -> dict[str, Any]:
    file, tree = str(workspace.checks.get("file", "")), workspace.folder / "tree"
    if "stdin" in ask:
        argv = [str(out / file), *map(str, ask.get("args", []))]
        code, said, out_text = execute(argv, tree, str(ask["stdin"]).encode(), CASE_SECONDS, workspace.folder)
        return {"value": out_text, "code": code, "text": said}
    caller = os.path.join(os.path.dirname(os.path.abspath(__file__)), "caller.py")
    argv = [sys.executable, "-I", "-B", caller, str(tree), file]
    code, said, out_text = execute(argv, tree, json.dumps(ask).encode(), CASE_SECONDS, workspace.folder)
    try:
        outcome: dict[str, Any] = dict(json.loads(out_text))
    except (ValueError, TypeError, RecursionError):
        return {"raised": [f"no answer (exit code {code})"], "text": said}
    return outcome


def execute(argv: list[str], cwd: Path, stdin: bytes, seconds: float, scratch: Path) -> tuple[int, str, str]:
    """Run a program to its end: exit code, what it said on standard error, what it printed; all of it bounded.

    Output goes to files, not pipes: a program that prints without end meets the container's limit on files.
    """
    import subprocess  # most proposals try nothing, and an agent's start counts

    places = [scratch / name for name in ("stdin", "stdout", "stderr")]
    places[0].write_bytes(stdin)
    with places[0].open("rb") as given, places[1].open("wb") as printed, places[2].open("wb") as said:
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TMPDIR": str(scratch)}
        env["ASAN_OPTIONS"] = "detect_leaks=0"
        try:
            child = subprocess.Popen(
                argv, cwd=cwd, stdin=given, stdout=printed, stderr=said, start_new_session=True, env=env
            )
        except OSError as error:
            return -1, f"cannot run {os.path.basename(argv[0])}: {error.strerror}", ""
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            return -1, f"it took longer than {seconds:g} s", ""
        finally:
            _end(child)
    return code, _head(places[2]) or _head(places[1]), _head(places[1])


def _end(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _steady(text: str) -> str:
    return _UNSTEADY.sub("*", text)[:4000]


def _head(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(OUTPUT_BYTES).decode("utf-8", "replace")
