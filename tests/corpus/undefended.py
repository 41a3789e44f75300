"""The corpus with the defences off: what an evaluation as usual makes of each attack. `make bench-corpus` prints all.

Each candidate runs beside its judge, as root, in a throw-away container of the engine's default profile: no gate, no
second container, no clock outside, no fresh inputs. Some bounds stay, for this machine's sake: no network, and caps of
memory, processes, file size and time. An attack has worked when it was believed (`accepted`: right, and better than the
seed by the target's smallest effect), or when it did harm: it hit a cap, opened a door that it tries, or left the
judge's files other than they were. Only candidates that are edits have an evaluation to cheat: the gate's and the
agent's cases are not here, nor are those that would fill this machine's disk.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections import Counter
from pathlib import Path

from kernels.target import Target, load_target
from sandbox.images.version import tag
from tests.corpus import usual
from tests.corpus.case import TARGETS, Case, load_all

SECONDS = 20
CAPS = (
    *("--network", "none", "--memory", "512m", "--memory-swap", "512m", "--pids-limit", "256"),
    *("--ulimit", f"fsize={64 << 20}"),
)
FULL = ("H04", "H04b")
"""They would fill the disk."""
KERNELS = Path(__file__).resolve().parents[2] / "kernels"


def worked(verdict: str) -> bool:
    """Whether an attack with this verdict was believed, or did harm."""
    return verdict == "accepted" or verdict.startswith("harm:")


def applies(case: Case) -> bool:
    """Whether the case can be tried so."""
    return case.form == "edit" and case.meta.id not in FULL


def verdict(case: Case, seed: float) -> str:
    """What the usual evaluation says of a case, `seed` being what it says of the target's seed."""
    target = target_of(case)
    with tempfile.TemporaryDirectory(prefix="undefended-") as scratch:
        folder = Path(scratch)
        judged(folder, target, json.loads(case.bundle()))
        before = _digest(folder / "judge")
        ended, out = _run(folder)
        after = _digest(folder / "judge")
    if before != after:
        return "harm: the judge's files are not what they were"
    if ended in (None, 137) or len(out) > 16 << 20:
        return "harm: it had to be killed by a cap"
    if ended and "failed:no-gain" in case.meta.expect:
        return "harm: a door was open"
    try:
        said = json.loads(out.splitlines()[-1])
        right, value = said["right"], float(said["value"])
    except (ValueError, LookupError, TypeError):
        return f"failed: status {ended}, no result"
    if not right:
        return "failed:wrong"
    gain = value - seed if target.metric.kind == "score" else seed / value - 1 if value > 0 else float("inf")
    return "failed:no-gain" if gain <= target.metric.min_effect else "accepted"


def seed_value(target: Target) -> float:
    """What the usual evaluation says of the seed: seconds, or a score."""
    with tempfile.TemporaryDirectory(prefix="undefended-") as scratch:
        judged(Path(scratch), target, {})
        _, out = _run(Path(scratch))
    return float(json.loads(out.splitlines()[-1])["value"])


def target_of(case: Case) -> Target:
    """The corpus' own target of that name, else the shipped one."""
    own = TARGETS / case.meta.target
    return load_target(own if own.is_dir() else KERNELS / case.meta.target)


def judged(folder: Path, target: Target, bundle: dict[str, object]) -> None:
    """Lay judge and candidate side by side, all of it writable."""
    shutil.copytree(target.folder, folder / "judge" / "target", ignore=shutil.ignore_patterns("seed", "__pycache__"))
    shutil.copy(str(usual.__file__), folder / "judge")
    for place in ("judge/seed", "candidate"):
        shutil.copytree(target.folder / "seed", folder / place, ignore=shutil.ignore_patterns("__pycache__"))
    files = bundle.get("files", {})
    assert isinstance(files, dict)
    for path, file in files.items():
        place = folder / "candidate" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(file["text"])


def _run(folder: Path) -> tuple[int | None, bytes]:
    """Exit status (None: out of time) and standard output."""
    name = f"undefended-{uuid.uuid4().hex[:12]}"
    command = ["docker", "run", "--rm", "--name", name, *CAPS, "--user", "0", "-v", f"{folder}:/eval", "-w", "/eval"]
    command += [tag(), "python3", "-B", "judge/usual.py", "judge/target", "judge/seed", "candidate"]
    try:
        with (folder / "out").open("wb") as out:
            done = subprocess.run(
                ["sh", "-c", 'ulimit -f 40000; exec "$@"', "sh", *command],
                stdout=out, stderr=subprocess.DEVNULL, timeout=SECONDS, check=False,
            )  # fmt: skip
        status: int | None = done.returncode
    except subprocess.TimeoutExpired:
        status = None
    finally:
        subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)
    return status, (folder / "out").read_bytes()


def _digest(folder: Path) -> str:
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not {"__pycache__", "out"} & {*path.parts})
    whole = hashlib.sha256()
    for path in found:
        whole.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return whole.hexdigest()


def main() -> None:
    """A line a case, then the counts."""
    seeds: dict[str, float] = {}
    found: Counter[str] = Counter()
    print("| case | with the defences | without |\n| --- | --- | --- |")
    for case in load_all():
        if not applies(case):
            continue
        seed = seeds.setdefault(case.meta.target, 0.0) or seed_value(target_of(case))
        seeds[case.meta.target] = seed
        said = verdict(case, seed)
        if case.hostile:
            found["believed" if said == "accepted" else "harm" if worked(said) else "failed"] += 1
        print(f"| {case.folder.name} | {', '.join(case.meta.expect)} | {said} |")
        sys.stdout.flush()
    print(f"\nof {sum(found.values())} attacks: {dict(found)}")


if __name__ == "__main__":
    main()
