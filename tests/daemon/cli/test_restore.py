"""An older bundle rules again when it was replaced just now, or when a person with the role signs; else never."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.activations import Activations
from daemon.engines.opa_embedded import EmbeddedOpa
from daemon.engines.opa_external import ExternalOpa
from daemon.metrics import Metrics
from daemon.records.audit import AuditLog
from daemon.records.chain import records
from daemon.records.keys import ensure_signing_key
from daemon.restores import FOLDER, Permission, Restores, known, read, replaced, write
from policies.opa_cli import find_opa
from tests.daemon.cli.conftest import Ratchet
from tests.daemon.engines.conftest import light
from tests.daemon.engines.listening import wait_for
from workflows.ports import InfrastructureError

DATA = "ratchet/edit/data.yaml"
WHY = "the tighter limit stops the release"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A state folder; ana's and eve's keys lie beside it, both are listed."""
    home = tmp_path / "state"
    (home / "keys").mkdir(parents=True)
    lines = []
    for name in ("ana", "eve"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True)
        lines.append(f"{name} {' '.join((tmp_path / f'{name}.pub').read_text().split()[:2])}\n")
    (home / "keys" / "allowed_signers").write_text("".join(lines))
    return home


@pytest.fixture
def folder(checkout: Path, tmp_path: Path) -> Path:
    """Ana is an admin; nothing can be taken back without her."""
    folder = light(checkout, tmp_path / "policies")
    edit(folder / "ratchet/override/data.yaml", "undo_seconds: 3600", "undo_seconds: 0")
    edit(folder / "ratchet/people/data.yaml", "admin: []", "admin: [ana]")
    return folder


@pytest.fixture
def audit(home: Path, tmp_path: Path) -> Iterator[AuditLog]:
    ensure_signing_key(tmp_path / "key")
    with AuditLog(home / "audit", tmp_path / "key") as log:
        yield log


@contextlib.contextmanager
def following(folder: Path, home: Path, audit: AuditLog) -> Iterator[EmbeddedOpa]:
    """An engine as the daemon makes it."""
    activations = Activations(folder, home / "audit", Metrics())
    refusal = Restores(home, activations.record).refusal
    engine = EmbeddedOpa(
        folder, home, opa=find_opa(), listeners=activations.listeners, refusal=refusal, poll=0.1
    )  # fmt: skip
    engine.start()
    try:
        activations.record_in(audit)
        yield engine
    finally:
        engine.stop()


def bodies(home: Path, kind: str) -> list[dict[str, Any]]:
    return [one["body"] for one in records(home / "audit") if one["kind"] == kind]


def active(home: Path) -> list[str]:
    return [str(body["revision"]) for body in bodies(home, "policy.active")]


@pytest.mark.opa
def test_an_older_revision_waits_for_a_signature_that_counts_once(
    folder: Path, home: Path, audit: AuditLog, ratchet: Ratchet, tmp_path: Path
) -> None:
    def sign(name: str, reason: str = WHY) -> Any:
        words = ("--by", name, "--key", str(tmp_path / "ana"), "--reason", reason, "--json")
        return ratchet("policy", "restore", first[:16], *words)

    with following(folder, home, audit) as engine:
        first = engine.status().revision
        edit(folder / DATA, "files: 40", "files: 30")
        wait_for(lambda: len(active(home)) == 2)
        second = engine.status().revision

        edit(folder / DATA, "files: 30", "files: 40")
        wait_for(lambda: engine.status().problem)
        for word in ("is older", "OVERRIDE-UNSIGNED", f"ratchet policy restore {first[:16]}"):
            assert word in engine.status().problem
        assert engine.status().revision == second

        assert sign("eve").code == 1, "the key is ana's"
        assert sign("ana", "short").code == 0
        wait_for(lambda: engine.status().rejected == 2)
        assert "(OVERRIDE-REASON:" in engine.status().problem
        assert engine.status().revision == second

        assert sign("ana").code == 0
        wait_for(lambda: len(active(home)) == 3)
        assert (engine.status().revision, engine.status().problem) == (first, "")

        edit(folder / DATA, "files: 40", "files: 20")
        wait_for(lambda: len(active(home)) == 4)
        edit(folder / DATA, "files: 20", "files: 40")
        wait_for(lambda: "OVERRIDE-UNSIGNED" in engine.status().problem)
    told = bodies(home, "policy.restore")
    assert [(one["permitted"], one["by"], one["revision"]) for one in told] == [
        (False, "", first), (False, "ana", first), (True, "ana", first), (False, "", first),
    ]  # fmt: skip
    assert (told[2]["active"], told[2]["reason"]) == (second, WHY) and told[2]["signature"] and told[2]["statement"]
    asked = {one["decision_id"]: one["permitted"] for one in bodies(home, "decision")}
    assert [asked[one["decision"]] for one in told] == [one["permitted"] for one in told]


