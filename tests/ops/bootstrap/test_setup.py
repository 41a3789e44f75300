"""Set-up on this machine, twice, twice at once, and with what it needs missing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ops.bootstrap import engine, opa, place

ROOT = Path(__file__).resolve().parents[3]


def bootstrap(state: Path, *words: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ops.bootstrap", *words],
        cwd=ROOT,
        env={**os.environ, "RATCHET_STATE": str(state), **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.docker
def test_two_at_once_find_the_engine(tmp_path: Path) -> None:
    both = [bootstrap(tmp_path, "--quiet", "docker") for _ in range(2)]
    for child in both:
        said, _ = child.communicate(timeout=60)
        assert child.returncode == 0, said
        assert said.startswith("set-up: everything in place")


def test_a_given_opa_that_is_none_is_named(tmp_path: Path) -> None:
    child = bootstrap(tmp_path, "opa", RATCHET_OPA_BIN="/bin/true")
    said, _ = child.communicate(timeout=60)
    assert child.returncode == 1
    assert "RATCHET_OPA_BIN=/bin/true is not an OPA binary" in said
    assert "remedy:" in said


def test_an_engine_elsewhere_that_is_silent_is_not_replaced(tmp_path: Path) -> None:
    child = bootstrap(tmp_path, "docker", RATCHET_DOCKER_URL="tcp://127.0.0.1:9")
    said, _ = child.communicate(timeout=60)
    assert child.returncode == 1
    assert "no engine answers at tcp://127.0.0.1:9" in said


def test_an_unknown_step_is_bad_usage(tmp_path: Path) -> None:
    child = bootstrap(tmp_path, "dokcer")
    said, _ = child.communicate(timeout=60)
    assert child.returncode == 2
    assert "dokcer" in said


def test_nothing_answers_on_a_socket_that_is_not_there(tmp_path: Path) -> None:
    assert engine.ping(f"unix://{tmp_path}/none.sock") == ""


def test_a_file_that_is_not_opa_has_no_version(tmp_path: Path) -> None:
    assert opa.version(tmp_path / "opa") == ""
    assert opa.version(Path("/bin/true")) == ""


def test_a_stamp_is_whole_or_absent(tmp_path: Path) -> None:
    stamp = tmp_path / "deep" / "stamp"
    assert place.read_stamp(stamp) == ""
    place.write_atomically(stamp, "key\n")
    assert place.read_stamp(stamp) == "key"
    assert [path.name for path in stamp.parent.iterdir()] == ["stamp"]


def test_a_fingerprint_sees_contents_and_modes() -> None:
    here = Path(__file__)
    assert place.fingerprint([here]) == place.fingerprint([here])
    assert place.fingerprint([here]) != place.fingerprint([here], "more")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "ops/bootstrap/uv.lock.txt"])
def test_locks_are_exact_hashed_and_hold_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = re.split(r"(?m)^(?=\S)", text)[1:]
    assert entries
    for entry in entries:
        assert re.match(r"^[a-z0-9][a-z0-9._-]*==[^\s;]+", entry), entry
        assert "--hash=sha256:" in entry
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_the_malware_releases_are_locked_out() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        found = re.findall(r"(?m)^litellm==(\S+)", (ROOT / name).read_text())
        assert len(found) == 1
        assert found[0] not in ("1.82.7", "1.82.8")


def with_extra(project: dict[str, Any], extra: str) -> list[str]:
    """What an extra asks for, and what the project's other extras ask for that it names."""
    asked = []
    for text in project["optional-dependencies"][extra]:
        requirement = Requirement(text)
        own = requirement.name == project["name"]
        asked += [inner for more in requirement.extras for inner in with_extra(project, more)] if own else [text]
    return asked


@pytest.mark.parametrize(("name", "extra"), [("requirements.lock", ""), ("requirements-dev.lock", "dev")])
def test_locks_satisfy_what_the_project_asks_for(name: str, extra: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["dependencies"] + (with_extra(project, extra) if extra else ["setuptools>=80"])
    locked = dict(re.findall(r"(?m)^([a-z0-9._-]+)==([^\s;]+)", (ROOT / name).read_text()))
    for text in asked:
        requirement = Requirement(text)
        found = locked.get(canonicalize_name(requirement.name), "")
        assert found and found in requirement.specifier, f"{text}: the lock has {found or 'nothing'}; run `make lock`"
