"""Puts a device target's seed through compile, judge and launcher on this machine, without containers or daemon.

`python -m sandbox.launcher.selfcheck kernels/softmax_triton --vendor cuda` needs Python 3.11, numpy, a driver and the
target's compiler. It proves the measuring code on a real device; it isolates nothing, so give it code that you trust.
Prints one JSON object; exit code 0 when the seed is right and could be timed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from ..artefacts import lay_out, read_artefact
from ..judge.session import Session

PROGRAM = Path(__file__).resolve().parent / "__main__.py"
ARMS = ("child", "parent")


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, check, print."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.launcher.selfcheck", description=__doc__)
    parser.add_argument("target", type=Path, help='folder of a target with language = "device"')
    parser.add_argument("--vendor", choices=("cuda", "rocm"), required=True)
    parser.add_argument("--arch", default="", help="what the compiler calls the device (default: the target's)")
    parser.add_argument("--library", default="", help="the driver's library, if the loader does not find it")
    parser.add_argument("--tree", type=Path, help="another tree than the target's seed")
    parser.add_argument("--pairs", type=int, default=8)
    options = parser.parse_args(argv)
    told = check(
        options.target,
        options.tree or options.target / "seed",
        vendor=options.vendor,
        arch=options.arch,
        library=options.library,
        pairs=options.pairs,
    )
    print(json.dumps(told, indent=2))
    return 0 if "fault" not in told else 1


def check(
    target: Path, tree: Path, *, vendor: str, arch: str = "", library: str = "", pairs: int = 8
) -> dict[str, Any]:
    """The tree against itself: {"cases", "pairs", "log"}, or {"fault"} with its verdict."""
    rules = tomllib.loads((target / "target.toml").read_text("utf-8"))
    build, device = rules["build"], rules["device"]
    with tempfile.TemporaryDirectory(prefix="ratchet-selfcheck-") as name:
        root = Path(name)
        out, work, io = root / "artefact", root / "work", root / "io"
        for folder in (work, io):
            folder.mkdir()
        out.touch()
        words = {"{arch}": arch or device["arch"], "{vendor}": vendor, "{launcher}": str(PROGRAM.parent)}
        argv = [sys.executable if word == "python3" else word for word in build["argv"]]
        command = [reduce(lambda word, name: word.replace(name, words[name]), words, word) for word in argv]
        places = ["--candidate", tree.resolve(), "--work", work, "--out", out]
        fixed = ["--seconds", build.get("seconds", 30), "--file", build["file"], "--", *command]
        _run(["compile", *places, *fixed]).wait()
        artefact = read_artefact(out)
        arms = {arm: lay_out(artefact, root / arm, build["file"]) for arm in ARMS}
        session = Session(io, target)
        children: list[subprocess.Popen[bytes]] = []
        try:
            session.answer(
                {"op": "open", "name": "s", "seed": os.urandom(32).hex(), "rules": _rules(rules), "arms": ARMS}
            )
            for arm in ARMS:
                where = ["--io", io / "s" / arm, "--candidate", arms[arm], "--rows", device["rows"]]
                children.append(_run(["serve", "--vendor", vendor, "--library", library, *where]))
            return _judged(session, pairs) | {"log": artefact.log}
        finally:
            session.close()
            for child in children:
                child.kill()
                child.wait()


def _judged(session: Session, pairs: int) -> dict[str, Any]:
    told: dict[str, Any] = {"cases": 0}
    steps: list[dict[str, Any]] = [
        *({"op": "build", "arm": arm} for arm in ARMS),
        *({"op": "check", "arm": "child", "suite": suite} for suite in ("visible", "sealed")),
        {"op": "pairs", "count": pairs, "suite": "visible"},
    ]
    for step in steps:
        answer = session.answer(step)
        if "ok" not in answer:
            return {"fault": answer.get("fault") or answer.get("error")}
        told["cases"] += answer.get("cases", 0)
        told["pairs"] = answer.get("pairs", [])
    return told


def _rules(file: dict[str, Any]) -> dict[str, Any]:
    """What the daemon would tell the judge of this target."""
    judge, build = file.get("judge", {}), file["build"]
    return {
        "evaluator": "evaluator.py",
        "metric_kind": file["metric"]["kind"],
        "language": build["language"],
        "build": [],
        "build_seconds": 30.0,
        "file": build["file"],
        "symbol": build["symbol"],
        "call_seconds": file.get("resources", {}).get("call_seconds", 2.0),
        "gflops": judge.get("gflops", 1e6),
        "gbytes": judge.get("gbytes", 1e6),
        "resolution_seconds": judge.get("resolution_us", 15.0) / 1e6,
    }


def _run(arguments: list[Any]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-I", "-B", str(PROGRAM), *map(str, arguments)])


if __name__ == "__main__":
    sys.exit(main())
