"""The audit log joined with what stands beside it: each effect has one record, each record its effect or its end.

Beside the log stand the ledger's lines, the archive's refs, the engine's containers and Temporal's workflows. Pure: who
asks brings the facts. Absences count only against campaigns that have ended; a running one may be between two writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from daemon.records.ledger import Reservation

Record = Mapping[str, Any]
CALL = "model.call"
CALL_ENDS = ("model.answer", "model.fault", "model.unknown")
UNANNOUNCED = ("/place", "/sealed")
"""Ends of ledger keys that only count: what they pay for is recorded by the step around them."""


class Commit(NamedTuple):
    """What a ref holds."""

    commit: str
    tree: str


class Beside(NamedTuple):
    """What stands beside the log, of one campaign."""

    lines: Sequence[Reservation]
    refs: Mapping[int, Commit]
    """Candidate number → commit, from `refs/ratchet/<campaign>/<number>`."""
    containers: Sequence[str] = ()
    """Candidates whom the engine's containers serve; empty for the judge."""
    workflows: Mapping[str, str] | None = None
    """Candidate → verdict of its workflow, empty while it runs. None: not to be compared."""


def reconcile(campaign: str, records: Iterable[Record], beside: Beside) -> list[str]:
    """Every mismatch as a sentence; empty when all agree. `records` are the campaign's own, in order."""
    return list(_Join(campaign, list(records), beside).problems())


