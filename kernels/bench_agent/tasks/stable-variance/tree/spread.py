def variance(values):
    """Population variance."""
    n = len(values)
    return sum(v * v for v in values) / n - (sum(values) / n) ** 2
