"""Trees and folders: an export is plain files in a fresh place, an import takes plain files only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from daemon.repo import File, TreeStore
from workflows.ports import InfrastructureError, RefusedError


@pytest.fixture
def store(tmp_path: Path) -> TreeStore:
    return TreeStore(tmp_path / "archive.git")


def test_an_export_is_plain_readable_and_whole(store: TreeStore, tmp_path: Path) -> None:
    files = {"a/b/c.py": File(b"x"), "a/run": File(b"y", "100755"), "d": File(b"")}
    tree = store.write_tree(files)
    previous = os.umask(0o077)
    try:
        assert store.export(tree, tmp_path / "out") == 3
    finally:
        os.umask(previous)
    found = {str(path.relative_to(tmp_path / "out")): path for path in (tmp_path / "out").rglob("*")}
    modes = {name: stat.S_IMODE(path.lstat().st_mode) for name, path in found.items()}
    assert modes == {"a": 0o755, "a/b": 0o755, "a/b/c.py": 0o644, "a/run": 0o755, "d": 0o644}
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o755
    assert {name: path.read_bytes() for name, path in found.items() if path.is_file()} == {
        path: file.data for path, file in files.items()
    }
    assert store.import_folder(tmp_path / "out") == tree
    assert store.export(store.write_tree({}), tmp_path / "empty") == 0 and (tmp_path / "empty").is_dir()


def test_an_export_never_lands_on_something(store: TreeStore, tmp_path: Path) -> None:
    tree = store.write_tree({"a": File(b"x")})
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("target", "link", "dangling"):
        with pytest.raises(FileExistsError):
            store.export(tree, tmp_path / name)
    assert list((tmp_path / "target").iterdir()) == [] and not (tmp_path / "nowhere").exists()
    with pytest.raises(InfrastructureError):
        store.export(tree, tmp_path / "missing" / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive.git", "dangling", "link", "target"]


def test_an_import_takes_plain_files_only(store: TreeStore, tmp_path: Path) -> None:
    folder = tmp_path / "seed"
    (folder / "src" / "__pycache__").mkdir(parents=True)
    (folder / "src" / "a.py").write_text("x")
    (folder / "src" / "__pycache__" / "a.pyc").write_text("y")
    (folder / "run").write_text("z")
    (folder / "run").chmod(0o755)
    assert store.read_tree(store.import_folder(folder)) == {"run": File(b"z", "100755"), "src/a.py": File(b"x")}
    with pytest.raises(RefusedError, match="more than 1 bytes"):
        store.import_folder(folder, max_bytes=1)
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(RefusedError, match="only plain files"):
        store.import_folder(folder)
    (folder / "link").unlink()
    os.mkfifo(folder / "pipe")
    with pytest.raises(RefusedError, match="only plain files"):
        store.import_folder(folder)
    (folder / "pipe").unlink()
    (folder / "dir").symlink_to(folder / "src")
    with pytest.raises(RefusedError, match="only plain files"):
        store.import_folder(folder)
    (folder / "dir").unlink()
    (folder / ".git").mkdir()
    with pytest.raises(RefusedError, match="git's own directory"):
        store.import_folder(folder)
    with pytest.raises(InfrastructureError):
        store.import_folder(tmp_path / "missing")
