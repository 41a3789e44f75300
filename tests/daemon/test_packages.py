"""The daemon starts on the locked packages only: another version, file or starter is named, with the remedy."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.packages import differences, require_locked
from daemon.settings import CHECKOUT
from workflows.ports import RefusedError

LOCK = "good-one==1.2 \\\n    --hash=sha256:00\nother==2.0 \\\n    --hash=sha256:00\nelsewhere==1 ; os_name == 'nt'\n"
FILES = {"good_one/__init__.py": "x = 1\n", "good_one/deep/part.py": "y = 2\n", "good_one/data.json": "{}"}


def install(site: Path, name: str, version: str, files: dict[str, str]) -> None:
    """A package as an installer leaves it."""
    lines = []
    for path, text in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text)
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(text)}")
    info = site / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("\n".join([*lines, f"{info.name}/RECORD,,"]) + "\n")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    install(tmp_path, "good_one", "1.2", FILES)
    install(tmp_path, "Other", "2.0", {"other.py": ""})
    install(tmp_path, "setuptools", "80.0", {"distutils-precedence.pth": "import os"})
    return tmp_path


def test_the_locked_packages_are_fine(site: Path) -> None:
    install(site, "unasked", "9", {"unasked.py": ""})
    assert list(differences(LOCK, site)) == []
    assert list(differences(LOCK, site, deep=True)) == []


def touch(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 10))


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("good_one/deep/part.py", "y = 3\n", "good_one/deep/part.py of good-one has other content"),
        ("good_one/deep/part.py", "y = 33\n", "has another size"),
        ("evil.pth", "import evil", "evil.pth runs at every start of Python"),
        ("good_one_init.pth", "import good_one", "good_one_init.pth runs at every start"),
        ("distutils-precedence.pth", "import xx", "distutils-precedence.pth is not as setuptools brought it"),
        ("__editable__.ratchet-1.pth", "import x", "is none of"),
        ("sitecustomize.py", "", "sitecustomize.py runs at every start of Python"),
        ("usercustomize.py", "", "usercustomize.py runs at every start of Python"),
    ],
)
def test_a_changed_file_is_named(path: str, text: str, said: str, site: Path) -> None:
    touch(site / path, text)
    found = list(differences(LOCK, site))
    assert len(found) == 1
    assert said in found[0]


def test_a_file_that_is_gone_is_named(site: Path) -> None:
    (site / "good_one/__init__.py").unlink()
    assert list(differences(LOCK, site)) == ["good_one/__init__.py of good-one is gone"]


def test_only_reading_everything_finds_a_change_that_hides_its_time(site: Path) -> None:
    path = site / "good_one/deep/part.py"
    before = path.stat()
    path.write_text("y = 3\n")
    os.utime(path, (before.st_atime, before.st_mtime))
    assert list(differences(LOCK, site)) == []
    assert "has other content" in next(differences(LOCK, site, deep=True))


def test_another_version_is_named(site: Path) -> None:
    (site / "Other-2.0.dist-info").rename(site / "Other-2.1.dist-info")
    assert list(differences(LOCK, site)) == ["other is 2.1, locked is 2.0"]


def test_a_package_without_its_list_of_files_is_named(site: Path) -> None:
    (site / "Other-2.0.dist-info" / "RECORD").unlink()
    assert "other has no RECORD" in next(differences(LOCK, site))


def test_the_refusal_says_what_to_do(site: Path, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(LOCK)
    require_locked(lock, site)
    touch(site / "evil.pth", "")
    with pytest.raises(RefusedError, match=r"evil\.pth .*make setup"):
        require_locked(lock, site)
    with pytest.raises(RefusedError, match="cannot be read"):
        require_locked(tmp_path / "none", site)


def test_this_environment_is_the_locked_one() -> None:
    require_locked(CHECKOUT / "requirements.lock")


def test_a_whole_daemon_refuses_to_start_on_another_version(tmp_path: Path) -> None:
    """A copy of this project whose lock names another version of one package."""
    for name in ("daemon", "workflows", "sandbox", "kernels", "policies", "ops"):
        ignored = shutil.ignore_patterns("__pycache__", "tasks")
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=ignored)
    lock = (CHECKOUT / "requirements.lock").read_text()
    (tmp_path / "requirements.lock").write_text(re.sub(r"(?m)^pydantic==\S+", "pydantic==0.0.1", lock))
    done = subprocess.run(
        [sys.executable, "-c", "from daemon.cli.app import main; main()", "up", "--any-ports"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "RATCHET_STATE": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "pydantic is " in done.stderr and "locked is 0.0.1" in done.stderr and "install the locked" in done.stderr
    assert not (tmp_path / "state" / "records.db").exists() and not (tmp_path / "state" / "audit").exists()
