"""Is a bundle fit to be used: syntax, types, forbidden builtins, annotations, its own tests, and their coverage."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from policies.annotations import annotation_problems
from policies.bundle import BadPoliciesError, Source
from policies.opa_cli import OpaFailedError, run_opa

COVERAGE = 95
"""Percent of the policy's lines that its tests must run."""
PATIENCE = ("--timeout", "60s")
"""For each test: what takes milliseconds takes longer than OPA's own 5 s on a machine that is busy enough."""

FORBIDDEN = ("http.send", "opa.runtime", "trace", "providers.aws.sign_req")
"""Builtins that no policy may use, besides all whose answer differs from call to call (clocks, dice, networks)."""


@dataclass(frozen=True)
class Problem:
    """One reason why a bundle is not fit."""

    step: str
    """`read`, `format`, `types`, `annotations`, `data` or `tests`."""
    message: str


def capabilities(opa: Path) -> dict[str, object]:
    """What policies may use of this `opa`: no network, no clock, no dice. Raises OpaFailedError."""
    done = run_opa(opa, ["capabilities", "--current"])
    if done.returncode != 0:
        raise OpaFailedError(f"opa capabilities: {done.stderr.decode(errors='replace').strip()}")
    known: dict[str, object] = json.loads(done.stdout)
    builtins = known["builtins"]
    assert isinstance(builtins, list)  # noqa: S101 - the format is OPA's own
    known["builtins"] = [
        builtin
        for builtin in builtins
        if builtin["name"] == "json.match_schema"  # counted as changing because a schema could name an address
        or not (builtin.get("nondeterministic") or builtin["name"] in FORBIDDEN or builtin["name"].startswith("net."))
    ]
    known["allow_net"] = []
    return known


def check(source: Source, opa: Path, *, style: bool = True) -> list[Problem]:
    """All problems of a bundle; empty means fit.

    `style` adds what a hand-made edit need not meet to be used at once: formatting and the tests' coverage.
    """
    with tempfile.TemporaryDirectory(prefix="ratchet-policies-") as folder:
        place = Path(folder)
        source.write(place / "bundle", tests=True)
        (place / "capabilities.json").write_text(json.dumps(capabilities(opa)))
        problems = _types(opa, place)
        if not problems:  # the later steps need policies that compile
            problems = [Problem("annotations", message) for message in annotation_problems(opa, place / "bundle")]
            problems += _data(opa, place)
            problems = problems or _tests(opa, place, COVERAGE if style else None)
        if style:
            problems += _format(opa, place)
        return [Problem(problem.step, problem.message.replace(f"{place}/bundle/", "")) for problem in problems]


def check_folder(folder: Path, opa: Path, *, style: bool = True) -> list[Problem]:
    """`check` of what lies in a folder; a folder that cannot be read is a problem as well."""
    try:
        return check(Source.read(folder), opa, style=style)
    except BadPoliciesError as error:
        return [Problem("read", str(error))]


def _lines(data: bytes) -> str:
    return data.decode("utf-8", "replace").strip()


def _types(opa: Path, place: Path) -> list[Problem]:
    bundle = str(place / "bundle")
    options = ["--strict", "--bundle", "--capabilities", str(place / "capabilities.json")]
    if (place / "bundle" / "schemas").is_dir():
        options += ["--schema", f"{bundle}/schemas"]
    done = run_opa(opa, ["check", *options, bundle])
    return [] if done.returncode == 0 else [Problem("types", _lines(done.stderr) or _lines(done.stdout))]


def _format(opa: Path, place: Path) -> list[Problem]:
    done = run_opa(opa, ["fmt", "--list", "--fail", str(place / "bundle")])
    if done.returncode == 0:
        return []
    return [Problem("format", f"run `opa fmt --write policies`: {_lines(done.stdout) or _lines(done.stderr)}")]


def _data(opa: Path, place: Path) -> list[Problem]:
    """The numbers that people tune must have the types that the rules count on."""
    query = "data.ratchet.lib.data_problems"
    done = run_opa(opa, ["eval", "--bundle", str(place / "bundle"), "--format", "raw", query])
    if done.returncode != 0:
        return [Problem("data", _lines(done.stderr) or _lines(done.stdout))]
    try:
        found = json.loads(done.stdout)
    except ValueError:
        return [Problem("data", f"{query} is undefined")]
    return [Problem("data", str(message)) for message in found]


def _tests(opa: Path, place: Path, coverage: int | None) -> list[Problem]:
    bundle = str(place / "bundle")
    if coverage is not None:
        done = run_opa(opa, ["test", *PATIENCE, "--bundle", bundle, "--coverage", "--format", "json"])
        if done.returncode == 0:
            reached = float(json.loads(done.stdout)["coverage"])
            enough = reached >= coverage
            return [] if enough else [Problem("tests", f"coverage is {reached:.1f} %, {coverage} % are asked")]
    done = run_opa(opa, ["test", *PATIENCE, "--bundle", bundle, "--format", "json"])
    try:
        results = json.loads(done.stdout or b"[]") or []
    except ValueError:
        return [Problem("tests", _lines(done.stderr) or _lines(done.stdout))]
    failed = [f"{r['package']}.{r['name']}" for r in results if r.get("fail") or r.get("error") or r.get("skip")]
    if failed:
        return [Problem("tests", f"failing: {', '.join(failed)}; see `opa test --bundle policies`")]
    if done.returncode != 0 or not results:
        return [Problem("tests", _lines(done.stderr) or "the bundle has no tests")]
    return []