@pytest.mark.opa
def test_who_has_not_the_role_restores_nothing(
    folder: Path, home: Path, audit: AuditLog, ratchet: Ratchet, tmp_path: Path
) -> None:
    with following(folder, home, audit) as engine:
        first = engine.status().revision
        edit(folder / DATA, "files: 40", "files: 30")
        wait_for(lambda: len(active(home)) == 2)
        said = ratchet("policy", "restore", first, "--by", "eve", "--key", str(tmp_path / "eve"), "--reason", WHY)
        assert said.code == 0, said
        edit(folder / DATA, "files: 30", "files: 40")
        wait_for(lambda: "OVERRIDE-ROLE" in engine.status().problem)
        assert engine.status().revision != first


@pytest.mark.opa
def test_an_edit_is_taken_back_soon_without_anybody(folder: Path, home: Path, audit: AuditLog) -> None:
    edit(folder / "ratchet/override/data.yaml", "undo_seconds: 0", "undo_seconds: 3600")
    with following(folder, home, audit) as engine:
        first = engine.status().revision
        edit(folder / DATA, "files: 40", "files: 30")
        wait_for(lambda: len(active(home)) == 2)
        edit(folder / DATA, "files: 30", "files: 40")
        wait_for(lambda: len(active(home)) == 3)
        assert engine.status().revision == first
    (told,) = bodies(home, "policy.restore")
    assert (told["permitted"], told["by"], told["signature"]) == (True, "", "")


@pytest.mark.opa
def test_a_restart_is_no_return_but_an_older_folder_at_the_start_is(folder: Path, home: Path, audit: AuditLog) -> None:
    with following(folder, home, audit):
        pass
    edit(folder / DATA, "files: 40", "files: 30")
    with following(folder, home, audit):
        pass
    with following(folder, home, audit) as engine:
        second = engine.status().revision
        assert engine.status().problem == ""
    assert active(home)[1:] == [second, second] and bodies(home, "policy.restore") == []
    edit(folder / DATA, "files: 30", "files: 40")
    with following(folder, home, audit) as engine:
        assert engine.status().revision == second and "is older" in engine.status().problem
    shutil.rmtree(home / "policies" / "last-good")
    with pytest.raises(InfrastructureError, match=r"none is left that could let it return. Any edit"):
        following(folder, home, audit).__enter__()


@pytest.mark.opa
def test_somebody_else_s_server_that_goes_back_is_not_followed(
    folder: Path, home: Path, audit: AuditLog, tmp_path: Path
) -> None:
    served = EmbeddedOpa(folder, tmp_path / "theirs", opa=find_opa())
    served.start()
    try:
        place = served.endpoint()
        for revision in (place.revision, "f" * 64):
            audit.append("policy.active", actor="gate", body={"revision": revision, "commit": "", "folder": "/p"})
        activations = Activations(folder, home / "audit", Metrics(), ours=False)
        activations.record_in(audit)
        external = ExternalOpa(place.url, place.token, refusal=Restores(home, activations.record).refusal)
        for _ in range(2):
            with pytest.raises(InfrastructureError, match="is older"):
                external.start()
        external.stop()
    finally:
        served.stop()
    assert len(bodies(home, "policy.restore")) == 1, "asked again and again, it is recorded once"


def test_what_was_replaced_is_read_from_the_audit_log(home: Path, audit: AuditLog) -> None:
    assert replaced(home / "none", "a" * 64) == "" and known(home / "none", "a") == set()
    for letter in "abab":
        audit.append("policy.active", actor="gate", body={"revision": letter * 64, "commit": "", "folder": "/p"})
    times = [one["time"] for one in records(home / "audit") if one["kind"] == "policy.active"]
    assert replaced(home / "audit", "a" * 64) == times[3], "the newest replacement, not the first"
    assert replaced(home / "audit", "b" * 64) == "" == replaced(home / "audit", "c" * 64)
    assert known(home / "audit", "a" * 8) == {"a" * 64}


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"by": 1}', '{"other": "x"}', '{"expires": "never"}', '{"given": true}', '{"given": 1.5}']
)
def test_a_permission_that_cannot_be_read_is_nobodys(home: Path, text: str) -> None:
    write(home, "r", Permission("ana", WHY, 1, 2, "s"))
    assert read(home, "r") == Permission("ana", WHY, 1, 2, "s")
    (home / FOLDER / "r.json").write_text(text)
    assert read(home, "r") == Permission() == read(home, "other")


def test_only_what_was_replaced_can_be_restored(ratchet: Ratchet, home: Path, audit: AuditLog, tmp_path: Path) -> None:
    def restore(revision: str) -> Any:
        return ratchet("policy", "restore", revision, "--by", "ana", "--key", str(tmp_path / "ana"), "--reason", WHY)

    audit.append("policy.active", actor="gate", body={"revision": "a" * 64, "commit": "", "folder": "/p"})
    for revision, why in (("a" * 7, "at least 8"), ("b" * 64, "0 revisions"), ("a" * 8, "needs no permission")):
        said = restore(revision)
        assert said.code == 2 and why in said.err, said
