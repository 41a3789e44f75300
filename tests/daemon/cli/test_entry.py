"""The console script's end: the exit code is the command's, whatever threads are left."""

from __future__ import annotations

import subprocess
import sys

import pytest

CALL = """
import sys, threading, time
from daemon.cli import entry

threading.Thread(target=time.sleep, args=(600,)).start()
print("said", end="")

def main():
    {what}

entry.main = main
entry.run()
"""


@pytest.mark.parametrize(
    ("what", "code", "err"),
    [
        ("pass", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("sys.exit()", 0, ""),
        ("sys.exit('no')", 1, "no"),
        ("raise KeyError('odd')", 1, "KeyError: 'odd'"),
    ],
)
def test_it_ends_at_once_with_the_code_of_the_command(what: str, code: int, err: str) -> None:
    done = subprocess.run([sys.executable, "-c", CALL.format(what=what)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (code, "said")
    assert err in done.stderr
