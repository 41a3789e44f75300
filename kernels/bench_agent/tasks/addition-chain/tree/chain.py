def chain(n):
    """Additions that lead to n."""
    return [[i, 0] for i in range(n - 1)]
