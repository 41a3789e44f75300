import re

_SIGN = re.compile(r"[ \t\r\n]*([\[\],]|-?[0-9]+|$)")


def flatten(text):
    """All integers of a nested list."""
    return _read(text)[0]


def depth(text):
    """Deepest nesting."""
    return _read(text)[1]


def _read(text):
    found, level, deepest, at, before = [], 0, 0, 0, ""
    while True:
        sign = _SIGN.match(text, at)
        if not sign:
            raise ValueError(f"unknown sign at {at}")
        part, at = sign[1], sign.end()
        value_may_come = before in ("[", ",") or (not before and part == "[")
        if not part:
            if level or not before:
                raise ValueError("the list is not closed")
            return found, deepest
        if before and not level:
            raise ValueError("text after the end")
        if part == "[" and value_may_come:
            level += 1
            deepest = max(deepest, level)
        elif part == "]" and before != ",":
            level -= 1
        elif part == "," and before not in ("[", ","):
            pass
        elif part not in "[],"  and value_may_come:
            found.append(int(part))
        else:
            raise ValueError(f"unexpected {part!r}")
        before = part
