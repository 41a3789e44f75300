def closest(word, words):
    """The nearest of the words."""
    return min(words, key=lambda other: distance(word, other))


def distance(a, b):
    """Edits from a to b."""
    if not a or not b:
        return len(a) + len(b)
    return min(
        distance(a[1:], b) + 1,
        distance(a, b[1:]) + 1,
        distance(a[1:], b[1:]) + (a[0] != b[0]),
    )
