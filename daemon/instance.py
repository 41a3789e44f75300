"""The name by which an engine tells our containers from everybody else's. Imports nothing that could be down."""

from __future__ import annotations

import hashlib
from pathlib import Path


def instance_of(home: Path) -> str:
    """Owner label of our containers: the same after a restart, different for every state folder."""
    return hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
