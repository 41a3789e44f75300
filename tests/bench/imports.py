"""Other people's examples, as they are: each is imported, then one candidate of it goes through a whole daemon.

Usage: python -m tests.bench.imports openevolve=FOLDER … shinka=FOLDER …
The candidate's change is one line that does nothing, so what is shown is that the whole path works, not a gain.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.e2e.house import Daemon

SECONDS = 900.0
MARKER = re.compile(r"^([ \t]*).*EVOLVE-BLOCK-START.*\n", re.MULTILINE)


def answer(program: str, text: str) -> str:
    """A model's answer: one more line at the head of the first block, or at the program's end."""
    found = MARKER.search(text)
    if found is None:
        return f"HYPOTHESIS: none\n\n{program}\n```\n{text.rstrip()}\n\nTRIED = 1\n```\n"
    line, indent = found.group(0), found.group(1)
    return f"HYPOTHESIS: none\n\n{program}\n<<<<<<< SEARCH\n{line}=======\n{line}{indent}TRIED = 1\n>>>>>>> REPLACE\n"


def tried(daemon: Daemon, kind: str, folder: Path, options: list[str]) -> dict[str, Any]:
    """What came of one example."""
    name = re.sub(r"[^a-z0-9]+", "-", f"{kind[:2]}-{'-'.join(folder.parts[-2:])}".lower()).strip("-")[:60]
    made = daemon.ratchet("target", "import", kind, str(folder), "--name", name, "--json", *options)
    if made.returncode != 0:
        return {"import": (made.stdout + made.stderr).strip().splitlines()[-1]}
    warnings = json.loads(made.stdout)["warnings"]
    seed = next(path for path in (daemon.targets / name / "seed").iterdir() if path.is_file())
    scripts = daemon.state / "scripts"
    scripts.mkdir(exist_ok=True)
    (scripts / f"{name}.jsonl").write_text(json.dumps({"answer": answer(seed.name, seed.read_text("utf-8"))}) + "\n")
    started = time.monotonic()
    campaign = daemon.start_campaign(target=name, candidates=1, model=f"ratchet/scripted/{name}", seed=1)
    try:
        report = daemon.result(campaign, SECONDS)
    except (AssertionError, KeyError) as error:
        daemon.temporal("workflow", "terminate", "-w", campaign, check=False)
        return {"import": "ok", "warnings": warnings, "verdict": f"none: {str(error)[:300]}"}
    rows = daemon.rows(campaign)
    last = rows[-1]
    told = daemon.ratchet("candidate", "show", last.candidate, "--json")
    return {
        "import": "ok",
        "warnings": warnings,
        "seed": rows[0].score,
        "verdict": last.verdict if last.number else f"no candidate: {report}",
        "score": last.score,
        "seconds": round(time.monotonic() - started, 1),
        "told": told.stdout if not last.verdict.endswith(("no-gain", "accepted")) else "",
    }


def main() -> None:
    """Print a line an example."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("examples", nargs="+", help="KIND=FOLDER[,OPTION…], such as openevolve=there,--metric=score")
    parser.add_argument("--image", default="", help="a sandbox image with more packages, see `make image WITH=…`")
    given = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="bench-imports-") as scratch:
        daemon = Daemon(Path(scratch), RATCHET_IMAGE=given.image)
        daemon.start()
        try:
            for example in given.examples:
                kind, _, rest = example.partition("=")
                folder, *options = rest.split(",")
                came = tried(daemon, kind, Path(folder), options)
                failed += came.get("score") is None
                print(f"{example}: {json.dumps(came)}", flush=True)
        finally:
            daemon.stop()
            daemon.clear()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
