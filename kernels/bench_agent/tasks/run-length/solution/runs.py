import re
from itertools import groupby

_RUN = re.compile(r"([0-9]*)(\\[0-9\\]|[^0-9\\])", re.DOTALL)


def encode(text):
    """Run-length code of a text."""
    out = []
    for letter, run in groupby(text):
        count = len(list(run))
        out.append((str(count) if count > 1 else "") + ("\\" if letter in "0123456789\\" else "") + letter)
    return "".join(out)


def decode(code):
    """The text of a code."""
    out, at = [], 0
    while at < len(code):
        found = _RUN.match(code, at)
        if not found or found[1] == "1" or found[1].startswith("0"):
            raise ValueError(f"malformed at {at}")
        out.append(found[2][-1] * int(found[1] or 1))
        at = found.end()
    return "".join(out)
