def power(a, e, m):
    """a**e mod m."""
    if m < 1:
        raise ValueError("the modulus must be at least 1")
    if e < 0:
        a, e = inverse(a, m), -e
    found, a = 1 % m, a % m
    while e:
        if e & 1:
            found = found * a % m
        a = a * a % m
        e >>= 1
    return found


def _divisor(a, m):
    """(g, x): g = gcd(a, m) and a*x = g (mod m)."""
    x, y, b = 1, 0, m
    while b:
        q = a // b
        a, b, x, y = b, a - q * b, y, x - q * y
    return a, x


def inverse(a, m):
    """The x with a*x = 1 (mod m)."""
    if m < 1:
        raise ValueError("the modulus must be at least 1")
    g, x = _divisor(a % m, m)
    if g != 1:
        raise ValueError("there is no inverse")
    return x % m


def solve(a, b, m):
    """All x with a*x = b (mod m)."""
    if m < 1:
        raise ValueError("the modulus must be at least 1")
    g, x = _divisor(a % m, m)
    if b % g:
        return []
    step = m // g
    first = x * (b // g) % step
    return [first + k * step for k in range(g)]
