def script(old, new):
    """Steps from old to new."""
    return [["-", len(old)], ["+", list(new)]]
