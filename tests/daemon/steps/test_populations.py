"""The candidates in memory are those of the archive, at any moment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from daemon.records.archive import Archive
from daemon.records.db import Database, sqlite_url
from daemon.records.rows import CandidateRow
from daemon.steps import populations
from daemon.steps.populations import Populations, member


def test_it_follows_the_archive_and_reads_only_what_is_new(tmp_path: Path) -> None:
    db = Database(sqlite_url(tmp_path / "records.db"))
    archive = Archive(db)
    archive.open_campaign("c", "matmul", "{}", "{}")
    archive.add_seed("c", "c-c0", tree="t", commit="s", ref="r")
    kept, read = Populations(archive), []
    changed = archive.changed

    def watched(campaign: str, since: float, known: Mapping[int, float]) -> list[CandidateRow]:
        rows = changed(campaign, since, known)
        read.append(len(rows))
        return rows

    archive.changed = watched  # type: ignore[method-assign]
    for number in range(1, 30):
        row = archive.put(CandidateRow(campaign="c", number=number, candidate=f"c-c{number}", parent="c-c0"))
        assert [one.number for one in kept.of("c")] == list(range(number + 1))
        archive.put(row.model_copy(update={"verdict": "accepted", "score": 1.0}))
        assert kept.of("c")[-1].verdict == "accepted"
    assert max(read[1:]) == 1, read
    assert kept.of("c") == [member(row) for row in archive.candidates("c")] == Populations(archive).of("c")
    db.close()


def test_only_so_many_campaigns_are_kept(tmp_path: Path) -> None:
    db = Database(sqlite_url(tmp_path / "records.db"))
    archive = Archive(db)
    known = Populations(archive)
    for number in range(populations.KEPT + 3):
        archive.open_campaign(f"k{number}", "matmul", "{}", "{}")
        archive.add_seed(f"k{number}", f"k{number}-c0", tree="t", commit="s", ref="r")
        assert len(known.of(f"k{number}")) == 1
    assert len(known._kept) == populations.KEPT
    db.close()
