"""A policies folder is read whole, hashed, and built with its revision inside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policies import bundle
from policies.bundle import BadPoliciesError, Source, build


def test_the_same_files_have_the_same_revision(folder: Path, shipped: Path) -> None:
    assert Source.read(folder).revision == Source.read(shipped).revision
    assert len(Source.read(folder).revision) == 64


@pytest.mark.parametrize("name", ["ratchet/edit/data.yaml", "ratchet/edit/edit.rego", "schemas/edit/data.json"])
def test_each_edit_gives_another_revision(folder: Path, name: str) -> None:
    before = Source.read(folder).revision
    with (folder / name).open("a") as stream:
        stream.write("\n")
    assert Source.read(folder).revision != before


def test_renaming_a_file_gives_another_revision(folder: Path) -> None:
    before = Source.read(folder).revision
    (folder / "ratchet/edit/edit.rego").rename(folder / "ratchet/edit/edits.rego")
    assert Source.read(folder).revision != before


def test_tests_do_not_count(folder: Path) -> None:
    before = Source.read(folder)
    (folder / "ratchet/edit/edit_test.rego").write_text("package ratchet.edit_test\n")
    after = Source.read(folder)
    assert after.revision == before.revision
    assert after.files != before.files


def test_the_build_holds_revision_and_roots_but_no_tests(folder: Path, tmp_path: Path) -> None:
    built = build(folder, tmp_path / "out")
    manifest = json.loads((built.path / ".manifest").read_text())
    assert manifest["revision"] == built.revision == Source.read(folder).revision
    assert manifest["roots"] == ["ratchet", "schemas", "system"]
    assert json.loads((built.path / "ratchet" / "data.json").read_text()) == {"revision": built.revision}
    assert (built.path / "ratchet/edit/edit.rego").is_file()
    assert not list(built.path.rglob("*_test.rego"))


def test_a_build_leaves_nothing_of_an_older_one(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "ratchet").mkdir(parents=True)
    (out / "ratchet" / "old.rego").write_text("package ratchet.old\n")
    build(folder, out)
    assert not (out / "ratchet" / "old.rego").exists()


def test_what_opa_does_not_read_is_left_out(folder: Path) -> None:
    before = Source.read(folder)
    (folder / "README.md").write_text("x")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "x.rego").write_text("package x\n")
    assert Source.read(folder) == before


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("ratchet/edit/limits.yaml", "a: 1", "would be ignored"),
        ("ratchet/edit/more.json", "{}", "would be ignored"),
        ("ratchet/data.json", "{}", "reserved"),
        ("ratchet/data.yaml", "a: 1", "reserved"),
        ("access/data.json", "{}", "reserved"),
    ],
)
def test_misplaced_files_are_named(folder: Path, name: str, content: str, message: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content)
    with pytest.raises(BadPoliciesError, match=message) as caught:
        Source.read(folder)
    assert name in str(caught.value)


def test_links_are_refused(folder: Path) -> None:
    (folder / "ratchet/edit/more.rego").symlink_to("/etc/hostname")
    with pytest.raises(BadPoliciesError, match="not a regular file"):
        Source.read(folder)


def test_a_folder_without_policies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPoliciesError, match="is not a folder"):
        Source.read(tmp_path / "none")
    with pytest.raises(BadPoliciesError, match=r"no \.rego file"):
        Source.read(tmp_path)


def test_a_huge_folder_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MAX_BYTES", 1000)
    with pytest.raises(BadPoliciesError, match="more than 1000 bytes"):
        Source.read(folder)


def test_an_unreadable_file_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(BadPoliciesError, match="Permission denied"):
        Source.read(folder)
