def name(n):
    """Name of a column."""
    text = ""
    while n:
        text = chr(ord("A") + n % 26 - 1) + text
        n //= 26
    return text


def number(text):
    """Number of a column."""
    n = 0
    for letter in text:
        n = n * 26 + ord(letter) - ord("A")
    return n


def span(text):
    """Names of a range."""
    first, last = text.split(":")
    return [name(n) for n in range(number(first), number(last))]
