"""Any shortest edit script counts."""


def shortest(ask, value):
    """Carry the script out, count its changes, compare with the length of a longest common subsequence."""
    old, new = ask["args"]
    at, made, changes = 0, [], 0
    for kind, what in value:
        if kind == "+":
            made += what
            changes += len(what)
            continue
        if kind not in ("=", "-") or type(what) is not int or what < 1 or at + what > len(old):
            return f"a step is malformed or reads beyond the end: {kind!r}"
        if kind == "=":
            made += old[at : at + what]
        else:
            changes += what
        at += what
    if made != new or at != len(old):
        return "the script does not lead from old to new"
    best = len(old) + len(new) - 2 * _common(old, new)
    return None if changes == best else f"{changes} lines changed, {best} are enough"


def _common(a, b):
    row = [0] * (len(b) + 1)
    for x in a:
        last = row
        row = [0]
        for j, y in enumerate(b):
            row.append(last[j] + 1 if x == y else max(last[j + 1], row[j]))
    return row[-1]
