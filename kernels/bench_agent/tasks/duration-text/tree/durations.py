UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}


def parse(text):
    """Seconds of a duration."""
    total = 0
    for part in text.split():
        total += int(part[:-1]) * UNITS[part[-1]]
    return total


def show(seconds):
    """A duration in words."""
    parts = []
    for unit, size in UNITS.items():
        parts.append(f"{seconds // size}{unit}")
        seconds %= size
    return " ".join(parts)
