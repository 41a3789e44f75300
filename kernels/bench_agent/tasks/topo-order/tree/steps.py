def order(needs):
    """Steps in a possible order."""
    found = []
    for step in sorted(needs):
        for need in sorted(needs[step]):
            if need not in found:
                found.append(need)
        if step not in found:
            found.append(step)
    return found
