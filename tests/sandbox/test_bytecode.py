"""Caches of compiled programs beside their sources."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sandbox import payload
from sandbox.bytecode import compiled, with_bytecode

ROOT = Path(__file__).resolve().parents[2]
SOURCE = b"def told():\n    return 'compiled'\n"
CACHE = f"__pycache__/told.{sys.implementation.cache_tag}.pyc"


def imported(folder: Path) -> str:
    """What the module `told` says when Python loads it from a folder that nothing is written to."""
    script = f"import sys; sys.path.insert(0, {str(folder)!r}); import told; print(told.told(), told.__cached__)"
    done = subprocess.run([sys.executable, "-I", "-B", "-v", "-c", script], capture_output=True, text=True, check=True)
    used = any("matches" in line and CACHE in line for line in done.stderr.splitlines())
    return f"{done.stdout.split()[0]} {'from the cache' if used else 'from the source'}"


def test_a_program_is_loaded_from_its_cache(tmp_path: Path) -> None:
    placed = payload.place(with_bytecode({"told.py": SOURCE}, {SOURCE}), tmp_path)
    assert imported(placed) == "compiled from the cache"


def test_a_cache_of_another_source_is_not_used(tmp_path: Path) -> None:
    placed = payload.place(with_bytecode({"told.py": SOURCE}, {SOURCE}), tmp_path)
    (placed / "told.py").write_bytes(SOURCE.replace(b"compiled", b"changed"))
    assert imported(placed) == "changed from the source"


def test_only_what_is_ours_is_compiled_here() -> None:
    files = {"told.py": SOURCE, "theirs.py": b"(" * 100_000, "inner/notes.md": SOURCE}
    assert with_bytecode(files, {SOURCE}).keys() == {*files, CACHE}


def test_the_same_source_gives_the_same_bytes_in_every_process() -> None:
    source = b"def colour(name):\n    return name in {'red', 'green', 'blue', 'one word'}\n"
    script = f"from sandbox.bytecode import compiled; print(compiled({source!r}).hex())"
    told = {
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        ).stdout.strip()
        for seed in ("0", "1", "7")
    }
    assert told == {compiled(source).hex()}


def test_what_is_mounted_is_known_with_its_caches_and_a_source_without(tmp_path: Path) -> None:
    placed = payload.place(with_bytecode({"told.py": SOURCE}, {SOURCE}), tmp_path)
    before = payload.digest(payload.contents(placed))
    assert payload.collect(placed).keys() == {"told.py"}
    (placed / CACHE).write_bytes(compiled(SOURCE.replace(b"compiled", b"changed")))
    assert payload.digest(payload.contents(placed)) != before
