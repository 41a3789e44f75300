"""Connects to the judge and does as asked: hello, build, load, call. One line in, one line out."""

from __future__ import annotations

import json
import os.path
import socket

from .failure import Failure
from .memory import Memory

TYPE_CHECKING = False  # the real one comes with a module that costs a tenth of a runner's start, as pathlib does
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    Call = Callable[[list[dict[str, Any]], list[dict[str, Any]]], None]


def main(argv: list[str]) -> None:
    """Serve one judge until it hangs up. `argv` may name other places than `/io` and so on, as in `--io FOLDER`."""
    given = dict(zip(argv[::2], argv[1::2], strict=True))
    io, *others = (given.get(f"--{name}", f"/{name}") for name in ("io", "candidate", "evaluator", "work"))
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    handle = os.open(os.path.join(io, "sock"), os.O_PATH | os.O_DIRECTORY)
    link.connect(f"/proc/self/fd/{handle}/s")
    os.close(handle)
    Guest(io, *others).serve(link)


class Guest:
    """What has been loaded so far."""

    def __init__(self, io: str, candidate: str, evaluator: str, work: str) -> None:
        self._io, self._candidate, self._evaluator, self._work = io, candidate, evaluator, work
        self._memory: Memory | None = None
        self._call: Call | None = None

    def serve(self, link: socket.socket) -> None:
        """Answer line by line."""
        with link.makefile("rb") as lines:
            for line in lines:
                request = json.loads(line)
                answer = {"id": request["id"], **self.answer(request)}
                link.sendall(json.dumps(answer).encode() + b"\n")

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request."""
        try:
            if request["do"] == "call":
                if self._call is None:
                    raise Failure("load", "nothing is loaded")
                self._call(request["arguments"], request["outputs"])
                return {"ok": True}
            if request["do"] == "hello":
                places = os.path.join(self._io, "in"), os.path.join(self._io, "out")
                self._memory = Memory(places[0], request["in"], places[1], request["out"])
                return {"ok": True}
            if request["do"] == "build":
                from .build import build  # what a request needs is loaded for it: a runner's start counts

                return {"ok": True, "log": build(request["argv"], request["seconds"], *self._places(request))}
            self._call = self._load(request)
            return {"ok": True}
        except Failure as failure:
            return {"ok": False, "reason": failure.reason, "error": failure.text, "log": failure.log}

    def _load(self, request: dict[str, Any]) -> Call:
        memory, language = self._memory, request["language"]
        if memory is None:
            raise Failure("load", "no memory is mapped")
        if language in ("python", "json"):
            tree = os.path.join(self._candidate, request.get("at", ""))
            if language == "json":
                from .plain import load_plain

                return load_plain(tree, request["file"], memory)
            from .python import load_python

            return load_python(tree, request["file"], request["symbol"], memory)
        candidate, work = self._places(request)
        if language == "c":
            from .native import load_native

            return load_native(work / request["file"], request["symbol"], memory)
        if language == "program":
            from .program import load_program

            return load_program(work / request["file"], memory)
        from pathlib import Path

        from .evaluation import load_evaluation

        places = (candidate, Path(self._evaluator), request["file"], request["symbol"], request["seconds"])
        return load_evaluation(*places, work, memory)

    def _places(self, request: dict[str, Any]) -> tuple[Path, Path]:
        """The tree that is meant and where its build goes: the whole folder's, or those of its subfolder `at`."""
        from pathlib import Path

        at = request.get("at", "")
        work = Path(self._work) / at
        work.mkdir(exist_ok=True)
        return Path(self._candidate) / at, work
