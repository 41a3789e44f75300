def teams(pairs):
    """Two teams without a forbidden pair."""
    near = {}
    for a, b in pairs:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    team = {}
    for name in sorted(near):
        if name in team:
            continue
        team[name] = 0
        stack = [name]
        while stack:
            at = stack.pop()
            for other in near[at]:
                if other not in team:
                    team[other] = 1 - team[at]
                    stack.append(other)
                elif team[other] == team[at]:
                    return None
    return [sorted(name for name in team if team[name] == side) for side in (0, 1)]
