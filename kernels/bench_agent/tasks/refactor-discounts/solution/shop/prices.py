from shop.rules import CODES, LIMIT, MEMBER, USUAL


def total(items, member, code):
    """Price in cents."""
    if code not in CODES:
        raise ValueError(f"unknown code {code!r}")
    cents, parts = sum(price * count for price, count in items), 1
    if not member:
        cents, parts = cents * (100 - CODES[code]), parts * 100
    if cents >= LIMIT * parts:
        cents, parts = cents * (100 - (MEMBER if member else USUAL)), parts * 100
    return (2 * cents + parts) // (2 * parts)
