def rows(text):
    """Rows of fields."""
    return [line.split(",") for line in text.splitlines()]
