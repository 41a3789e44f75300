"""Trees kept in memory are the ones in the archive, and do not grow for ever."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.gitfolders import folder_id
from daemon.repo import File, TreeStore
from daemon.treecache import TreeCache

names = st.sampled_from(["a.c", "b.py", "src/c.py", "src/deep/d.txt"])
files = st.dictionaries(names, st.builds(File, st.binary(max_size=20), st.sampled_from(["100644", "100755"])))


@given(base=files, changes=files, deleted=st.sets(names))
def test_a_tree_that_was_put_together_in_memory_is_the_one_on_the_disk(
    tmp_path_factory: pytest.TempPathFactory, base: dict[str, File], changes: dict[str, File], deleted: set[str]
) -> None:
    place = tmp_path_factory.mktemp("git")
    trees = TreeStore(place / "git")
    before = trees.write_tree(base)
    trees.read_tree(before)
    after = trees.overlay(before, changes, deleted)
    assert trees.read_tree(after) == TreeStore(place / "git").read_tree(after)
    (place / "filled").mkdir()
    trees.fill(after, place / "filled")
    assert folder_id(place / "filled") == after


def test_what_is_given_out_cannot_change_what_is_kept(tmp_path: Path) -> None:
    trees = TreeStore(tmp_path / "git")
    tree = trees.write_tree({"a": File(b"1")})
    trees.read_tree(tree)["a"] = File(b"2")
    assert trees.read_tree(tree) == {"a": File(b"1")}


def test_the_oldest_go_first() -> None:
    cache: TreeCache[File] = TreeCache(most_bytes=10, most_trees=3)
    for name in "abcd":
        cache.put(name, {"x": File(b"1")})
    assert cache.get("a") is None and cache.get("b") is not None
    cache.put("e", {"x": File(b"123456789")})
    assert [name for name in "abcde" if cache.get(name)] == ["b", "e"]
    cache.put("f", {"x": File(b"12345678901")})
    assert not any(cache.get(name) for name in "abcdef")
