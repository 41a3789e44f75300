def plan(stack):
    """Flips that sort the stack."""
    stack, flips = list(stack), []
    for end in range(len(stack), 1, -1):
        at = stack.index(max(stack[:end])) + 1
        for k in () if at == end else (at, end):
            if k > 1:
                stack[:k] = stack[:k][::-1]
                flips.append(k)
    return flips
