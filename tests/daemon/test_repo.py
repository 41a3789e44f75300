"""Trees in git: what goes in comes out, the same every time, and nothing in a tree is ever run or followed."""

from __future__ import annotations

import os
import stat
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.gitobjects import Entry, decode_tree, encode_tree, object_id
from daemon.repo import File, TreeStore, candidate_ref, ref_part
from workflows.ports import InfrastructureError, RefusedError

REF = "refs/ratchet/c/1"


@pytest.fixture
def store(tmp_path: Path) -> TreeStore:
    return TreeStore(tmp_path / "archive.git")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> TreeStore:
    return TreeStore(tmp_path_factory.mktemp("repo") / "archive.git")


def _git(store_dir: Path, *arguments: str) -> str:
    command = ["git", f"--git-dir={store_dir}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


SEGMENT = st.text("abcXYZ012._-", min_size=1, max_size=6).filter(
    lambda name: name.strip(". ") and name.lower().rstrip(". ") not in (".git", "git~1")
)
PATH = st.lists(SEGMENT, min_size=1, max_size=4).map("/".join)
FILES = st.dictionaries(
    PATH, st.builds(File, st.binary(max_size=50), st.sampled_from(["100644", "100755"])), max_size=8
)


def _clash(paths: Any) -> bool:
    return any(other.startswith(path + "/") for path in paths for other in paths)


@settings(max_examples=40, deadline=None)
@given(files=FILES)
def test_what_is_written_is_read(shared: TreeStore, files: dict[str, File]) -> None:
    if _clash(files):
        with pytest.raises(RefusedError, match="both a file and a folder"):
            shared.write_tree(files)
        return
    tree = shared.write_tree(files)
    assert shared.read_tree(tree) == files
    assert set(shared.list_tree(tree)) == set(files)


@settings(max_examples=25, deadline=None)
@given(files=FILES, changes=FILES, data=st.data())
def test_an_overlay_is_the_tree_with_the_changes(
    shared: TreeStore, files: dict[str, File], changes: dict[str, File], data: st.DataObject
) -> None:
    deleted = data.draw(st.sets(st.sampled_from([*files, "absent"])))
    expected = {path: file for path, file in files.items() if path not in deleted} | changes
    if _clash(files) or _clash(expected):
        return
    assert shared.overlay(shared.write_tree(files), changes, deleted) == shared.write_tree(expected)


def test_git_agrees_on_the_objects(store: TreeStore, tmp_path: Path) -> None:
    files = {"a-b": File(b"1"), "a/b": File(b"2", "100755"), "a.b": File(b"3"), "é/ü": File(b"4"), "z": File(b"")}
    tree = store.write_tree(files)
    commit = store.commit(tree, [], "Subject\n\nBody with é\n", REF, when=1_700_000_000.9)
    child = store.commit(tree, [commit], "next", "refs/ratchet/c/2", when=1_700_000_001)
    _git(tmp_path / "archive.git", "fsck", "--strict")
    shown = _git(tmp_path / "archive.git", "log", "--format=%H %P %T %an %ae %at %ct %s", child)
    assert shown.splitlines() == [
        f"{child} {commit} {tree} ratchet ratchet@localhost 1700000001 1700000001 next",
        f"{commit}  {tree} ratchet ratchet@localhost 1700000000 1700000000 Subject",
    ]
    listed = _git(tmp_path / "archive.git", "ls-tree", "-r", "-z", tree).rstrip("\0").split("\0")
    assert sorted(line.split("\t")[1] for line in listed) == sorted(files)
    assert _git(tmp_path / "archive.git", "write-tree") == store.write_tree({}) + "\n"


def test_a_packed_archive_is_read_all_the_same(store: TreeStore, tmp_path: Path) -> None:
    files = {f"f{number}": File(b"same " * 100 + str(number).encode()) for number in range(20)}
    commit = store.commit(store.write_tree(files), [], "m", REF, when=0)
    _git(tmp_path / "archive.git", "gc", "--quiet", "--prune=now")
    assert not (tmp_path / "archive.git" / "refs" / "ratchet" / "c" / "1").exists()
    assert store.resolve(REF) == commit
    assert store.read_tree(store.tree_of(commit)) == files
    assert store.commit(store.tree_of(commit), [], "m", REF, when=0) == commit


def test_commits_are_the_same_for_the_same_arguments(tmp_path: Path) -> None:
    ids = set()
    for name, umask in (("one", 0o077), ("two", 0o022)):
        previous = os.umask(umask)
        try:
            store = TreeStore(tmp_path / name)
            ids.add(store.commit(store.write_tree({"a": File(b"x")}), [], "m", REF, when=5))
        finally:
            os.umask(previous)
    assert len(ids) == 1


def test_a_ref_is_written_once_and_repeating_is_harmless(store: TreeStore) -> None:
    one, two = store.write_tree({"a": File(b"1")}), store.write_tree({"a": File(b"2")})
    assert store.resolve(REF) is None
    commit = store.commit(one, [], "m", REF, when=0)
    assert store.commit(one, [], "m", REF, when=0) == commit == store.resolve(REF)
    with pytest.raises(RefusedError, match="already, so"):
        store.commit(two, [], "m", REF, when=0)
    assert store.resolve(REF) == commit and store.tree_of(commit) == one


def test_a_moving_ref_moves(store: TreeStore) -> None:
    commits = [
        store.commit(store.write_tree({"a": File(bytes([n]))}), [], "m", f"refs/ratchet/c/{n}", when=0) for n in (1, 2)
    ]
    for commit in (*commits, commits[0], commits[0]):
        store.point("refs/ratchet/champions/matmul", commit)
        assert store.resolve("refs/ratchet/champions/matmul") == commit
    with pytest.raises(KeyError):
        store.point("refs/ratchet/champions/matmul", "0" * 40)


def test_many_threads_write_at_once(store: TreeStore) -> None:
    failures: list[BaseException] = []
    commits: dict[int, str] = {}

    def work(number: int) -> None:
        try:
            tree = store.write_tree({"same": File(b"x"), "mine": File(str(number % 6).encode())})
            commits[number] = store.commit(tree, [], "m", f"refs/ratchet/c/{number % 6}", when=0)
            assert store.read_tree(tree)["mine"].data == str(number % 6).encode()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(18)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert all(
        commits[number] == commits[number % 6] == store.resolve(f"refs/ratchet/c/{number % 6}") for number in commits
    )


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "a//b", "a/", "./a", "a/../b", "..", ".git/config", "a/.git/hooks/x", ".GIT/x", "a/.git",
     ".git. /x", "git~1/x", "GIT~1", ".git::$INDEX_ALLOCATION/x", "a\0b", "a\\b", "\ud800", "x" * 256,
     "/".join("a" * 65)],
)  # fmt: skip
def test_paths_that_must_never_enter_a_tree(store: TreeStore, path: str) -> None:
    for attempt in (
        lambda: store.write_tree({path: File(b"")}),
        lambda: store.overlay(store.write_tree({}), {path: File(b"")}),
    ):
        with pytest.raises(RefusedError, match="repo: path"):
            attempt()


