"""Every rule that can deny says what it is: the annotations of a bundle, and what is wrong with them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from policies.opa_cli import OpaFailedError, run_opa


@dataclass(frozen=True)
class Rule:
    """One annotated rule that finds something."""

    code: str
    title: str
    description: str
    owner: str
    remedy: str
    fixed: bool
    """Its level is hard-mandatory whatever data says."""
    package: str
    place: str
    """`file:line`."""


def rules(opa: Path, bundle: Path) -> list[Rule]:
    """All annotated `deny` rules of a folder, as OPA sees them. Raises OpaFailedError."""
    done = run_opa(opa, ["inspect", "--annotations", "--format", "json", str(bundle)])
    if done.returncode != 0:
        raise OpaFailedError(f"opa inspect: {done.stderr.decode(errors='replace').strip()}")
    found = []
    for entry in json.loads(done.stdout).get("annotations") or []:
        path = [str(part["value"]) for part in entry.get("path", [])]
        note = entry["annotations"]
        if note.get("scope") == "rule" and path[-1:] == ["deny"]:
            custom = note.get("custom") or {}
            found.append(
                Rule(
                    code=str(custom.get("code", "")),
                    title=str(note.get("title", "")),
                    description=str(note.get("description", "")),
                    owner=str(custom.get("owner", "")),
                    remedy=str(custom.get("remedy", "")),
                    fixed=custom.get("fixed") is True,
                    package=".".join(path[1:-1]),
                    place=f"{entry['location']['file']}:{entry['location']['row']}",
                )
            )
    return found


def annotation_problems(opa: Path, bundle: Path) -> list[str]:
    """What is wrong: missing fields, codes used twice, `deny` rules without annotation, levels of unknown rules."""
    known = rules(opa, bundle)
    problems = []
    for rule in known:
        for field in ("code", "title", "description", "owner", "remedy"):
            if not getattr(rule, field):
                problems.append(f"{rule.place}: the annotation of this deny rule lacks `{field}`")
    codes = [rule.code for rule in known]
    problems += [f"the code {code} is used by two rules" for code in sorted({c for c in codes if codes.count(c) > 1})]
    problems += _bare_rules(bundle)
    for package, levels in _levels(opa, bundle).items():
        homes = (f"ratchet.{package}", f"ratchet.local.{package}")
        here = {rule.code: rule for rule in known if rule.package in homes}
        for code in sorted(levels):
            if code not in here:
                problems.append(f"ratchet/{package}/data.yaml: levels: there is no rule {code}")
            elif here[code].fixed:
                problems.append(f"ratchet/{package}/data.yaml: levels: the level of {code} is fixed; remove the line")
    return problems


def _bare_rules(bundle: Path) -> list[str]:
    problems = []
    for path in sorted(bundle.rglob("*.rego")):
        lines = path.read_text("utf-8").splitlines()
        for number, line in enumerate(lines, 1):
            if line.startswith("deny contains") and (number < 2 or not lines[number - 2].startswith("#")):
                problems.append(f"{path}:{number}: this deny rule has no annotation directly above it")
    return problems


def _levels(opa: Path, bundle: Path) -> dict[str, dict[str, str]]:
    done = run_opa(opa, ["eval", "--bundle", str(bundle), "--format", "raw", "data.ratchet.lib.tuned"])
    try:
        tuned = json.loads(done.stdout)
    except ValueError:
        return {}
    return {package: settings.get("levels") or {} for package, settings in tuned.items()}
