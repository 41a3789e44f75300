"""Steps 2 to 4: the gate's decision on the edit, the screen for twins, and the commit of exactly the judged tree."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from daemon.changes import edit_facts
from daemon.house import House
from daemon.repo import File, TreeStore, candidate_ref
from daemon.search.novelty import Fingerprint, find_twin, fingerprint
from kernels.target import Target
from sandbox.copyout import parse_bundle
from workflows.models import CandidateSpec, Commit, Edit, Proposal


def gate(house: House, spec: CandidateSpec, proposal: Proposal) -> Edit:
    """Decide on canonical paths, in Python and in Rego, then write the tree that everything later refers to."""
    choice = spec.choice
    target = house.target(spec.facts.target.name)
    parent = house.candidate(choice.parent)
    base = house.trees.read_tree(parent.tree)
    bundle = parse_bundle(house.blobs.get(proposal.bundle))
    facts = edit_facts(
        base,
        bundle.files,
        bundle.deleted,
        campaign=spec.campaign,
        candidate=choice.candidate,
        target=target_facts(target),
    )
    if not facts["changes"] and not facts["unsafe"]:
        return Edit(verdict="failed:no-change", reasons=("the answer changes nothing",))
    decision = house.decide("edit", facts, campaign=spec.campaign, candidate=choice.candidate)
    if not decision.permitted:
        first = decision.deny[0].code if decision.deny else "POLICY"
        return Edit(verdict=f"denied:{first}", reasons=decision.reasons, decision_id=decision.decision_id)
    if facts["unsafe"]:  # the second check reads no policy data: emptied data opens nothing
        worst = facts["unsafe"][0]
        return Edit(
            verdict=f"denied:{worst['rule']}",
            reasons=tuple(f"{one['rule']} {one['path']!r}" for one in facts["unsafe"]),
            decision_id=decision.decision_id,
        )
    changed = {path: File(edit.data, edit.mode) for path, edit in bundle.files.items()}
    tree = house.trees.overlay(parent.tree, changed, bundle.deleted)
    twin = _twin(house, spec, tree)
    if twin:
        return Edit(verdict="failed:duplicate", reasons=(f"the same program as {twin}",), tree=tree)
    return Edit(tree=tree, decision_id=decision.decision_id)


def target_facts(target: Target) -> dict[str, object]:
    """What the edit policy may know of a target."""
    return {
        "name": target.name,
        "kind": target.kind,
        "editable": list(target.tree.editable),
        "protected": list(target.tree.protected),
    }


def commit(house: House, spec: CandidateSpec, edit: Edit, proposal: Proposal) -> Commit:
    """The tree as a commit on its own ref. The same arguments give the same commit, so a retry changes nothing."""
    choice = spec.choice
    parent, row = house.candidate(choice.parent), house.candidate(choice.candidate)
    ref = candidate_ref(spec.campaign, choice.number)
    message = (
        f"{choice.candidate}\n\n{plain(proposal.hypothesis)}\n\nModel: {choice.model}\nGenome: {spec.facts.genome}\n"
    )
    made = house.trees.commit(edit.tree, [parent.commit], message, ref, when=int(row.created))
    house.archive.put(
        row.model_copy(
            update={
                "tree": edit.tree,
                "commit": made,
                "ref": ref,
                "bundle": proposal.bundle,
                "hypothesis": plain(proposal.hypothesis),
                "decision_id": edit.decision_id,
            }
        )
    )
    return Commit(commit=made, ref=ref)


def plain(text: str) -> str:
    """Printable characters only: the text comes from a model and is shown in terminals."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:2000]


def _twin(house: House, spec: CandidateSpec, tree: str) -> str:
    """The candidate that this tree repeats, or nothing. Costs no evaluation and may only reject."""
    mine = _fingerprint(house.trees, tree)
    seen = [
        replace(_fingerprint(house.trees, row.tree), candidate=row.candidate)
        for row in house.archive.candidates(spec.campaign)
        if row.tree and row.candidate != spec.choice.candidate and not row.verdict.startswith("inconclusive")
    ]
    twin = find_twin(mine, seen)
    return twin.candidate if twin else ""


@lru_cache(maxsize=10_000)
def _fingerprint(trees: TreeStore, tree: str) -> Fingerprint:
    """Trees never change, so each is read once."""
    return fingerprint("", {path: file.data for path, file in trees.read_tree(tree).items()})