@pytest.mark.parametrize("mode", ["120000", "160000", "40000", "100600", "104755", "", "0100644"])
def test_modes_that_must_never_enter_a_tree(mode: str) -> None:
    with pytest.raises(RefusedError, match="plain file"):
        File(b"", mode)


@pytest.mark.parametrize("mode", ["120000", "160000"])
def test_a_link_in_a_foreign_tree_is_refused(store: TreeStore, tmp_path: Path, mode: str) -> None:
    git_dir = tmp_path / "archive.git"
    blob = subprocess.run(
        ["git", f"--git-dir={git_dir}", "hash-object", "-w", "--stdin"],
        input=b"/etc/shadow", capture_output=True, check=True,
    ).stdout.decode().strip()  # fmt: skip
    kind = "commit" if mode == "160000" else "blob"
    made = subprocess.run(
        ["git", f"--git-dir={git_dir}", "mktree", "--missing"],
        input=f"{mode} {kind} {blob if kind == 'blob' else '1' * 40}\tlink\n".encode(),
        capture_output=True,
        check=True,
    )
    tree = made.stdout.decode().strip()
    for attempt in (lambda: store.read_tree(tree), lambda: store.export(tree, tmp_path / "out")):
        with pytest.raises(RefusedError, match="only plain files"):
            attempt()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "ref", ["HEAD", "refs/heads/main", "refs/ratchet", "refs/ratchet/../heads/x", "refs/ratchet/-x", "refs/ratchet/a b",
            "refs/ratchet/a/", "refs/ratchet/a.lock", "--help", "refs/ratchet/a\n"],
)  # fmt: skip
def test_refs_are_ours(store: TreeStore, ref: str) -> None:
    for attempt in (lambda: store.resolve(ref), lambda: store.commit(store.write_tree({}), [], "m", ref, when=0)):
        with pytest.raises(RefusedError, match="not a ref under"):
            attempt()


