def change(amount, coins):
    """Fewest coins for an amount."""
    if amount < 0:
        raise ValueError("the amount is negative")
    best = [(0, 0)] + [None] * amount
    for total in range(1, amount + 1):
        found = [(best[total - coin][0] + 1, coin) for coin in coins if coin <= total and best[total - coin]]
        best[total] = min(found) if found else None
    if best[amount] is None:
        return None
    paid = []
    while amount:
        paid.append(best[amount][1])
        amount -= paid[-1]
    return sorted(paid, reverse=True)
