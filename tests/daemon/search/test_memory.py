"""What is remembered for the next proposer: bounded, of one line each, and true."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.search.memory import Deleted, Tried, deleted_digest, deleted_lines, failed_ideas, reintroduced


def test_failed_ideas_newest_first_and_counted() -> None:
    tried = [
        Tried("Tile by 8", "failed:no-gain", -0.1),
        Tried("Unroll", "failed:wrong"),
        Tried("Prefetch", "failed:no-gain", 0.01),
        Tried("prefetch", "accepted", 0.2),
        Tried("tile by 16!", "killed:timeout"),
        Tried("Vectorise", "inconclusive:docker"),
        Tried("Cheat", "denied:EDIT-PROTECTED"),
    ]
    assert failed_ideas(tried).split("\n") == [
        "- tile by 16! (killed:timeout, at best -0.1) [2 times]",
        "- Unroll (failed:wrong)",
    ]


def test_deleted_lines_are_those_gone_for_good() -> None:
    lineage = [
        {"k.c": "int a;\nint b;\n}\n"},
        {"k.c": "int a;\n"},
        {"k.c": "int a;\n  int   b;\nint c;\n"},
        {"k.c": "int d;\n"},
        {"k.c": "int a;\n"},
    ]
    deleted = deleted_lines(lineage)
    assert deleted == [Deleted("k.c", "int b;", 2), Deleted("k.c", "int d;", 1), Deleted("k.c", "int c;", 1)]
    assert deleted_digest(deleted).split("\n")[0] == "- k.c: int b; [2 times]"
    assert deleted_lines([]) == []
    assert deleted_lines([{"a": "x1"}, {}]) == [Deleted("a", "x1", 1)]


def test_what_an_edit_brings_back() -> None:
    deleted = [Deleted("k.c", "int b;", 2), Deleted("k.c", "int c;", 1), Deleted("other.c", "int c;", 1)]
    back = reintroduced({"k.c": "int c;"}, {"k.c": "int c;\n\tint b;"}, deleted)
    assert back == [Deleted("k.c", "int b;", 2)]


@given(st.lists(st.tuples(st.text(), st.sampled_from(["failed:wrong", "accepted"])), max_size=12), st.integers(0, 400))
def test_digests_keep_their_bound_and_their_lines(rows: list[tuple[str, str]], limit: int) -> None:
    told = failed_ideas([Tried(*row) for row in rows], limit)
    lines = deleted_digest((Deleted("p", text, 1) for text, _ in rows), limit)
    for digest in (told, lines):
        assert len(digest.encode("utf-8", "replace")) <= limit
        assert all(line.startswith("- ") and line.isprintable() for line in digest.split("\n") if digest)
        assert len(max(digest.split("\n"), key=len)) <= 170


@given(st.lists(st.dictionaries(st.sampled_from("ab"), st.text("xy1\n ", max_size=30)), max_size=6))
def test_no_deleted_line_is_in_the_last_tree(lineage: list[dict[str, str]]) -> None:
    for one in deleted_lines(lineage):
        assert one.line not in lineage[-1].get(one.path, "").split("\n")
        assert any(one.line in " ".join(tree.get(one.path, "").split()) for tree in lineage[:-1])