@given(st.text(max_size=20), st.text(max_size=20))
def test_ref_parts_are_fit_and_one_to_one(one: str, two: str) -> None:
    store_ref = candidate_ref(one, 3)
    subprocess.run(["git", "check-ref-format", store_ref], check=True)
    assert (ref_part(one) == ref_part(two)) == (one == two)
    assert ref_part("matmul-run-7") == "matmul-run-7"


def test_unknown_and_wrong_ids(store: TreeStore) -> None:
    tree = store.write_tree({"a": File(b"x")})
    blob = store.list_tree(tree)["a"].id
    for name in ("0" * 40, "HEAD", "--help", "", blob, "refs/heads/x"):
        with pytest.raises(KeyError):
            store.read_tree(name)
        with pytest.raises(KeyError):
            store.tree_of(name)
    with pytest.raises(KeyError):
        store.commit("0" * 40, [], "m", REF, when=0)
    with pytest.raises(KeyError):
        store.commit(tree, [tree], "m", REF, when=0)
    with pytest.raises(KeyError):
        store.diff(tree, "--output=/tmp/x")


def test_a_diff_shows_changes_and_is_bounded(store: TreeStore) -> None:
    before = store.write_tree({"a": File(b"one\n"), "b": File(b"same\n")})
    after = store.overlay(before, {"a": File(b"two\n"), "bin": File(b"\0\1")})
    text = store.diff(before, after)
    assert "-one\n+two\n" in text and "b/bin" in text and "same" not in text
    assert store.diff(before, before) == ""
    cut = store.diff(before, after, max_bytes=40)
    assert len(cut) < 100 and "[cut after 40 of" in cut


