"""`ratchet audit attest` and `check-attestation`: a promotion as a signed statement, and its check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from daemon.cli import output, reach
from daemon.cli.errors import BadInput, Denied
from daemon.cli.output import JsonFlag


def add_to(app: typer.Typer) -> None:
    """Put these commands beside the others of the group."""
    app.command("attest")(attest)
    app.command("check-attestation")(check_attestation)


def attest(
    candidate: Annotated[str, typer.Argument(help="A promoted candidate.")],
    out: Annotated[Path | None, typer.Option(help="File to write. Default: standard output.")] = None,
) -> None:
    """A promotion as an in-toto statement in a DSSE envelope (JSON), signed by the audit key, checkable anywhere."""
    from daemon.records.attestation import NotAttested
    from daemon.records.attestation import attest as make
    from daemon.records.keys import BadKey

    home = reach.settings().home
    try:
        envelope = make(home / "audit", home / "keys" / "audit.pem", candidate)
    except (NotAttested, BadKey) as error:
        raise BadInput(str(error)) from error
    except FileNotFoundError as error:
        raise BadInput(f"no audit log in {home}; set RATCHET_STATE, or run `ratchet up`") from error
    if out is None:
        sys.stdout.write(envelope)
    else:
        out.write_text(envelope)


def check_attestation(
    file: Annotated[Path, typer.Argument(help="The envelope.", exists=True, dir_okay=False)],
    key: Annotated[Path | None, typer.Option(help="Public audit key. Default: this state's.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check signature, checkpoint and proof of a statement; needs the file and the public key alone. 1: it fails."""
    from daemon.records.attestation import BadAttestation, check
    from daemon.records.keys import BadKey, load_public_key, public_path

    try:
        public = load_public_key(key or public_path(reach.settings().home / "keys" / "audit.pem"))
        statement: dict[str, Any] = check(file.read_text(errors="replace"), public)
    except BadKey as error:
        raise BadInput(str(error)) from error
    except BadAttestation as error:
        output.print_text(f"DOES NOT HOLD: {error}")
        raise Denied from error
    predicate, digest = statement["predicate"], statement["subject"][0]["digest"]
    if as_json:
        output.print_json(statement)
        return
    output.print_text("holds: signature, checkpoint, and the record's place in the log")
    output.print_facts(
        {
            "candidate": predicate["candidate"],
            "commit": digest["gitCommit"],
            "tree": digest["gitTree"],
            "promoted": predicate["promoted"],
            "in place of": predicate["previous"],
            "gain": "{gain:.4g} ({low:.4g} to {high:.4g}), sealed cases".format(**predicate["sealed"]),
            "decision": f"{predicate['decision']['id']}, revision {predicate['decision']['revision'][:16]}",
            "approved by": ", ".join(predicate["approvals"]) or "policy alone",
        }
    )
