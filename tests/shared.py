"""What tests of whole daemons share, so that each need not find it out anew."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def target_checks() -> Path:
    """Results of attacks on targets, kept by content: what one test's daemon found of a target holds in the next."""
    return Path(tempfile.gettempdir()) / f"ratchet-target-checks-{os.getuid()}"
