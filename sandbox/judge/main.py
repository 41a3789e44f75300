"""The judge's server: listens on `<io>/control`, forks one process per connection, and never sees candidate code."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import socket
import sys
from pathlib import Path

from .arm import listen
from .session import Session
from .wire import Link

CONTROL = "control"
"""Name of the host's socket in the io folder."""
REQUEST_LIMIT = 1024 * 1024
"""Longest request of the host, in bytes."""


def main(argv: list[str]) -> None:
    """Serve until terminated."""
    parser = argparse.ArgumentParser(prog="judge")
    parser.add_argument("--io", type=Path, default=Path("/io"))
    parser.add_argument("--target", type=Path, default=Path("/target"))
    options = parser.parse_args(argv)
    os.umask(0o022)
    # Children are reaped by the kernel; sessions report to the host, not to us.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # What is loaded by now is shared with every session as it is: a collection there would copy all of it.
    gc.disable()
    gc.collect()
    gc.freeze()
    (options.io / CONTROL).unlink(missing_ok=True)
    listener = listen(options.io, CONTROL, 0o600)
    print("judge: listening", flush=True)
    while True:
        peer, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _session(peer, options.io, options.target)
        peer.close()


def _session(peer: socket.socket, io: Path, target: Path) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        Session(io, target).serve(Link(peer, REQUEST_LIMIT))
    except BaseException as error:  # the child must end here, whatever happens, and not become a second server
        print(f"judge: session ended: {error!r}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)
