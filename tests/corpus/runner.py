"""Sends cases through the real path: agent's container, gate, archive, judge and runners, promotion, record.

It is the daemon without Temporal: the same parts, the same steps in the same order as `workflows/candidate.py`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from daemon import parts
from daemon.house import House
from daemon.instance import instance_of
from daemon.metrics import Metrics
from daemon.probe_results import Checks
from daemon.records.rows import CandidateRow
from daemon.repo import File
from daemon.service import FOLDERS
from daemon.settings import CHECKOUT, Settings
from daemon.steps.campaigns import CampaignSteps
from daemon.steps.candidates import CandidateSteps
from tests.corpus.case import TARGETS, Case
from tests.shared import target_checks
from workflows.models import (
    CampaignFacts,
    CampaignSpec,
    CandidateSpec,
    Commit,
    Edit,
    Proposal,
    Scorecard,
)

MARK = Path("/tmp/ratchet-corpus-ran")
"""What a planted program touches when the host runs it."""
SECRET = "RATCHET_CORPUS_SECRET"
COURIER = "import shutil\nshutil.copyfile('/agent/raw', '/out/bundle.json')\n"
"""An agent that leaves whatever lies beside it."""
SIGMA = 0.25
"""Noise of one run that campaigns over times reckon with: much, so that a busy machine does not decide a case."""
FEW_TASKS = ("bits-pack", "addition-chain")
"""Of `bench_agent`, one to validate and one sealed: the suite of the target `selves`, which is gated, hardly scored."""


@dataclass(frozen=True)
class Outcome:
    """What became of one candidate. `verdict` is the promotion's when an accepted one was not promoted."""

    verdict: str
    candidate: str
    card: Scorecard
    row: CandidateRow


