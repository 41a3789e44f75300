"""`ratchet doctor`: is this machine fit, line by line, each with its remedy."""

from __future__ import annotations

import sys
from dataclasses import asdict

from daemon.cli import output, reach
from daemon.cli.errors import Denied
from daemon.cli.output import JsonFlag


def doctor(as_json: JsonFlag = False) -> None:
    """Look at engine, image, policies, Temporal, ports, disk, audit log and packages; exit code 1 when one fails."""
    from daemon.cli.checks import examine

    findings = examine(reach.settings())
    bad = any(finding.grade == "fail" for finding in findings)
    if as_json:
        output.print_json({"fit": not bad, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            sys.stdout.write(f"{finding.grade:<5} {finding.check:<16} {output.cell(finding.found)}\n")
            if finding.remedy and finding.grade != "ok":
                sys.stdout.write(f"{'':<22} → {output.cell(finding.remedy)}\n")
        sys.stdout.write("not fit: mend what fails\n" if bad else "fit\n")
    if bad:
        raise Denied
