def variance(values):
    """Population variance."""
    n = len(values)
    if not n:
        raise ValueError("no values")
    shift = values[0]
    mean = sum(v - shift for v in values) / n
    return sum((v - shift - mean) ** 2 for v in values) / n
