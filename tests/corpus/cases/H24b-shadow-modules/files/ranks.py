def rank(x):
    values = list(x)
    return [sum(value > other for other in values) for value in values]
