"""Candidates made outside: what is looked at before one is taken, and what stands in the place of its proposal."""

from __future__ import annotations

from daemon.house import House
from daemon.records.rows import SEED_VERDICT
from daemon.search.picking import Pick
from daemon.steps.text import plain
from sandbox.copyout import BadBundle, Bundle, parse_bundle
from workflows.models import Proposal
from workflows.outside import OUTSIDE, Submission
from workflows.ports import RefusedError


def receive(house: House, campaign: str, submission: Submission) -> None:
    """Raises RefusedError for what cannot become a candidate, before it has a number or costs anything."""
    parent = house.archive.get(submission.parent)
    if parent is None or parent.campaign != campaign:
        raise RefusedError("PARENT", f"{submission.parent!r} is no candidate of {campaign}; edit one that is")
    if not parent.tree or (parent.score is None and parent.verdict != SEED_VERDICT):
        state = parent.verdict or "in flight"
        raise RefusedError("PARENT", f"{submission.parent} is {state}, without a score: it can be nobody's parent")
    bundle = _bundle(house, submission.bundle)
    if bundle.status != "proposed" or not (bundle.files or bundle.deleted):
        raise RefusedError("BUNDLE", "the bundle changes nothing; hand in at least one changed file")
    body = {"parent": submission.parent, "bundle": submission.bundle, "hypothesis": plain(bundle.hypothesis)}
    house.audit.append("submission.received", actor=submission.by, campaign=campaign, body=body)


def taken(submission: Submission) -> Pick:
    """A submission in place of the search's pick."""
    return Pick(submission.parent, (OUTSIDE,))


def handed_in(house: House, bundle: str) -> Proposal:
    """A submission in place of the agent's run."""
    return Proposal(bundle=bundle, hypothesis=_bundle(house, bundle).hypothesis)


def _bundle(house: House, name: str) -> Bundle:
    try:
        return parse_bundle(house.blobs.get(name))
    except BadBundle as error:
        raise RefusedError("BUNDLE", f"the bundle cannot be read: {error}") from error
    except KeyError as error:
        raise RefusedError("BUNDLE", f"no blob {name}: put the bundle into the blob store first") from error
