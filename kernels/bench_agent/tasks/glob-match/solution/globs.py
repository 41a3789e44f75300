import re


def matches(pattern, text):
    """Whether the whole text matches the pattern."""
    return re.fullmatch(_regex(pattern), text, re.DOTALL) is not None


def _regex(pattern):
    out, at = "", 0
    while at < len(pattern):
        sign = pattern[at]
        if pattern.startswith("**", at):
            out, at = out + ".*", at + 2
            continue
        at += 1
        if sign == "*":
            out += "[^/]*"
        elif sign == "?":
            out += "[^/]"
        elif sign == "[":
            start = at + 1 if pattern.startswith("!", at) else at
            end = pattern.find("]", start + 1)
            if end < 0:
                out += "\\["
                continue
            members = re.sub(r"([\\\[\]^&~|])", r"\\\1", pattern[start:end])
            out += f"(?!/)[^{members}]" if start > at else f"(?!/)[{members}]"
            at = end + 1
        else:
            out += re.escape(sign)
    return out
