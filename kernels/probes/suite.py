"""Which probes a target gets."""

from __future__ import annotations

from kernels.probes.imported import imported_probes
from kernels.probes.native import native_probes
from kernels.probes.probe import NoProbes, Probe, Signature
from kernels.probes.process import process_probes
from kernels.probes.script import script_probes
from kernels.target import Target

FORGED_SCORE = 1e6


def seed_texts(target: Target) -> dict[str, str]:
    """The seed's text files by relative path."""
    root, found = target.seed_folder, {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            try:
                found[path.relative_to(root).as_posix()] = path.read_text("utf-8")
            except UnicodeDecodeError:
                continue
    return found


def probes_of(target: Target, call: Signature) -> list[Probe]:
    """All probes for the target, by name. Raises NoProbes."""
    seed, build = seed_texts(target), target.build
    if build.language == "c":
        return list(native_probes(build.symbol, build.argv, seed, call))
    if build.language == "python":
        return list(script_probes(build.file, build.symbol, seed))
    if build.language == "json":
        return list(script_probes(build.file, build.symbol, seed, by_name=True))
    if build.language == "program":
        return list(process_probes(build.argv, seed))
    if build.language == "evaluator":
        return list(imported_probes(build.symbol, FORGED_SCORE, target.tree.editable, seed))
    raise NoProbes(f"no probes are known for language {build.language!r}")
