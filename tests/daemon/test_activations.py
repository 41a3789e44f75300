"""Which bundle rules, since when and by what commit is in the audit log; what it flips is there before it rules."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.activations import Activations, origin
from daemon.engines.opa_embedded import EmbeddedOpa
from daemon.gate import Gate
from daemon.metrics import Metrics
from daemon.records.audit import AuditLog
from daemon.records.chain import records
from daemon.records.keys import ensure_signing_key
from daemon.repo import commit_of
from policies.opa_cli import find_opa
from tests.daemon.engines.conftest import light
from tests.daemon.engines.listening import wait_for
from tests.daemon.engines.questions import BUDGET, EDIT

pytestmark = pytest.mark.opa


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=ana", "-c", "user.email=ana@example.org")
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[AuditLog]:
    ensure_signing_key(tmp_path / "key")
    with AuditLog(tmp_path / "audit", tmp_path / "key") as log:
        yield log


def test_a_new_bundle_is_tried_on_past_decisions_before_it_rules(
    checkout: Path, tmp_path: Path, audit: AuditLog
) -> None:
    folder = light(checkout, tmp_path / "policies")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "rules")
    first = git(folder, "rev-parse", "HEAD")
    metrics = Metrics()
    activations = Activations(folder, tmp_path / "audit", metrics)
    engine = EmbeddedOpa(folder, tmp_path / "state", opa=find_opa(), listeners=activations.listeners, poll=0.1)

    def keep(decision: dict[str, Any]) -> None:
        audit.append("decision", actor="gate", campaign="c", candidate="c-c1", body=decision)

    engine.start()
    with contextlib.ExitStack() as stack, contextlib.closing(Gate(engine.endpoint, keep, deadline=20)) as gate:
        stack.callback(engine.stop)
        activations.record_in(audit)
        before = engine.status().revision
        assert gate.decide("edit", EDIT).permitted and gate.decide("budget", BUDGET).permitted
        data = folder / "ratchet/edit/data.yaml"
        data.write_text(data.read_text().replace("forbidden: []", 'forbidden: ["*.c"]', 1))
        wait_for(lambda: engine.status().reloads == 1)
        after = engine.status().revision
        wait_for(lambda: [one["kind"] for one in records(tmp_path / "audit")].count("policy.active") == 2)
    told = [one for one in records(tmp_path / "audit") if one["kind"].startswith("policy.")]
    assert [(one["kind"], one["body"]["revision"]) for one in told] == [
        ("policy.active", before), ("policy.staged", after), ("policy.active", after),
    ]  # fmt: skip
    tried = told[1]["body"]
    assert (tried["asked"], tried["flipped"]) == (2, 1)
    flip = tried["flips"][0]
    assert (flip["question"], flip["then"], flip["now"], flip["codes"]) == (
        "edit", "permitted", "denied", ["EDIT-FORBIDDEN"],
    )  # fmt: skip
    assert [one["body"]["commit"] for one in (told[0], told[2])] == [first, f"{first}+edits"]
    assert (origin(tmp_path / "audit", before), origin(tmp_path / "audit", "0" * 64)) == (first, "")
    assert next(one for one in metrics.registry.collect() if one.name == "ratchet_policy_flips").samples[0].value == 1


def test_a_folder_without_git_has_no_commit(tmp_path: Path) -> None:
    assert commit_of(tmp_path) == "" == commit_of(tmp_path / "missing")


def test_programs_of_a_checkout_are_not_started(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "data.yaml").write_text("a: 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "rules")
    mark = tmp_path / "mark"
    git(tmp_path, "config", "core.fsmonitor", f"touch {mark}")
    (tmp_path / ".git" / "info" / "attributes").write_text("* filter=p diff=p\n")
    for key in ("filter.p.clean", "filter.p.smudge", "filter.p.process", "diff.p.textconv", "alias.status"):
        git(tmp_path, "config", key, f"touch {mark}")
    git(tmp_path, "config", "filter.p.required", "true")
    (tmp_path / ".git" / "hooks" / "post-index-change").write_text(f"#!/bin/sh\ntouch {mark}\n")
    (tmp_path / ".git" / "hooks" / "post-index-change").chmod(0o755)
    head = git(tmp_path, "-c", "core.fsmonitor=false", "rev-parse", "HEAD")
    assert commit_of(tmp_path) == head
    (tmp_path / "data.yaml").write_text("a: 2\n")  # of the same size: git has to read it
    assert commit_of(tmp_path) == f"{head}+edits"
    assert not mark.exists()
    git(tmp_path, "config", "filter.a=b.clean", f"touch {mark}")
    assert commit_of(tmp_path) == "" and not mark.exists()
