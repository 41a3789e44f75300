def expand(p, q):
    """p/q as a decimal."""
    sign = "-" if p * q < 0 else ""
    whole, rest = divmod(abs(p), abs(q))
    digits, seen = [], {}
    while rest and rest not in seen:
        seen[rest] = len(digits)
        digit, rest = divmod(rest * 10, abs(q))
        digits.append(str(digit))
    if rest:
        digits.insert(seen[rest], "(")
        digits.append(")")
    return f"{sign}{whole}" + ("." + "".join(digits) if digits else "")
