"""What the linter would hold: folder is package, tests stand beside, no negation over what may be undefined."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.policies.conftest import SHIPPED

POLICIES = sorted(path for path in SHIPPED.rglob("*.rego") if not path.name.endswith("_test.rego"))
TESTS = sorted(SHIPPED.rglob("*_test.rego"))

# Below `not`, OPA evaluates the arguments of a call or comparison first; when one is undefined, so is the whole rule,
# and a denial stays silent. So: a rule's name, a call with variables and schema-checked input, membership in `proven`.
NEGATIONS = re.compile(
    r"not (?:\w+|[\w.]+\((?:\"[\w.]+\"|[a-z_]+|(?:change|mount|input|found|custom)(?:\.\w+)*|, )+\)|custom\.fixed"
    r"|\"[\w ]+\" in proven|(?:own|input|change)\.\w+ == false|data\.ratchet\.sandbox\.gpu\.allowed == true"
    r"|endswith\(segment, \"\.\"\)|found\.level in blocking_levels)\]?,?"
)


@pytest.mark.parametrize("path", POLICIES + TESTS, ids=lambda path: str(path.relative_to(SHIPPED)))
def test_folder_is_package(path: Path) -> None:
    package = ".".join(path.parent.relative_to(SHIPPED).parts) + ("_test" if path in TESTS else "")
    assert f"package {package}\n" in path.read_text()


@pytest.mark.parametrize("folder", sorted({path.parent for path in POLICIES}), ids=lambda path: path.name)
def test_tests_stand_beside(folder: Path) -> None:
    assert (folder / f"{folder.name}_test.rego").is_file()


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.name)
def test_negations_stand_over_what_is_defined(path: Path) -> None:
    for line in path.read_text().splitlines():
        if line.startswith("\t") and line.strip().startswith("not "):
            assert NEGATIONS.fullmatch(line.strip()), line


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.name)
def test_every_code_is_denied_by_a_test(path: Path) -> None:
    tests = (path.parent / f"{path.parent.name}_test.rego").read_text()
    for code in re.findall(r"#   code: (\S+)", path.read_text()):
        assert f'"{code}"' in tests, code


def test_no_file_is_longer_than_the_house_allows() -> None:
    assert {path.name for path in POLICIES + TESTS if len(path.read_text().splitlines()) > 400} == set()
