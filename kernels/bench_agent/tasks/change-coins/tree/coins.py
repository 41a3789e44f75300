def change(amount, coins):
    """Fewest coins for an amount."""
    found = []
    for coin in sorted(coins, reverse=True):
        while amount >= coin:
            amount -= coin
            found.append(coin)
    return found if not amount else None
