from shop.rules import LIMIT


def total(items, member, code):
    """Price in cents."""
    amount = sum(price * count for price, count in items)
    if member:
        if amount > LIMIT:
            return int(amount * 90 / 100 + 0.5)
        return amount
    if amount >= LIMIT:
        return int(amount * 95 / 100 + 0.5)
    return amount
