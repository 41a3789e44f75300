"""A campaign lived through: a folder with a target of one number, and lives until the campaign has ended."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from daemon.instance import instance_of
from daemon.records.chain import records
from daemon.settings import CHECKOUT
from tests.crash.driver import CAMPAIGN, RESULT
from tests.number import place_number

ANSWERS = ["return [3.5]", "return (", "evaluator", "return [4.5]"]
"""Accepted and promoted; broken; denied; accepted and promoted over the first."""


def prepare(folder: Path) -> Path:
    """Policies, the target and the script."""
    folder.mkdir(exist_ok=True)
    shutil.copytree(CHECKOUT / "policies", folder / "policies", ignore=shutil.ignore_patterns("__pycache__"))
    place_number(folder / "targets", program("return [2.5]"))
    (folder / "scripts").mkdir()
    lines = [json.dumps({"answer": answer(what)}) for what in ANSWERS]
    (folder / "scripts" / "number.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def program(line: str) -> str:
    return f"def value(_):\n    {line}\n"


def answer(what: str) -> str:
    path, text = ("evaluator.py", "x = 1\n") if what == "evaluator" else ("number.py", program(what))
    return f"HYPOTHESIS: {what}\n\n{path}\n```python\n{text}```\n"


def live(folder: Path, die_at: int = 0) -> bool:
    """One life; whether the campaign has ended. Raises AssertionError when it ended in another way than it should."""
    argv = [sys.executable, "-W", "ignore", "-m", "tests.crash.driver", str(folder), str(die_at)]
    done = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode in (0, -9), done.stderr[-3000:]
    return done.returncode == 0


def clear(folder: Path) -> None:
    """Remove what the last life left running."""
    label = f"label=ratchet.instance={instance_of(folder / 'state')}"
    listed = subprocess.run(["docker", "ps", "-aq", "--filter", label], capture_output=True, text=True, check=True)
    for container in listed.stdout.split():
        subprocess.run(["docker", "rm", "-f", container], capture_output=True, check=False)


def lived(folder: Path, seed: int, deaths: int, furthest: int = 24) -> tuple[dict[str, Any], int]:
    """The campaign with that many deaths, at drawn records; what it came to, and how often it really died."""
    prepare(folder)
    rng = random.Random(seed)
    died = 0
    try:
        while not live(folder, rng.randint(1, furthest) if died < deaths else 0):
            died += 1
    finally:
        clear(folder)
    found: dict[str, Any] = json.loads((folder / RESULT).read_text())
    return {**found, **answers(folder)}, died


def answers(folder: Path) -> dict[str, Any]:
    """Which calls of models were answered, and how many answers were paid for a second time.

    An answer that was journaled just before a death has no record of its own, but one of its replay.
    """
    seen: dict[str, list[str]] = {"model.answer": [], "model.replayed": []}
    for one in records(folder / "state" / "audit"):
        if one["kind"] in seen and one["campaign"] == CAMPAIGN:
            body = one["body"]
            seen[one["kind"]].append(f"{one['candidate']} {body['call']} {body['request']}")
    paid = seen["model.answer"]
    return {"answered": sorted({*paid, *seen["model.replayed"]}), "paid_twice": len(paid) - len(set(paid))}
