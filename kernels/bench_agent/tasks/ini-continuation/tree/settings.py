def parse(text):
    """Settings by key; see the task."""
    found = {}
    for line in text.split("\n"):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        parts = line.split("=")
        if len(parts) < 2:
            raise ValueError(f"no '=' in {line!r}")
        found[parts[0].strip()] = parts[1].strip()
    return found
