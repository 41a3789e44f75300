def name(n):
    """Name of a column."""
    if n < 1:
        raise ValueError("columns count from 1")
    text = ""
    while n:
        n, digit = divmod(n - 1, 26)
        text = chr(ord("A") + digit) + text
    return text


def number(text):
    """Number of a column."""
    if not text or not all("A" <= letter <= "Z" for letter in text):
        raise ValueError(f"no column: {text!r}")
    n = 0
    for letter in text:
        n = n * 26 + ord(letter) - ord("A") + 1
    return n


def span(text):
    """Names of a range."""
    first, last = (number(part) for part in text.split(":"))
    step = 1 if first <= last else -1
    return [name(n) for n in range(first, last + step, step)]
