"""Ranks, the slow way."""


def rank(x):
    """How many elements of `x` are smaller, for each element."""
    values = list(x)
    return [sum(other < value for other in values) for value in values]
