"""Any shortest payment counts."""


def fewest(ask, value):
    amount, coins = ask["args"]
    if value != sorted(value, reverse=True) or sum(value) != amount or any(coin not in coins for coin in value):
        return "the coins are not sorted, not from the list, or do not sum to the amount"
    best = [0] + [None] * amount
    for total in range(1, amount + 1):
        counts = [best[total - coin] for coin in coins if coin <= total and best[total - coin] is not None]
        best[total] = min(counts) + 1 if counts else None
    return None if len(value) == best[amount] else f"{len(value)} coins, {best[amount]} are enough"
