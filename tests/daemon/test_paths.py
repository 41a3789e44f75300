"""Forty hostile paths, the files that nobody may touch, and names that cannot stand side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon import paths
from daemon.paths import UnsafePathError, clashes, protected, segments
from policies.opa_cli import find_opa, run_opa

HOSTILE: dict[str, str] = {
    "": "empty",
    "/etc/passwd": "absolute",
    "//server/share": "absolute",
    "..": "not-canonical",
    "../policy/x.rego": "not-canonical",
    "src/../policy/x.rego": "not-canonical",
    "src/..": "not-canonical",
    "./src/a.c": "not-canonical",
    "src/./a.c": "not-canonical",
    "src//a.c": "not-canonical",
    "src/a.c/": "not-canonical",
    ".": "not-canonical",
    ".git/config": "git",
    ".GIT/config": "git",
    "src/.Git/hooks/post-commit": "git",
    ".gitmodules": "git",
    "src/.gitattributes": "git",
    "GIT~1/config": "git",
    "git~2": "git",
    ".git ": "git",
    ".git.": "git",
    ".git::$INDEX_ALLOCATION": "git",
    ".g\u200cit/config": "not-ascii",
    ".hidden": "hidden",
    ".vscode/tasks.json": "hidden",
    "src/a\\b.c": "characters",
    "..\\..\\policy": "hidden",
    "C:\\Windows": "characters",
    "src/a.c:stream": "characters",
    "src/a\n../policy": "characters",
    "src/a\r.c": "characters",
    "src/a\0.c": "characters",
    "src/a\t.c": "characters",
    "src/a\x1b[31m.c": "characters",
    "src/a b.c": "characters",
    "src/a.c ": "characters",
    "src/a.c.": "trailing-dot",
    "-rf": "characters",
    "~root/x": "characters",
    "src/$(id).c": "characters",
    "src/*.c": "characters",
    "src/a%2e%2e/b": "characters",
    "src/\u202ec.exe": "not-ascii",
    "src/\u200b.c": "not-ascii",
    "src\u2215x.c": "not-ascii",
    "src/cafe\u0301.c": "not-ascii",
    "src/caf\u00e9.c": "not-ascii",
    "src/\uff0e\uff0e/x": "not-ascii",
    "src/\ud800.c": "not-ascii",
    "src/con": "device-name",
    "aux.c": "device-name",
    "LPT1.txt": "device-name",
    "a" * 241: "too-long",
    "a" * 300: "too-long",
    "/".join("a" * 21): "too-deep",
}


@pytest.mark.parametrize("path", HOSTILE, ids=ascii)
def test_a_hostile_path_is_refused(path: str) -> None:
    with pytest.raises(UnsafePathError) as caught:
        segments(path)
    assert caught.value.rule == HOSTILE[path]


def test_there_are_forty_of_them() -> None:
    assert len(HOSTILE) >= 40


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "a.c",
        "src/a.c",
        "_x/__init__.py",
        "A-b.C_d/e..f",
        "src/COM.c",
        "a" * 240,
        "/".join("a" * 20),
        "gitx/a",
        "0/1",
    ],
)
def test_a_plain_path_is_split(path: str) -> None:
    assert "/".join(segments(path)) == path


@given(st.text(max_size=30))
def test_any_text_is_plain_or_refused(text: str) -> None:
    try:
        parts = segments(text)
    except UnsafePathError:
        return
    assert "/".join(parts) == text
    assert text.isascii() and text.isprintable() and " " not in text
    assert all(part and not part.startswith(".") and part[0] != "-" for part in parts)


PROTECTED = [
    "target.toml", "a/b/Evaluator.py", "conftest.py", "x/CONFTEST.PY", "sitecustomize.py", "usercustomize.py", "x.pth",
    "pytest.ini", "tox.ini", "setup.cfg", "setup.py", "pyproject.toml", "noxfile.py", "uv.lock", "poetry.lock",
    "package-lock.json", "pnpm-lock.yaml", "requirements.txt", "requirements-dev.txt", "Dockerfile", "Dockerfile.gpu",
    "x.dockerfile", "docker-compose.override.yml", "compose.yaml", "Jenkinsfile", "azure-pipelines.yml", "x.rego",
    "policies/a.txt", "policy/a.txt", "judge/a.py", "evaluator/a.py", "budget.yaml", "budgets/a.txt", "go.sum",
    "__pycache__/a.txt", "a.pyc", "x.egg-info/PKG", "x.dist-info/entry_points.txt", ".github/workflows/ci.yml",
]  # fmt: skip


@pytest.mark.parametrize("path", PROTECTED)
def test_protected(path: str) -> None:
    assert protected(path.split("/"))


@pytest.mark.parametrize(
    "path", ["a.c", "conftest.c", "locks/a.c", "judges.py", "src/policy_net.py", "dock/er.c", "tests/a.py"]
)
def test_not_protected(path: str) -> None:
    assert not protected(path.split("/"), "kernel")


@pytest.mark.parametrize(
    ("path", "shut"),
    [
        ("daemon/gate.py", True), ("Daemon/gate.py", True), ("daemon/agents/x.py", True), ("workflows/a.py", True),
        ("sandbox/a.py", True), ("ops/a.py", True), ("tests/a.py", True), ("kernels/a.py", True), ("daemon", True),
        ("daemon/agent/agent.py", False), ("agent.py", False), ("prompts/system.md", False), ("x/daemon/a.py", False),
    ],
)  # fmt: skip
def test_the_agent_cannot_edit_what_guards_it(path: str, shut: bool) -> None:
    assert protected(path.split("/"), "genome") is shut
    assert not protected(path.split("/"), "program")


@pytest.mark.opa
def test_the_policy_holds_the_same_lists(checkout: Path) -> None:
    """Two walls of one plan: a name added to one has to be added to the other."""
    names = ("protected_names", "protected_parts", "protected_globs", "protected_part_globs", "trusted_folders")
    query = "{" + ", ".join(f'"{name}": data.ratchet.edit.{name}' for name in names) + "}"
    done = run_opa(find_opa(), ["eval", "--bundle", str(checkout / "policies"), "--format", "raw", query])
    there = {name: set(entries) for name, entries in json.loads(done.stdout).items()}
    assert there == {name: set(getattr(paths, name.upper())) for name in names}


def rules(tree: list[str], changed: list[str]) -> list[tuple[str, str]]:
    return list(clashes(tree, changed))


@pytest.mark.parametrize(
    ("tree", "changed", "expected"),
    [
        (["a.c", "b.c"], ["a.c"], []),
        (["Tool.py", "tool.py"], ["tool.py"], [("tool.py", "case-twin")]),
        (["Src/a.c", "src/b.c"], ["src/b.c"], [("src/b.c", "case-twin")]),
        (["Src/a.c", "src/b.c"], [], []),
        (["a", "a/b.c"], ["a/b.c"], [("a/b.c", "file-and-folder")]),
        (["a", "a/b.c"], ["a"], [("a", "file-and-folder")]),
        (["a/b", "a/b/c/d"], ["a/b/c/d"], [("a/b/c/d", "file-and-folder")]),
        (["a.c"], ["gone.c"], []),
        (["src/a.c", "src/x/a.c"], ["src/x/a.c"], []),
    ],
)
def test_names_that_cannot_stand_side_by_side(
    tree: list[str], changed: list[str], expected: list[tuple[str, str]]
) -> None:
    assert rules(tree, changed) == expected
