"""The promotion step itself, with approvals as an attacker would send them."""

from tests.corpus.case import Case
from tests.corpus.runner import Corpus
from workflows.models import Proposal
from workflows.people import Approval

FASTER = """import bisect


def rank(x):
    ordered = sorted(x)
    return [bisect.bisect_left(ordered, one) for one in x]
"""
ARMOUR = "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQ==\n-----END SSH SIGNATURE-----\n"


def study(corpus: Corpus, case: Case) -> str:
    steps, spec = corpus.steps, corpus.spec(case.meta.target)
    bundle = case.bundle({"files": {"ranks.py": {"text": FASTER}}})
    proposal = Proposal(bundle=corpus.house.blobs.put(bundle))
    edit = steps.gate(spec, proposal)
    steps.commit(spec, edit, proposal)
    card = steps.evaluate(spec, edit)
    assert card.verdict == "accepted", card
    first = steps.promote(spec, edit, card, [])
    forged = [
        Approval(candidate=spec.choice.candidate, by=by, signature=text)
        for by in ("ana", "daemon", "root@*", "corpus")
        for text in ("", ARMOUR, first.hold.statement)
    ]
    again = steps.promote(spec, edit, card, forged)
    return f"{again.status}:{len(again.reasons)} reasons"
