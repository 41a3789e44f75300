def teams(pairs):
    """Two teams without a forbidden pair."""
    first, second = set(), set()
    for a, b in pairs:
        if a in second:
            a, b = b, a
        if a in second or b in first:
            return None
        first.add(a)
        second.add(b)
    return [sorted(first), sorted(second)]
