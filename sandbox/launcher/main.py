"""`serve` (for a judge, with the guest's protocol), `care` (between leases), `compile` (in the build container)."""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

from ..guest.failure import Failure
from ..guest.memory import Memory
from .care import care
from .compile import compile_to
from .driver import Driver, DriverError
from .kernel import Kernel


def main(argv: list[str]) -> None:
    """Do what the first word says."""
    parser = argparse.ArgumentParser(prog="launcher")
    words = parser.add_subparsers(dest="word", required=True)
    serving, caring = words.add_parser("serve"), words.add_parser("care")
    for each in (serving, caring):
        each.add_argument("--vendor", choices=("rocm", "cuda"), required=True)
        each.add_argument("--library", default="", help="the driver's library, if the loader does not find it")
    serving.add_argument("--rows", type=int, required=True, help="index of the argument that counts rows")
    serving.add_argument("--io", type=Path, default=Path("/io"))
    serving.add_argument("--candidate", type=Path, default=Path("/candidate"))
    caring.add_argument("--poison", type=lambda text: int(text, 16), required=True)
    compiling = words.add_parser("compile")
    compiling.add_argument("--candidate", type=Path, default=Path("/candidate"))
    compiling.add_argument("--work", type=Path, default=Path("/work"))
    compiling.add_argument("--out", type=Path, default=Path("/io/out/artefact"))
    compiling.add_argument("--seconds", type=float, required=True)
    compiling.add_argument("--file", required=True)
    compiling.add_argument("command", nargs="+")
    options = parser.parse_args(argv)
    if options.word == "compile":
        compile_to(options.out, options.command, options.seconds, options.candidate, options.work, options.file)
    elif options.word == "care":
        _care(options.vendor, options.library, options.poison)
    else:
        _serve(options)


def _care(vendor: str, library: str, poison: int) -> None:
    try:
        print(json.dumps(care(Driver(vendor, library), poison)))
    except DriverError as error:
        print(json.dumps({"healthy": False, "error": str(error)[:300]}))
        sys.exit(1)


def _serve(options: argparse.Namespace) -> None:
    try:
        driver = Driver(options.vendor, options.library)
    except DriverError as error:
        sys.exit(f"launcher: the device cannot be used: {error}")
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    handle = os.open(options.io / "sock", os.O_PATH | os.O_DIRECTORY)
    link.connect(f"/proc/self/fd/{handle}/s")
    os.close(handle)
    Launcher(driver, options.io, options.candidate, options.rows).serve(link)


class Launcher:
    """The guest's protocol, with `seconds` in the answer to a call."""

    def __init__(self, driver: Driver, io: Path, folder: Path, rows: int) -> None:
        self._driver, self._io, self._folder, self._rows = driver, io, folder, rows
        self._memory: Memory | None = None
        self._kernel: Kernel | None = None

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
                if self._kernel is None:
                    raise Failure("load", "nothing is loaded")
                return {"ok": True, "seconds": self._kernel.call(request["arguments"], request["outputs"])}
            if request["do"] == "hello":
                self._memory = Memory(self._io / "in", request["in"], self._io / "out", request["out"])
            elif self._memory is None:
                raise Failure("load", "no memory is mapped")
            else:
                place = (self._folder, request["file"], request["symbol"])
                self._kernel = Kernel(self._driver, *place, self._rows, self._memory)
            return {"ok": True}
        except Failure as failure:
            return {"ok": False, "reason": failure.reason, "error": failure.text, "log": failure.log}
