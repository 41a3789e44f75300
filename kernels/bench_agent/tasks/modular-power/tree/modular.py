def power(a, e, m):
    """a**e mod m."""
    found = 1
    for _ in range(e):
        found = found * a % m
    return found


def inverse(a, m):
    """The x with a*x = 1 (mod m)."""
    return next(x for x in range(m) if a * x % m == 1)


def solve(a, b, m):
    """All x with a*x = b (mod m)."""
    return [x for x in range(m) if a * x % m == b]
