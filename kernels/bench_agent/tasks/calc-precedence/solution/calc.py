import re

_TOKEN = re.compile(r"\s*(\d+|\*\*|[-+*/%()])")


def evaluate(text):
    """The value of an integer expression."""
    tokens, at, text = [], 0, text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise ValueError(f"unknown sign at {at}")
        tokens.append(found.group(1))
        at = found.end()
    tokens.append("")
    value, at = _sum(tokens, 0)
    if tokens[at]:
        raise ValueError(f"unexpected {tokens[at]!r}")
    return value


def _sum(tokens, at):
    value, at = _product(tokens, at)
    while tokens[at] in ("+", "-"):
        right, end = _product(tokens, at + 1)
        value = value + right if tokens[at] == "+" else value - right
        at = end
    return value, at


def _product(tokens, at):
    value, at = _unary(tokens, at)
    while tokens[at] in ("*", "/", "%"):
        right, end = _unary(tokens, at + 1)
        sign = tokens[at]
        value = value * right if sign == "*" else value // right if sign == "/" else value % right
        at = end
    return value, at


def _unary(tokens, at):
    if tokens[at] == "-":
        value, at = _unary(tokens, at + 1)
        return -value, at
    value, at = _atom(tokens, at)
    if tokens[at] == "**":
        power, at = _unary(tokens, at + 1)
        value **= power
    return value, at


def _atom(tokens, at):
    if tokens[at] == "(":
        value, at = _sum(tokens, at + 1)
        if tokens[at] != ")":
            raise ValueError("a parenthesis is not closed")
        return value, at + 1
    if not tokens[at].isdigit():
        raise ValueError(f"a number is missing before {tokens[at]!r}")
    return int(tokens[at]), at + 1
