"""The archive's index: upserts, parents, leaderboard, lineage, champions and their history, notes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from daemon.records.archive import Archive
from daemon.records.db import Database
from daemon.records.rows import CandidateRow
from daemon.repo import File, TreeStore, candidate_ref
from workflows.ports import RefusedError


@pytest.fixture
def archive(db: Database) -> Archive:
    archive = Archive(db)
    archive.open_campaign("c", "matmul", '{"target": "matmul"}', '{"patience": 3}')
    archive.add_seed("c", "c-c0", tree="t0", commit="s0", ref="refs/ratchet/c/0")
    return archive


def _row(number: int, verdict: str = "accepted", parent: str = "c-c0", **more: object) -> CandidateRow:
    values = {"score": float(number), "tree": f"t{number}", "commit": f"s{number}", **more}
    return CandidateRow.model_validate(
        {"campaign": "c", "number": number, "candidate": f"c-c{number}", "parent": parent, "verdict": verdict, **values}
    )


def test_a_campaign_opens_once(archive: Archive) -> None:
    again = archive.open_campaign("c", "matmul", '{ "target":"matmul" }', '{"patience": 99}')
    assert again.facts == '{"patience": 3}', "the first facts stand"
    with pytest.raises(RefusedError, match="another spec; choose another id"):
        archive.open_campaign("c", "matmul", '{"target": "matmul", "seed": 1}', "{}")
    with pytest.raises(RefusedError):
        archive.open_campaign("c", "packing", '{"target": "matmul"}', "{}")
    assert archive.campaign("d") is None
    archive.open_campaign("d", "packing", "{}", "{}")
    assert [row.campaign for row in archive.campaigns()] == ["d", "c"]


def test_facts_that_were_found_out_later_stand(archive: Archive) -> None:
    archive.open_campaign("d", "packing", '{"seed": 18446744073709551615}', "")
    assert archive.settle_facts("d", '{"a": 1}').facts == '{"a": 1}'
    assert archive.settle_facts("d", '{"a": 2}').facts == '{"a": 1}'
    assert archive.settle_facts("c", '{"a": 2}').facts == '{"patience": 3}'
    with pytest.raises(KeyError):
        archive.settle_facts("unknown", "{}")


def test_text_of_candidates_cannot_break_a_row(archive: Archive) -> None:
    put = archive.put(_row(1, hypothesis="a\ud800b\0c", reasons=("\udfff\0",), feedback="é"))
    found = archive.get("c-c1")
    assert found is not None and (found.hypothesis, found.feedback) == ("a?b?c", "é")
    assert found.reasons == put.reasons, "inside JSON they are escaped"
    assert archive.add_note("c", key="k", actor="a", body="\ud800") in archive.notes("c")


def test_a_campaign_closes_once(archive: Archive) -> None:
    closed = archive.close_campaign("c", "stopped:patience", '{"decided": 3}')
    assert archive.close_campaign("c", "stopped:other", "{}") == closed == archive.campaign("c")
    assert (closed.status, closed.report) == ("stopped:patience", '{"decided": 3}') and closed.closed
    with pytest.raises(KeyError):
        archive.close_campaign("unknown", "", "")


def test_a_row_comes_back_as_it_was_put(archive: Archive) -> None:
    row = _row(
        1, reasons=("a", "b"), gain=0.5, low=0.1, high=0.9, pairs=12, e_value=41.5, threshold=40.0, sealed_gain=0.4,
        sealed_low=0.2, sealed_high=0.6, sealed_pairs=8, ref="refs/ratchet/c/1", bundle="b" * 64, log="l" * 64,
        hypothesis="tile it", feedback="ok", model="ratchet/tuner", genome="g", decision_id="d",
        spent={"tokens": 5, "cpu_ms": 7}, times={"evaluate": 1.25}, promoted=True,
    )  # fmt: skip
    put = archive.put(row)
    assert put.created > 0 and put.model_copy(update={"created": 0.0, "updated": 0.0}) == row
    assert archive.get("c-c1") == put
    assert archive.get("unknown") is None


def test_putting_twice_replaces_and_keeps_the_first_time(archive: Archive) -> None:
    first = archive.put(_row(1, verdict=""))
    second = archive.put(_row(1, verdict="failed:slow"))
    assert second.created == first.created and second.updated >= first.updated
    assert [row.verdict for row in archive.candidates("c")] == ["seed", "failed:slow"]


def test_a_number_and_an_id_belong_together(archive: Archive) -> None:
    archive.put(_row(1))
    for other in (_row(1).model_copy(update={"candidate": "x"}), _row(1).model_copy(update={"number": 2})):
        with pytest.raises(RefusedError, match="do not belong together"):
            archive.put(other)


def test_the_board_shows_the_accepted(archive: Archive) -> None:
    for number, (verdict, score) in enumerate(
        [("accepted", 1.0), ("failed:slow", 0.5), ("failed:build", None), ("quarantined:clock", 9.0),
         ("killed:wall", 3.0), ("denied:path", None), ("inconclusive:docker", 2.0), ("", 4.0)], 1
    ):  # fmt: skip
        archive.put(_row(number, verdict, score=score))
    assert [row.candidate for row in archive.leaderboard("c")] == ["c-c1", "c-c0"]
    assert [row.candidate for row in archive.leaderboard("c", 1)] == ["c-c1"]


def test_what_was_written_since_is_found_again(archive: Archive) -> None:
    first = archive.put(_row(1))
    second = archive.put(_row(2, arm="control", operator="crossover", second="c-c1", cases={"a": 0.5}))
    assert [row.candidate for row in archive.changed("c", 0.0, {})] == ["c-c0", "c-c1", "c-c2"]
    assert archive.changed("c", second.updated, {}) == [second]
    assert archive.changed("c", 0.0, {0: 1.0, 1: first.updated}) == archive.changed("c", 0.0, {1: first.updated})
    assert [row.number for row in archive.changed("c", 0.0, {1: first.updated, 2: first.updated})] == [0, 2]
    again = archive.put(first)
    assert archive.changed("c", again.updated, {})[0] == again and archive.changed("d", 0.0, {}) == []


def test_lineage_goes_back_to_the_seed(archive: Archive) -> None:
    archive.put(_row(1))
    archive.put(_row(2, parent="c-c1"))
    archive.put(_row(3, parent="lost"))
    assert [row.candidate for row in archive.lineage("c-c2")] == ["c-c2", "c-c1", "c-c0"]
    assert [row.candidate for row in archive.lineage("c-c3")] == ["c-c3"]
    assert archive.lineage("unknown") == []


def test_lineage_of_a_circle_and_of_nobody_ends(archive: Archive) -> None:
    archive.put(_row(1, parent="c-c2"))
    archive.put(_row(2, parent="c-c1"))
    assert [row.candidate for row in archive.lineage("c-c1")] == ["c-c1", "c-c2"]
    assert archive.lineage("c-c99") == []


def test_several_are_read_at_once_and_unknown_ones_left_out(archive: Archive) -> None:
    archive.put(_row(1))
    assert {name: row.number for name, row in archive.several(["c-c1", "c-c9", "c-c0"]).items()} == {
        "c-c0": 0,
        "c-c1": 1,
    }
    assert archive.several([]) == {}


def test_the_same_tree_is_found_again(archive: Archive) -> None:
    archive.put(_row(1, tree="same"))
    archive.put(_row(2, tree="same"))
    assert [row.candidate for row in archive.same_tree("c", "same")] == ["c-c1", "c-c2"]


def test_a_promotion_moves_the_pointer_once_and_can_be_taken_back(db: Database, tmp_path: Path) -> None:
    repo = TreeStore(tmp_path / "archive.git")
    archive = Archive(db, repo)
    archive.open_campaign("c", "matmul", "{}", "{}")
    for number in (1, 2):
        tree = repo.write_tree({"a": File(str(number).encode())})
        commit = repo.commit(tree, [], "m", candidate_ref("c", number), when=0)
        archive.put(_row(number, tree=tree, commit=commit))
    assert archive.champion("matmul") is None
    first = archive.promote("matmul", "c-c1", actor="gate", decision_id="d1", previous="")
    assert archive.promote("matmul", "c-c1", actor="gate", decision_id="d1", previous="") == first
    archive.promote("matmul", "c-c2", actor="ada", decision_id="d2", previous="c-c1", reason="faster")
    assert archive.champion("matmul") == "c-c2"
    with pytest.raises(RefusedError, match="moved from c-c1 to c-c2 meanwhile"):
        archive.promote("matmul", "c-c1", actor="gate", decision_id="d3", previous="c-c1")
    archive.promote("matmul", "c-c1", actor="gate", decision_id="d1", previous="")
    assert archive.champion("matmul") == "c-c2", "a repeated old decision does not move it back"
    assert repo.resolve("refs/ratchet/champions/matmul") == archive.get("c-c2").commit  # type: ignore[union-attr]
    archive.rollback("matmul", actor="bob", decision_id="d4", reason="wrong on odd sizes")
    assert archive.champion("matmul") == "c-c1"
    assert repo.resolve("refs/ratchet/champions/matmul") == archive.get("c-c1").commit  # type: ignore[union-attr]
    history = [(move.move, move.previous, move.candidate, move.actor) for move in archive.champion_history("matmul")]
    assert history == [(1, "", "c-c1", "gate"), (2, "c-c1", "c-c2", "ada"), (3, "c-c2", "c-c1", "bob")]
    assert archive.champion("packing") is None


def test_what_is_not_in_the_archive_cannot_be_promoted(archive: Archive) -> None:
    archive.put(_row(1, "denied:path", commit=""))
    for candidate in ("unknown", "c-c1"):
        with pytest.raises(RefusedError, match="not in the archive"):
            archive.promote("matmul", candidate, actor="gate", decision_id="d")
    with pytest.raises(RefusedError, match="no earlier champion"):
        archive.rollback("matmul", actor="ada", decision_id="d", reason="")
    archive.put(_row(2))
    archive.promote("matmul", "c-c2", actor="gate", decision_id="d")
    with pytest.raises(RefusedError, match="no earlier champion"):
        archive.rollback("matmul", actor="ada", decision_id="d2", reason="")


def test_two_promotions_at_once_leave_one_history(archive: Archive) -> None:
    rows = [archive.put(_row(number)) for number in range(1, 9)]

    def promote(candidate: str) -> None:
        archive.promote("matmul", candidate, actor="gate", decision_id=candidate)

    threads = [threading.Thread(target=promote, args=(row.candidate,)) for row in rows for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = archive.champion_history("matmul")
    assert [move.move for move in history] == list(range(1, 9))
    assert [move.previous for move in history] == ["", *(move.candidate for move in history[:-1])]


def test_notes_are_kept_once_per_key_in_order(archive: Archive) -> None:
    first = archive.add_note("c", key="u1", actor="ada", body="look at tile 8")
    archive.add_note("c", key="u2", actor="bob", body="agreed", candidate="c-c0")
    assert archive.add_note("c", key="u1", actor="ada", body="again") == first
    assert [(note.actor, note.body, note.candidate) for note in archive.notes("c")] == [
        ("ada", "look at tile 8", ""),
        ("bob", "agreed", "c-c0"),
    ]
    assert archive.notes("d") == []
