import re

UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_PART = re.compile(r"\s*([0-9]+)(\.[0-9]+)?([wdhms])")


def parse(text):
    """Seconds of a duration."""
    text = text.strip()
    sign, text = (-1, text[1:]) if text.startswith("-") else (1, text)
    total, order, at, ended = 0, "wdhms", 0, False
    while at < len(text) or not at:
        found = _PART.match(text, at)
        if not found or found[3] not in order or ended:
            raise ValueError(f"no duration: {text!r}")
        amount = float(found[1] + found[2]) if found[2] else int(found[1])
        ended = bool(found[2])
        total += amount * UNITS[found[3]]
        order = order[order.index(found[3]) + 1 :]
        at = found.end()
    return sign * total


def show(seconds):
    """A duration in words."""
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    parts = []
    for unit, size in UNITS.items():
        if seconds // size:
            parts.append(f"{seconds // size}{unit}")
        seconds %= size
    return sign + (" ".join(parts) or "0s")
