"""What the console script runs: `main`, and then the end of the process, with the exit code that `main` decided.

Temporal's core keeps native threads of its own, and a slow model a thread of ours. While the interpreter takes itself
apart, the former can crash it, which loses the exit code, and it waits for the latter as long as the model takes. By
then everything was said and every effect has its end, so nothing is left to take apart.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import traceback
from typing import NoReturn

from daemon.cli.app import main


def run() -> NoReturn:
    """Run the command line; never returns."""
    code = _code()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # whoever read it has left
            stream.flush()
    os._exit(code)


def _code() -> int:
    try:
        main()
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        sys.stderr.write(f"{ended.code}\n")
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0
