def parse(text):
    """Settings by key; see the task."""
    found = {}
    for line in _joined(text):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        key, mark, value = line.partition("=")
        if not mark:
            raise ValueError(f"no '=' in {line!r}")
        found[key.strip()] = value.strip()
    return found


def _joined(text):
    whole = None
    for line in text.split("\n"):
        whole = line if whole is None else whole.rstrip() + " " + line.lstrip()
        if whole.endswith("\\"):
            whole = whole[:-1]
            continue
        yield whole
        whole = None
    if whole is not None:
        yield whole
