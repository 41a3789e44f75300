"""The reference campaign killed a hundred times, at seeded places, against an undisturbed one. Takes some 15 minutes.

Usage: python -m tests.bench.kills [deaths] [seed]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.crash.lives import lived

EACH = 8
"""Deaths of one campaign; then another begins."""


def main(deaths: int, seed: int) -> int:
    """Print what differs; exit 1 when anything does."""
    with tempfile.TemporaryDirectory(prefix="ratchet-kills-") as made:
        wanted, _ = lived(Path(made) / "undisturbed", seed, 0)
        died, turn, wrong = 0, 0, 0
        while died < deaths:
            turn += 1
            found, times = lived(Path(made) / str(turn), seed + turn, min(EACH, deaths - died))
            died += times
            differs = sorted(key for key in wanted if found[key] != wanted[key])
            wrong += bool(differs)
            print(f"{died:4} deaths; differs: {', '.join(differs) or 'nothing'}", flush=True)
    print(f"{died} deaths in {turn} campaigns; {wrong} campaigns ended in another way")
    return 1 if wrong else 0


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    raise SystemExit(main(*(given or [100]), *([] if len(given) > 1 else [88])))
