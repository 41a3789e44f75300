"""Reads the running daemon's own metrics: what it says about itself right now."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Mapping
from typing import Any

_SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
Labels = tuple[tuple[str, str], ...]


def metrics(endpoints: Mapping[str, Any]) -> dict[str, dict[Labels, float]]:
    """Metric name → labels → value. Raises InfrastructureError when no daemon answers."""
    from workflows.ports import InfrastructureError

    address = str(endpoints.get("metrics", ""))
    if not address.startswith(("http://", "https://")):
        raise InfrastructureError("daemon: none runs on this state folder; start one with `ratchet up`")
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - the scheme was checked
            text = answer.read(16_000_000).decode("utf-8", "replace")
    except OSError as error:
        raise InfrastructureError(f"daemon: {address} does not answer ({error}); is it running?") from error
    return parse(text)


def parse(text: str) -> dict[str, dict[Labels, float]]:
    """Prometheus text format, as far as we write it."""
    found: dict[str, dict[Labels, float]] = {}
    for line in text.splitlines():
        sample = None if line.startswith("#") else _SAMPLE.match(line)
        if sample:
            labels = tuple((name, value) for name, value in _LABEL.findall(sample[2] or ""))
            found.setdefault(sample[1], {})[labels] = float(sample[3])
    return found


def value(of: dict[str, dict[Labels, float]], name: str) -> float | None:
    """The value of a metric without labels."""
    return of.get(name, {}).get(())