class _Join:
    def __init__(self, campaign: str, records: Sequence[Record], beside: Beside) -> None:
        self._campaign, self._records, self._beside = campaign, records, beside
        self._closed = any(record["kind"] == "campaign.close" for record in records)
        self._begun: dict[str, Record] = {}
        self._ended: dict[str, Record] = {}

    def problems(self) -> Iterator[str]:
        yield from self._effects()
        yield from self._moves()
        yield from self._seeds()
        yield from self._candidates()
        yield from self._ledger()
        yield from self._git()
        yield from self._docker()
        yield from self._temporal()

    def _of(self, *kinds: str) -> list[Record]:
        return [record for record in self._records if record["kind"] in kinds]

    def _effects(self) -> Iterator[str]:
        """Announced once, ended once, in this order."""
        for record in self._records:
            kind, key = str(record["kind"]), str(record["body"].get("key", ""))
            where = f"record {record['seq']} ({kind}) of {key}"
            if not key:
                continue
            if kind == CALL or kind.endswith(".intent"):
                if key in self._begun:
                    yield f"{where}: announced before, in record {self._begun[key]['seq']}"
                self._begun.setdefault(key, record)
            elif kind in CALL_ENDS or kind.endswith(".outcome"):
                if key not in self._begun:
                    yield f"{where}: nothing announced it"
                if key in self._ended:
                    yield f"{where}: ended before, in record {self._ended[key]['seq']}"
                self._ended.setdefault(key, record)
            elif kind == "model.replayed":
                if key not in self._begun:
                    yield f"{where}: nothing announced it"
                self._ended.setdefault(key, record)
        for key in self._begun.keys() - self._ended.keys() if self._closed else ():
            yield f"record {self._begun[key]['seq']} ({self._begun[key]['kind']}) of {key}: it has no end"

    def _moves(self) -> Iterator[str]:
        """Pointers that move have no key: their intents and outcomes are joined by whom they are about."""
        open_moves: dict[tuple[str, str], Record] = {}
        for record in self._records:
            what, _, part = str(record["kind"]).rpartition(".")
            name = (what, str(record["candidate"]))
            if "key" in record["body"]:
                continue
            if part == "intent":
                open_moves[name] = record
            elif part == "outcome" and open_moves.pop(name, None) is None:
                yield f"record {record['seq']} ({record['kind']}) of {record['candidate']}: nothing announced it"
        for (what, candidate), record in open_moves.items() if self._closed else ():
            yield f"record {record['seq']} ({what}.intent) of {candidate or self._campaign}: it has no end"

    def _seeds(self) -> Iterator[str]:
        """What was committed to is revealed, unless the measurement did not come to its end."""
        secret = Counter((str(one["candidate"]), str(one["body"]["step"])) for one in self._of("seed.committed"))
        secret.subtract((str(one["candidate"]), str(one["body"]["step"])) for one in self._of("seed.revealed"))
        broken = Counter(
            (str(one["candidate"]), str(one["kind"]).removesuffix(".outcome"))
            for one in self._ended.values()
            if one["body"].get("ended") not in (None, "done")
        )
        for name, count in secret.items():
            if count < 0 or (self._closed and count > broken[name]):
                yield f"{name[0]}, {name[1]}: its seeds were committed and revealed unequally often ({count:+d})"

    def _candidates(self) -> Iterator[str]:
        """Chosen once, decided once."""
        chosen = Counter(str(one["candidate"]) for one in self._of("candidate.chosen"))
        decided = Counter(str(one["candidate"]) for one in self._of("candidate.decided"))
        for name, count in (chosen | decided).items():
            if chosen[name] != 1:
                yield f"{name}: chosen {chosen[name]} times"
            if count > 0 and (decided[name] > 1 or (self._closed and decided[name] == 0)):
                yield f"{name}: decided {decided[name]} times"

    def _ledger(self) -> Iterator[str]:
        lines = {line.key: line for line in self._beside.lines if not line.key.endswith(UNANNOUNCED)}
        for key, line in lines.items():
            begun, ended = self._begun.get(key), self._ended.get(key)
            if line.state == "released":
                if begun is not None:
                    yield f"ledger {key}: released, but record {begun['seq']} announced it"
            elif begun is None:
                if self._closed or line.state == "settled":
                    yield f"ledger {key}: nothing announced it"
            elif _nonzero(line.amounts) != _nonzero(begun["body"]["reserved"]):
                yield f"ledger {key}: reserved {line.amounts}, but record {begun['seq']} says otherwise"
            elif line.state == "open":
                if self._closed:
                    yield f"ledger {key}: never settled"
            elif ended is None:
                yield f"ledger {key}: settled, but no record says how it ended"
            elif ended["kind"] != "model.replayed":
                spent = ended["body"].get("spent", line.amounts)
                if _nonzero(line.actual) != _nonzero(spent):
                    yield f"ledger {key}: settled at {line.actual}, but record {ended['seq']} says {spent}"
        for key in self._begun.keys() - lines.keys():
            yield f"record {self._begun[key]['seq']} of {key}: the ledger knows no reservation for it"

    def _git(self) -> Iterator[str]:
        seed = f"{self._campaign}-c0"
        known = {str(one["candidate"]) for one in self._of("candidate.chosen")}
        for number, held in self._beside.refs.items():
            name = f"{self._campaign}-c{number}"
            if name != seed and name not in known:
                yield f"git {name}: committed as {held.commit}, but never chosen"
        for record in self._of("candidate.decided"):
            body, name = record["body"], str(record["candidate"])
            found = self._beside.refs.get(int(name.rpartition("-c")[2]))
            if body["commit"] and found != Commit(body["commit"], body["tree"]):
                yield f"git {name}: record {record['seq']} says commit {body['commit']}, the ref holds {found}"
            if not body["commit"] and found is not None and body["verdict"].startswith("denied"):
                yield f"git {name}: denied, and committed as {found.commit}"

    def _docker(self) -> Iterator[str]:
        decided = {str(one["candidate"]) for one in self._of("candidate.decided")}
        for candidate in self._beside.containers:
            if self._closed or candidate in decided:
                yield f"docker: a container still serves {candidate or self._campaign}, which has ended"

    def _temporal(self) -> Iterator[str]:
        found = self._beside.workflows
        if found is None:
            return
        decided = {str(one["candidate"]): str(one["body"]["verdict"]) for one in self._of("candidate.decided")}
        for name, verdict in found.items():
            if verdict and decided.get(name) != verdict:
                yield f"temporal {name}: ended as {verdict}, recorded as {decided.get(name, 'nothing')}"
        for name in decided.keys() - found.keys():
            yield f"temporal {name}: decided, but no workflow of it is known"


def _nonzero(amounts: Mapping[Any, int]) -> dict[str, int]:
    return {str(name): amount for name, amount in amounts.items() if amount}
