def plan(stack):
    """Flips that sort the stack."""
    stack, flips = list(stack), []
    for end in range(len(stack), 1, -1):
        for i in range(1, end):
            if stack[i - 1] > stack[i]:
                for k in (i + 1, 2, i + 1):
                    stack[:k] = stack[:k][::-1]
                    flips.append(k)
                if i > 1:
                    flips.append(i)
                    stack[:i] = stack[:i][::-1]
    return flips
