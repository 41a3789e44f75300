def chain(n):
    """Additions that lead to n."""
    if n < 1:
        raise ValueError("n must be at least 1")
    pairs = []
    for bit in bin(n)[3:]:
        pairs.append([len(pairs), len(pairs)])
        if bit == "1":
            pairs.append([len(pairs), 0])
    return pairs
