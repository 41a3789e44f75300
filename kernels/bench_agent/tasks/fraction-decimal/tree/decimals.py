def expand(p, q):
    """p/q as a decimal."""
    whole, rest = divmod(p, q)
    digits, seen = "", []
    while rest:
        if rest in seen:
            at = seen.index(rest)
            return f"{whole}.({digits[at:]})"
        seen.append(rest)
        digits += str(rest * 10 // q)
        rest = rest * 10 % q
    return f"{whole}.{digits}"