def test_planted_programs_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hooks, fsmonitor, textconv, filters, aliases, pager: in the tree, the user's files and the environment."""
    witness = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho $0 >> {witness}\n")
    program.chmod(0o755)
    settings_text = (
        f"[core]\n fsmonitor={program}\n hooksPath={tmp_path}/hooks\n pager={program}\n editor={program}\n"
        f" attributesFile={tmp_path}/attributes\n sshCommand={program}\n"
        f'[diff]\n external={program}\n[diff "p"]\n textconv={program}\n command={program}\n'
        f'[filter "p"]\n clean={program}\n smudge={program}\n process={program}\n required=true\n'
        f"[alias]\n diff-tree=!{program}\n update-ref=!{program}\n[gc]\n auto=1\n"
    )
    attributes = "* diff=p filter=p merge=p\n"
    (tmp_path / "attributes").write_text(attributes)
    (tmp_path / "hooks").mkdir()
    for hook in ("reference-transaction", "post-commit", "pre-auto-gc", "post-index-change", "fsmonitor-watchman"):
        (tmp_path / "hooks" / hook).symlink_to(program)
    home = tmp_path / "home"
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".gitconfig").write_text(settings_text)
    (home / ".config" / "git" / "attributes").write_text(attributes)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(program))
    monkeypatch.setenv("GIT_PAGER", str(program))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(program))
    # Were these believed, objects and refs would go somewhere else.
    for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))

    store = TreeStore(tmp_path / "archive.git")
    hostile = {
        ".gitattributes": File(attributes.encode()),
        ".gitmodules": File(b'[submodule "x"]\n path = x\n url = ext::' + str(program).encode()),
        ".gitconfig": File(settings_text.encode()),
        "hooks/post-commit": File(program.read_bytes(), "100755"),
        "config": File(settings_text.encode()),
        "HEAD": File(b"ref: refs/heads/x\n"),
        "nested.git/config": File(settings_text.encode()),
        "a.txt": File(b"one\n"),
    }
    for path, file in hostile.items():
        target = tmp_path / "folder" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.data)
        target.chmod(0o755 if file.mode == "100755" else 0o644)
    tree = store.import_folder(tmp_path / "folder")
    commit = store.commit(tree, [], "m", REF, when=0)
    after = store.overlay(tree, {"a.txt": File(b"two\n")}, ["config"])
    child = store.commit(after, [commit], "m", "refs/ratchet/c/2", when=0)
    store.point("refs/ratchet/champions/t", child)
    assert "+two" in store.diff(commit, child)
    assert store.read_tree(tree) == hostile
    store.export(after, tmp_path / "out")
    assert store.resolve(REF) == commit
    assert not witness.exists(), witness.read_text()
    assert not (tmp_path / "elsewhere").exists()
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert _git(tmp_path / "archive.git", "rev-parse", REF).strip() == commit


def test_the_git_directory_holds_no_hooks_and_is_private(store: TreeStore, tmp_path: Path) -> None:
    assert not (tmp_path / "archive.git" / "hooks").exists()
    assert stat.S_IMODE((tmp_path / "archive.git").stat().st_mode) == 0o700


def test_no_git_process_is_left_behind(store: TreeStore) -> None:
    tree = store.write_tree({str(number): File(b"x") for number in range(5)})
    store.read_tree(tree)
    with pytest.raises(KeyError):
        store.read_tree("0" * 40)
    children = Path(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/children").read_text().split()
    names = [Path(f"/proc/{child}/comm").read_text().strip() for child in children]
    assert "git" not in names


def test_a_damaged_object_is_our_fault_and_two_contents_with_one_id_are_refused(
    store: TreeStore, tmp_path: Path
) -> None:
    blob = object_id("blob", b"content")
    store.write_tree({"a": File(b"content")})
    path = tmp_path / "archive.git" / "objects" / blob[:2] / blob[2:]
    other = object_id("blob", b"other")
    store.write_tree({"a": File(b"other")})
    path.chmod(0o644)
    path.write_bytes((tmp_path / "archive.git" / "objects" / other[:2] / other[2:]).read_bytes())
    with pytest.raises(RefusedError, match="two contents share"):
        store.write_tree({"a": File(b"content")})
    path.write_bytes(b"")
    with pytest.raises(InfrastructureError, match="damaged"):
        store.write_tree({"a": File(b"content")})
    tree = object_id("tree", encode_tree({b"a": Entry("100644", blob)}))
    with pytest.raises(InfrastructureError, match="restore the archive"):
        store.read_tree(tree)


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InfrastructureError, match="file"):
        TreeStore(tmp_path / "file" / "archive.git")


@given(st.dictionaries(st.binary(min_size=1, max_size=8).filter(lambda n: not set(n) & set(b"\0/")),
                       st.builds(Entry, st.sampled_from(["100644", "40000"]), st.just("ab" * 20))))  # fmt: skip
def test_tree_objects_read_back(entries: dict[bytes, Entry]) -> None:
    data = encode_tree(entries)
    assert decode_tree(data) == entries
    for end in range(1, min(len(data), 20)):
        with pytest.raises(ValueError):
            decode_tree(data[:-end])
