"""The shipped bundle is fit; every kind of unfit one is named by the step that finds it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from policies.annotations import rules
from policies.check import capabilities, check_folder

pytestmark = pytest.mark.opa

Edit = Callable[[Path], None]


def replace(name: str, old: str, new: str) -> Edit:
    def edit(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return edit


def append(name: str, text: str) -> Edit:
    def edit(folder: Path) -> None:
        with (folder / name).open("a") as stream:
            stream.write(text)

    return edit


EDIT = "ratchet/edit/edit.rego"
DATA = "ratchet/edit/data.yaml"


def test_the_shipped_bundle_is_fit(shipped: Path, opa: Path) -> None:
    assert check_folder(shipped, opa) == []


def test_tuned_numbers_are_fit(folder: Path, opa: Path) -> None:
    """Every kind of number that a person tunes, all at once: the bundle's own tests do not depend on them."""
    for edit in (
        replace(DATA, "files: 40", "files: 7"),
        replace(DATA, "forbidden: []", 'forbidden: ["src/**"]'),
        replace(DATA, "EDIT-SIZE: soft-mandatory", "EDIT-SIZE: dry-run"),
        replace("ratchet/budget/data.yaml", "micro_usd: 50000000", "micro_usd: 1"),
        replace("ratchet/promote/data.yaml", "kernel:  {approvals: 0", "kernel:  {approvals: 2"),
        replace("ratchet/stop/data.yaml", "patience: 100", "patience: 3"),
        replace("ratchet/sandbox/data.yaml", "allowed: false", "allowed: true"),
    ):
        edit(folder)
    assert check_folder(folder, opa, style=False) == []


@pytest.mark.parametrize(
    ("edit", "step", "message"),
    [
        (append(EDIT, "\nallow if {\n"), "types", "rego_parse_error"),
        (append(EDIT, "\nx if input.requst\n"), "types", "undefined ref"),
        (append(EDIT, '\nx := http.send({"method": "get", "url": "http://x"})\n'), "types", "http.send"),
        (append(EDIT, "\nx := opa.runtime()\n"), "types", "opa.runtime"),
        (append(EDIT, "\nx := time.now_ns()\n"), "types", "time.now_ns"),
        (append(EDIT, '\nx := net.lookup_ip_addr("x")\n'), "types", "net.lookup_ip_addr"),
        (append(EDIT, '\nx := rand.intn("x", 2)\n'), "types", "rand.intn"),
        (append(EDIT, "\nx := nothing\n"), "types", "unsafe"),
        (append(DATA, "a: [\n"), "types", "yaml"),
        (replace(DATA, "files: 40", "files: many"), "data", "files"),
        (replace(DATA, "files: 40", "flies: 40"), "data", "flies"),
        (replace(DATA, "limits:", "limts:"), "data", "limits"),
        (replace(DATA, "soft-mandatory\n", "softish\n"), "data", "levels"),
        (replace("ratchet/budget/data.yaml", "micro_usd: 5000000 ", "micro_usd: -5 "), "data", "micro_usd"),
        (replace(DATA, "EDIT-SIZE:", "EDIT-SIEZ:"), "annotations", "there is no rule EDIT-SIEZ"),
        (replace(DATA, "levels:\n", "levels:\n  EDIT-PROTECTED: advisory\n"), "annotations", "is fixed"),
        (replace(EDIT, "#   owner: safety\n", ""), "annotations", "lacks `owner`"),
        (replace(EDIT, "#   code: EDIT-SIZE\n", "#   code: EDIT-KIND\n"), "annotations", "used by two rules"),
        (append(EDIT, '\ndeny contains {"code": "X"} if input.campaign == "x"\n'), "annotations", "no annotation"),
        (replace(EDIT, "not sound(change)", "sound(change)"), "tests", "failing: "),
    ],
)
def test_an_unfit_bundle_is_named(folder: Path, opa: Path, edit: Edit, step: str, message: str) -> None:
    edit(folder)
    problems = [problem for problem in check_folder(folder, opa) if problem.step == step]
    assert problems and message in " ".join(problem.message for problem in problems)
    assert str(folder.parent) not in problems[0].message


def test_style_is_a_matter_of_the_project_only(folder: Path, opa: Path) -> None:
    append(EDIT, "\nx   :=   1\n")(folder)
    for path in folder.rglob("*_test.rego"):
        path.unlink()
    (folder / "ratchet/lib/lib_test.rego").write_text("package ratchet.lib_test\n\ntest_x if true\n")
    assert check_folder(folder, opa, style=False) == []
    found = {problem.step: problem.message for problem in check_folder(folder, opa)}
    assert "opa fmt" in found["format"] and "coverage is" in found["tests"]


def test_without_tests_it_is_unfit(folder: Path, opa: Path) -> None:
    for path in folder.rglob("*_test.rego"):
        path.unlink()
    assert [problem.step for problem in check_folder(folder, opa, style=False)] == ["tests"]


def test_a_folder_that_cannot_be_read_is_a_problem(tmp_path: Path, opa: Path) -> None:
    assert [problem.step for problem in check_folder(tmp_path / "none", opa)] == ["read"]


def test_no_builtin_that_differs_from_call_to_call(opa: Path) -> None:
    builtins = capabilities(opa)["builtins"]
    assert isinstance(builtins, list)
    names = {builtin["name"] for builtin in builtins}
    assert not names & {"http.send", "opa.runtime", "rand.intn", "time.now_ns", "uuid.rfc4122", "net.lookup_ip_addr"}
    assert {"json.match_schema", "glob.match", "rego.metadata.rule"} <= names


def test_every_rule_says_who_owns_it_and_what_to_do(shipped: Path, opa: Path) -> None:
    found = rules(opa, shipped)
    assert len(found) >= 35
    assert {rule.owner for rule in found} == {"safety", "operator"}
    assert all(rule.code.isupper() and rule.remedy.endswith(".") for rule in found)
