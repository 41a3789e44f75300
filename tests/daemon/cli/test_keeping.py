"""`audit erase`, `prune` and `verify --checkpoint` as commands, without a daemon."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.cli import checks_state
from daemon.records.audit import AuditLog
from daemon.records.blobs import BlobStore
from daemon.records.keys import ensure_signing_key
from daemon.settings import Settings
from tests.daemon.cli.conftest import Ratchet


@pytest.fixture
def blob(tmp_path: Path, ratchet: Ratchet) -> str:
    """Content that a record of candidate k-c1 names."""
    home = tmp_path / "state"
    name = BlobStore(home / "blobs").put(b"private")
    ensure_signing_key(home / "keys" / "audit.pem")
    with AuditLog(home / "audit", home / "keys" / "audit.pem") as log:
        body = {"reason": "exit", "code": 0, "log": name, "usage": {}}
        log.append("propose.container", actor="daemon", campaign="k", candidate="k-c1", body=body)
    return name


def test_erased_content_is_told_and_the_log_verifies(ratchet: Ratchet, blob: str) -> None:
    said = ratchet("audit", "erase", blob, "--by", "ana", "--reason", "personal data, found late")
    assert said.code == 0, said
    assert ratchet("audit", "verify").code == 0
    shown = ratchet("audit", "show", "--candidate", "k-c1").out
    assert "[log erased by ana: personal data, found late]" in shown
    again = ratchet("audit", "erase", blob, "--reason", "personal data, found late", "--json")
    assert again.code == 1 and "already, by ana" in again.document["error"]
    assert ratchet("audit", "erase", "nonsense", "--reason", "personal data, found late").code == 2


def test_nothing_is_old_enough_to_prune(ratchet: Ratchet, blob: str) -> None:
    assert ratchet("audit", "prune", "--json").document == {"pruned": 0, "days": 400}


def test_checkpoints_kept_outside_show_a_log_set_back(
    ratchet: Ratchet, blob: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, kept = tmp_path / "state", tmp_path / "kept"
    early = (home / "audit" / "checkpoints").read_text()
    with AuditLog(home / "audit", home / "keys" / "audit.pem", on_checkpoint=lambda note: None) as log:
        late = log.checkpoint()
    kept.write_text(early + late)
    assert ratchet("audit", "verify", "--checkpoint", str(kept)).code == 0
    for path in (home / "audit").glob("*.jsonl"):
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    (home / "audit" / "checkpoints").write_text(early)
    assert ratchet("audit", "verify").code == 0
    for words in (("--checkpoint", str(kept)), ()):
        monkeypatch.setenv("RATCHET_CHECKPOINT_TARGET", f"file:{kept}")
        said = ratchet("audit", "verify", *words)
        assert said.code == 1 and "from outside" in said.out
    assert ratchet("audit", "verify", "--checkpoint", str(tmp_path / "none")).code == 2


def test_a_place_of_no_kind_is_named(ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATCHET_CHECKPOINT_TARGET", "ftp://x")
    said = ratchet("audit", "tail")
    assert said.code == 2 and "checkpoint_target" in said.err and "file:/absolute/path" in said.err


@pytest.mark.parametrize(
    ("target", "failing", "grade"), [("", 0.0, "warn"), ("file:/x", 0.0, "ok"), ("file:/x", 1.0, "fail")]
)
def test_the_doctor_tells_of_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, failing: float, grade: str
) -> None:
    found = {"ratchet_checkpoint_failing": {(): failing}}
    monkeypatch.setattr(checks_state, "daemon_metrics", lambda _: found)
    (finding,) = checks_state.checkpoints(Settings.load(state=tmp_path, checkpoint_target=target))
    assert finding.grade == grade
