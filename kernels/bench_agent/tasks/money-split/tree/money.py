def split(cents, weights):
    """Shares of an amount."""
    total = sum(weights)
    return [round(cents * weight / total) for weight in weights]
