from itertools import groupby


def encode(text):
    """Run-length code of a text."""
    return "".join(f"{len(list(run))}{letter}" for letter, run in groupby(text))


def decode(code):
    """The text of a code."""
    text = ""
    for count, letter in zip(code[::2], code[1::2]):
        text += int(count) * letter
    return text
