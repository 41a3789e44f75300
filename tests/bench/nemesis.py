"""`make bench-nemesis`: campaigns under faults drawn from seeds; whether the books agree afterwards.

`--seeds` says how many (20), `--first` from which on (100).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.nemesis import run


def main() -> None:
    """A line for each seed; ends with 1 when an invariant did not hold."""
    parser = argparse.ArgumentParser(prog="bench-nemesis")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=100)
    asked = parser.parse_args()
    broken = faults = 0
    for seed in range(asked.first, asked.first + asked.seeds):
        with tempfile.TemporaryDirectory(prefix="ratchet-nemesis-") as scratch:
            folder = Path(scratch)
            folder.chmod(0o755)
            began = time.monotonic()
            story, problems = run(folder, seed)
        faults += len(story)
        broken += bool(problems)
        print(f"{seed}: {time.monotonic() - began:.0f} s, {', '.join(story)}", flush=True)
        for problem in problems:
            print(f"   {problem}", flush=True)
    print(f"{asked.seeds} campaigns, {faults} faults: the books of {broken} do not agree")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
