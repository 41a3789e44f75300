"""The archive's index: every candidate ever, losers included. The trees themselves are in git (`daemon/repo.py`).

Rows are upserts by candidate id, so a step may run twice. Nothing is deleted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, RowMapping, Select, bindparam, insert, or_, select, update

from daemon.records.champions import Champions
from daemon.records.db import Database
from daemon.records.rows import RECORDED, SEED_VERDICT, CampaignRow, CandidateRow, Move, NoteRow
from daemon.records.tables import campaigns, candidates, notes
from daemon.repo import TreeStore
from workflows.ports import RefusedError

# Statements that are put together once: building one anew costs more than SQLite takes to carry it out.
_SAME = select(candidates.c.candidate, candidates.c.campaign, candidates.c.number, candidates.c.created).where(
    or_(
        candidates.c.candidate == bindparam("of"),
        (candidates.c.campaign == bindparam("within")) & (candidates.c.number == bindparam("place")),
    )
)
_WRITE = update(candidates).where(candidates.c.candidate == bindparam("of"))
_BY_NAME = select(candidates).where(candidates.c.candidate == bindparam("of"))
_CHANGED = (
    select(candidates)
    .where(candidates.c.campaign == bindparam("of"), candidates.c.updated >= bindparam("since"))
    .order_by(candidates.c.number)
)
_FIRST = (
    select(candidates)
    .where(candidates.c.campaign == bindparam("of"), candidates.c.verdict == bindparam("verdict"))
    .order_by(candidates.c.number)
    .limit(1)
)
_SEVERAL = select(candidates).where(candidates.c.candidate.in_(bindparam("names", expanding=True)))
_LINE = (
    select(candidates.c.candidate, candidates.c.parent)
    .where(candidates.c.candidate == bindparam("of"))
    .cte("line", recursive=True)
)
_LINE = _LINE.union(
    select(candidates.c.candidate, candidates.c.parent).join(_LINE, candidates.c.candidate == _LINE.c.parent)
)
_LINEAGE = select(candidates).where(candidates.c.candidate.in_(select(_LINE.c.candidate)))
_JSON = ("reasons", "spent", "times", "inspirations", "features", "cases")


class Archive:
    """Index of campaigns and candidates. Safe from any thread or process."""

    def __init__(self, db: Database, repo: TreeStore | None = None) -> None:
        self._db = db
        self._champions = Champions(db, repo)

    def open_campaign(self, campaign: str, target: str, spec_json: str, facts_json: str) -> CampaignRow:
        """Record a campaign; opening it again with the same spec returns the row that stands (its first facts).

        Raises RefusedError when the id was used with another target or spec.
        """
        spec = _json(json.loads(spec_json))
        with self._db.begin() as connection:
            query = select(campaigns).where(campaigns.c.campaign == campaign)
            row = connection.execute(query).mappings().first()
            if row is not None:
                if (row["spec"], row["target"]) != (spec, target):
                    raise RefusedError(
                        "archive:campaign", f"archive: campaign {campaign} exists with another spec; choose another id"
                    )
                return CampaignRow(**row)
            new = CampaignRow(campaign, target, spec, facts_json, "running", "", time.time(), None)
            connection.execute(insert(campaigns).values(new._asdict()))
        return new

    def settle_facts(self, campaign: str, facts_json: str) -> CampaignRow:
        """Write down what was found out while a campaign opened; the first facts stand. Raises KeyError if unknown."""
        with self._db.begin() as connection:
            this = campaigns.c.campaign == campaign
            connection.execute(update(campaigns).where(this & (campaigns.c.facts == "")).values(facts=facts_json))
            row = connection.execute(select(campaigns).where(this)).mappings().first()
        if row is None:
            raise KeyError(f"archive: no campaign {campaign}")
        return CampaignRow(**row)

    def close_campaign(self, campaign: str, status: str, report_json: str) -> CampaignRow:
        """Record how a campaign ended; the first report stands. Raises KeyError for an unknown campaign."""
        with self._db.begin() as connection:
            this = campaigns.c.campaign == campaign
            done = {"status": status, "report": report_json, "closed": time.time()}
            connection.execute(update(campaigns).where(this & campaigns.c.closed.is_(None)).values(done))
            row = connection.execute(select(campaigns).where(this)).mappings().first()
        if row is None:
            raise KeyError(f"archive: no campaign {campaign}")
        return CampaignRow(**row)

    def campaign(self, campaign: str) -> CampaignRow | None:
        """The campaign's row, if there is one."""
        with self._db.read() as connection:
            row = connection.execute(select(campaigns).where(campaigns.c.campaign == campaign)).mappings().first()
        return None if row is None else CampaignRow(**row)

    def campaigns(self) -> list[CampaignRow]:
        """All campaigns, newest first."""
        with self._db.read() as connection:
            rows = connection.execute(select(campaigns).order_by(campaigns.c.opened.desc())).mappings().all()
        return [CampaignRow(**row) for row in rows]

    def add_seed(
        self, campaign: str, candidate: str, *, tree: str, commit: str, ref: str, score: float | None = 0.0
    ) -> CandidateRow:
        """Record candidate 0, the seed: verdict `seed`, a possible parent from the start."""
        return self.put(
            CandidateRow(
                campaign=campaign,
                number=0,
                candidate=candidate,
                verdict=SEED_VERDICT,
                score=score,
                tree=tree,
                commit=commit,
                ref=ref,
            )
        )

    def put(self, row: CandidateRow) -> CandidateRow:
        """Write the row, replacing what its candidate had; returns it with its times.

        Raises RefusedError when the candidate or its number belongs to something else already.
        """
        with self._db.begin() as connection:
            now = time.time()  # inside: writers take turns, so what is written later is also later by the clock
            names = {"of": row.candidate, "within": row.campaign, "place": row.number}
            found = connection.execute(_SAME, names).mappings().all()
            for other in found:
                if (other["candidate"], other["campaign"], other["number"]) != (
                    row.candidate,
                    row.campaign,
                    row.number,
                ):
                    raise RefusedError(
                        "archive:candidate",
                        f"archive: {row.candidate} and number {row.number} of {row.campaign} do not belong together",
                    )
            row = row.model_copy(update={"created": found[0]["created"] if found else now, "updated": now})
            if found:
                connection.execute(_WRITE, {**_columns(row), "of": row.candidate})
            else:
                connection.execute(insert(candidates), _columns(row))
        return row

    def get(self, candidate: str) -> CandidateRow | None:
        """One candidate, if it is known."""
        with self._db.read() as connection:
            found = connection.execute(_BY_NAME, {"of": candidate}).mappings().first()
        return None if found is None else _row(found)

    def several(self, names: Collection[str]) -> dict[str, CandidateRow]:
        """Those of the named candidates that are known, by name, as of one instant."""
        with self._db.read() as connection:
            found = connection.execute(_SEVERAL, {"names": list(names)}).mappings().all()
        return {row["candidate"]: _row(row) for row in found}

    def candidates(self, campaign: str) -> list[CandidateRow]:
        """All candidates of a campaign by number, the seed first."""
        return self._rows(_of(campaign).order_by(candidates.c.number))

    def first_of(self, campaign: str, verdict: str) -> CandidateRow | None:
        """The first candidate of a campaign that came to a verdict."""
        with self._db.read() as connection:
            found = connection.execute(_FIRST, {"of": campaign, "verdict": verdict}).mappings().first()
        return None if found is None else _row(found)

    def changed(self, campaign: str, since: float, known: Mapping[int, float]) -> list[CandidateRow]:
        """Candidates that were written at or after a time (Unix seconds), by number.

        Without those of which `known` has the last writing, by number.
        """
        with self._db.read() as connection:
            rows = connection.execute(_CHANGED, {"of": campaign, "since": since}).mappings()
            return [_row(row) for row in rows if known.get(row["number"]) != row["updated"]]

    def unrecorded(self, campaign: str) -> list[CandidateRow]:
        """Candidates that were chosen and whose path has not ended: in flight, or waiting for a person."""
        ended = candidates.c.times.like(f'%"{RECORDED}"%')
        return self._rows(_of(campaign).where(candidates.c.number > 0, ~ended).order_by(candidates.c.number))

    def same_tree(self, campaign: str, tree: str) -> list[CandidateRow]:
        """Candidates of the campaign that hold exactly this tree, oldest first."""
        return self._rows(_of(campaign).where(candidates.c.tree == tree).order_by(candidates.c.number))

    def leaderboard(self, campaign: str, limit: int = 20) -> list[CandidateRow]:
        """The seed and accepted candidates, best score first."""
        shown = _of(campaign).where(
            candidates.c.score.is_not(None), candidates.c.verdict.in_((SEED_VERDICT, "accepted"))
        )
        return self._rows(shown.order_by(candidates.c.score.desc(), candidates.c.number).limit(limit))

    def lineage(self, candidate: str) -> list[CandidateRow]:
        """The candidate and its ancestors, itself first, the seed last; empty when it is unknown."""
        with self._db.read() as connection:
            found = connection.execute(_LINEAGE, {"of": candidate}).mappings().all()
        known = {row["candidate"]: row for row in found}
        line: list[CandidateRow] = []
        while candidate in known:
            line.append(_row(known.pop(candidate)))
            candidate = line[-1].parent
        return line

    def champion(self, target: str) -> str | None:
        """The target's promoted candidate, or None before the first promotion."""
        return self._champions.current(target)

    def promote(
        self,
        target: str,
        candidate: str,
        *,
        actor: str,
        decision_id: str,
        reason: str = "",
        previous: str | None = None,
    ) -> Move:
        """Move the target's pointer to a known candidate, once per decision. See `Champions.move`."""
        row = self.get(candidate)
        if row is None or not row.commit:
            raise RefusedError(
                "archive:champion", f"archive: {candidate} is not in the archive, so it cannot be promoted"
            )
        return self._champions.move(
            target, candidate, row.commit, actor=actor, decision_id=decision_id, reason=reason, previous=previous
        )

    def rollback(self, target: str, *, actor: str, decision_id: str, reason: str) -> Move:
        """Move the pointer back to what it was before the last move. Raises RefusedError when there is nothing."""
        moves = self._champions.history(target)
        if not moves or not moves[-1].previous:
            raise RefusedError("archive:champion", f"archive: {target} has no earlier champion to go back to")
        return self.promote(target, moves[-1].previous, actor=actor, decision_id=decision_id, reason=reason)

    def champion_history(self, target: str) -> list[Move]:
        """Every move of the target's pointer, oldest first."""
        return self._champions.history(target)

    def add_note(self, campaign: str, *, key: str, actor: str, body: str, candidate: str = "") -> NoteRow:
        """Keep a person's note, once per `key`."""
        new = NoteRow(campaign, key, candidate, _text(actor), _text(body), time.time())
        with self._db.begin() as connection:
            query = select(notes).where(notes.c.campaign == campaign, notes.c.key == key)
            found = connection.execute(query).mappings().first()
            if found is not None:
                return NoteRow(**found)
            connection.execute(insert(notes).values(new._asdict()))
        return new

    def notes(self, campaign: str) -> list[NoteRow]:
        """The campaign's notes, oldest first."""
        with self._db.read() as connection:
            query = select(notes).where(notes.c.campaign == campaign).order_by(notes.c.created, notes.c.key)
            return [NoteRow(**row) for row in connection.execute(query).mappings()]

    def _rows(self, query: Select[tuple[object, ...]]) -> list[CandidateRow]:
        with self._db.read() as connection:
            return [_row(found) for found in connection.execute(query).mappings()]


def _of(campaign: str, *more: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    return select(candidates).where(candidates.c.campaign == campaign, *more)


def _columns(row: CandidateRow) -> dict[str, object]:
    values: dict[str, object] = row.model_dump()
    values["commit_id"] = values.pop("commit")
    for name in _JSON:
        values[name] = _json(values[name])
    return {name: _text(value) if isinstance(value, str) else value for name, value in values.items()}


def _json(value: object) -> str:
    # Not canonical JSON: a person may choose a seed beyond 2**53.
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _text(value: str) -> str:
    # Candidates write some of it: lone surrogates and NUL fit into no database.
    return value.encode("utf-8", "replace").decode().replace("\0", "?")


def _row(found: RowMapping) -> CandidateRow:
    values = dict(found)
    values["commit"] = values.pop("commit_id")
    for name in _JSON:
        values[name] = json.loads(values[name])
    return CandidateRow(**values)
