LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def days(a, b):
    """Days from a to b."""
    return _number(b) - _number(a)


def _number(date):
    year, month, day = (int(part) for part in date.split("-"))
    return year * 365 + year // 4 + sum(LENGTHS[: month - 1]) + day
