"""Diffs are read and applied exactly, or refused."""

from __future__ import annotations

import difflib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.cli import patches
from daemon.cli.errors import BadInput

LINES = st.lists(st.text(alphabet="ab{}- +@\\", max_size=6).map(lambda text: text + "\n"), max_size=30)


@given(LINES, LINES)
def test_a_diff_of_two_texts_makes_the_second_from_the_first(old: list[str], new: list[str]) -> None:
    text = "".join(difflib.unified_diff(old, new, "a/x.c", "b/x.c"))
    if not text:
        return
    applied = patches.apply(text.encode(), {"x.c": ("".join(old).encode(), "100644")})
    assert applied.changed == {"x.c": ("".join(new).encode(), "100644")}


@given(st.binary(max_size=400))
def test_anything_else_is_refused_in_words(junk: bytes) -> None:
    for text in (junk, b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n" + junk, b"diff --git a/x b/x\n" + junk):
        try:
            patches.apply(text, {"x": (b"a\n", "100644")})
        except BadInput:
            continue


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *words], cwd=tmp_path, check=True)

    git("init", "-q")
    (tmp_path / "keep.c").write_text("one\ntwo\nthree")
    (tmp_path / "gone.c").write_text("x\n")
    (tmp_path / "old name.c").write_text("same\n" * 20)
    git("add", ".")
    git("commit", "-qm", "base")
    return tmp_path


def test_a_git_diff_with_every_kind_of_change(repo: Path) -> None:
    base = {path.name: (path.read_bytes(), "100644") for path in repo.glob("*.c")}
    (repo / "keep.c").write_text("one\n2\nthree\nfour")
    (repo / "gone.c").unlink()
    (repo / "old name.c").rename(repo / "new name.c")
    (repo / "über.c").write_text("y\n")
    (repo / "über.c").chmod(0o755)
    (repo / "link").symlink_to("/etc/passwd")
    subprocess.run(["git", "add", "-A"], cwd=repo, check=True)
    text = subprocess.run(["git", "diff", "--cached", "-M"], cwd=repo, check=True, capture_output=True).stdout
    applied = patches.apply(text, base)
    assert applied.changed == {
        "keep.c": (b"one\n2\nthree\nfour", "100644"),
        "new name.c": (b"same\n" * 20, "100644"),
        "über.c": (b"y\n", "100755"),
        "link": (b"/etc/passwd", "120000"),
    }
    assert sorted(applied.deleted) == ["gone.c", "old name.c"]


def test_a_diff_that_does_not_fit_names_file_and_line() -> None:
    text = b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-b\n+c\n"
    with pytest.raises(BadInput, match=r"'x' does not fit the tree at line 1"):
        patches.apply(text, {"x": (b"a\n", "100644")})


def test_a_path_that_climbs_is_passed_on_to_the_gate_as_it_is() -> None:
    text = b"--- /dev/null\n+++ b/../../etc/cron.d/x\n@@ -0,0 +1 @@\n+c\n"
    assert list(patches.apply(text, {}).changed) == ["../../etc/cron.d/x"]


@pytest.mark.parametrize("text", [b"", b"hello\n", b"diff --git a/x b/x\nGIT binary patch\n", b"@@ -1 +1 @@\n"])
def test_what_is_no_text_diff_is_refused(text: bytes) -> None:
    with pytest.raises(BadInput):
        patches.apply(text, {})


def test_an_oversized_diff_is_refused_unread() -> None:
    with pytest.raises(BadInput, match="larger than"):
        patches.apply(b"+" * (patches.MAX_BYTES + 1), {})
