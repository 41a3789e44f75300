"""Which probes a target gets."""

from __future__ import annotations

from kernels.probes.imported import imported_files, imported_probes
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


def unprobed(target: Target) -> str:
    """Why no probe applies to such a target, or nothing. It is not the author's to mend."""
    language = target.build.language
    if target.kind == "genome":
        return "its judges are those of its suite's tasks, which the agent's trees never reach; no seed to tamper with"
    if language not in ("c", "python", "json", "program", "evaluator"):
        return f"no probes are made for language {language!r}: its launcher is trusted, and has tests of its own"
    if language == "evaluator" and not imported_files(target.tree.editable, seed_texts(target)):
        return "no text file of the seed is editable, so that there is nothing to cheat with"
    return ""


def probes_of(target: Target, call: Signature) -> list[Probe]:
    """All probes for the target, by name. Raises NoProbes."""
    seed, build = seed_texts(target), target.build
    if build.language == "c":
        return list(native_probes(build.symbol, build.argv, seed, call))
    if build.language == "python":
        return list(script_probes(build.file, build.symbol, seed, call))
    if build.language == "json":
        return list(script_probes(build.file, build.symbol, seed, call, by_name=True))
    if build.language == "program":
        return list(process_probes(build.argv, seed))
    if build.language == "evaluator":
        return list(imported_probes(build.symbol, FORGED_SCORE, target.tree.editable, seed))
    raise NoProbes(f"no probes are known for language {build.language!r}")
