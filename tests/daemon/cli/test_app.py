"""The command as a whole: quick help, exit codes, no tracebacks for people's mistakes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.daemon.cli.conftest import Ratchet

COMMANDS = [
    ("campaign", "start"),
    ("campaign", "list"),
    ("campaign", "status"),
    ("campaign", "watch"),
    ("campaign", "stop"),
    ("campaign", "pause"),
    ("campaign", "resume"),
    ("campaign", "approve"),
    ("campaign", "reject"),
    ("campaign", "override"),
    ("campaign", "escalate"),
    ("campaign", "extend-budget"),
    ("campaign", "note"),
    ("candidate", "list"),
    ("candidate", "show"),
    ("candidate", "diff"),
    ("target", "list"),
    ("target", "check"),
    ("policy", "check"),
    ("policy", "status"),
    ("policy", "test"),
    ("policy", "explain"),
    ("policy", "replay"),
    ("audit", "verify"),
    ("audit", "tail"),
    ("audit", "show"),
    ("audit", "check-attestation"),
    ("kill",),
    ("rearm",),
    ("doctor",),
    ("demo",),
    ("up",),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_and_json(ratchet: Ratchet, words: tuple[str, ...]) -> None:
    said = ratchet(*words, "--help")
    assert said.code == 0
    assert "--json" in said.out


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from daemon.cli.app import main; sys.argv = ['ratchet', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(sorted(sys.modules.keys() & {'temporalio', 'pydantic', 'sqlalchemy', 'docker', 'litellm', 'git',"
        " 'rich.live', 'cryptography', 'requests'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_exit_codes_are_told(ratchet: Ratchet) -> None:
    assert "3 something of ours does not answer" in " ".join(ratchet("--help").out.split())


def test_unknown_words_are_bad_usage(ratchet: Ratchet) -> None:
    assert ratchet("campaing").code == 2
    assert ratchet("campaign", "list", "--limit", "0").code == 2


def test_no_daemon_is_an_infrastructure_fault_with_a_remedy(ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATCHET_TEMPORAL_ADDRESS", "127.0.0.1:9")
    said = ratchet("campaign", "list", "--json")
    assert said.code == 3
    assert "nothing answers at 127.0.0.1:9" in said.document["error"]
    assert "ratchet up" in said.err


def test_nothing_recorded_yet_is_said(ratchet: Ratchet) -> None:
    for words in (("candidate", "show", "k-c1"), ("policy", "status"), ("candidate", "diff", "k-c1")):
        said = ratchet(*words)
        assert said.code == 3, said
        assert "ratchet up" in said.err
    assert ratchet("audit", "tail").code == 2


def test_bad_settings_name_the_setting(ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATCHET_METRICS_PORT", "many")
    said = ratchet("campaign", "list")
    assert said.code == 2
    assert "metrics_port" in said.err


def test_a_fault_of_ours_is_not_hidden(ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch) -> None:
    from daemon.cli import reach

    monkeypatch.setattr(reach, "settings", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ratchet("target", "list")
