def newest(versions):
    """The highest version."""
    return max(versions, key=_key)


def _key(version):
    base, _, pre = version.partition("+")[0].partition("-")
    numbers = tuple(int(part) for part in base.split("."))
    parts = tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in pre.split(".")) if pre else ()
    return numbers, not pre, parts
