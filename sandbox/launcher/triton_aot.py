"""Runs in the build container: a Triton kernel becomes an object for a driver and a `launch.json`. No device is needed.

`python3 triton_aot.py --vendor cuda --arch 90 --signature '*fp32,*fp32,i32,i32' --symbol softmax --out DIR FILE`

The candidate's file is imported, so its code runs here, beside nothing worth having; what it leaves is read as hostile
bytes. It defines the kernel, a `triton.jit` function named `symbol` whose first parameters are the signature's, and may
define `CONSTANTS` (values of the kernel's further parameters), `WARPS` (4), `STAGES` (2) and `ROWS` of a program (1).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

OBJECT, PLAN = "kernel.bin", "launch.json"
WARP = {"cuda": 32, "rocm": 64}
"""Threads of a warp: of every CUDA device, and of the AMD ones that compute (gfx9)."""
POINTERS = 2
"""Scratch memory of whole launch and of profiles: parameters that Triton adds, null where it asked for none."""
DIVISIBLE = 16
"""What the launcher's alignment promises of every pointer, in Triton's terms."""


def main(argv: list[str]) -> None:
    """Compile and write, or exit with a sentence."""
    parser = argparse.ArgumentParser(prog="triton_aot")
    parser.add_argument("--vendor", choices=sorted(WARP), required=True)
    parser.add_argument("--arch", required=True, help="compute capability such as 90, or gfx90a")
    parser.add_argument("--signature", required=True, help="types of the call's arguments, in order")
    parser.add_argument("--symbol", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("file", type=Path)
    options = parser.parse_args(argv)
    os.environ |= {"HOME": str(options.out), "TRITON_CACHE_DIR": str(options.out / "cache")}
    os.environ.setdefault("TRITON_DEFAULT_FP_FUSION", "1")
    module = imported(options.file)
    data, plan = compiled(module, options.symbol, options.signature.split(","), options.vendor, options.arch)
    (options.out / OBJECT).write_bytes(data)
    (options.out / PLAN).write_text(json.dumps(plan))


def imported(path: Path) -> Any:
    """The candidate's file as a module; Triton reads the kernel's source from it."""
    found = importlib.util.spec_from_file_location("candidate", path.resolve())
    if found is None or found.loader is None:
        sys.exit(f"{path} is no Python file")
    module = sys.modules["candidate"] = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def compiled(module: Any, symbol: str, types: list[str], vendor: str, arch: str) -> tuple[bytes, dict[str, int]]:
    """The object, and the plan for launching it."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    kernel = getattr(module, symbol, None)
    if kernel is None or not hasattr(kernel, "arg_names"):
        sys.exit(f"there is no triton.jit function {symbol}")
    constants: dict[str, Any] = dict(getattr(module, "CONSTANTS", {}))
    names = list(kernel.arg_names)
    if set(names[len(types) :]) != set(constants):
        sys.exit(f"{symbol} takes {names}: the first {len(types)} are the call's, CONSTANTS must give all others")
    signature = {name: "constexpr" if name in constants else kind for name, kind in zip_longest(names, types)}
    aligned = {(place,): [["tt.divisibility", DIVISIBLE]] for place, kind in enumerate(types) if kind.startswith("*")}
    warp = WARP[vendor]
    target = GPUTarget("cuda", int(arch), warp) if vendor == "cuda" else GPUTarget("hip", arch, warp)
    options = {"num_warps": int(getattr(module, "WARPS", 4)), "num_stages": int(getattr(module, "STAGES", 2))}
    source = ASTSource(fn=kernel, signature=signature, constexprs=constants, attrs=aligned)
    made = triton.compile(source, target=target, options=options)
    if made.metadata.global_scratch_size:
        sys.exit("the kernel needs scratch memory beyond its own, which no launch here has")
    plan = {
        "threads": made.metadata.num_warps * warp,
        "rows": int(getattr(module, "ROWS", 1)),
        "shared_bytes": made.metadata.shared,
        "pointers": POINTERS,
    }
    return made.asm["cubin" if vendor == "cuda" else "hsaco"], plan


def zip_longest(names: list[str], types: list[str]) -> list[tuple[str, str]]:
    """Each parameter with its type; those behind the call's have none."""
    return [(name, types[place] if place < len(types) else "") for place, name in enumerate(names)]


if __name__ == "__main__":
    main(sys.argv[1:])
