"""Signed approvals: what a person signs, and whether a signature is theirs.

Signatures are SSH signatures (`ssh-keygen -Y sign -n ratchet -f <key>`) over the statement's exact bytes. Who may sign
is listed in an allowed-signers file (`ssh-keygen(1)`, section ALLOWED SIGNERS) that only people edit.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

NAMESPACE = "ratchet"
"""Bound into every signature, so that a signature made for another purpose never counts here."""

TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Checked:
    """One approval after the check."""

    by: str
    verified: bool
    problem: str = ""


def statement(*, action: str, campaign: str, candidate: str, expires: float, **about: object) -> str:
    """What a hold is about, and an approver signs: canonical JSON (sorted keys, no spaces), the same bytes everywhere.

    `about` binds the very thing: the tree hash and its verdict, or the decision and the rules that denied. `expires` is
    in Unix seconds.
    """
    return json.dumps(
        {
            "format": "ratchet-approval/1",
            "action": action,
            "campaign": campaign,
            "candidate": candidate,
            "expires": int(expires),
            **about,
        },
        sort_keys=True,
        separators=(",", ":"),
    )


def answer(held: str, action: str, **terms: object) -> str:
    """What is signed for another answer than the approval: the hold's own statement, with this action and its terms.

    `terms` are what the answer says (who, why, until when): a signature binds each of them, and what waits.
    Raises ValueError for a statement that is none.
    """
    document = json.loads(held)
    if not isinstance(document, dict) or set(document) & set(terms):
        raise ValueError("not a hold's statement")
    return json.dumps({**document, "action": action, **terms}, sort_keys=True, separators=(",", ":"))


def check(text: str, by: str, signature: str, allowed_signers: Path) -> Checked:
    """Whether `signature` over `text` was made by `by`, as listed in the allowed-signers file. Never raises."""
    if not signature.strip():
        return Checked(by, False, "no signature: a name typed on a command line is not an identity")
    if not allowed_signers.is_file():
        return Checked(
            by, False, f"no allowed-signers file at {allowed_signers}: list the approvers' public keys there"
        )
    with tempfile.NamedTemporaryFile("w", suffix=".sig", encoding="utf-8") as file:
        file.write(signature)
        file.flush()
        argv = ["ssh-keygen", "-Y", "verify", "-n", NAMESPACE, "-f", str(allowed_signers), "-I", by, "-s", file.name]
        try:
            done = subprocess.run(argv, input=text.encode(), capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
        except FileNotFoundError:
            return Checked(by, False, "ssh-keygen is not installed: install openssh-client")
        except subprocess.TimeoutExpired:
            return Checked(by, False, "ssh-keygen did not answer")
    if done.returncode == 0:
        return Checked(by, True)
    words = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
    return Checked(by, False, f"not signed by {by}: {words[-1][:200] if words else 'ssh-keygen refused it'}")


def sign(text: str, key: Path) -> str:
    """Armoured signature over `text` with an SSH private key (or its agent). Raises RuntimeError with the remedy."""
    argv = ["ssh-keygen", "-Y", "sign", "-n", NAMESPACE, "-f", str(key)]
    try:
        done = subprocess.run(argv, input=text.encode(), capture_output=True, timeout=60, check=False)
    except FileNotFoundError:
        raise RuntimeError("ssh-keygen is not installed: install openssh-client") from None
    if done.returncode != 0:
        raise RuntimeError(
            f"ssh-keygen could not sign with {key}: {done.stderr.decode(errors='replace').strip()[:300]}"
        )
    return done.stdout.decode()
