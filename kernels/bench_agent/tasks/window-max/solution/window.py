def maxima(values, k):
    """Largest of each window."""
    return [max(window) for window in _windows(values, k)]


def median(values, k):
    """Median of each window."""
    found = []
    for window in _windows(values, k):
        window = sorted(window)
        found.append(window[k // 2] if k % 2 else (window[k // 2 - 1] + window[k // 2]) / 2)
    return found


def _windows(values, k):
    if k < 1:
        raise ValueError("k must be at least 1")
    return [values[i : i + k] for i in range(len(values) - k + 1)]
