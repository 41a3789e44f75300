import re


def evaluate(text):
    """The value of an integer expression."""
    tokens = re.findall(r"\d+|[-+*/%()]", text)
    value, _ = _sum(tokens, 0)
    return value


def _sum(tokens, at):
    value, at = _atom(tokens, at)
    while at < len(tokens) and tokens[at] in "+-*/%":
        sign = tokens[at]
        right, at = _atom(tokens, at + 1)
        if sign == "+":
            value += right
        elif sign == "-":
            value -= right
        elif sign == "*":
            value *= right
        elif sign == "/":
            value //= right
        else:
            value %= right
    return value, at


def _atom(tokens, at):
    if tokens[at] == "-":
        value, at = _atom(tokens, at + 1)
        return -value, at
    if tokens[at] == "(":
        value, at = _sum(tokens, at + 1)
        return value, at + 1
    return int(tokens[at]), at + 1
