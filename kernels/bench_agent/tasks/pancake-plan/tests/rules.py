"""The judge carries the flips out and counts them."""


def sorts(ask, value):
    stack = list(ask["args"][0])
    if not isinstance(value, list) or len(value) > 2 * len(stack):
        return f"more than {2 * len(stack)} flips"
    for k in value:
        if type(k) is not int or not 2 <= k <= len(stack):
            return "a flip is out of range"
        stack[:k] = stack[:k][::-1]
    return None if stack == sorted(stack) else "the stack is not sorted at the end"
