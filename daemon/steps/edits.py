"""Steps 2 to 4: the gate's decision on the edit, the screen for twins, and the commit of exactly the judged tree."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.changes import FileLike, edit_facts
from daemon.genomes.ceiling import ceiling_facts, objections
from daemon.house import House
from daemon.repo import File, candidate_ref
from daemon.steps import holds
from daemon.steps.likeness import likeness, twin_of
from daemon.steps.screening import comparable
from daemon.steps.text import plain
from kernels.target import Target
from sandbox.copyout import Bundle, parse_bundle
from workflows.models import CandidateSpec, Choice, Commit, Edit, Proposal


def gate(house: House, spec: CandidateSpec, proposal: Proposal) -> Edit:
    """Decide on canonical paths, in Python and in Rego, then write the tree that everything later refers to."""
    choice = spec.choice
    target = house.target(spec.facts.target.name)
    parent = house.candidate(choice.parent)
    base = house.trees.read_tree(parent.tree)
    bundle = parse_bundle(house.blobs.get(proposal.bundle))
    start = base if start_of(choice) == choice.parent else _files(house, start_of(choice))
    changed, deleted = against_parent(base, start, bundle)
    facts = edit_facts(
        base,
        changed,
        deleted,
        campaign=spec.campaign,
        candidate=choice.candidate,
        target=target_facts(target),
    )
    if not facts["changes"] and not facts["unsafe"]:
        return Edit(verdict="failed:no-change", reasons=("the answer changes nothing",))
    decision = holds.ask(house, "edit", facts, spec)
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
    if target.kind == "genome":
        beyond = _beyond(house, spec, ceiling_facts(base, changed, deleted))
        if beyond is not None:
            return beyond
    written = {path: File(edit.data, edit.mode) for path, edit in changed.items()}
    tree = house.trees.overlay(parent.tree, written, deleted)
    twin = twin_of(house.trees, tree, comparable(house, spec), target.search.near)
    if twin:
        return Edit(verdict="failed:duplicate", reasons=(f"the same program as {twin}",), tree=tree)
    return Edit(tree=tree, decision_id=decision.decision_id)


def _beyond(house: House, spec: CandidateSpec, facts: dict[str, object]) -> Edit | None:
    """The denial of a version of the agent that reaches beyond its ceiling, by policy or by the host itself."""
    candidate = spec.choice.candidate
    question = {"campaign": spec.campaign, "candidate": candidate, "action": "edit", "ceiling": facts}
    decision = house.decide("genome", question, campaign=spec.campaign, candidate=candidate)
    found = objections(facts)
    if decision.permitted and not found:
        return None
    first = decision.deny[0].code if decision.deny else found[0].split()[0] if found else "POLICY"
    return Edit(verdict=f"denied:{first}", reasons=(*decision.reasons, *found), decision_id=decision.decision_id)


def target_facts(target: Target) -> dict[str, object]:
    """What the edit policy may know of a target."""
    return {
        "name": target.name,
        "kind": target.kind,
        "editable": list(target.tree.editable),
        "protected": list(target.tree.protected),
    }


def start_of(choice: Choice) -> str:
    """The candidate whose tree the agent edits: the parent, or the broken one that is to be mended."""
    return choice.second if choice.operator == "fix" else choice.parent


def against_parent(
    base: Mapping[str, FileLike], start: Mapping[str, FileLike], bundle: Bundle
) -> tuple[dict[str, FileLike], tuple[str, ...]]:
    """A bundle's changes as changes of the parent's tree `base`, when the agent edited the tree `start`.

    The gate judges the whole way from the parent, so a repair cannot carry in what its broken start could not.
    """
    if start is base:
        return dict(bundle.files), bundle.deleted
    after: dict[str, FileLike] = {path: file for path, file in start.items() if path not in bundle.deleted}
    after.update(bundle.files)
    changed = {path: file for path, file in after.items() if not _same(base.get(path), file)}
    gone = {path for path in base if path not in after} | {path for path in bundle.deleted if path not in after}
    return changed, tuple(sorted(gone))


def commit(house: House, spec: CandidateSpec, edit: Edit, proposal: Proposal) -> Commit:
    """The tree as a commit on its own ref. The same arguments give the same commit, so a retry changes nothing."""
    choice = spec.choice
    parent, row, seed = house.candidates(choice.parent, choice.candidate, spec.facts.seed_candidate)
    ref = candidate_ref(spec.campaign, choice.number)
    message = f"{choice.candidate}\n\n{plain(proposal.hypothesis)}\n\nModel: {choice.model}\nGenome: {row.genome}\n"
    second = [house.candidate(choice.second).commit] if choice.operator == "crossover" else []
    made = house.trees.commit(edit.tree, [parent.commit, *second], message, ref, when=int(row.created))
    like = likeness(house.trees, edit.tree, seed.tree)
    house.archive.put(
        row.model_copy(
            update={
                "tree": edit.tree,
                "commit": made,
                "ref": ref,
                "bundle": proposal.bundle,
                "hypothesis": plain(proposal.hypothesis),
                "decision_id": edit.decision_id,
                "fingerprint": like.fingerprint,
                "features": like.features,
            }
        )
    )
    return Commit(commit=made, ref=ref)


def _files(house: House, candidate: str) -> Mapping[str, FileLike]:
    return house.trees.read_tree(house.candidate(candidate).tree)


def _same(old: FileLike | None, new: FileLike) -> bool:
    return old is not None and (old.mode, old.data) == (new.mode, new.data)
