import re


def matches(pattern, text):
    """Whether the whole text matches the pattern."""
    return re.fullmatch(pattern.replace("*", ".*").replace("?", "."), text) is not None
