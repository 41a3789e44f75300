def rounded(text, places):
    """A decimal number, rounded."""
    return f"{float(text):.{places}f}"
