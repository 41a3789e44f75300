"""`ratchet kill` and `ratchet rearm` over a state folder, with neither Temporal nor OPA anywhere near."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.cli.errors import KILLED
from daemon.killswitch import HANDLE, KillSwitch
from daemon.records.audit import AuditLog
from daemon.records.chain import records
from daemon.records.keys import ensure_signing_key
from tests.daemon.cli.conftest import Ratchet

pytestmark = pytest.mark.docker


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A state folder whose allowed signer is ana; her key lies beside it."""
    home = tmp_path / "state"
    (home / "keys").mkdir(parents=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "ana")], check=True)
    public = (tmp_path / "ana.pub").read_text().split()
    (home / "keys" / "allowed_signers").write_text(f"ana {public[0]} {public[1]}\n")
    return home


def kinds(home: Path) -> list[tuple[str, str]]:
    """Kind and actor of the audit log's records, without the log's own."""
    rows = records(home / "audit")
    return [(row["kind"], row["actor"]) for row in rows if not row["kind"].startswith("audit.")]


def test_killed_it_does_not_start_until_it_is_re_armed(ratchet: Ratchet, home: Path, tmp_path: Path) -> None:
    said = ratchet("kill", "--by", "bob", "--reason", "gains too good", "--json")
    assert said.code == 0, said
    assert said.document["daemon"] == "was not running"
    refused = ratchet("up", "--any-ports")
    assert refused.code == KILLED
    for word in ("killed by bob", "gains too good", "ratchet rearm"):
        assert word in refused.err
    assert ratchet("rearm", "--by", "ana").code == 2, "a name is no signature"
    assert ratchet("rearm", "--by", "bob", "--key", str(tmp_path / "ana")).code == 1
    assert KillSwitch(home).pulled()
    again = ratchet("rearm", "--by", "ana", "--key", str(tmp_path / "ana"), "--reason", "sensor was wrong")
    assert again.code == 0, again
    assert not KillSwitch(home).pulled()
    assert kinds(home) == [("kill", "bob"), ("rearm", "ana")]
    assert ratchet("rearm", "--by", "ana", "--key", str(tmp_path / "ana")).code == 2
    assert ratchet("audit", "verify").code == 0


def test_a_signature_made_elsewhere_re_arms(ratchet: Ratchet, home: Path, tmp_path: Path) -> None:
    ratchet("kill", "--by", "bob")
    text = tmp_path / "statement"
    text.write_text(ratchet("rearm", "--statement").out)
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-n", "ratchet", "-f", str(tmp_path / "ana"), str(text)], check=True
    )
    assert ratchet("rearm", "--by", "ana", "--signature", f"{text}.sig").code == 0


def test_a_file_by_hand_is_recorded_at_the_latest_when_it_is_re_armed(
    ratchet: Ratchet, home: Path, tmp_path: Path
) -> None:
    (home / "run").mkdir()
    (home / HANDLE).write_text("smoke")
    assert "smoke" in ratchet("up", "--any-ports").err
    assert ratchet("rearm", "--by", "ana", "--key", str(tmp_path / "ana")).code == 0
    assert [kind for kind, _ in kinds(home)] == ["kill", "rearm"]


def test_it_works_without_temporal_opa_or_settings(home: Path, tmp_path: Path) -> None:
    (tmp_path / "ratchet.toml").write_text("nonsense = [")
    program = (
        "import sys\nfor name in ('temporalio', 'opa_client', 'litellm', 'git'): sys.modules[name] = None\n"
        "from daemon.cli.app import main\nsys.argv = ['ratchet', 'kill', '--by', 'bob', '--json']\nmain()\n"
    )
    env = {**os.environ, "RATCHET_STATE": str(home), "PATH": "/usr/bin:/bin"}
    env["PYTHONPATH"] = str(Path(__file__).parents[3])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["by"] == "bob"
    assert KillSwitch(home).pulled()


def test_a_dead_engine_leaves_it_pulled_and_is_told(
    ratchet: Ratchet, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATCHET_DOCKER_URL", f"unix://{home}/none.sock")
    said = ratchet("kill", "--by", "bob")
    assert said.code == 3
    assert "the switch is pulled and stays so" in said.err
    assert kinds(home) == [("kill", "bob")]


def test_a_daemon_that_hangs_is_ended(ratchet: Ratchet, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.cli.kill.WIND_DOWN_SECONDS", 0.5)
    (home / "run").mkdir()
    lock = home / "run" / "daemon.lock"
    program = f"import fcntl, time; f = open({str(lock)!r}, 'w'); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); "
    with subprocess.Popen(
        [sys.executable, "-c", program + "time.sleep(300)"], stdout=subprocess.PIPE, text=True
    ) as hung:
        assert hung.stdout is not None
        hung.stdout.readline()
        said = ratchet("kill", "--by", "bob", "--json")
        assert hung.wait(20) == -9
    assert f"SIGKILL (pid {hung.pid})" in said.document["daemon"]
    with lock.open() as free:
        fcntl.flock(free, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_while_the_log_is_held_nothing_is_re_armed(ratchet: Ratchet, home: Path, tmp_path: Path) -> None:
    ensure_signing_key(home / "keys" / "audit.pem")
    KillSwitch(home).pull(by="bob", how="command")
    with AuditLog(home / "audit", home / "keys" / "audit.pem"):
        assert ratchet("rearm", "--by", "ana", "--key", str(tmp_path / "ana")).code == 3
        assert KillSwitch(home).pulled()


def test_a_folder_that_is_not_there_is_bad_input(ratchet: Ratchet) -> None:
    assert ratchet("kill").code == 2


def test_root_leaves_nothing_that_the_owner_cannot_use(
    ratchet: Ratchet, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files are written as the folder's owner; signing and the engine stay root's business."""
    ids, acted = [0], []
    monkeypatch.setattr("daemon.cli.owner._owner", lambda _: (4711, 4712))
    monkeypatch.setattr(os, "geteuid", lambda: ids[-1])
    monkeypatch.setattr(os, "seteuid", ids.append)
    monkeypatch.setattr(os, "setegid", lambda gid: None)
    for name in ("pull", "mark_recorded", "check", "release"):
        whole = getattr(KillSwitch, name)

        def watched(*words: object, name: str = name, whole: Callable[..., object] = whole, **more: object) -> object:
            acted.append((name, ids[-1]))
            return whole(*words, **more)

        monkeypatch.setattr(KillSwitch, name, watched)
    assert ratchet("kill", "--by", "bob").code == 0
    assert ratchet("rearm", "--by", "ana", "--key", str(tmp_path / "ana")).code == 0
    assert acted == [("pull", 4711), ("mark_recorded", 4711), ("check", 4711), ("release", 4711)]
    assert ids[-1] == 0
