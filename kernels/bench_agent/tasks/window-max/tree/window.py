def maxima(values, k):
    """Largest of each window."""
    return [max(values[i : i + k]) for i in range(len(values) - k)]


def median(values, k):
    """Median of each window."""
    values.sort()
    return [values[i + k // 2] for i in range(len(values) - k)]