class Corpus:
    """One house for all cases, one campaign (and so one judge) for each target."""

    def __init__(self, folder: Path, scripts: dict[str, str]) -> None:
        self.home = folder / "state"
        self.canary = f"corpus-canary-{secrets.token_hex(12)}"
        self._undo: parts.Undo = []
        self._campaigns: dict[str, tuple[CampaignSpec, CampaignFacts]] = {}
        self._numbers: dict[str, int] = {}
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(CHECKOUT / "policies", folder / "policies", ignore=skip)
        for name in ("matmul", "packing"):
            shutil.copytree(CHECKOUT / "kernels" / name, folder / "targets" / name, ignore=skip)
        for own in TARGETS.iterdir():
            shutil.copytree(own, folder / "targets" / own.name, ignore=skip)
            (folder / "targets" / own.name / "answers.txt").write_text(self.canary)
        for task in FEW_TASKS:
            source = CHECKOUT / "kernels" / "bench_agent" / "tasks" / task
            shutil.copytree(source, folder / "targets" / "few_tasks" / "tasks" / task, ignore=skip)
        tune(folder / "policies" / "ratchet")
        (folder / "scripts").mkdir()
        for name, answer in scripts.items():
            (folder / "scripts" / f"{name}.jsonl").write_text(json.dumps({"answer": answer}) + "\n")
        self._settings = Settings.load(
            state=self.home,
            policies=folder / "policies",
            targets=folder / "targets",
            scripts=folder / "scripts",
            target_checks=str(target_checks()),
        )
        self.house: House

    def start(self) -> None:
        """Bring the parts up."""
        self.home.mkdir(mode=0o711)
        for name in FOLDERS:
            (self.home / name).mkdir()
        (self.home / "canary.txt").write_text(self.canary)
        os.environ[SECRET] = self.canary
        self._undo.append(("secret", lambda: os.environ.pop(SECRET)))
        metrics = Metrics()
        opa, _ = parts.policy_engine(self._settings, metrics)
        self._undo.append(("opa", opa.stop))
        opa.start()
        self.house = parts.build(self._settings, instance_of(self.home), metrics, opa, self._undo)
        self.steps = CandidateSteps(self.house)

    def stop(self) -> None:
        """Take everything down; nothing is left."""
        while self._undo:
            self._undo.pop()[1]()
        MARK.unlink(missing_ok=True)

    def run(self, case: Case) -> list[Outcome]:
        """Every candidate of the case, one after the other."""
        forms: dict[str, Callable[[Case], Iterator[Outcome]]] = {
            "edit": lambda case: self._gated(case, [case.bundle()]),
            "bundles": lambda case: self._gated(case, map(case.bundle, case.module("make").bundles())),
            "raw": self._raw,
            "agent": self._own_agent,
            "answer": self._answer,
        }
        return list(forms[case.form](case))

    def spec(self, target: str, *, model: str = "ratchet/tuner", genome: str = "") -> CandidateSpec:
        """The next candidate of a target's campaign."""
        spec, facts = self.open(target)
        number = self._numbers[target] = self._numbers.get(target, 0) + 1
        facts = facts.model_copy(update={"genome": genome or facts.genome})
        choice = CampaignSteps(self.house).choose(spec.model_copy(update={"model": model}), facts, number)
        return CandidateSpec(campaign=facts.campaign, choice=choice, facts=facts)

    def judged(self, spec: CandidateSpec, proposal: Proposal, *, promote: bool) -> Outcome:
        """All arrows after the proposal. Controls are not promoted: each is compared with the seed."""
        steps, edit, promotion = self.steps, Edit(), None
        commit: Commit | None = None
        if proposal.verdict:
            card = Scorecard(verdict=proposal.verdict)
        else:
            edit = steps.gate(spec, proposal)
            if edit.verdict:
                card = Scorecard(verdict=edit.verdict, feedback="\n".join(edit.reasons)[:4000])
            else:
                commit = steps.commit(spec, edit, proposal)
                card = steps.evaluate(spec, edit)
        verdict = card.verdict
        if verdict == "accepted" and promote:
            promotion = steps.promote(spec, edit, card, [])
            verdict = verdict if promotion.status == "promoted" else f"{promotion.status}:{promotion.reasons[0]}"
        steps.record(spec, proposal, edit, commit, card, promotion)
        return Outcome(verdict, spec.choice.candidate, card, self.house.candidate(spec.choice.candidate))

    def harm(self, case: Case, outcomes: list[Outcome]) -> list[str]:
        """What a case did that none may do, whatever its verdict."""
        house, problems = self.house, []
        if MARK.exists():
            MARK.unlink()
            problems.append("the host ran a program of the candidate")
        for outcome in outcomes:
            told = self._told(outcome)
            if self.canary.encode() in told:
                problems.append(f"{outcome.candidate} got hold of a secret")
            shown = "".join((outcome.row.hypothesis, outcome.row.feedback, *outcome.row.reasons))
            if any(not letter.isprintable() and letter not in "\n\t" for letter in shown):
                problems.append(f"{outcome.candidate} put control characters into what people read: {shown!r:.200}")
        house.backend.settle()
        # The judge stays, and runners that wait for their first use: one that was used has its attempt's name.
        left = [name for name in self._containers() if not name.endswith("-judge") and "-ready-" not in name]
        problems += [f"container {name} is left over" for name in left]
        for campaign in (facts for _, facts in self._campaigns.values()):
            if house.target(campaign.target.name).manifest() != campaign.target.manifest:
                problems.append(f"the judge of {campaign.target.name} was changed")
            for account, line in house.ledger.statement(campaign.campaign).items():
                if line.reserved or line.spent > (line.cap or 0):
                    problems.append(f"{account} of {campaign.campaign}: {line}")
        if any(house.settings.home.joinpath("scratch").glob("*/*/*")):
            problems.append("something is left in the scratch folder")
        return problems

    # -- forms -------------------------------------------------------------------------------------------------------

    def _gated(self, case: Case, bundles: Any) -> Iterator[Outcome]:
        for data in bundles:
            proposal = Proposal(bundle=self.house.blobs.put(data), hypothesis=case.meta.hypothesis)
            yield self.judged(self.spec(case.meta.target), proposal, promote=case.hostile)

    def _raw(self, case: Case) -> Iterator[Outcome]:
        for data in case.module("make").raw():
            yield self._proposed(case, {"agent.py": COURIER.encode(), "raw": data})

    def _own_agent(self, case: Case) -> Iterator[Outcome]:
        root = case.folder / "agent"
        yield self._proposed(case, {p.relative_to(root).as_posix(): p.read_bytes() for p in root.glob("*.py")})

    def _proposed(self, case: Case, genome: dict[str, bytes]) -> Outcome:
        tree = self.house.trees.write_tree({path: File(data, "100644") for path, data in genome.items()})
        spec = self.spec(case.meta.target, genome=tree)
        return self.judged(spec, self.steps.propose(spec), promote=case.hostile)

    def _answer(self, case: Case) -> Iterator[Outcome]:
        spec = self.spec(case.meta.target, model=f"ratchet/scripted/{case.meta.id.lower()}")
        yield self.judged(spec, self.steps.propose(spec), promote=case.hostile)

    def adopt(self, name: str, new: str) -> Path:
        """A copy of a target under another name, so that a test may spoil it; returns its folder."""
        folder = self._settings.targets / new
        shutil.copytree(self._settings.targets / name, folder)
        settings = folder / "target.toml"
        settings.write_text(settings.read_text().replace(f'name = "{name}"', f'name = "{new}"', 1))
        self.open(name)
        # Its judge is the one that was attacked already, under another name.
        checks, image = Checks(self.house.settings.checks), self.house.image()
        if held := checks.find(self.house.target(name), image):
            checks.keep(self.house.target(new), image, held)
        return folder

    def open(self, target: str, **changes: Any) -> tuple[CampaignSpec, CampaignFacts]:
        """The target's campaign, opened with these changes to its spec when it is not open yet."""
        if target not in self._campaigns:
            spec = CampaignSpec(target=target, candidates=300, strategy="iid", started_by="corpus", **changes)
            facts = CampaignSteps(self.house).open(f"corpus-{target}", spec)
            if facts.target.metric_kind == "time":  # whatever is reckoned with, the rule keeps its promise
                facts = facts.model_copy(update={"sigma": SIGMA})
            self._campaigns[target] = spec, facts
        return self._campaigns[target]

    # -- parts -------------------------------------------------------------------------------------------------------

    def _told(self, outcome: Outcome) -> bytes:
        """Everything that left the candidate's containers."""
        blobs, row = self.house.blobs, outcome.row
        kept = [blobs.get(digest) for digest in (row.log, row.bundle) if digest]
        return b"\n".join([*kept, row.feedback.encode(), row.hypothesis.encode()])

    def _containers(self) -> list[str]:
        label = f"label=ratchet.instance={instance_of(self.home)}"
        command = ["docker", "ps", "-a", "--filter", label, "--format", "{{.Names}}"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def tune(rules: Path) -> None:
    """Policy data for the corpus: a control touches 150 files, and promotions of programs wait for a person."""
    for package, change in (
        ("edit", lambda data: data["targets"].update(sweep={"limits": {"files": 200}})),
        ("promote", lambda data: data["kinds"]["program"].update(approvals=1)),
    ):
        path = rules / package / "data.yaml"
        data = yaml.safe_load(path.read_text())
        change(data)
        path.write_text(yaml.safe_dump(data))
